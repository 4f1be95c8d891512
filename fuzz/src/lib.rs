//! A strict reader of both formats, written from their specifications and not from the
//! writers, and families made of whatever the fuzzer hands over.

#![allow(deprecated)]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use prometheus::proto;

/// One line that is no comment.
#[derive(Debug, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
    pub timestamp: Option<String>,
}

/// All samples of `text`. Panics at what a strict parser refuses.
pub fn read(text: &str, open_metrics: bool) -> Vec<Sample> {
    let text = if open_metrics {
        text.strip_suffix("# EOF\n").expect("ends with # EOF")
    } else {
        text
    };
    assert!(text.is_empty() || text.ends_with('\n'));
    let mut samples = Vec::new();
    for line in text.split_terminator('\n') {
        match line.strip_prefix("# ") {
            Some(comment) => read_comment(comment, open_metrics),
            None => samples.push(read_sample(line)),
        }
    }
    samples
}

fn read_comment(comment: &str, open_metrics: bool) {
    let mut parts = comment.splitn(3, ' ');
    let (keyword, name, text) = (parts.next(), parts.next(), parts.next());
    assert!(is_name(name.unwrap(), true), "{comment}");
    let text = text.unwrap();
    match keyword.unwrap() {
        "HELP" => {
            unescape(text, open_metrics);
        }
        "UNIT" if open_metrics => assert!(name.unwrap().ends_with(text)),
        "TYPE" => {
            let types: &[&str] = if open_metrics {
                &["counter", "gauge", "histogram", "summary", "unknown"]
            } else {
                &["counter", "gauge", "histogram", "summary", "untyped"]
            };
            assert!(types.contains(&text), "{comment}");
        }
        _ => panic!("{comment}"),
    }
}

fn is_name(name: &str, colons: bool) -> bool {
    name.chars().enumerate().all(|(at, c)| {
        c == '_'
            || (colons && c == ':')
            || c.is_ascii_alphabetic()
            || (at > 0 && c.is_ascii_digit())
    }) && !name.is_empty()
}

fn unescape(text: &str, quotes: bool) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\\') => plain.push('\\'),
                Some('n') => plain.push('\n'),
                Some('"') if quotes => plain.push('"'),
                other => panic!("an escape that is none: {other:?}"),
            },
            '"' if quotes => panic!("a quote without its escape"),
            c => plain.push(c),
        }
    }
    plain
}

fn read_sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect("a value follows the name");
    let (name, mut rest) = line.split_at(end);
    assert!(is_name(name, true), "{line}");
    let mut labels = BTreeMap::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            assert!(is_name(label, false), "{line}");
            let end = closing_quote(after);
            let value = unescape(&after[..end], true);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &after[end + 1..];
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
        rest = rest.strip_prefix('}').expect("a closing brace");
    }
    let mut fields = rest.strip_prefix(' ').expect("a space").split(' ');
    let value = match fields.next().unwrap() {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number => number.parse().expect("a number"),
    };
    let timestamp = fields.next().map(str::to_owned);
    assert_eq!(fields.next(), None, "{line}");
    Sample {
        name: name.to_owned(),
        labels,
        value,
        timestamp,
    }
}

fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    panic!("a label value has no end");
}

/// A family, good or bad.
#[derive(Arbitrary, Debug)]
pub struct Family {
    name: Name,
    help: String,
    field_type: u8,
    metrics: Vec<Metric>,
}

/// Often a name that may be.
#[derive(Arbitrary, Debug)]
enum Name {
    Good(u8),
    Any(String),
}

#[derive(Arbitrary, Debug)]
struct Metric {
    labels: Vec<(Name, String)>,
    value: f64,
    counts: Vec<(f64, u16)>,
    timestamp: Option<i64>,
    /// Of which type it has its value, where that is not the family's.
    other: Option<u8>,
}

impl Name {
    fn text(&self) -> String {
        const GOOD: [&str; 8] = [
            "a",
            "b",
            "b_total",
            "b_count",
            "c_seconds",
            "le",
            "__x",
            "b_bucket",
        ];
        match self {
            Name::Good(number) => GOOD[usize::from(*number) % GOOD.len()].to_owned(),
            Name::Any(text) => text.clone(),
        }
    }
}

fn field_type(number: u8) -> proto::MetricType {
    use proto::MetricType::{COUNTER, GAUGE, HISTOGRAM, SUMMARY, UNTYPED};
    [COUNTER, GAUGE, HISTOGRAM, SUMMARY, UNTYPED][usize::from(number) % 5]
}

impl Family {
    pub fn to_proto(&self) -> proto::MetricFamily {
        let mut family = proto::MetricFamily::default();
        family.set_name(self.name.text());
        family.set_help(self.help.clone());
        family.set_field_type(field_type(self.field_type));
        let metrics = self.metrics.iter();
        family.set_metric(
            metrics
                .map(|metric| metric.to_proto(self.field_type))
                .collect(),
        );
        family
    }
}

impl Metric {
    fn to_proto(&self, of: u8) -> proto::Metric {
        let pair = |(name, value): &(Name, String)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name(name.text());
            pair.set_value(value.clone());
            pair
        };
        let mut metric =
            proto::Metric::from_label(self.labels.iter().map(pair).collect());
        metric.set_timestamp_ms(self.timestamp.unwrap_or_default());
        match field_type(self.other.unwrap_or(of)) {
            proto::MetricType::COUNTER => {
                let mut counter = proto::Counter::default();
                counter.set_value(self.value);
                metric.set_counter(counter);
            }
            proto::MetricType::GAUGE => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(self.value);
                metric.set_gauge(gauge);
            }
            proto::MetricType::UNTYPED => {
                let mut untyped = proto::Untyped::default();
                untyped.set_value(self.value);
                metric.set_untyped(untyped);
            }
            proto::MetricType::HISTOGRAM => metric.set_histogram(self.histogram()),
            proto::MetricType::SUMMARY => metric.set_summary(self.summary()),
        }
        metric
    }

    fn histogram(&self) -> proto::Histogram {
        let mut histogram = proto::Histogram::default();
        let bucket = |(bound, count): &(f64, u16)| {
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(u64::from(*count));
            bucket
        };
        histogram.set_bucket(self.counts.iter().map(bucket).collect());
        let counts = self.counts.iter().map(|(_, count)| u64::from(*count));
        histogram.set_sample_count(counts.max().unwrap_or_default());
        histogram.set_sample_sum(self.value);
        histogram
    }

    fn summary(&self) -> proto::Summary {
        let mut summary = proto::Summary::default();
        let quantile = |(of, value): &(f64, u16)| {
            let mut quantile = proto::Quantile::default();
            quantile.set_quantile(*of);
            quantile.set_value(f64::from(*value));
            quantile
        };
        summary.set_quantile(self.counts.iter().map(quantile).collect());
        summary.set_sample_sum(self.value);
        summary
    }
}

/// How many samples `family` has in a text.
pub fn samples(family: &proto::MetricFamily) -> usize {
    let of = |metric: &proto::Metric| match family.get_field_type() {
        proto::MetricType::HISTOGRAM => {
            let buckets = metric.get_histogram().get_bucket().iter();
            3 + buckets.filter(|b| b.upper_bound() != f64::INFINITY).count()
        }
        proto::MetricType::SUMMARY => 2 + metric.get_summary().get_quantile().len(),
        _ => 1,
    };
    family.get_metric().iter().map(of).sum()
}
