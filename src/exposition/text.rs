//! The text format 0.0.4; Go's `MetricFamilyToText`.

use prometheus::proto::{MetricFamily, MetricType};

use super::line::{Samples, Style, write_comment, write_help};
use super::{EncodeError, writable};
use crate::numbers::write_float;

const STYLE: Style = Style {
    float: write_float,
    // As Go does: a count of a million is 1e+06.
    count: |out, count| write_float(out, count as f64),
    timestamp: |out, ms| {
        out.extend_from_slice(itoa::Buffer::new().format(ms).as_bytes())
    },
};

/// Appends `families` in Prometheus's text format 0.0.4, and gives an error for each that
/// is left out.
///
/// See <https://prometheus.io/docs/instrumenting/exposition_formats/>.
pub fn write_text(families: &[MetricFamily], out: &mut Vec<u8>) -> Vec<EncodeError> {
    let mut errors = Vec::new();
    for family in families {
        match writable(family) {
            Ok(()) => write_family(family, out),
            Err(error) => errors.push(error),
        }
    }
    errors
}

fn write_family(family: &MetricFamily, out: &mut Vec<u8>) {
    write_help(out, family.name(), family, false);
    let kind: &[u8] = match family.get_field_type() {
        MetricType::COUNTER => b"counter",
        MetricType::GAUGE => b"gauge",
        MetricType::HISTOGRAM => b"histogram",
        MetricType::SUMMARY => b"summary",
        MetricType::UNTYPED => b"untyped",
    };
    write_comment(out, "TYPE", family.name(), kind);
    let mut samples = Samples::new(out, family.name(), STYLE);
    for metric in family.get_metric() {
        samples.write_metric(metric, family.get_field_type());
    }
}
