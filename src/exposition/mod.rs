//! Metric families as text, in Prometheus's own format and in OpenMetrics.
//!
//! The counterpart of Go's `expfmt`. Writing can't fail:
//! [gathering](crate::registry::Gathered) has checked all names, labels and values,
//! each by itself and against the others.

mod copy;
mod escaping;
mod extra;
mod family;
mod head;
mod numbers;
mod open_metrics;
mod pieces;
mod points;
mod rendered;
mod served;
mod start;
mod value;
mod write;

pub use escaping::Escaping;
pub use extra::Exemplar;
pub use family::{Family, Sample};
pub use value::{HistogramValue, StateSetValue, SummaryValue, Value};

pub(crate) use extra::Extra;
pub(crate) use numbers::float_text;
pub(crate) use pieces::Pieces;
pub(crate) use points::{Point, Points, TOO_LONG};
pub(crate) use rendered::{Labels, LabelsInOrder, Rendered, Run, Visit};

use self::pieces::Steps;

/// Returns a media type with each scheme.
macro_rules! with_each_escaping {
    ($content_type:literal) => {
        [
            concat!($content_type, "; escaping=allow-utf-8"),
            concat!($content_type, "; escaping=underscores"),
            concat!($content_type, "; escaping=dots"),
            concat!($content_type, "; escaping=values"),
        ]
    };
}

/// A format for families, as one row of what distinguishes it.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The media type that a response in this format states.
    pub content_type: &'static str,
    /// The media type with each scheme that a client may ask for, in the order of
    /// [`Escaping`].
    content_types: [&'static str; 4],
    escaping: Escaping,
    /// Whether there are samples that say when others were created.
    has_created: bool,
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
        content_types: with_each_escaping!("text/plain; version=0.0.4; charset=utf-8"),
        escaping: Escaping::Underscores,
        has_created: false,
        is_open_metrics: false,
        float: numbers::write_float,
        // As in Go: a count of a million is 1e+06.
        count: |out, count| numbers::write_float(out, count as f64),
        timestamp: numbers::write_milliseconds,
    };

    /// The text format 1.0.0, which Prometheus 3 asks for: the same text, another name.
    pub const TEXT_1_0_0: Format = Format {
        content_type: "text/plain; version=1.0.0; charset=utf-8",
        content_types: with_each_escaping!("text/plain; version=1.0.0; charset=utf-8"),
        ..Format::TEXT
    };

    /// OpenMetrics 1.0.0; Go's `MetricFamilyToOpenMetrics`.
    ///
    /// A counter's family is named without `_total`. A counter has type `unknown`, and
    /// its samples keep their names, if it lacks the suffix or if the shorter name
    /// would clash with another family or its `_created`. An info metric's family is
    /// named without `_info`, or is a gauge for the same reason. A family whose name
    /// ends in a base unit has a UNIT line. Not prevented: a negative quantile, a counter or sum
    /// below 0 or `NaN`, and `a_created` alongside a histogram or summary `a`.
    /// Prometheus accepts them.
    ///
    /// See
    /// <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.
    pub const OPEN_METRICS_1_0_0: Format = Format {
        content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
        content_types: with_each_escaping!(
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        ),
        escaping: Escaping::Underscores,
        has_created: false,
        is_open_metrics: true,
        float: numbers::write_open_metrics_float,
        count: numbers::write_integer,
        timestamp: numbers::write_seconds,
    };

    /// The version that clients older than OpenMetrics 1.0.0 ask for: the same text,
    /// another name.
    pub const OPEN_METRICS_0_0_1: Format = Format {
        content_type: "application/openmetrics-text; version=0.0.1; charset=utf-8",
        content_types: with_each_escaping!(
            "application/openmetrics-text; version=0.0.1; charset=utf-8"
        ),
        ..Format::OPEN_METRICS_1_0_0
    };

    /// Returns this format for a client that asks for `escaping`, as the media type then
    /// says. Without it, names that aren't classic have underscores.
    ///
    /// Two names that a scheme writes alike stay apart: the later one, in alphabetical
    /// order, is escaped by [`Escaping::Values`], and so is a label whose name would
    /// begin with `__`.
    #[must_use]
    pub const fn with_escaping(mut self, escaping: Escaping) -> Format {
        self.content_type = self.content_types[escaping as usize];
        self.escaping = escaping;
        self
    }

    /// Returns this format with `_created` samples, which only OpenMetrics has.
    #[must_use]
    pub const fn with_created_samples(mut self) -> Format {
        self.has_created = true;
        self
    }

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
