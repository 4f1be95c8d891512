//! What a scrape costs without a library: labels that are already rendered and sorted,
//! values in the same order, and the digits by the crates that write them fastest.

use std::cell::RefCell;
use std::hint::black_box;

use crate::peers::Kind;
use crate::{BOUNDS, COUNTERS, GAUGES, HELP, HISTOGRAMS, labels, observed, value};

const PIECE: usize = 64 * 1024;

/// A metric family without a library.
pub struct Plain {
    kind: Kind,
    /// The labels of all series, without the closing brace.
    labels: String,
    /// Where the labels of each series end.
    ends: Vec<usize>,
    /// The value of each series; for a histogram, its sum.
    floats: Vec<f64>,
    /// The count of each series; for a histogram, of each of its buckets.
    counts: Vec<u64>,
    /// Such as `le="0.5"} `.
    bounds: Vec<String>,
    /// The length of the exposition.
    length: usize,
    buffer: RefCell<Vec<u8>>,
}

impl Plain {
    /// Creates the labels and the values of so many series.
    #[must_use]
    pub fn new(kind: Kind, series: usize) -> Plain {
        let bounds = BOUNDS.iter().map(f64::to_string);
        let bounds = bounds.chain(["+Inf".to_owned()]);
        let mut plain = Plain {
            kind,
            labels: String::new(),
            ends: Vec::new(),
            floats: Vec::new(),
            counts: Vec::new(),
            bounds: bounds.map(|bound| format!(",le=\"{bound}\"}} ")).collect(),
            length: 0,
            buffer: RefCell::default(),
        };
        let mut sorted: Vec<_> =
            (0..series).map(|number| (labels(number), number)).collect();
        sorted.sort();
        for ((module, shard), number) in sorted {
            plain.labels += &format!("{{module=\"{module}\",shard=\"{shard}\"");
            plain.ends.push(plain.labels.len());
            plain.value(number);
        }
        plain.length = plain.pieces();
        plain
    }

    fn value(&mut self, number: usize) {
        match self.kind {
            Kind::Gauges => self.floats.push(value(number)),
            Kind::Counters => self.counts.push(number as u64),
            Kind::Histograms => {
                let observed = observed(number);
                self.floats.push(observed);
                let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
                let counts = bounds.map(|bound| u64::from(observed <= bound));
                self.counts.extend(counts);
            }
        }
    }

    /// Writes the exposition into one buffer of the right size, as a handler would return
    /// it. Returns its length.
    #[must_use]
    pub fn whole(&self) -> usize {
        let mut out = Vec::with_capacity(self.length);
        self.write(&mut out, usize::MAX, |_| {});
        black_box(out).len()
    }

    /// Writes the exposition into one buffer of 64 KiB again and again, the least that
    /// it can cost. Returns its length.
    #[must_use]
    pub fn pieces(&self) -> usize {
        let mut length = 0;
        let mut out = self.buffer.borrow_mut();
        self.write(&mut out, PIECE, |piece| length += black_box(piece).len());
        length + out.len()
    }

    /// Returns the exposition.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        self.write(&mut out, usize::MAX, |_| {});
        String::from_utf8(out).unwrap_or_default()
    }

    /// Writes into `out`. Passes it to `sink` and clears it when it has `most` bytes.
    fn write(&self, out: &mut Vec<u8>, most: usize, sink: impl FnMut(&[u8])) {
        out.clear();
        let (counts, floats) = (&self.counts, &self.floats);
        match self.kind {
            Kind::Gauges => {
                self.lines([GAUGES, "gauge"], out, most, sink, |out, labels, at| {
                    number(out, &[GAUGES, labels, "} "], floats[at]);
                });
            }
            Kind::Counters => {
                self.lines(
                    [COUNTERS, "counter"],
                    out,
                    most,
                    sink,
                    |out, labels, at| {
                        count(out, &[COUNTERS, labels, "} "], counts[at]);
                    },
                );
            }
            Kind::Histograms => {
                let lines = self.histogram();
                self.lines([HISTOGRAMS, "histogram"], out, most, sink, lines);
            }
        }
    }

    /// Returns what writes the lines of one histogram.
    fn histogram(&self) -> impl Fn(&mut Vec<u8>, &str, usize) {
        let [bucket, sum, total] =
            ["_bucket", "_sum", "_count"].map(|part| format!("{HISTOGRAMS}{part}"));
        move |out, labels, at| {
            let counts = &self.counts[at * self.bounds.len()..][..self.bounds.len()];
            for (bound, of) in self.bounds.iter().zip(counts) {
                count(out, &[&bucket, labels, bound], *of);
            }
            number(out, &[&sum, labels, "} "], self.floats[at]);
            let all = counts.last().copied().unwrap_or_default();
            count(out, &[&total, labels, "} "], all);
        }
    }

    /// Writes the comments, and `line` for each series.
    #[inline]
    fn lines(
        &self,
        [name, kind]: [&str; 2],
        out: &mut Vec<u8>,
        most: usize,
        mut sink: impl FnMut(&[u8]),
        line: impl Fn(&mut Vec<u8>, &str, usize),
    ) {
        let head = format!("# HELP {name} {HELP}\n# TYPE {name} {kind}\n");
        out.extend_from_slice(head.as_bytes());
        let mut start = 0;
        for (at, end) in self.ends.iter().enumerate() {
            line(out, &self.labels[start..*end], at);
            if out.len() >= most {
                sink(out);
                out.clear();
            }
            start = *end;
        }
    }
}

#[inline]
fn number(out: &mut Vec<u8>, before: &[&str], value: f64) {
    end(out, before, zmij::Buffer::new().format_finite(value));
}

#[inline]
fn count(out: &mut Vec<u8>, before: &[&str], value: u64) {
    end(out, before, itoa::Buffer::new().format(value));
}

#[inline]
fn end(out: &mut Vec<u8>, before: &[&str], value: &str) {
    before
        .iter()
        .for_each(|part| out.extend_from_slice(part.as_bytes()));
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}
