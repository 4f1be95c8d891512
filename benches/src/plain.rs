//! The least that a scrape can cost without a library: labels that are already rendered,
//! values beside them in the order in which they are written, and the digits by the
//! crates that write them fastest. Like a server, it drops what it has written 64 KiB at
//! a time.

use std::hint::black_box;
use std::mem;

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
        };
        for number in 0..series {
            let (module, shard) = labels(number);
            plain.labels += &format!("{{module=\"{module}\",shard=\"{shard}\"");
            plain.ends.push(plain.labels.len());
            plain.value(number);
        }
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

    /// Writes the exposition. Returns the number of bytes.
    #[must_use]
    pub fn scrape(&self) -> usize {
        let mut bytes = 0;
        self.write(|piece| bytes += black_box(piece).len());
        bytes
    }

    /// Returns the exposition.
    #[must_use]
    pub fn text(&self) -> String {
        let mut all = Vec::new();
        self.write(|piece| all.extend(piece));
        String::from_utf8(all).unwrap_or_default()
    }

    fn write(&self, sink: impl FnMut(Vec<u8>)) {
        let (counts, floats) = (&self.counts, &self.floats);
        match self.kind {
            Kind::Gauges => self.lines(GAUGES, "gauge", sink, |out, labels, at| {
                number(out, &[GAUGES, labels, "} "], floats[at]);
            }),
            Kind::Counters => {
                self.lines(COUNTERS, "counter", sink, |out, labels, at| {
                    count(out, &[COUNTERS, labels, "} "], counts[at]);
                })
            }
            Kind::Histograms => {
                let [bucket, sum, total] = ["_bucket", "_sum", "_count"]
                    .map(|part| format!("{HISTOGRAMS}{part}"));
                self.lines(HISTOGRAMS, "histogram", sink, |out, labels, at| {
                    let counts = &counts[at * self.bounds.len()..][..self.bounds.len()];
                    for (bound, of) in self.bounds.iter().zip(counts) {
                        count(out, &[&bucket, labels, bound], *of);
                    }
                    number(out, &[&sum, labels, "} "], floats[at]);
                    let all = counts.last().copied().unwrap_or_default();
                    count(out, &[&total, labels, "} "], all);
                });
            }
        }
    }

    /// Passes what `line` writes for each series, in pieces.
    #[inline]
    fn lines(
        &self,
        name: &str,
        kind: &str,
        mut sink: impl FnMut(Vec<u8>),
        line: impl Fn(&mut Vec<u8>, &str, usize),
    ) {
        let new = || Vec::with_capacity(PIECE + PIECE / 4);
        let mut piece = new();
        let head = format!("# HELP {name} {HELP}\n# TYPE {name} {kind}\n");
        piece.extend_from_slice(head.as_bytes());
        let mut start = 0;
        for (at, end) in self.ends.iter().enumerate() {
            line(&mut piece, &self.labels[start..*end], at);
            if piece.len() >= PIECE {
                sink(mem::replace(&mut piece, new()));
            }
            start = *end;
        }
        sink(piece);
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
