//! The lines that all formats share: comments, and samples with their labels.

use std::collections::BTreeMap;

use super::head::SampleNames;
use super::numbers::write_float;
use super::start::Start;
use super::{
    Exemplar, Extra, Family, Format, HistogramValue, Labels, Point, Run, StateSetValue,
    SummaryValue, Value,
};
use crate::desc::MetricKind;
use crate::desc::labels::{push_escaped, push_name, written};
use crate::names::is_label_name;

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
pub fn page(
    format: &Format,
    family: &Family,
    names: &SampleNames,
    page: usize,
    out: &mut Vec<u8>,
) {
    let mut lines = Lines::new(format, family, names, out);
    if let Some(rendered) = family.rendered() {
        let extras = format.is_open_metrics;
        let is_plain = !extras && names.labels.is_empty();
        rendered.read(page, extras, &mut |run| match run {
            Run::Numbers(labels, numbers) if is_plain => {
                let samples = labels.zip(numbers);
                samples.for_each(|(labels, number)| lines.number(labels, *number));
            }
            run => run.each(|labels, value, extra| lines.renamed(labels, value, extra)),
        });
        return;
    }
    let points = family.points();
    let rest = &points.all[page * PAGE..];
    for point in &rest[..rest.len().min(PAGE)] {
        let labels = points.rendered(point);
        lines.renamed(labels, &point.value, point.extra.as_deref());
    }
}

/// Writes the lines of samples of one family.
struct Lines<'a> {
    format: &'a Format,
    names: &'a SampleNames,
    start: Start,
    /// The label of a state with its equals sign, if the family is a state set.
    state: String,
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
    fn new(
        format: &'a Format,
        family: &Family,
        names: &'a SampleNames,
        out: &'a mut Vec<u8>,
    ) -> Lines<'a> {
        let name = names.escaped.as_deref().unwrap_or(family.name());
        let mut state = String::new();
        if family.kind() == MetricKind::StateSet {
            push_name(&mut state, name, is_label_name(name));
            state.push('=');
        }
        Lines {
            format,
            names,
            start: Start::new(name, names.is_quoted),
            state,
            bounds: Bounds::default(),
            out,
        }
    }

    /// Appends a sample whose labels may have other names than rendered.
    #[inline(always)]
    fn renamed(&mut self, labels: Labels<'_>, value: &Value, extra: Option<&Extra>) {
        if self.names.labels.is_empty() {
            self.sample(labels, value, extra);
            return;
        }
        let labels = renamed(labels, &self.names.labels);
        self.sample(Labels::new(&labels, 0, labels.len()), value, extra);
    }

    /// Appends a number in the text format, which has nothing else on its line.
    #[inline(always)]
    fn number(&mut self, labels: Labels<'_>, value: f64) {
        self.begin(b"", labels);
        write_float(self.out, value);
        self.out.push(b'\n');
    }

    #[inline(always)]
    fn sample(&mut self, labels: Labels<'_>, value: &Value, extra: Option<&Extra>) {
        let time = extra.map_or(Point::NO_TIME, |extra| extra.time);
        match value {
            Value::Number(value) => {
                self.begin(b"", labels);
                self.float(*value, time);
                self.exemplar(extra, |_| true);
            }
            Value::Histogram(value) => self.histogram(labels, value, extra, time),
            Value::Summary(value) => self.summary(labels, value, time),
            Value::StateSet(value) => self.states(labels, value, time),
        }
        if let (Some(extra), Some(name)) = (extra, &self.names.created) {
            self.created(name, labels, extra);
        }
    }

    /// Appends the buckets, of which `+Inf` is optional, the sum and the count.
    fn histogram(
        &mut self,
        labels: Labels<'_>,
        histogram: &HistogramValue,
        extra: Option<&Extra>,
        time: i64,
    ) {
        let buckets = histogram.finite();
        self.bounds.set(self.format, buckets);
        let counts = buckets.iter().map(|(_, count)| *count);
        for (at, count) in counts.chain([histogram.count]).enumerate() {
            self.start.labelled(self.out, b"_bucket", labels);
            let text = &self.bounds.texts[at];
            let comma = usize::from(labels.is_empty());
            self.out.extend_from_slice(&text[comma..]);
            self.count(count, time);
            self.exemplar(extra, |exemplar| exemplar.bucket(histogram) == at);
        }
        self.sum_and_count(labels, histogram.sum, histogram.count, time);
    }

    /// Appends the quantiles, the sum and the count.
    fn summary(&mut self, labels: Labels<'_>, summary: &SummaryValue, time: i64) {
        for (quantile, value) in &summary.quantiles {
            self.start.labelled(self.out, b"", labels);
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

    /// Appends a line for each state.
    fn states(&mut self, labels: Labels<'_>, set: &StateSetValue, time: i64) {
        for (state, is_on) in &set.states {
            self.start.labelled(self.out, b"", labels);
            let mut label = String::new();
            label.push_str(if labels.is_empty() { "" } else { "," });
            label.push_str(&self.state);
            push_name(&mut label, state, false);
            self.out.extend_from_slice(label.as_bytes());
            self.out.extend_from_slice(b"} ");
            self.float(f64::from(u8::from(*is_on)), time);
        }
    }

    /// Appends the exemplar for which `is_here` returns true to the line that was just
    /// written.
    #[inline]
    fn exemplar(&mut self, extra: Option<&Extra>, is_here: impl Fn(&Exemplar) -> bool) {
        let Some(extra) = extra.filter(|_| self.names.have_exemplars) else {
            return;
        };
        let exemplar = extra.exemplars.iter().find(|one| is_here(one));
        if let Some(exemplar) = exemplar {
            self.out.pop();
            self.out.extend_from_slice(b" # {");
            let labels =
                exemplar
                    .labels
                    .iter()
                    .enumerate()
                    .map(|(at, (name, value))| {
                        let mut label = if at == 0 { "" } else { "," }.to_owned();
                        label.push_str(name);
                        label.push('=');
                        push_name(&mut label, value, false);
                        label
                    });
            self.out.extend(labels.flat_map(String::into_bytes));
            self.out.extend_from_slice(b"} ");
            let time = exemplar.timestamp.unwrap_or(Point::NO_TIME);
            self.float(exemplar.value, time);
        }
    }

    /// Appends a line that says when a sample was created, if it is known.
    #[cold]
    fn created(&mut self, name: &str, labels: Labels<'_>, extra: &Extra) {
        let Some(created) = extra.created else {
            return;
        };
        let start = Start::new(name, self.names.is_quoted);
        start.begin(self.out, b"_created", labels);
        (self.format.timestamp)(self.out, created);
        self.end(extra.time);
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
        self.start.begin(self.out, suffix, labels);
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

/// Returns the labels with the names of `names` in place of their own.
fn renamed(labels: Labels<'_>, names: &BTreeMap<String, String>) -> String {
    let labels = written(labels.text()).map(|(name, value)| {
        let name = names.get(name).map_or(name, String::as_str);
        format!("{name}=\"{value}\"")
    });
    labels.collect::<Vec<_>>().join(",")
}
