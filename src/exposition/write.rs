//! The lines that all formats share: comments, and samples with their labels.

use super::family::Point;
use super::rendered::append;
use super::{Family, Format, HistogramValue, Labels, SummaryValue, Value};
use crate::desc::labels::push_escaped;

/// How many samples without rendered labels are a page.
const PAGE: usize = 256;

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

/// Returns the number of pages of a family's samples.
pub fn pages(family: &Family) -> usize {
    match family.rendered() {
        Some(rendered) => rendered.pages(),
        None => family.count().div_ceil(PAGE),
    }
}

/// Appends the samples of one page of `family`.
pub fn page(format: &Format, family: &Family, page: usize, out: &mut Vec<u8>) {
    let mut lines = Lines::new(format, family.name(), out);
    if let Some(rendered) = family.rendered() {
        let sample = &mut |labels: Labels<'_>, value: &Value| {
            lines.sample(labels, value, Point::NO_TIME);
        };
        rendered.read(page, sample);
        return;
    }
    let points = family.points();
    let rest = &points.all[page * PAGE..];
    for point in &rest[..rest.len().min(PAGE)] {
        lines.sample(points.rendered(point), &point.value, point.time);
    }
}

/// Writes the lines of samples of one family.
struct Lines<'a> {
    format: &'a Format,
    /// The name with an opening brace, and what [`append`] may copy too.
    name: Vec<u8>,
    /// The length of the name.
    length: usize,
    bounds: Bounds,
    out: &'a mut Vec<u8>,
}

/// The label `le` of each bucket: histograms of one family usually share them.
#[derive(Default)]
struct Bounds {
    of: Vec<f64>,
    /// Such as `,le="0.5"} `.
    texts: Vec<Vec<u8>>,
}

impl<'a> Lines<'a> {
    fn new(format: &'a Format, name: &str, out: &'a mut Vec<u8>) -> Lines<'a> {
        Lines {
            format,
            name: [name.as_bytes(), b"{", &[0; 64]].concat(),
            length: name.len(),
            bounds: Bounds::default(),
            out,
        }
    }

    #[inline(always)]
    fn sample(&mut self, labels: Labels<'_>, value: &Value, time: i64) {
        match value {
            Value::Number(value) => {
                self.begin(b"", labels);
                self.float(*value, time);
            }
            Value::Histogram(value) => self.histogram(labels, value, time),
            Value::Summary(value) => self.summary(labels, value, time),
        }
    }

    /// Appends the buckets, of which `+Inf` is optional, the sum and the count.
    fn histogram(&mut self, labels: Labels<'_>, histogram: &HistogramValue, time: i64) {
        let buckets = match histogram.buckets.split_last() {
            Some(((f64::INFINITY, _), finite)) => finite,
            _ => &histogram.buckets,
        };
        self.bounds.set(self.format, buckets);
        let counts = buckets.iter().map(|(_, count)| *count);
        for (at, count) in counts.chain([histogram.count]).enumerate() {
            self.begin_with(b"_bucket", labels);
            let text = &self.bounds.texts[at];
            let comma = usize::from(labels.is_empty());
            self.out.extend_from_slice(&text[comma..]);
            self.count(count, time);
        }
        self.sum_and_count(labels, histogram.sum, histogram.count, time);
    }

    /// Appends the quantiles, the sum and the count.
    fn summary(&mut self, labels: Labels<'_>, summary: &SummaryValue, time: i64) {
        for (quantile, value) in &summary.quantiles {
            self.begin_with(b"", labels);
            if !labels.is_empty() {
                self.out.push(b',');
            }
            self.out.extend_from_slice(b"quantile=\"");
            (self.format.float)(self.out, *quantile);
            self.out.extend_from_slice(b"\"} ");
            self.float(*value, time);
        }
        self.sum_and_count(labels, summary.sum, summary.count, time);
    }

    fn sum_and_count(&mut self, labels: Labels<'_>, sum: f64, count: u64, time: i64) {
        self.begin(b"_sum", labels);
        self.float(sum, time);
        self.begin(b"_count", labels);
        self.count(count, time);
    }

    /// Appends a line up to its value.
    #[inline(always)]
    fn begin(&mut self, suffix: &[u8], labels: Labels<'_>) {
        if labels.is_empty() {
            append(self.out, &self.name, self.length);
            self.out.extend_from_slice(suffix);
            self.out.push(b' ');
            return;
        }
        self.begin_with(suffix, labels);
        self.out.extend_from_slice(b"} ");
    }

    /// Appends a line up to the end of its labels, which more may follow.
    #[inline(always)]
    fn begin_with(&mut self, suffix: &[u8], labels: Labels<'_>) {
        if suffix.is_empty() {
            append(self.out, &self.name, self.length + 1);
        } else {
            append(self.out, &self.name, self.length);
            self.out.extend_from_slice(suffix);
            self.out.push(b'{');
        }
        labels.append_to(self.out);
    }

    #[inline(always)]
    fn float(&mut self, value: f64, time: i64) {
        (self.format.float)(self.out, value);
        self.end(time);
    }

    #[inline]
    fn count(&mut self, count: u64, time: i64) {
        (self.format.count)(self.out, count);
        self.end(time);
    }

    #[inline(always)]
    fn end(&mut self, time: i64) {
        if time != Point::NO_TIME {
            self.out.push(b' ');
            (self.format.timestamp)(self.out, time);
        }
        self.out.push(b'\n');
    }
}

impl Bounds {
    /// Renders the bounds of `buckets` and `+Inf`, unless they are those before.
    fn set(&mut self, format: &Format, buckets: &[(f64, u64)]) {
        let bounds = buckets.iter().map(|(bound, _)| bound);
        if !self.texts.is_empty() && bounds.clone().eq(&self.of) {
            return;
        }
        self.of = bounds.copied().collect();
        let texts = self.of.iter().chain([&f64::INFINITY]).map(|bound| {
            let mut text = b",le=\"".to_vec();
            (format.float)(&mut text, *bound);
            text.extend_from_slice(b"\"} ");
            text
        });
        self.texts = texts.collect();
    }
}
