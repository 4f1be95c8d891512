//! Round trips: random families, written by this library and read by PyPI's
//! `prometheus_client`, whose OpenMetrics parser is the strict one.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod families;

use std::io::Write;
use std::process::{Command, Stdio};

use exporter_workbook::exposition::{write_open_metrics, write_text};
use exporter_workbook::gather::Gathered;
use families::{counter, family, gauge, histogram, labelled, summary, untyped};
use prometheus::proto::{Metric, MetricFamily, MetricType};

/// Reads documents that are ended by a NUL, and prints each sample as it was read: the
/// name, the labels by name, the value and the timestamp. An error ends it.
const READER: &str = r"
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as om
from prometheus_client.parser import text_string_to_metric_families as text
parse = {'text': text, 'open_metrics': om}[sys.argv[1]]
for document in sys.stdin.buffer.read().decode().split('\0')[:-1]:
    for family in parse(document):
        for s in family.samples:
            at = '' if s.timestamp is None else '%.3f' % float(s.timestamp)
            print(ascii((s.name, sorted(s.labels.items()), repr(float(s.value)), at)))
    print('end')
";

/// What the reader prints for `documents`.
fn read(format: &str, documents: &[Vec<u8>]) -> String {
    let mut python = Command::new("python3")
        .args(["-c", READER, format])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let input: Vec<u8> = documents
        .iter()
        .flat_map(|document| document.iter().chain(b"\0"))
        .copied()
        .collect();
    let writing = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success(), "the parser refused it");
    String::from_utf8(output.stdout).unwrap()
}

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn float(&mut self) -> f64 {
        let random = f64::from_bits(self.0);
        let any = if random.is_nan() { 0.5 } else { random };
        let small = self.below(100_000) as f64 / 64.0;
        self.one_of(&[any, small, 0.0, -1.0, 1e6, 1e-7, f64::NAN, f64::INFINITY])
    }

    /// What OpenMetrics allows for counts and sums.
    fn positive(&mut self) -> f64 {
        self.below(10_000_000) as f64 / self.one_of(&[1.0, 64.0, 1e9])
    }

    fn labels(&mut self) -> Vec<(&'static str, &'static str)> {
        let values = [
            "",
            "a",
            "a b",
            "\\",
            "\"",
            "\n",
            "\\n",
            "{},=",
            "#",
            "é€😀",
            "le",
        ];
        let names = ["a", "module", "x_1"];
        let count = self.below(4);
        names[..count]
            .iter()
            .map(|name| (*name, self.one_of(&values)))
            .collect()
    }

    fn metric(&mut self, of: MetricType) -> Metric {
        match of {
            MetricType::COUNTER => counter(self.positive()),
            MetricType::GAUGE => gauge(self.float(), &[]),
            MetricType::UNTYPED => untyped(self.float()),
            MetricType::HISTOGRAM => {
                let buckets = [(0.25, 1), (1.0, 2), (1e6, 5), (1e7, 1_000_000)];
                let count = self.below(5);
                histogram(&buckets[..count], 2_000_000, self.positive())
            }
            MetricType::SUMMARY => {
                let quantiles = [(0.0, 1.0), (0.5, f64::NAN), (1.0, 1e7)];
                let count = self.below(4);
                summary(&quantiles[..count], 3, self.positive())
            }
        }
    }

    fn family(&mut self, name: &str, of: MetricType) -> MetricFamily {
        let count = 1 + self.below(5);
        let metrics = (0..count).map(|_| {
            let metric = self.metric(of);
            let mut metric = labelled(metric, &self.labels());
            let milliseconds = self.one_of(&[0, 0, 1, 1_520_879_607_789]);
            metric.set_timestamp_ms(milliseconds);
            metric
        });
        let mut family = family(name, of, metrics.collect());
        let help = ["", "Help.", "C:\\ \"x\"\n#", "é"];
        family.set_help(self.one_of(&help).to_owned());
        family
    }

    /// Families of every type, with one timestamp a series as OpenMetrics wants it.
    fn families(&mut self) -> Vec<MetricFamily> {
        let families = [
            ("a_seconds_total", MetricType::COUNTER),
            ("b", MetricType::COUNTER),
            ("c_bytes", MetricType::GAUGE),
            ("d:e", MetricType::UNTYPED),
            ("f_seconds", MetricType::HISTOGRAM),
            ("g", MetricType::SUMMARY),
        ]
        .map(|(name, of)| self.family(name, of));
        let mut families = Gathered::checked(families.into()).families;
        for family in &mut families {
            let same = |one: &mut Metric, other: &mut Metric| {
                one.get_label() == other.get_label()
            };
            family.mut_metric().dedup_by(same);
        }
        families
    }
}

/// `text` as Python's `ascii` shows a string.
fn python(text: &str) -> String {
    let quote = if text.contains('\'') { '"' } else { '\'' };
    let inner: String = text
        .chars()
        .map(|c| match c {
            '\\' => "\\\\".to_owned(),
            '\n' => "\\n".to_owned(),
            ' '..='~' => c.to_string(),
            c if u32::from(c) < 0x100 => format!("\\x{:02x}", u32::from(c)),
            c if u32::from(c) < 0x1_0000 => format!("\\u{:04x}", u32::from(c)),
            c => format!("\\U{:08x}", u32::from(c)),
        })
        .collect();
    format!("{quote}{inner}{quote}")
}

