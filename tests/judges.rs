//! Round trips: random families, written by this library and read by PyPI's
//! `prometheus_client`, whose OpenMetrics parser is the strict one.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[cfg(not(feature = "protobuf"))]
mod families;

use std::io::Write;
use std::process::{Command, Stdio};

use exporter_workbook::collect::{Samples, collector_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::exposition::{self, Escaping, Format};
use exporter_workbook::registry::{Gathered, Registry};

/// Reads NUL-terminated documents and prints each sample as read: the name, the labels
/// by name, the value and the timestamp. Ends at the first error.
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

/// Returns what the reader prints for `documents`.
fn read(format: &str, documents: &[Vec<u8>]) -> String {
    let input = documents
        .iter()
        .flat_map(|document| document.iter().chain(b"\0"));
    run(
        &["-c", READER, format],
        &input.copied().collect::<Vec<u8>>(),
    )
}

/// Returns what Python prints for `input`.
fn run(arguments: &[&str], input: &[u8]) -> String {
    let mut python = Command::new("python3")
        .args(arguments)
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let input = input.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success(), "the parser refused it");
    String::from_utf8(output.stdout).unwrap()
}

/// Pseudorandom numbers, the same in each run.
struct Random {
    state: u64,
    /// Whether families and labels have names that aren't classic.
    is_utf8: bool,
}

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % bound
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())]
    }

    fn float(&mut self) -> f64 {
        let random = f64::from_bits(self.state);
        let any = if random.is_nan() { 0.5 } else { random };
        let small = self.below(100_000) as f64 / 64.0;
        self.one_of(&[any, small, 0.0, -1.0, 1e6, 1e-7, f64::NAN, f64::INFINITY])
    }

    /// Returns a number that OpenMetrics permits for counts and sums.
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
        let names = match self.is_utf8 {
            false => ["a", "module", "x_1"],
            true => ["a \"b\"\\", "http.route", "x_1"],
        };
        let count = self.below(4);
        names[..count]
            .iter()
            .map(|name| (*name, self.one_of(&values)))
            .collect()
    }

    fn value(&mut self, of: Kind) -> Value {
        match of {
            Kind::Counter => Value::Number(self.positive()),
            Kind::Gauge | Kind::Untyped => Value::Number(self.float()),
            Kind::Histogram => {
                let buckets = [(0.25, 1), (1.0, 2), (1e6, 5), (1e7, 1_000_000)];
                let buckets = buckets[..self.below(5)].to_vec();
                Value::Histogram(2_000_000, self.positive(), buckets)
            }
            Kind::Summary => {
                let quantiles = [(0.0, 1.0), (0.5, f64::NAN), (1.0, 1e7)];
                let quantiles = quantiles[..self.below(4)].to_vec();
                Value::Summary(3, self.positive(), quantiles)
            }
        }
    }

    /// Returns a family whose series differ in more than empty labels, which are no
    /// labels.
    fn family(&mut self, name: &'static str, kind: Kind) -> Family {
        let mut series: Vec<Series> = Vec::new();
        for _ in 0..=self.below(5) {
            let one = Series {
                value: self.value(kind),
                labels: self.labels(),
                milliseconds: self.one_of(&[
                    None,
                    None,
                    Some(1),
                    Some(1_520_879_607_789),
                ]),
            };
            if !series
                .iter()
                .any(|other| other.identity() == one.identity())
            {
                series.push(one);
            }
        }
        Family {
            name,
            help: self.one_of(&["", "Help.", "C:\\ \"x\"\n#", "é"]),
            kind,
            series,
            is_utf8: self.is_utf8,
        }
    }

    /// Returns families of every type, with one timestamp per series as OpenMetrics
    /// requires.
    fn families(&mut self) -> Vec<Family> {
        let names = match self.is_utf8 {
            false => ["a_seconds_total", "b", "c_bytes", "d:e", "f_seconds", "g"],
            true => [
                "a.b_total",
                "b 1",
                "c.d_bytes",
                "d\"e\"\\",
                "f.é_seconds",
                "花",
            ],
        };
        let kinds = [
            Kind::Counter,
            Kind::Counter,
            Kind::Gauge,
            Kind::Untyped,
            Kind::Histogram,
            Kind::Summary,
        ];
        let named = names.into_iter().zip(kinds);
        named.map(|(name, of)| self.family(name, of)).collect()
    }
}

