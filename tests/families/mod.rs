//! Hand-made families, valid and invalid, and collectors of them.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]
#![allow(deprecated, reason = "there is no other way to an untyped value")]

use std::collections::HashMap;

use exporter_workbook::registry::GatherError;
use prometheus::core::{Collector, Desc};
use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType,
    Quantile, Summary, Untyped,
};

/// Creates a family with the help text `Help.`.
pub fn family(name: &str, of: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help("Help.".to_owned());
    family.set_field_type(of);
    family.set_metric(metrics);
    family
}

pub fn gauges(name: &str, metrics: Vec<Metric>) -> MetricFamily {
    family(name, MetricType::GAUGE, metrics)
}

/// Sets these labels on `metric`, in this order.
pub fn labelled(mut metric: Metric, pairs: &[(&str, &str)]) -> Metric {
    let pair = |(name, value): &(&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    };
    metric.set_label(pairs.iter().map(pair).collect());
    metric
}

pub fn gauge(value: f64, pairs: &[(&str, &str)]) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(value);
    let mut metric = Metric::default();
    metric.set_gauge(gauge);
    labelled(metric, pairs)
}

/// Sets a timestamp in Unix milliseconds on `metric`.
pub fn at(mut metric: Metric, milliseconds: i64) -> Metric {
    metric.set_timestamp_ms(milliseconds);
    metric
}

pub fn counter(value: f64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(value);
    let mut metric = Metric::default();
    metric.set_counter(counter);
    metric
}

pub fn untyped(value: f64) -> Metric {
    let mut untyped = Untyped::default();
    untyped.set_value(value);
    let mut metric = Metric::default();
    #[cfg(not(feature = "protobuf"))]
    metric.set_untyped(untyped);
    // The crate then has no method for it.
    #[cfg(feature = "protobuf")]
    {
        metric.untyped = Some(untyped).into();
    }
    metric
}

/// Creates a histogram of buckets by upper bound and cumulative count.
pub fn histogram(buckets: &[(f64, u64)], count: u64, sum: f64) -> Metric {
    let bucket = |(bound, count): &(f64, u64)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(*count);
        bucket
    };
    let mut histogram = Histogram::default();
    histogram.set_bucket(buckets.iter().map(bucket).collect());
    histogram.set_sample_count(count);
    histogram.set_sample_sum(sum);
    let mut metric = Metric::default();
    metric.set_histogram(histogram);
    metric
}

/// Creates a summary of values by quantile.
pub fn summary(quantiles: &[(f64, f64)], count: u64, sum: f64) -> Metric {
    let quantile = |(of, value): &(f64, f64)| {
        let mut quantile = Quantile::default();
        quantile.set_quantile(*of);
        quantile.set_value(*value);
        quantile
    };
    let mut summary = Summary::default();
    summary.set_quantile(quantiles.iter().map(quantile).collect());
    summary.set_sample_count(count);
    summary.set_sample_sum(sum);
    let mut metric = Metric::default();
    metric.set_summary(summary);
    metric
}

/// Collects what a closure returns.
struct Collects<F>(Desc, F);

impl<F: Fn() -> Vec<MetricFamily> + Send + Sync> Collector for Collects<F> {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.1)()
    }
}

/// Creates a collector that describes a gauge `name` and collects what `make` returns.
pub fn collects(
    name: &str,
    make: impl Fn() -> Vec<MetricFamily> + Send + Sync + 'static,
) -> Box<dyn Collector> {
    let desc = Desc::new(name.to_owned(), "A.".to_owned(), vec![], HashMap::new());
    Box::new(Collects(desc.unwrap(), make))
}

/// Returns the messages of errors, without the type of an unchecked collector.
pub fn words(errors: &[GatherError]) -> Vec<String> {
    let without_type = |error: &GatherError| {
        let words = error.to_string();
        match words.split_once(" (").zip(words.split_once(") ")) {
            Some(((collector @ "an unchecked collector", _), (_, rest))) => {
                format!("{collector} {rest}")
            }
            _ => words,
        }
    };
    errors.iter().map(without_type).collect()
}
