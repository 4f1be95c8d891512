//! OpenMetrics 1.0.0; Go's `MetricFamilyToOpenMetrics`.

use std::collections::HashSet;

use prometheus::proto::{MetricFamily, MetricType};

use super::line::{Style, write_comment, write_help, write_samples};
use super::{EncodeError, write_each};
use crate::numbers::{write_integer, write_open_metrics_float};

struct OpenMetrics;

impl Style for OpenMetrics {
    fn float(out: &mut Vec<u8>, value: f64) {
        write_open_metrics_float(out, value);
    }

    fn count(out: &mut Vec<u8>, count: u64) {
        write_integer(out, count);
    }

    fn timestamp(out: &mut Vec<u8>, milliseconds: i64) {
        write_seconds(out, milliseconds);
    }
}

/// Prometheus's base units, which its metrics' names end in.
const UNITS: [&str; 9] = [
    "amperes", "bytes", "celsius", "grams", "joules", "meters", "ratio", "seconds",
    "volts",
];

/// Appends `families` in the format OpenMetrics 1.0.0 with its closing `# EOF`, and gives
/// an error for each that is left out.
///
/// A counter's family is named without `_total`. One that lacks the suffix, or whose name
/// without it another family or its sample has, is of the type `unknown`, so that its
/// samples keep their names. A family whose name ends in a base unit says so. That
/// OpenMetrics wants no negative quantile, no counter or sum below 0 or `NaN`, and no
/// family `a_created` beside a counter, histogram or summary `a`, is left to the metrics;
/// Prometheus does not mind.
///
/// See <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.
pub fn write_open_metrics(
    families: &[MetricFamily],
    out: &mut Vec<u8>,
) -> Vec<EncodeError> {
    let names: HashSet<&str> = families.iter().map(MetricFamily::name).collect();
    let write = |family: &_, out: &mut _| write_family(family, &names, out);
    let errors = write_each(families, out, write);
    out.extend_from_slice(b"# EOF\n");
    errors
}

fn write_family(
    family: &MetricFamily,
    names: &HashSet<&str>,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let short = family.name().strip_suffix("_total");
    let short = short.filter(|short| !short.is_empty() && !is_taken(short, names));
    let (name, kind): (&str, &[u8]) = match (family.get_field_type(), short) {
        (MetricType::COUNTER, Some(short)) => (short, b"counter"),
        (MetricType::COUNTER, None) => (family.name(), b"unknown"),
        (MetricType::GAUGE, _) => (family.name(), b"gauge"),
        (MetricType::HISTOGRAM, _) => (family.name(), b"histogram"),
        (MetricType::SUMMARY, _) => (family.name(), b"summary"),
        (MetricType::UNTYPED, _) => (family.name(), b"unknown"),
    };
    write_help(out, name, family, true);
    write_comment(out, "TYPE", name, kind);
    let unit = name.rsplit_once('_').map(|(_, unit)| unit);
    if let Some(unit) = unit.filter(|unit| UNITS.contains(unit)) {
        write_comment(out, "UNIT", name, unit.as_bytes());
    }
    write_samples::<OpenMetrics>(family, out)
}

/// Whether a family or a sample of one has this name.
fn is_taken(name: &str, names: &HashSet<&str>) -> bool {
    let samples = ["_bucket", "_count", "_sum", "_created"];
    let mut families = samples.iter().filter_map(|end| name.strip_suffix(end));
    names.contains(name) || families.any(|family| names.contains(family))
}

/// A time as OpenMetrics wants it, exactly.
fn write_seconds(out: &mut Vec<u8>, milliseconds: i64) {
    if milliseconds < 0 {
        out.push(b'-');
    }
    let milliseconds = milliseconds.unsigned_abs();
    write_integer(out, milliseconds / 1000);
    out.push(b'.');
    let fraction = 1000 + milliseconds % 1000;
    out.extend_from_slice(&itoa::Buffer::new().format(fraction).as_bytes()[1..]);
}