/// A sample as it was written.
struct Expected {
    name: String,
    labels: Vec<(String, String)>,
    value: f64,
    timestamp: String,
}

fn expected(family: &MetricFamily, open_metrics: bool) -> Vec<Expected> {
    let mut all = Vec::new();
    for metric in family.get_metric() {
        let mut sample = |suffix: &str, extra: Option<(&str, String)>, value: f64| {
            let own = metric.get_label().iter();
            let mut labels: Vec<_> = own
                .map(|pair| (pair.name().to_owned(), pair.value().to_owned()))
                .collect();
            labels.extend(extra.map(|(name, value)| (name.to_owned(), value)));
            labels.sort();
            let milliseconds = metric.timestamp_ms();
            // Both parsers give seconds.
            let timestamp = match milliseconds {
                0 => String::new(),
                ms => format!("{:.3}", ms as f64 / 1000.0),
            };
            all.push(Expected {
                name: format!("{}{suffix}", family.name()),
                labels,
                value,
                timestamp,
            });
        };
        samples_of(family, metric, open_metrics, &mut sample);
    }
    all
}

fn bound(value: f64, open_metrics: bool) -> String {
    let text = match value {
        f64::INFINITY => "+Inf".to_owned(),
        1e6 => "1e+06".to_owned(),
        1e7 => "1e+07".to_owned(),
        value => value.to_string(),
    };
    let whole = value.fract() == 0.0 && value < 1e6;
    if open_metrics && whole {
        text + ".0"
    } else {
        text
    }
}

/// Takes the end of a name, a label and a value.
type Sink<'a> = &'a mut dyn FnMut(&str, Option<(&str, String)>, f64);

#[allow(deprecated, reason = "there is no other way to an untyped value")]
fn samples_of(
    family: &MetricFamily,
    metric: &Metric,
    open_metrics: bool,
    sample: Sink<'_>,
) {
    // To its text parser a counter's name ends so, whether it was written or not.
    let lacks_total = !open_metrics && !family.name().ends_with("_total");
    let total = if lacks_total { "_total" } else { "" };
    match family.get_field_type() {
        MetricType::COUNTER => sample(total, None, metric.get_counter().get_value()),
        MetricType::GAUGE => sample("", None, metric.get_gauge().get_value()),
        MetricType::UNTYPED => sample("", None, metric.get_untyped().get_value()),
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let count = histogram.get_sample_count() as f64;
            for bucket in histogram.get_bucket() {
                let le = bound(bucket.upper_bound(), open_metrics);
                let value = bucket.cumulative_count() as f64;
                sample("_bucket", Some(("le", le)), value);
            }
            sample("_bucket", Some(("le", "+Inf".to_owned())), count);
            sample("_sum", None, histogram.get_sample_sum());
            sample("_count", None, count);
        }
        MetricType::SUMMARY => {
            let summary = metric.get_summary();
            for quantile in summary.get_quantile() {
                let label = bound(quantile.quantile(), open_metrics);
                sample("", Some(("quantile", label)), quantile.value());
            }
            sample("_sum", None, summary.sample_sum());
            sample("_count", None, summary.sample_count() as f64);
        }
    }
}

/// Asserts that what the parser read of `line` is `expected`.
fn assert_line(line: &str, expected: &Expected) {
    let labels: Vec<String> = expected
        .labels
        .iter()
        .map(|(name, value)| format!("({}, {})", python(name), python(value)))
        .collect();
    let start = format!("({}, [{}], '", python(&expected.name), labels.join(", "));
    let rest = line.strip_prefix(&start);
    let rest = rest.unwrap_or_else(|| panic!("read {line}, written {start}"));
    let (value, timestamp) = rest.split_once("', '").unwrap();
    let value: f64 = value.parse().unwrap();
    let same = value == expected.value || (value.is_nan() && expected.value.is_nan());
    assert!(same, "{line}: {}", expected.value);
    assert_eq!(timestamp, format!("{}')", expected.timestamp), "{line}");
}

fn assert_read_back(format: &str, write: fn(&[MetricFamily], &mut Vec<u8>)) {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let all: Vec<Vec<MetricFamily>> = (0..300).map(|_| random.families()).collect();
    let documents: Vec<Vec<u8>> = all
        .iter()
        .map(|families| {
            let mut document = Vec::new();
            write(families, &mut document);
            document
        })
        .collect();
    let read = read(format, &documents);
    let mut lines = read.lines();
    for families in &all {
        for family in families {
            for expected in expected(family, format == "open_metrics") {
                assert_line(lines.next().unwrap(), &expected);
            }
        }
        assert_eq!(lines.next(), Some("end"));
    }
    assert_eq!(lines.next(), None);
}

#[test]
#[ignore = "needs python3 with prometheus_client"]
fn what_is_written_as_text_is_read_back() {
    assert_read_back("text", |families, out| {
        assert_eq!(write_text(families, out), [])
    });
}

#[test]
#[ignore = "needs python3 with prometheus_client"]
fn what_is_written_as_open_metrics_is_read_back_by_the_strict_parser() {
    assert_read_back("open_metrics", |families, out| {
        assert_eq!(write_open_metrics(families, out), []);
    });
}
