//! What may be added to a sample: a timestamp, the time of creation, exemplars.

use super::{Failure, negative_time};
use crate::desc::MetricKind;
use crate::exposition::{Exemplar, Family, Point, Value};
use crate::names::Names;

/// A sample that was just added.
pub struct Added<'s> {
    family: Option<&'s mut Family>,
    failure: &'s mut Option<Failure>,
}

impl<'s> Added<'s> {
    /// Creates it for the last sample of `family`; `None` if the sample is a mistake.
    #[inline]
    pub(super) fn new(
        family: Option<&'s mut Family>,
        failure: &'s mut Option<Failure>,
    ) -> Added<'s> {
        Added { family, failure }
    }

    /// Sets the timestamp, in Unix milliseconds. Omit it for values measured at the
    /// scrape: Prometheus drops samples older than about an hour, and a series with
    /// timestamps doesn't go stale when its target disappears.
    ///
    /// A negative timestamp is an error: Prometheus would refuse the whole exposition.
    pub fn at(mut self, milliseconds: i64) -> Added<'s> {
        if milliseconds < 0 {
            self.fail(negative_time(milliseconds));
        } else if let Some(point) = self.last() {
            point.set_time(milliseconds);
        }
        self
    }

    /// Sets when a counter, a histogram or a summary was created or last reset, in Unix
    /// milliseconds.
    ///
    /// It is served in OpenMetrics only, and only with
    /// [`HandlerOpts::enable_open_metrics_text_created_samples`]. On any other metric,
    /// and if it is negative, it is an error.
    ///
    /// [`HandlerOpts::enable_open_metrics_text_created_samples`]:
    ///     crate::promhttp::HandlerOpts::enable_open_metrics_text_created_samples
    pub fn created(mut self, milliseconds: i64) -> Added<'s> {
        let kind = self.kind();
        if kind != Some(MetricKind::Counter)
            && !kind.is_some_and(|kind| kind.is_distribution())
        {
            self.fail(format!("{} a time of creation: leave it out", has_no(kind)));
        } else if milliseconds < 0 {
            self.fail(format!(
                "its time of creation {milliseconds} is negative: set Unix milliseconds"
            ));
        } else if let Some(point) = self.last() {
            point.extra_mut().created = Some(milliseconds);
        }
        self
    }

    /// Adds an exemplar: one of the things that the sample counts, by the `labels` that
    /// lead to it, such as `trace_id`. For a counter, `value` is what it added; for a
    /// histogram, it is the observation, and the exemplar belongs to the bucket that
    /// holds it. A later exemplar replaces one of the same counter or bucket.
    ///
    /// It is served in OpenMetrics only, and for a counter whose name ends in `_total`.
    /// Prometheus stores it with the feature `exemplar-storage`. An exemplar whose label
    /// names and values have more than 128 characters together is dropped, as
    /// OpenMetrics requires. On any other metric, and with a label name that isn't
    /// classic, it is an error.
    ///
    /// ```
    /// # use exporter_workbook::{collect::Samples, desc::Desc};
    /// # fn collect(samples: &mut Samples<'_>, requests: &Desc, trace_id: &str) {
    /// samples.set(requests, 42.0, &["GET"]).exemplar(&[("trace_id", trace_id)], 1.0);
    /// # }
    /// ```
    pub fn exemplar(self, labels: &[(&str, &str)], value: f64) -> Added<'s> {
        self.add_exemplar(labels, value, None)
    }

    /// Adds an exemplar like [`exemplar`](Added::exemplar) that says when it was
    /// counted, in Unix milliseconds, which can't be negative.
    pub fn exemplar_at(
        self,
        labels: &[(&str, &str)],
        value: f64,
        milliseconds: i64,
    ) -> Added<'s> {
        self.add_exemplar(labels, value, Some(milliseconds))
    }

    fn add_exemplar(
        mut self,
        labels: &[(&str, &str)],
        value: f64,
        timestamp: Option<i64>,
    ) -> Added<'s> {
        if let Some(problem) = self.exemplar_problem(labels, timestamp) {
            self.fail(problem);
            return self;
        }
        let exemplar = Exemplar::new(labels, value, timestamp);
        if let Some(point) = self.last().filter(|_| !exemplar.is_too_long()) {
            let mut extra = point.extra.take().unwrap_or_default();
            extra.set_exemplar(
                exemplar,
                match &point.value {
                    Value::Histogram(histogram) => Some(histogram),
                    _ => None,
                },
            );
            point.extra = Some(extra);
        }
        self
    }

    fn exemplar_problem(
        &self,
        labels: &[(&str, &str)],
        timestamp: Option<i64>,
    ) -> Option<String> {
        let kind = self.kind();
        if !matches!(kind, Some(MetricKind::Counter | MetricKind::Histogram)) {
            return Some(format!("{} an exemplar: leave it out", has_no(kind)));
        }
        if let Some(time @ ..0) = timestamp {
            return Some(format!(
                "the timestamp {time} of its exemplar is negative: set Unix milliseconds, \
                 or none"
            ));
        }
        let names = labels.iter().map(|(name, _)| *name).collect();
        let problem = Names::Classic.labels_problem(names)?;
        Some(format!("in its exemplar, {problem}"))
    }

    fn kind(&self) -> Option<MetricKind> {
        self.family.as_ref().map(|family| family.kind())
    }

    fn last(&mut self) -> Option<&mut Point> {
        self.family.as_mut()?.points_mut().all.last_mut()
    }

    fn fail(&mut self, problem: String) {
        if let Some(family) = &self.family {
            let failure = Failure::invalid(family.name(), problem);
            self.failure.get_or_insert(failure);
        }
    }
}

fn has_no(kind: Option<MetricKind>) -> String {
    let kind = kind.map(MetricKind::name).unwrap_or_default();
    format!("a metric of type {kind} can't have")
}
