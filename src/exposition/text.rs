//! The text format 0.0.4; Go's `MetricFamilyToText`.

use prometheus::proto::MetricFamily;

use super::line::{Style, write_comment, write_help, write_samples};
use super::{EncodeError, write_each};
use crate::names::type_name;
use crate::numbers::write_float;

struct Text;

impl Style for Text {
    fn float(out: &mut Vec<u8>, value: f64) {
        write_float(out, value);
    }

    fn count(out: &mut Vec<u8>, count: u64) {
        // As Go does: a count of a million is 1e+06.
        write_float(out, count as f64);
    }

    fn timestamp(out: &mut Vec<u8>, milliseconds: i64) {
        out.extend_from_slice(itoa::Buffer::new().format(milliseconds).as_bytes());
    }
}

/// Appends `families` in Prometheus's text format 0.0.4, and gives an error for each that
/// is left out.
///
/// See <https://prometheus.io/docs/instrumenting/exposition_formats/>.
pub fn write_text(families: &[MetricFamily], out: &mut Vec<u8>) -> Vec<EncodeError> {
    write_each(families, out, write_family)
}

fn write_family(family: &MetricFamily, out: &mut Vec<u8>) -> Result<(), String> {
    write_help(out, family.name(), family, false);
    let kind = type_name(family.get_field_type());
    write_comment(out, "TYPE", family.name(), kind.as_bytes());
    write_samples::<Text>(family, out)
}
