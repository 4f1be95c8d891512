//! The lines that all formats share: comments, and samples with their labels.

use super::family::Point;
use super::{Family, Format, HistogramValue, SummaryValue, Value};
use crate::desc::labels::push_escaped;

/// Appends a comment such as `# HELP name text`, or nothing if the text is empty.
pub fn comment(out: &mut Vec<u8>, keyword: &str, name: &str, text: &str, quotes: bool) {
    if text.is_empty() {
        return;
    }
    let mut escaped = String::new();
    push_escaped(&mut escaped, text, quotes);
    for part in ["# ", keyword, " ", name, " ", &escaped, "\n"] {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends all samples of `family`.
pub fn samples(format: &Format, family: &Family, out: &mut Vec<u8>) {
    /// The longest number with its separators.
    const NUMBER: usize = 28;
    const MOST_RESERVED: usize = 64 << 20;
    let lines = family.points.len() * (family.name().len() + NUMBER);
    out.reserve((lines + family.labels.len()).min(MOST_RESERVED));
    for point in &family.points {
        let mut lines = Lines {
            format,
            name: family.name().as_bytes(),
            labels: family.label_bytes(point),
            time: point.time,
            out,
        };
        match &point.value {
            Value::Number(value) => lines.number(*value),
            Value::Histogram(value) => lines.histogram(value),
            Value::Summary(value) => lines.summary(value),
        }
    }
}

/// Writes the lines of one sample.
struct Lines<'a> {
    format: &'a Format,
    name: &'a [u8],
    labels: &'a [u8],
    time: i64,
    out: &'a mut Vec<u8>,
}

impl Lines<'_> {
    fn number(&mut self, value: f64) {
        self.begin(b"", None);
        self.float(value);
    }

    /// Appends the buckets, of which `+Inf` is optional, the sum and the count.
    fn histogram(&mut self, histogram: &HistogramValue) {
        let buckets = histogram.buckets.iter().copied();
        let finite = buckets.filter(|(bound, _)| *bound != f64::INFINITY);
        for (bound, count) in finite.chain([(f64::INFINITY, histogram.count)]) {
            self.begin(b"_bucket", Some((b"le", bound)));
            self.count(count);
        }
        self.sum_and_count(histogram.sum, histogram.count);
    }

    /// Appends the quantiles, the sum and the count.
    fn summary(&mut self, summary: &SummaryValue) {
        for (quantile, value) in &summary.quantiles {
            self.begin(b"", Some((b"quantile", *quantile)));
            self.float(*value);
        }
        self.sum_and_count(summary.sum, summary.count);
    }

    fn sum_and_count(&mut self, sum: f64, count: u64) {
        self.begin(b"_sum", None);
        self.float(sum);
        self.begin(b"_count", None);
        self.count(count);
    }

    /// Appends a line up to its value, with the label `extra` if there is one.
    #[inline]
    fn begin(&mut self, suffix: &[u8], extra: Option<(&[u8], f64)>) {
        self.out.extend_from_slice(self.name);
        self.out.extend_from_slice(suffix);
        if self.labels.is_empty() && extra.is_none() {
            self.out.push(b' ');
            return;
        }
        self.out.push(b'{');
        self.out.extend_from_slice(self.labels);
        if let Some((name, number)) = extra {
            self.out
                .extend_from_slice(if self.labels.is_empty() { b"" } else { b"," });
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(b"=\"");
            (self.format.float)(self.out, number);
            self.out.push(b'"');
        }
        self.out.extend_from_slice(b"} ");
    }

    #[inline]
    fn float(&mut self, value: f64) {
        (self.format.float)(self.out, value);
        self.end();
    }

    fn count(&mut self, count: u64) {
        (self.format.count)(self.out, count);
        self.end();
    }

    #[inline]
    fn end(&mut self) {
        if self.time != Point::NO_TIME {
            self.out.push(b' ');
            (self.format.timestamp)(self.out, self.time);
        }
        self.out.push(b'\n');
    }
}
