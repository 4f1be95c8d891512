//! The types of metrics.

use std::fmt;

/// The type of a metric family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricKind {
    /// A value that may go up and down.
    Gauge,
    /// A value that only goes up, or back to 0 when its source restarts.
    Counter,
    /// A number whose type is unknown.
    Untyped,
    /// Counts of observations by upper bound, with their sum and count.
    Histogram,
    /// Quantiles of observations, with their sum and count.
    Summary,
    /// Information in labels, with the value 1. The text format has no such type and
    /// calls it a gauge.
    Info,
    /// States that are each on or off. The text format calls it a gauge too.
    StateSet,
}

/// Writes the type as a TYPE line of the text format has it, but the last two types as
/// OpenMetrics does.
impl fmt::Display for MetricKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl MetricKind {
    /// Returns the word for the type.
    pub(crate) fn name(self) -> &'static str {
        match self {
            MetricKind::Gauge => "gauge",
            MetricKind::Counter => "counter",
            MetricKind::Untyped => "untyped",
            MetricKind::Histogram => "histogram",
            MetricKind::Summary => "summary",
            MetricKind::Info => "info",
            MetricKind::StateSet => "stateset",
        }
    }

    /// Returns the type as a TYPE line of the text format has it.
    pub(crate) fn name_in_text(self) -> &'static str {
        match self {
            MetricKind::Info | MetricKind::StateSet => MetricKind::Gauge.name(),
            kind => kind.name(),
        }
    }

    /// Returns what some of its samples append to the name.
    pub(crate) fn suffixes(self) -> &'static [&'static str] {
        match self {
            MetricKind::Histogram => &["_bucket", "_count", "_sum"],
            MetricKind::Summary => &["_count", "_sum"],
            _ => &[],
        }
    }

    /// Returns whether its samples have several lines with names of their own.
    pub(crate) fn is_distribution(self) -> bool {
        !self.suffixes().is_empty()
    }
}
