//! Families of the `prometheus` crate, valid and invalid.

#![allow(deprecated, reason = "there is no other way to an untyped value")]

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Result, Unstructured};
use exporter_workbook::exposition::{HistogramValue, SummaryValue, Value};
use prometheus::proto;

use crate::parts::{Distribution, Float, Name, Text, Time};
use crate::reader::Line;
use crate::served::lines;

/// A family, valid or invalid.
#[derive(Arbitrary, Debug)]
pub struct Family {
    name: Name,
    help: Text,
    kind: u8,
    metrics: Vec<Metric>,
}

#[derive(Debug)]
struct Metric {
    labels: Vec<(Name, Text)>,
    value: Float,
    distribution: Distribution,
    time: Time,
    /// The type of its value, if it isn't the family's.
    other: Option<u8>,
}

impl<'a> Arbitrary<'a> for Metric {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Metric> {
        let other: u8 = u.arbitrary()?;
        Ok(Metric {
            labels: u.arbitrary()?,
            value: u.arbitrary()?,
            distribution: u.arbitrary()?,
            time: u.arbitrary()?,
            other: (other >= 250).then_some(other),
        })
    }
}

fn kind(number: u8) -> proto::MetricType {
    use proto::MetricType::{COUNTER, GAUGE, HISTOGRAM, SUMMARY, UNTYPED};
    [COUNTER, GAUGE, HISTOGRAM, SUMMARY, UNTYPED][usize::from(number) % 5]
}

impl Family {
    pub fn to_proto(&self) -> proto::MetricFamily {
        let mut family = proto::MetricFamily::default();
        family.set_name(self.name.text());
        family.set_help(self.help.help());
        family.set_field_type(kind(self.kind));
        let metrics = self.metrics.iter();
        family.set_metric(metrics.map(|metric| metric.to_proto(self.kind)).collect());
        family
    }
}

impl Metric {
    fn to_proto(&self, of: u8) -> proto::Metric {
        let pair = |(name, value): &(Name, Text)| {
            let mut pair = proto::LabelPair::default();
            pair.set_name(name.label());
            pair.set_value(value.text());
            pair
        };
        let labels = self.labels.iter().map(pair).collect();
        let mut metric = proto::Metric::from_label(labels);
        metric.set_timestamp_ms(self.time.get().unwrap_or_default());
        self.set_value(&mut metric, kind(self.other.unwrap_or(of)));
        metric
    }

    fn set_value(&self, metric: &mut proto::Metric, kind: proto::MetricType) {
        match kind {
            proto::MetricType::COUNTER => {
                let mut counter = proto::Counter::default();
                counter.set_value(self.value.get());
                metric.set_counter(counter);
            }
            proto::MetricType::GAUGE => {
                let mut gauge = proto::Gauge::default();
                gauge.set_value(self.value.get());
                metric.set_gauge(gauge);
            }
            proto::MetricType::UNTYPED => {
                let mut untyped = proto::Untyped::default();
                untyped.set_value(self.value.get());
                metric.set_untyped(untyped);
            }
            proto::MetricType::HISTOGRAM => {
                metric.set_histogram(histogram(&self.distribution));
            }
            proto::MetricType::SUMMARY => {
                metric.set_summary(summary(&self.distribution));
            }
        }
    }
}

fn histogram(of: &Distribution) -> proto::Histogram {
    let mut histogram = proto::Histogram::default();
    let bucket = |(bound, count)| {
        let mut bucket = proto::Bucket::default();
        bucket.set_upper_bound(bound);
        bucket.set_cumulative_count(count);
        bucket
    };
    histogram.set_bucket(of.buckets().into_iter().map(bucket).collect());
    histogram.set_sample_count(of.count());
    histogram.set_sample_sum(of.sum());
    histogram
}

fn summary(of: &Distribution) -> proto::Summary {
    let mut summary = proto::Summary::default();
    let quantile = |(of, value)| {
        let mut quantile = proto::Quantile::default();
        quantile.set_quantile(of);
        quantile.set_value(value);
        quantile
    };
    summary.set_quantile(of.quantiles().into_iter().map(quantile).collect());
    summary.set_sample_count(of.count());
    summary.set_sample_sum(of.sum());
    summary
}

/// Returns the lines of `family` with `prefix` and `added` labels, or `None` if a
/// metric has a label twice.
pub fn lines_of(
    family: &proto::MetricFamily,
    prefix: &str,
    added: &[(String, String)],
) -> Option<Vec<Line>> {
    let name = format!("{prefix}{}", family.name());
    let mut all = Vec::new();
    for metric in family.get_metric() {
        let own = metric.get_label().iter();
        let own = own.map(|pair| (pair.name().to_owned(), pair.value().to_owned()));
        let labels: Vec<(String, String)> = own.chain(added.iter().cloned()).collect();
        let unique: BTreeMap<String, String> = labels.iter().cloned().collect();
        if unique.len() < labels.len() {
            return None;
        }
        // The crate can't express a missing timestamp in any other way.
        let time = Some(metric.timestamp_ms()).filter(|time| *time != 0);
        let value = value(metric, family.get_field_type());
        all.extend(lines(&name, &unique, &value, time));
    }
    Some(all)
}

fn value(metric: &proto::Metric, of: proto::MetricType) -> Value {
    match of {
        proto::MetricType::COUNTER => Value::Number(metric.get_counter().get_value()),
        proto::MetricType::GAUGE => Value::Number(metric.get_gauge().get_value()),
        proto::MetricType::UNTYPED => Value::Number(metric.get_untyped().get_value()),
        proto::MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let buckets = histogram.get_bucket().iter();
            let buckets = buckets.map(|b| (b.upper_bound(), b.cumulative_count()));
            Value::Histogram(Box::new(HistogramValue {
                count: histogram.get_sample_count(),
                sum: histogram.get_sample_sum(),
                buckets: buckets.collect(),
            }))
        }
        proto::MetricType::SUMMARY => {
            let summary = metric.get_summary();
            let quantiles = summary.get_quantile().iter();
            let quantiles = quantiles.map(|q| (q.quantile(), q.value()));
            Value::Summary(Box::new(SummaryValue {
                count: summary.sample_count(),
                sum: summary.sample_sum(),
                quantiles: quantiles.collect(),
            }))
        }
    }
}
