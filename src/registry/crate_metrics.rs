//! The adapter for the `prometheus` crate: its collectors, its registries and the
//! families that both return. They are checked here, since the crate checks nothing.
//!
//! The crate's types differ with its feature `protobuf`; this compiles with or without
//! it.

use std::sync::Arc;

use prometheus::core as theirs;
use prometheus::proto::{
    Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType, Summary,
};

use super::gather_error::caught;
use super::order::sort_family;
use super::{GatherError, Gathered, Gatherer};
use crate::collect::{
    CollectError, Collector, Failure, Samples, Scrape, negative_time,
};
use crate::desc::labels::Template;
use crate::desc::{Desc, MetricKind};
use crate::exposition::{Family, HistogramValue, Point, SummaryValue, Value};
use crate::names::series;

/// Adapts a collector of the crate. It may report what it doesn't describe: the crate
/// never required more, and the collector may wrap a registry.
pub struct OfCrate<C> {
    collector: Arc<C>,
    descs: Vec<Desc>,
}

impl<C: theirs::Collector> OfCrate<C> {
    pub fn new(collector: Arc<C>) -> OfCrate<C> {
        let descs = collector.desc().into_iter().map(Desc::from).collect();
        OfCrate { collector, descs }
    }
}

impl<C: theirs::Collector> Collector for OfCrate<C> {
    fn describe(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        for family in self.collector.collect() {
            match convert(&family) {
                Ok(family) => samples.adopt(family),
                Err(failure) => samples.fail(failure),
            }
        }
        Ok(())
    }
}

/// Makes the crate's registry a source, its default one included. Inconsistencies
/// between its collectors cost single families, since the collector is unknown. A panic
/// in one collector costs all of them, since the crate collects them in one call.
impl Gatherer for prometheus::Registry {
    fn gather_for(&self, _: &Scrape) -> Gathered {
        match caught(|| self.gather()) {
            Ok(families) => families.into(),
            Err(message) => {
                GatherError::panicked("a collector".to_owned(), message).into()
            }
        }
    }
}

/// Checks families of the `prometheus` crate; a family with a mistake becomes an error.
impl From<Vec<MetricFamily>> for Gathered {
    fn from(families: Vec<MetricFamily>) -> Gathered {
        let mut errors = Vec::new();
        let mut good = Vec::new();
        for family in families {
            match convert(&family) {
                Ok(family) => good.push(family),
                Err(failure) => {
                    let source = "a source of families".to_owned();
                    errors.push(GatherError::failed(source, failure));
                }
            }
        }
        Gathered::new(good, errors)
    }
}

fn convert(family: &MetricFamily) -> Result<Family, Failure> {
    let name = family.name();
    let kind = kind(family.get_field_type());
    let mut converted = Family::new(&Desc::new(name, family.help(), Some(kind)));
    if let Some(problem) = converted.name_problem() {
        return Err(Failure::invalid(name, problem));
    }
    converted
        .points_mut()
        .all
        .reserve(family.get_metric().len());
    // The label names of one metric usually equal those of the next.
    let (mut names, mut template) = (None, Template::default());
    for metric in family.get_metric() {
        let labels = metric.get_label();
        let invalid = |problem| {
            let labels = labels.iter().map(|pair| (pair.name(), pair.value()));
            let series = series(name, labels);
            Failure::Invalid { series, problem }
        };
        if !names.is_some_and(|names| have_same_names(labels, names)) {
            let given = labels.iter().map(LabelPair::name);
            template = Template::checked(std::iter::empty(), given, converted.owner())
                .map_err(invalid)?;
            names = Some(labels);
        }
        let (value, time) = sample(metric, family.get_field_type()).map_err(invalid)?;
        let pushed = converted.push(&template, |at| labels[at].value(), value);
        pushed.map_err(invalid)?.set_time(time);
    }
    // The crate's vectors are unordered.
    sort_family(&mut converted);
    Ok(converted)
}

/// Returns the value and the timestamp of `metric` in a family of type `of`, if both
/// are valid.
fn sample(metric: &Metric, of: MetricType) -> Result<(Value, i64), String> {
    let value = value(metric, of)?;
    match (value.problem(), metric.timestamp_ms()) {
        (Some(problem), _) => Err(problem),
        // The crate can't express a missing timestamp in any other way.
        (None, 0) => Ok((value, Point::NO_TIME)),
        (None, time @ ..0) => Err(negative_time(time)),
        (None, time) => Ok((value, time)),
    }
}

fn have_same_names(one: &[LabelPair], other: &[LabelPair]) -> bool {
    let names = one.iter().zip(other);
    one.len() == other.len() && names.into_iter().all(|(a, b)| a.name() == b.name())
}

