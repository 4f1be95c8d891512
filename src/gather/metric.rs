//! Whether one metric is what its family says, and can be read by Prometheus.

use std::cmp::Ordering;

use prometheus::proto::{
    Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricType, Summary,
};

use crate::names::{labels_problem, type_name};
use crate::numbers::float_text;

/// What is wrong with `metric` in a family of `field_type`. Its labels are sorted.
///
/// `good_names` are the label names of the last metric that was asked about, which most
/// often are those of the next one.
pub fn problem(
    metric: &Metric,
    field_type: MetricType,
    good_names: &mut Vec<String>,
) -> Option<String> {
    let labels = metric.get_label();
    let names = labels.iter().map(LabelPair::name);
    if !names.clone().eq(good_names.iter().map(String::as_str)) {
        if let Some(problem) = labels_problem(labels, field_type) {
            return Some(problem);
        }
        *good_names = names.map(str::to_owned).collect();
    }
    if let Some(other) = other_value(metric, field_type) {
        return Some(format!(
            "it has a value of the type {other}, and its family is of the type {}: give \
             the family its type with `set_field_type` (one without is a counter)",
            type_name(field_type)
        ));
    }
    match field_type {
        MetricType::HISTOGRAM => histogram_problem(metric.get_histogram()),
        MetricType::SUMMARY => summary_problem(metric.get_summary()),
        _ => None,
    }
}

/// The type of a value that `metric` has, and that a family of `field_type` would not
/// show. A value that was never set cannot be told from 0.
#[allow(deprecated, reason = "there is no other way to an untyped value")]
fn other_value(metric: &Metric, field_type: MetricType) -> Option<&'static str> {
    let is_set = |of: MetricType| match of {
        MetricType::COUNTER => *metric.get_counter() != Counter::default(),
        MetricType::GAUGE => *metric.get_gauge() != Gauge::default(),
        MetricType::HISTOGRAM => *metric.get_histogram() != Histogram::default(),
        MetricType::SUMMARY => *metric.get_summary() != Summary::default(),
        MetricType::UNTYPED => metric.get_untyped().get_value() != 0.0,
    };
    [
        MetricType::COUNTER,
        MetricType::GAUGE,
        MetricType::HISTOGRAM,
        MetricType::SUMMARY,
        MetricType::UNTYPED,
    ]
    .into_iter()
    .find(|of| *of != field_type && is_set(*of))
    .map(type_name)
}

fn histogram_problem(histogram: &Histogram) -> Option<String> {
    let buckets = histogram.get_bucket();
    if let Some(problem) = buckets.windows(2).find_map(order_problem) {
        return Some(problem);
    }
    let last = buckets.last()?;
    let (bound, counts) = (last.upper_bound(), last.cumulative_count());
    let count = histogram.get_sample_count();
    if bound.is_nan() {
        return Some("a bucket's bound is no number".to_owned());
    }
    let wrong = counts > count || (bound == f64::INFINITY && counts != count);
    wrong.then(|| {
        let bound = float_text(bound);
        format!("its bucket `le` {bound} counts {counts}, of {count} observations")
    })
}

/// What is wrong with the second of `two` buckets.
fn order_problem(two: &[Bucket]) -> Option<String> {
    let [before, now] = [0, 1].map(|at: usize| two[at].upper_bound());
    let bound = || float_text(now);
    // A NaN is in no order.
    if before.partial_cmp(&now) != Some(Ordering::Less) {
        let (bound, before) = (bound(), float_text(before));
        return Some(format!(
            "its bucket `le` {bound} comes after {before}: sort them, each once"
        ));
    }
    let [before, now] = [0, 1].map(|at: usize| two[at].cumulative_count());
    (before > now).then(|| {
        let bound = bound();
        format!(
            "its bucket `le` {bound} counts {now} and the one before it {before}: each \
             counts those before it as well"
        )
    })
}

fn summary_problem(summary: &Summary) -> Option<String> {
    let quantiles = summary.get_quantile();
    let within = |quantile: f64| (0.0..=1.0).contains(&quantile);
    if let Some(bad) = quantiles.iter().find(|q| !within(q.quantile())) {
        return Some(format!(
            "its quantile {} lies not between 0 and 1",
            bad.quantile()
        ));
    }
    let two = quantiles
        .windows(2)
        .find(|two| two[0].quantile() >= two[1].quantile())?;
    let (before, quantile) = (two[0].quantile(), two[1].quantile());
    Some(format!(
        "its quantile {quantile} comes after {before}: sort them, each once"
    ))
}
