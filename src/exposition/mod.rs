//! Metric families as text, in Prometheus's own format and in OpenMetrics.
//!
//! The counterpart of Go's `expfmt`. Writing can't fail:
//! [gathering](crate::registry::Gathered) has checked all names, labels and values,
//! each by itself and against the others.

mod family;
mod numbers;
mod open_metrics;
mod pieces;
mod rendered;
mod value;
mod write;

pub use family::{Family, Sample};
pub use value::{HistogramValue, SummaryValue, Value};

pub(crate) use family::{Point, TOO_LONG};
pub(crate) use numbers::float_text;
pub(crate) use pieces::Pieces;
pub(crate) use rendered::{Labels, Rendered};

use self::pieces::Steps;

/// A format for families, as one row of what distinguishes it.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The media type that a response in this format states.
    pub content_type: &'static str,
    /// Whether it is OpenMetrics, which has other counter names, other numbers and an
    /// end mark.
    is_open_metrics: bool,
    float: fn(&mut Vec<u8>, f64),
    count: fn(&mut Vec<u8>, u64),
    timestamp: fn(&mut Vec<u8>, i64),
}

impl Format {
    /// The text format 0.0.4, which every Prometheus reads; Go's `MetricFamilyToText`.
    ///
    /// See <https://prometheus.io/docs/instrumenting/exposition_formats/>.
    pub const TEXT: Format = Format {
        content_type: "text/plain; version=0.0.4; charset=utf-8",
        is_open_metrics: false,
        float: numbers::write_float,
        // As in Go: a count of a million is 1e+06.
        count: |out, count| numbers::write_float(out, count as f64),
        timestamp: numbers::write_milliseconds,
    };

    /// OpenMetrics 1.0.0; Go's `MetricFamilyToOpenMetrics`.
    ///
    /// A counter's family is named without `_total`. A counter has type `unknown`, and
    /// its samples keep their names, if it lacks the suffix or if the shorter name
    /// would clash with another family or its `_created`. A family whose name ends in a
    /// base unit has a UNIT line. Not prevented: a negative quantile, a counter or sum
    /// below 0 or `NaN`, and `a_created` alongside a histogram or summary `a`.
    /// Prometheus accepts them.
    ///
    /// See
    /// <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.
    pub const OPEN_METRICS_1_0_0: Format = Format {
        content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
        is_open_metrics: true,
        float: numbers::write_open_metrics_float,
        count: numbers::write_integer,
        timestamp: numbers::write_seconds,
    };

    /// The version that clients older than OpenMetrics 1.0.0 ask for: the same text,
    /// another name.
    pub const OPEN_METRICS_0_0_1: Format = Format {
        content_type: "application/openmetrics-text; version=0.0.1; charset=utf-8",
        ..Format::OPEN_METRICS_1_0_0
    };

    /// Appends the `families` whose name is `wanted`. The text of a family doesn't
    /// depend on which others are wanted.
    pub fn write(
        &self,
        families: &[Family],
        wanted: impl Fn(&str) -> bool,
        out: &mut Vec<u8>,
    ) {
        let mut steps = Steps::new(*self, families, wanted);
        while !steps.is_over() {
            steps.take(families, out);
        }
    }

    /// Returns all of `families` as text.
    #[must_use]
    pub fn to_text(&self, families: &[Family]) -> String {
        let mut out = Vec::new();
        self.write(families, |_| true, &mut out);
        String::from_utf8(out).unwrap_or_default()
    }
}
