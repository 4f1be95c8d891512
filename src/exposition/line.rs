//! The lines of which both formats consist.

use prometheus::proto::{Metric, MetricFamily, MetricType};

/// The samples of one family, which begin with its name.
pub struct Samples<'a> {
    out: &'a mut Vec<u8>,
    name: &'a str,
    style: Style,
    /// The labels of the metric at hand, as they stand in each of its lines.
    labels: Vec<u8>,
    timestamp_ms: i64,
}

/// What differs between the formats in a sample.
#[derive(Clone, Copy)]
pub struct Style {
    pub float: fn(&mut Vec<u8>, f64),
    pub count: fn(&mut Vec<u8>, u64),
    pub timestamp: fn(&mut Vec<u8>, i64),
}

/// What stands at the end of a sample.
enum Value {
    Float(f64),
    Count(u64),
}

impl<'a> Samples<'a> {
    pub fn new(out: &'a mut Vec<u8>, name: &'a str, style: Style) -> Samples<'a> {
        Samples {
            out,
            name,
            style,
            labels: Vec::new(),
            timestamp_ms: 0,
        }
    }

    /// Makes the following samples those of `metric`.
    fn set_metric(&mut self, metric: &Metric) {
        self.timestamp_ms = metric.timestamp_ms();
        self.labels.clear();
        for (at, pair) in metric.get_label().iter().enumerate() {
            if at > 0 {
                self.labels.push(b',');
            }
            self.labels.extend_from_slice(pair.name().as_bytes());
            self.labels.extend_from_slice(b"=\"");
            write_escaped(&mut self.labels, pair.value(), true);
            self.labels.push(b'"');
        }
    }

    /// Writes one, with a label of its own where `extra` has one.
    fn write(&mut self, suffix: &str, extra: Option<(&str, f64)>, value: Value) {
        let out = &mut *self.out;
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(suffix.as_bytes());
        if !self.labels.is_empty() || extra.is_some() {
            out.push(b'{');
            out.extend_from_slice(&self.labels);
            if let Some((name, number)) = extra {
                if !self.labels.is_empty() {
                    out.push(b',');
                }
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"=\"");
                (self.style.float)(out, number);
                out.push(b'"');
            }
            out.push(b'}');
        }
        out.push(b' ');
        match value {
            Value::Float(value) => (self.style.float)(out, value),
            Value::Count(count) => (self.style.count)(out, count),
        }
        if self.timestamp_ms != 0 {
            out.push(b' ');
            (self.style.timestamp)(out, self.timestamp_ms);
        }
        out.push(b'\n');
    }

    /// All samples of `metric`, in a family of `field_type`.
    #[allow(deprecated, reason = "there is no other way to an untyped value")]
    pub fn write_metric(&mut self, metric: &Metric, field_type: MetricType) {
        self.set_metric(metric);
        let value = match field_type {
            MetricType::HISTOGRAM => return self.histogram(metric),
            MetricType::SUMMARY => return self.summary(metric),
            MetricType::COUNTER => metric.get_counter().get_value(),
            MetricType::GAUGE => metric.get_gauge().get_value(),
            MetricType::UNTYPED => metric.get_untyped().get_value(),
        };
        self.write("", None, Value::Float(value));
    }

    /// The samples of a histogram, with the bucket `+Inf` whether it has one or not.
    fn histogram(&mut self, metric: &Metric) {
        let histogram = metric.get_histogram();
        for bucket in histogram.get_bucket() {
            if bucket.upper_bound() != f64::INFINITY {
                let bound = Some(("le", bucket.upper_bound()));
                let count = Value::Count(bucket.cumulative_count());
                self.write("_bucket", bound, count);
            }
        }
        let count = histogram.get_sample_count();
        self.write("_bucket", Some(("le", f64::INFINITY)), Value::Count(count));
        self.write("_sum", None, Value::Float(histogram.get_sample_sum()));
        self.write("_count", None, Value::Count(count));
    }

    /// The samples of a summary.
    fn summary(&mut self, metric: &Metric) {
        let summary = metric.get_summary();
        for quantile in summary.get_quantile() {
            let label = Some(("quantile", quantile.quantile()));
            self.write("", label, Value::Float(quantile.value()));
        }
        self.write("_sum", None, Value::Float(summary.sample_sum()));
        self.write("_count", None, Value::Count(summary.sample_count()));
    }
}

/// A comment such as `# HELP name text`, whose text is escaped already.
pub fn write_comment(out: &mut Vec<u8>, keyword: &str, name: &str, text: &[u8]) {
    for part in ["# ", keyword, " ", name, " "] {
        out.extend_from_slice(part.as_bytes());
    }
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// The comment with the help text of `family`, if it has one.
pub fn write_help(out: &mut Vec<u8>, name: &str, family: &MetricFamily, quotes: bool) {
    if !family.help().is_empty() {
        let mut help = Vec::new();
        write_escaped(&mut help, family.help(), quotes);
        write_comment(out, "HELP", name, &help);
    }
}

/// Appends `text` with its backslashes and line ends escaped, and its quotes if `quotes`.
fn write_escaped(out: &mut Vec<u8>, text: &str, quotes: bool) {
    let special = |byte: &u8| match byte {
        b'\\' | b'\n' => true,
        b'"' => quotes,
        _ => false,
    };
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(special) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}
