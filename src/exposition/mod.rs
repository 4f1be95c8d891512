//! Metric families as text: Prometheus's own format and OpenMetrics.
//!
//! The counterpart of Go's `expfmt`. The SDK's `TextEncoder` knows one format, panics on
//! a family without a type and writes `le="inf"`. Both writers here append to a buffer,
//! and take any family that a collector can hand over: one that no parser would take is
//! left out and is an error.

mod line;
mod open_metrics;
mod text;

pub use open_metrics::write_open_metrics;
pub use text::write_text;

use prometheus::proto::{LabelPair, MetricFamily};

use crate::names::{label_name_problem, metric_name_problem};

/// Why a family was not written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot encode metric family `{name}`: {problem}")]
pub struct EncodeError {
    /// Name of the family.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Whether any parser takes `family`; what does not fit together is for
/// [`gather`](crate::gather) to find.
fn writable(family: &MetricFamily) -> Result<(), EncodeError> {
    let refused = |problem| {
        Err(EncodeError {
            name: family.name().to_owned(),
            problem,
        })
    };
    if let Some(problem) = metric_name_problem(family.name()) {
        return refused(problem);
    }
    let mut good: &[LabelPair] = &[];
    for metric in family.get_metric() {
        let labels = metric.get_label();
        let names = labels.iter().map(LabelPair::name);
        // Most often they are those of the metric before.
        if names.clone().eq(good.iter().map(LabelPair::name)) {
            continue;
        }
        if let Some(problem) = names.clone().find_map(label_name_problem) {
            return refused(problem);
        }
        if let Some(two) = labels.windows(2).find(|two| two[0].name() == two[1].name())
        {
            return refused(format!("it has the label `{}` twice", two[0].name()));
        }
        good = labels;
    }
    Ok(())
}
