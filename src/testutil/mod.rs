//! What a program's own tests ask of its metrics; Go's `prometheus/testutil`.
//!
//! ```
//! use exporter_workbook::prometheus::IntCounter;
//! use exporter_workbook::testutil;
//!
//! let requests = IntCounter::new("requests_total", "Requests handled.").unwrap();
//! requests.inc();
//! assert_eq!(testutil::to_float64(requests.clone()), 1.0);
//! let expected = [
//!     "# HELP requests_total Requests handled.",
//!     "# TYPE requests_total counter",
//!     "requests_total 1",
//! ];
//! testutil::collect_and_compare(requests.clone(), &expected.join("\n"), &[]).unwrap();
//! assert_eq!(testutil::collect_and_lint(requests), []);
//! ```

mod compare;
mod lint;

pub use compare::Mismatch;
pub use lint::{Problem, Rule, lint_family};

use crate::exposition::{Family, Format, Value};
use crate::registry::{GatherError, Gathered, Gatherer, IntoCollector, Registry};

/// The metrics of `source` in the text format.
///
/// # Errors
///
/// Returns the errors of the scrape if there are any.
pub fn gather_to_text(
    source: &(impl Gatherer + ?Sized),
) -> Result<String, Vec<GatherError>> {
    let gathered = source.gather();
    match gathered.errors() {
        [] => Ok(Format::TEXT.to_text(gathered.families())),
        errors => Err(errors.to_vec()),
    }
}

/// The metrics of one collector in the text format.
///
/// # Errors
///
/// As [`gather_to_text`].
///
/// # Panics
///
/// Panics if no registry accepts the collector.
pub fn collect_to_text<K>(
    collector: impl IntoCollector<K>,
) -> Result<String, Vec<GatherError>> {
    gather_to_text(&registry_of(collector))
}

/// Compares the metrics of `source`, those called `names` or all if there are none, with
/// `expected`, a text in the text format. The order of lines, spaces before them and how a
/// number is written don't count.
///
/// # Errors
///
/// Returns the lines that differ, or the errors of the scrape.
pub fn gather_and_compare(
    source: &(impl Gatherer + ?Sized),
    expected: &str,
    names: &[&str],
) -> Result<(), Mismatch> {
    let gathered = source.gather();
    if !gathered.errors().is_empty() {
        return Err(Mismatch::Gather(gathered.errors().to_vec()));
    }
    compare::compare(&gathered, expected, names)
}

/// The same for one collector.
///
/// # Errors
///
/// As [`gather_and_compare`].
///
/// # Panics
///
/// Panics if no registry accepts the collector.
pub fn collect_and_compare<K>(
    collector: impl IntoCollector<K>,
    expected: &str,
    names: &[&str],
) -> Result<(), Mismatch> {
    gather_and_compare(&registry_of(collector), expected, names)
}

/// What Prometheus's linter says of the metrics of `source`, in its words; nothing of what
/// wasn't gathered.
pub fn gather_and_lint(source: &(impl Gatherer + ?Sized)) -> Vec<Problem> {
    let gathered = source.gather();
    gathered.families().iter().flat_map(lint).collect()
}

/// The same for one collector.
///
/// # Panics
///
/// Panics if no registry accepts the collector.
pub fn collect_and_lint<K>(collector: impl IntoCollector<K>) -> Vec<Problem> {
    gather_and_lint(&registry_of(collector))
}

fn lint(family: &Family) -> Vec<Problem> {
    let labels = family.samples().flat_map(|sample| sample.labels());
    let labels: Vec<String> = labels.map(|(name, _)| name).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    lint_family(
        family.name(),
        family.help(),
        &family.kind().to_string(),
        &labels,
    )
}

/// The value of a collector that has exactly one sample, a number.
///
/// # Panics
///
/// Panics if it has another number of samples, a histogram or a summary, or fails.
#[track_caller]
pub fn to_float64<K>(collector: impl IntoCollector<K>) -> f64 {
    match single(&registry_of(collector).gather()) {
        Ok(value) => value,
        Err(problem) => panic!("{problem}"),
    }
}

fn single(gathered: &Gathered) -> Result<f64, String> {
    if let [error, ..] = gathered.errors() {
        return Err(error.to_string());
    }
    let mut samples = gathered.families().iter().flat_map(Family::samples);
    match (samples.next(), samples.next()) {
        (Some(sample), None) => match sample.value() {
            Value::Number(value) => Ok(*value),
            other => Err(format!("expected a number, got {other:?}")),
        },
        (None, _) => Err("expected one sample, got none".to_owned()),
        (Some(_), Some(_)) => Err("expected one sample, got several".to_owned()),
    }
}

#[track_caller]
fn registry_of<K>(collector: impl IntoCollector<K>) -> Registry {
    let registry = Registry::new();
    registry.must_register(collector);
    registry
}