fn kind(of: MetricType) -> MetricKind {
    match of {
        MetricType::COUNTER => MetricKind::Counter,
        MetricType::GAUGE => MetricKind::Gauge,
        MetricType::HISTOGRAM => MetricKind::Histogram,
        MetricType::SUMMARY => MetricKind::Summary,
        MetricType::UNTYPED => MetricKind::Untyped,
    }
}

/// Returns the value of `metric` in a family of type `of`, unless it has a value of
/// another type.
fn value(metric: &Metric, of: MetricType) -> Result<Value, String> {
    if let Some(other) = other_value(metric, of) {
        return Err(format!(
            "its value is of type {} but its family is of type {}: set the family's \
             type with `set_field_type` (the default is counter)",
            kind(other),
            kind(of)
        ));
    }
    Ok(match of {
        MetricType::COUNTER => Value::Number(metric.get_counter().value()),
        MetricType::GAUGE => Value::Number(metric.get_gauge().value()),
        MetricType::UNTYPED => Value::Number(untyped(metric)?),
        MetricType::HISTOGRAM => histogram(metric.get_histogram()),
        MetricType::SUMMARY => summary(metric.get_summary()),
    })
}

fn histogram(histogram: &Histogram) -> Value {
    let buckets = histogram.get_bucket().iter();
    let buckets =
        buckets.map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()));
    Value::Histogram(Box::new(HistogramValue {
        count: histogram.get_sample_count(),
        sum: histogram.get_sample_sum(),
        buckets: buckets.collect(),
    }))
}

fn summary(summary: &Summary) -> Value {
    let quantiles = summary.get_quantile().iter();
    let quantiles = quantiles.map(|quantile| (quantile.quantile(), quantile.value()));
    Value::Summary(Box::new(SummaryValue {
        count: summary.sample_count(),
        sum: summary.sample_sum(),
        quantiles: quantiles.collect(),
    }))
}

/// Returns the type of a value of `metric` that a family of type `of` would hide.
/// Without `protobuf`, a value that was never set can't be told from 0.
fn other_value(metric: &Metric, of: MetricType) -> Option<MetricType> {
    fn is_set<T: Default + PartialEq>(value: &T) -> bool {
        *value != T::default()
    }
    [
        (MetricType::COUNTER, is_set(metric.get_counter())),
        (MetricType::GAUGE, is_set(metric.get_gauge())),
        (MetricType::HISTOGRAM, is_set(metric.get_histogram())),
        (MetricType::SUMMARY, is_set(metric.get_summary())),
        (
            MetricType::UNTYPED,
            untyped(metric).is_ok_and(|value| value != 0.0),
        ),
    ]
    .into_iter()
    .find(|(other, is_set)| *is_set && *other != of)
    .map(|(other, _)| other)
}

/// The crate's method is `value` with its feature `protobuf` and `get_value` without
/// it. Each is implemented here by the other; an inherent method takes precedence.
#[allow(dead_code, reason = "which one is called depends on that feature")]
trait Number {
    fn value(&self) -> f64;
    fn get_value(&self) -> f64;
}

impl Number for Counter {
    fn value(&self) -> f64 {
        self.get_value()
    }

    fn get_value(&self) -> f64 {
        self.value()
    }
}

impl Number for Gauge {
    fn value(&self) -> f64 {
        self.get_value()
    }

    fn get_value(&self) -> f64 {
        self.value()
    }
}

#[allow(deprecated, reason = "there is no other way to an untyped value")]
fn untyped(metric: &Metric) -> Result<f64, String> {
    metric.get_untyped().read().ok_or_else(|| {
        "the crate's feature `protobuf` hides the values of untyped metrics: report \
         it with `Samples::set`"
            .to_owned()
    })
}

/// Provides `Metric::get_untyped`, which the crate lacks with its feature `protobuf`.
#[allow(dead_code, reason = "which one is called depends on that feature")]
trait NoUntyped {
    fn get_untyped(&self) -> Hidden {
        Hidden
    }
}

impl NoUntyped for Metric {}

#[allow(dead_code, reason = "which one is called depends on that feature")]
struct Hidden;

trait Read {
    fn read(&self) -> Option<f64>;
}

impl Read for Hidden {
    fn read(&self) -> Option<f64> {
        None
    }
}

impl Read for prometheus::proto::Untyped {
    fn read(&self) -> Option<f64> {
        Some(Number::value(self))
    }
}

#[allow(deprecated, reason = "there is no other way to an untyped value")]
impl Number for prometheus::proto::Untyped {
    fn value(&self) -> f64 {
        self.get_value()
    }

    fn get_value(&self) -> f64 {
        self.value()
    }
}
