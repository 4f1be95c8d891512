//! The lines of which both formats consist.

use std::hint::black_box;

use prometheus::proto::{Metric, MetricFamily, MetricType};

use super::labels::{Labels, write_escaped};

/// What differs between the formats in a sample.
pub trait Style {
    fn float(out: &mut Vec<u8>, value: f64);
    fn count(out: &mut Vec<u8>, count: u64);
    fn timestamp(out: &mut Vec<u8>, milliseconds: i64);
}

/// How many metrics are looked at before they are written, in a family that is too large
/// for the cache.
const AHEAD: usize = 64;
const LARGE: usize = 4096;

/// How many bytes are asked for at once.
const MOST_RESERVED: usize = 64 << 20;

/// Appends all samples of `family`, or gives what no parser would take in it.
pub fn write_samples<S: Style>(
    family: &MetricFamily,
    out: &mut Vec<u8>,
) -> Result<(), String> {
    let metrics = family.get_metric();
    let start = out.len();
    let mut labels = Labels::new(family);
    for (number, some) in metrics.chunks(AHEAD).enumerate() {
        if metrics.len() > LARGE {
            load(some);
        }
        for metric in some {
            labels.take_names_of(metric)?;
            write_metric::<S>(family, metric, &labels, out);
        }
        if number == 0 {
            // The others are about as long, unless one of these is enormous.
            let estimate = (out.len() - start) / some.len() * metrics.len();
            out.reserve(estimate.min(MOST_RESERVED));
        }
    }
    Ok(())
}

/// Brings what `metrics` point to into the cache, all at once: written one after another,
/// each of many that lie scattered, as sorted ones do, would wait for memory several
/// times. Those that lie in a row cost a little more by it.
fn load(metrics: &[Metric]) {
    let first = |text: &str| text.as_bytes().first().copied().unwrap_or_default();
    let labels = metrics.iter().flat_map(Metric::get_label);
    black_box(labels.fold(0, |sum, pair| {
        sum ^ first(pair.name()) ^ first(pair.value())
    }));
}

/// Appends the samples of one metric, whose label names `labels` has.
fn write_metric<S: Style>(
    family: &MetricFamily,
    metric: &Metric,
    labels: &Labels<'_>,
    out: &mut Vec<u8>,
) {
    let field_type = family.get_field_type();
    if let Some(value) = single_value(metric, field_type) {
        labels.write(metric, out);
        S::float(out, value);
        end_line::<S>(out, metric);
        return;
    }
    let mut samples = Samples {
        out,
        name: family.name().as_bytes(),
        metric,
        labels: &labels.written(metric),
    };
    match field_type {
        MetricType::HISTOGRAM => samples.histogram::<S>(),
        _ => samples.summary::<S>(),
    }
}

#[allow(deprecated, reason = "there is no other way to an untyped value")]
fn single_value(metric: &Metric, field_type: MetricType) -> Option<f64> {
    match field_type {
        MetricType::COUNTER => Some(metric.get_counter().get_value()),
        MetricType::GAUGE => Some(metric.get_gauge().get_value()),
        MetricType::UNTYPED => Some(metric.get_untyped().get_value()),
        MetricType::HISTOGRAM | MetricType::SUMMARY => None,
    }
}

fn end_line<S: Style>(out: &mut Vec<u8>, metric: &Metric) {
    if metric.timestamp_ms() != 0 {
        out.push(b' ');
        S::timestamp(out, metric.timestamp_ms());
    }
    out.push(b'\n');
}

/// The samples of one metric that has several.
struct Samples<'a> {
    out: &'a mut Vec<u8>,
    name: &'a [u8],
    metric: &'a Metric,
    /// As they stand in each of its lines.
    labels: &'a [u8],
}

impl Samples<'_> {
    /// Its buckets, of which `+Inf` need not be one, its sum and its count.
    fn histogram<S: Style>(&mut self) {
        let histogram = self.metric.get_histogram();
        for bucket in histogram.get_bucket() {
            if bucket.upper_bound() != f64::INFINITY {
                self.begin::<S>(b"_bucket", Some((b"le", bucket.upper_bound())));
                S::count(self.out, bucket.cumulative_count());
                end_line::<S>(self.out, self.metric);
            }
        }
        self.begin::<S>(b"_bucket", Some((b"le", f64::INFINITY)));
        S::count(self.out, histogram.get_sample_count());
        end_line::<S>(self.out, self.metric);
        self.sum_and_count::<S>(
            histogram.get_sample_sum(),
            histogram.get_sample_count(),
        );
    }

    /// Its quantiles, its sum and its count.
    fn summary<S: Style>(&mut self) {
        let summary = self.metric.get_summary();
        for quantile in summary.get_quantile() {
            self.begin::<S>(b"", Some((b"quantile", quantile.quantile())));
            S::float(self.out, quantile.value());
            end_line::<S>(self.out, self.metric);
        }
        self.sum_and_count::<S>(summary.sample_sum(), summary.sample_count());
    }

    fn sum_and_count<S: Style>(&mut self, sum: f64, count: u64) {
        self.begin::<S>(b"_sum", None);
        S::float(self.out, sum);
        end_line::<S>(self.out, self.metric);
        self.begin::<S>(b"_count", None);
        S::count(self.out, count);
        end_line::<S>(self.out, self.metric);
    }

    /// A line up to its value, with one label of its own where `extra` has it.
    fn begin<S: Style>(&mut self, suffix: &[u8], extra: Option<(&[u8], f64)>) {
        let out = &mut *self.out;
        out.extend_from_slice(self.name);
        out.extend_from_slice(suffix);
        if !self.labels.is_empty() || extra.is_some() {
            out.push(b'{');
            out.extend_from_slice(self.labels);
            if let Some((name, number)) = extra {
                if !self.labels.is_empty() {
                    out.push(b',');
                }
                out.extend_from_slice(name);
                out.extend_from_slice(b"=\"");
                S::float(out, number);
                out.push(b'"');
            }
            out.push(b'}');
        }
        out.push(b' ');
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