/// A type of metric.
#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
    Untyped,
    Histogram,
    Summary,
}

/// A family before it is written.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    series: Vec<Series>,
    is_utf8: bool,
}

struct Series {
    labels: Vec<(&'static str, &'static str)>,
    value: Value,
    milliseconds: Option<i64>,
}

impl Series {
    fn identity(&self) -> Vec<(&'static str, &'static str)> {
        let labels = self.labels.iter().copied();
        labels.filter(|(_, value)| !value.is_empty()).collect()
    }
}

/// A number, or a count, a sum, and buckets or quantiles.
enum Value {
    Number(f64),
    Histogram(u64, f64, Vec<(f64, u64)>),
    Summary(u64, f64, Vec<(f64, f64)>),
}

// Two ways to gather families.

/// Gathers from a collector of this library.
fn by_samples(families: Vec<Family>) -> Gathered {
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), move |samples| {
        for family in &families {
            for series in &family.series {
                push(samples, family, series);
            }
        }
        Ok(())
    }));
    registry.gather()
}

fn push(samples: &mut Samples<'_>, family: &Family, series: &Series) {
    let desc = match family.kind {
        Kind::Counter => Desc::counter(family.name, family.help),
        Kind::Gauge => Desc::gauge(family.name, family.help),
        Kind::Untyped => Desc::untyped(family.name, family.help),
        Kind::Histogram => Desc::histogram(family.name, family.help),
        Kind::Summary => Desc::summary(family.name, family.help),
    };
    let names = series.labels.iter().map(|(name, _)| name);
    let desc = names.fold(desc, |desc, name| desc.label(name));
    let desc = if family.is_utf8 { desc.utf8() } else { desc };
    let labels: Vec<&str> = series.labels.iter().map(|(_, value)| *value).collect();
    let added = match &series.value {
        Value::Number(value) => samples.set(&desc, *value, &labels),
        Value::Histogram(count, sum, buckets) => {
            samples.histogram(&desc, *count, *sum, buckets, &labels)
        }
        Value::Summary(count, sum, quantiles) => {
            samples.summary(&desc, *count, *sum, quantiles, &labels)
        }
    };
    if let Some(milliseconds) = series.milliseconds {
        added.at(milliseconds);
    }
}

/// Gathers from the `prometheus` crate, whose feature `protobuf` hides untyped values.
#[cfg(not(feature = "protobuf"))]
fn by_the_crate(all: Vec<Family>) -> Gathered {
    use prometheus::proto::MetricType;

    let families = all.iter().map(|one| {
        let of = match one.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge => MetricType::GAUGE,
            Kind::Untyped => MetricType::UNTYPED,
            Kind::Histogram => MetricType::HISTOGRAM,
            Kind::Summary => MetricType::SUMMARY,
        };
        let series = one.series.iter();
        let metrics = series.map(|series| crate_metric(one.kind, series));
        let mut family = families::family(one.name, of, metrics.collect());
        family.set_help(one.help.to_owned());
        family
    });
    families.collect::<Vec<_>>().into()
}

#[cfg(not(feature = "protobuf"))]
fn crate_metric(kind: Kind, series: &Series) -> prometheus::proto::Metric {
    let metric = match (&series.value, kind) {
        (Value::Number(value), Kind::Counter) => families::counter(*value),
        (Value::Number(value), Kind::Gauge) => families::gauge(*value, &[]),
        (Value::Number(value), _) => families::untyped(*value),
        (Value::Histogram(count, sum, buckets), _) => {
            families::histogram(buckets, *count, *sum)
        }
        (Value::Summary(count, sum, quantiles), _) => {
            families::summary(quantiles, *count, *sum)
        }
    };
    let mut metric = families::labelled(metric, &series.labels);
    metric.set_timestamp_ms(series.milliseconds.unwrap_or_default());
    metric
}

/// Formats `text` as Python's `ascii` does.
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
    /// The beginning of the reader's line for it.
    start: String,
    value: f64,
    timestamp: String,
}

