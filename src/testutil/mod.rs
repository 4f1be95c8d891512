//! Helpers for testing your own metrics; Go's `prometheus/testutil`.
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

use crate::exposition::{Escaping, Family, Format, Value};
use crate::registry::{GatherError, Gathered, Gatherer, IntoCollector, Registry};

/// The text format with all names as they are.
const TEXT: Format = Format::TEXT.with_escaping(Escaping::AllowUtf8);

/// Returns the metrics of `source` in the text format.
///
/// # Errors
///
/// Returns an error if the scrape has any; it lists them all.
pub fn gather_to_text(
    source: &(impl Gatherer + ?Sized),
) -> Result<String, Vec<GatherError>> {
    let gathered = source.gather();
    match gathered.errors() {
        [] => Ok(TEXT.to_text(gathered.families())),
        errors => Err(errors.to_vec()),
    }
}

/// Returns the metrics of one collector in the text format.
///
/// # Errors
///
/// Returns an error if the scrape has any; it lists them all.
///
/// # Panics
///
/// Panics if no registry accepts the collector.
pub fn collect_to_text<K>(
    collector: impl IntoCollector<K>,
) -> Result<String, Vec<GatherError>> {
    gather_to_text(&registry_of(collector))
}

/// Compares the metrics of `source` with `expected`, an exposition in the text format.
/// If `names` isn't empty, only these metrics are compared. The order of lines, leading
/// spaces and the notation of numbers don't matter.
///
/// # Errors
///
/// Returns an error with the lines that differ, or with the errors of the scrape.
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

/// Compares the metrics of one collector with `expected`, like [`gather_and_compare`].
///
/// # Errors
///
/// Returns an error with the lines that differ, or with the errors of the scrape.
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

/// Returns the problems that Prometheus's linter finds in the metrics of `source`.
/// Metrics that couldn't be gathered aren't checked.
pub fn gather_and_lint(source: &(impl Gatherer + ?Sized)) -> Vec<Problem> {
    let gathered = source.gather();
    gathered.families().iter().flat_map(lint).collect()
}

/// Returns the problems that Prometheus's linter finds in one collector's metrics.
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
        family.kind().name_in_text(),
        &labels,
    )
}

/// Returns the value of a collector that has exactly one sample, a number.
///
/// # Panics
///
/// Panics if it has no sample or several, if the sample is a histogram or a summary, or
/// if the collector fails.
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
