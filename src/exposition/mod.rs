//! Metric families as text: Prometheus's own format and OpenMetrics.
//!
//! The counterpart of Go's `expfmt`. The SDK's `TextEncoder` knows one format, panics on
//! an untyped family and writes `le="inf"`. Both writers here append to a buffer, and
//! take any family that a collector can hand over: one with a name or a label that no
//! parser would take is left out and is an error. That families fit together is for
//! [`gather`](crate::gather) to see to.

mod labels;
mod line;
mod open_metrics;
mod text;

pub use open_metrics::write_open_metrics;
pub use text::write_text;

use prometheus::proto::MetricFamily;

use crate::names::metric_name_problem;

/// Why a family was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot encode metric family `{name}`: {problem}")]
pub struct EncodeError {
    /// Name of the family.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Appends each of `families` by `write_family`, or nothing of it and an error.
fn write_each(
    families: &[MetricFamily],
    out: &mut Vec<u8>,
    write_family: impl Fn(&MetricFamily, &mut Vec<u8>) -> Result<(), String>,
) -> Vec<EncodeError> {
    let mut errors = Vec::new();
    for family in families {
        let start = out.len();
        let written = match metric_name_problem(family.name()) {
            Some(problem) => Err(problem),
            None => write_family(family, out),
        };
        if let Err(problem) = written {
            out.truncate(start);
            let name = family.name().to_owned();
            errors.push(EncodeError { name, problem });
        }
    }
    errors
}