/// Returns samples in the order of the reader's sorted lines: only a series with
/// several timestamps has an order.
fn expected(family: &Family, open_metrics: bool) -> Vec<Expected> {
    let mut all = Vec::new();
    for series in &family.series {
        let mut sample = |suffix: &str, extra: Option<(&str, String)>, value: f64| {
            let name = format!("{}{suffix}", family.name);
            let labels = series.labels.iter();
            let mut labels: Vec<(&str, &str)> = labels.copied().collect();
            labels.extend(extra.iter().map(|(name, value)| (*name, &**value)));
            all.push(Expected {
                start: start(&name, labels),
                value,
                // Both parsers return seconds.
                timestamp: match series.milliseconds {
                    None => String::new(),
                    Some(ms) => format!("{:.3}", ms as f64 / 1000.0),
                },
            });
        };
        samples_of(family, &series.value, open_metrics, &mut sample);
    }
    all.sort_by(|one, other| one.start.cmp(&other.start));
    all
}

fn start(name: &str, mut labels: Vec<(&str, &str)>) -> String {
    labels.sort_unstable();
    let labels = labels.iter();
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("({}, {})", python(name), python(value)))
        .collect();
    format!("({}, [{}], '", python(name), labels.join(", "))
}

fn bound(value: f64, open_metrics: bool) -> String {
    let text = match value {
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

/// Receives the suffix of a name, a label and a value.
type Sink<'a> = &'a mut dyn FnMut(&str, Option<(&str, String)>, f64);

fn samples_of(family: &Family, value: &Value, open_metrics: bool, sample: Sink<'_>) {
    // The text parser adds this suffix to a counter's name, whether it was written or
    // not.
    let is_counter = matches!(family.kind, Kind::Counter);
    let lacks_total = is_counter && !open_metrics && !family.name.ends_with("_total");
    let total = if lacks_total { "_total" } else { "" };
    match value {
        Value::Number(value) => sample(total, None, *value),
        Value::Histogram(count, sum, buckets) => {
            for (le, counted) in buckets {
                let le = bound(*le, open_metrics);
                sample("_bucket", Some(("le", le)), *counted as f64);
            }
            let all = ("le", "+Inf".to_owned());
            sample("_bucket", Some(all), *count as f64);
            sample("_sum", None, *sum);
            sample("_count", None, *count as f64);
        }
        Value::Summary(count, sum, quantiles) => {
            for (quantile, value) in quantiles {
                let label = bound(*quantile, open_metrics);
                sample("", Some(("quantile", label)), *value);
            }
            sample("_sum", None, *sum);
            sample("_count", None, *count as f64);
        }
    }
}

/// Asserts that the parser read `line` as `expected`.
fn assert_line(line: &str, expected: &Expected) {
    let start = &expected.start;
    let rest = line.strip_prefix(start);
    let rest = rest.unwrap_or_else(|| panic!("read {line}, written {start}"));
    let (value, timestamp) = rest.split_once("', '").unwrap();
    let value: f64 = value.parse().unwrap();
    let same = value == expected.value || (value.is_nan() && expected.value.is_nan());
    assert!(same, "{line}: {}", expected.value);
    assert_eq!(timestamp, format!("{}')", expected.timestamp), "{line}");
}

fn assert_read_back(
    parser: &str,
    format: Format,
    gather: fn(Vec<Family>) -> Gathered,
    is_utf8: bool,
) {
    let state = 0x9E37_79B9_7F4A_7C15;
    let mut random = Random { state, is_utf8 };
    let documents = (0..300).map(|_| {
        let gathered = gather(random.families());
        assert_eq!(gathered.errors(), []);
        let families: &[exposition::Family] = gathered.families();
        assert_eq!(families.len(), 6);
        format.to_text(families).into_bytes()
    });
    let read = read(parser, &documents.collect::<Vec<_>>());
    let mut lines = read.lines();
    let mut random = Random { state, is_utf8 };
    for _ in 0..300 {
        for family in random.families() {
            let expected = expected(&family, parser == "open_metrics");
            let mut own: Vec<&str> = lines.by_ref().take(expected.len()).collect();
            own.sort_unstable();
            assert_eq!(own.len(), expected.len());
            for (line, expected) in own.into_iter().zip(&expected) {
                assert_line(line, expected);
            }
        }
        assert_eq!(lines.next(), Some("end"));
    }
    assert_eq!(lines.next(), None);
}

#[test]
#[ignore = "needs python3 with prometheus_client"]
fn text_is_parsed_back_as_written() {
    assert_read_back("text", Format::TEXT, by_samples, false);
    #[cfg(not(feature = "protobuf"))]
    assert_read_back("text", Format::TEXT, by_the_crate, false);
    let format = Format::TEXT_1_0_0.with_escaping(Escaping::AllowUtf8);
    assert_read_back("text", format, by_samples, true);
}

#[test]
#[ignore = "needs python3 with prometheus_client"]
fn open_metrics_is_parsed_back_by_the_strict_parser() {
    let format = Format::OPEN_METRICS_1_0_0;
    assert_read_back("open_metrics", format, by_samples, false);
    #[cfg(not(feature = "protobuf"))]
    assert_read_back("open_metrics", format, by_the_crate, false);
    let format = format.with_escaping(Escaping::AllowUtf8);
    assert_read_back("open_metrics", format, by_samples, true);
}

/// Prints each family's type and samples, with their exemplars, of an exposition in
/// OpenMetrics.
const STRICT: &str = r"
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as om
for family in om(sys.stdin.buffer.read().decode()):
    print(family.name, family.type)
    for s in family.samples:
        e = s.exemplar
        has = '' if e is None else ' # %s %s %s' % (e.labels, e.value, e.timestamp)
        print('  %s %s %s%s' % (s.name, s.labels, s.value, has))
";

/// A sample of each kind that only OpenMetrics has.
fn with_extras(samples: &mut Samples<'_>) {
    let requests = Desc::counter("http.requests_total", "")
        .label("http.route")
        .utf8();
    // The parser counts quotes, so that an odd number of escaped ones misleads it.
    let exemplar = [("trace_id", "\"\\\n\""), ("span_id", "é")];
    samples
        .set(&requests, 4.0, &["/"])
        .created(1_520_430_000_123)
        .exemplar_at(&exemplar, 1.0, 1_520_430_001_500);
    let duration = Desc::histogram("http.duration_seconds", "").utf8();
    samples
        .histogram(&duration, 3, 2.5, &[(0.5, 2)], &[])
        .created(1000)
        .exemplar(&[], 0.25)
        .exemplar(&[("trace_id", "a")], 7.0);
    let wait = Desc::summary("wait", "");
    samples.summary(&wait, 1, 1.0, &[], &[]).created(2000);
    let breaker = Desc::state_set("breaker", "").label("name");
    samples.states(&breaker, &[("open", true), ("shut", false)], &["db"]);
    samples.info(&Desc::info("shop.build_info", "").utf8(), &[]);
}

#[test]
#[ignore = "needs python3 with prometheus_client"]
fn exemplars_and_types_of_open_metrics_are_read_by_the_strict_parser() {
    let registry = Registry::new();
    registry.must_register(collector_fn(Vec::new(), |samples| {
        with_extras(samples);
        Ok(())
    }));
    let families = registry.gather().into_families();
    let format = Format::OPEN_METRICS_1_0_0.with_created_samples();
    let read = |escaping: Escaping| {
        let text = format.with_escaping(escaping).to_text(&families);
        run(&["-c", STRICT], text.as_bytes())
    };
    assert_eq!(read(Escaping::AllowUtf8), READ_BACK);
    let escaped = READ_BACK.replace("http.", "http_");
    let escaped = escaped.replace("shop.", "shop_");
    assert_eq!(read(Escaping::Underscores), escaped);
    for escaping in [Escaping::Dots, Escaping::Values] {
        assert_eq!(read(escaping).lines().count(), READ_BACK.lines().count());
    }
}

const READ_BACK: &str = r#"breaker stateset
  breaker {'name': 'db', 'breaker': 'open'} 1.0
  breaker {'name': 'db', 'breaker': 'shut'} 0.0
http.duration_seconds histogram
  http.duration_seconds_bucket {'le': '0.5'} 2 # {} 0.25 None
  http.duration_seconds_bucket {'le': '+Inf'} 3 # {'trace_id': 'a'} 7.0 None
  http.duration_seconds_sum {} 2.5
  http.duration_seconds_count {} 3
  http.duration_seconds_created {} 1.0
http.requests counter
  http.requests_total {'http.route': '/'} 4.0 # {'trace_id': '"\\\n"', 'span_id': 'é'} 1.0 1520430001.500000000
  http.requests_created {'http.route': '/'} 1520430000.123
shop.build info
  shop.build_info {} 1.0
wait summary
  wait_sum {} 1.0
  wait_count {} 1
  wait_created {} 2.0
"#;
