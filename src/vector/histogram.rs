//! Histograms.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use prometheus::HistogramOpts;

use super::extras::Extras;
use super::number::Sealed;
use super::single::{described, only};
use super::snapshot::Snapshot;
use super::{Metric, OfVector, VectorError};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::{Desc, MetricKind};
use crate::exposition::{HistogramValue, LabelsInOrder, Run, Value, Visit};

/// Counts of observations by upper bound, with their sum. A clone is the same
/// histogram.
///
/// A scrape reads the buckets and the sum while other threads observe: `_count` always
/// equals the bucket `+Inf`, and `_sum` may lack observations that are in a bucket
/// already, or have them earlier.
#[derive(Clone)]
pub struct Histogram {
    state: Arc<Buckets>,
    /// `None` for the child of a vector.
    desc: Option<Desc>,
}

/// The observations of one histogram.
pub struct Buckets {
    bounds: Arc<[f64]>,
    /// The observations of each bucket alone; the last one is `+Inf`.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
    extras: Extras,
}

impl Histogram {
    /// Creates a histogram without labels from the crate's options.
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, if there are variable labels,
    /// or if the bounds aren't finite numbers in ascending order (`+Inf` may be the
    /// last).
    pub fn with_opts(opts: HistogramOpts) -> Result<Histogram, VectorError> {
        let desc = only(opts.common_opts.into(), Self::KIND)?;
        let bounds = bounds(&desc, opts.buckets)?;
        Ok(Histogram {
            desc: Some(desc),
            ..Histogram::handle(Histogram::state(&bounds))
        })
    }

    /// Counts an observation, in the unit that the name states.
    #[inline]
    pub fn observe(&self, value: f64) {
        let at = self.state.bucket(value);
        self.state.counts[at].fetch_add(1, Ordering::Relaxed);
        f64::add(&self.state.sum, value);
    }

    /// Counts an observation, and keeps `labels` as the exemplar of its bucket in place
    /// of the one before, such as the id of a request's trace. It is served in
    /// OpenMetrics only. One whose label names and values have more than 128 characters
    /// together, or with an invalid label name, is dropped.
    pub fn observe_with_exemplar(&self, value: f64, labels: &[(&str, &str)]) {
        self.observe(value);
        let bucket = |value| self.state.bucket(value);
        self.state.extras.set_exemplar(labels, value, bucket);
    }

    /// Returns a timer that observes the seconds until it is dropped.
    #[must_use = "a timer that isn't kept observes no time at all"]
    pub fn start_timer(&self) -> HistogramTimer {
        HistogramTimer {
            histogram: Some(self.clone()),
            start: Instant::now(),
        }
    }

    /// Calls `work`, and observes how many seconds it takes.
    pub fn observe_closure_duration<T>(&self, work: impl FnOnce() -> T) -> T {
        let _timer = self.start_timer();
        work()
    }

    /// Returns the sum of all observations.
    #[must_use]
    pub fn get_sample_sum(&self) -> f64 {
        f64::of_bits(self.state.sum.load(Ordering::Relaxed))
    }

    /// Returns the number of observations.
    #[must_use]
    pub fn get_sample_count(&self) -> u64 {
        let counts = self.state.counts.iter();
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

/// Measures a time for a histogram.
pub struct HistogramTimer {
    histogram: Option<Histogram>,
    start: Instant,
}

impl HistogramTimer {
    /// Observes the time since the start. Returns it in seconds.
    pub fn stop_and_record(mut self) -> f64 {
        self.stop(true)
    }

    /// Does the same, for the name that reads better at the end of a function.
    pub fn observe_duration(self) {
        self.stop_and_record();
    }

    /// Returns the time since the start, in seconds, without observing it.
    pub fn stop_and_discard(mut self) -> f64 {
        self.stop(false)
    }

    fn stop(&mut self, is_observed: bool) -> f64 {
        let seconds = self.start.elapsed().as_secs_f64();
        let histogram = self.histogram.take().filter(|_| is_observed);
        histogram
            .iter()
            .for_each(|histogram| histogram.observe(seconds));
        seconds
    }
}

impl Drop for HistogramTimer {
    fn drop(&mut self) {
        self.stop(true);
    }
}

impl Metric for Histogram {}

impl OfVector for Histogram {
    type State = Buckets;
    type Plan = Arc<[f64]>;

    const KIND: MetricKind = MetricKind::Histogram;

    fn state(bounds: &Arc<[f64]>) -> Arc<Buckets> {
        Arc::new(Buckets {
            bounds: Arc::clone(bounds),
            counts: (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0.0_f64.to_bits()),
            extras: Extras::new(),
        })
    }

    fn handle(state: Arc<Buckets>) -> Histogram {
        Histogram { state, desc: None }
    }

    fn parts(histogram: &Buckets) -> usize {
        histogram.counts.len().div_ceil(16)
    }

    fn read(
        children: &[Arc<Buckets>],
        labels: LabelsInOrder<'_>,
        extras: bool,
        visit: &mut Visit<'_>,
    ) {
        let Some(first) = children.first() else {
            return;
        };
        let bounds = first.bounds.iter();
        let mut read = Value::Histogram(Box::new(HistogramValue {
            count: 0,
            sum: 0.0,
            buckets: bounds.map(|bound| (*bound, 0)).collect(),
        }));
        for (labels, child) in labels.zip(children) {
            if let Value::Histogram(read) = &mut read {
                child.read_into(read);
            }
            let extra = extras.then(|| child.extras.read());
            visit(Run::One(labels, &read, extra.as_ref()));
        }
    }
}

impl Buckets {
    /// Returns the index of the bucket that holds `value`.
    #[inline]
    fn bucket(&self, value: f64) -> usize {
        // NaN is in no finite bucket.
        let is_beyond = |bound: &f64| value.is_nan() || *bound < value;
        self.bounds.partition_point(is_beyond)
    }

    /// Reads into the value of a histogram with the same bounds.
    fn read_into(&self, value: &mut HistogramValue) {
        let mut before = 0;
        let counts = self.counts.iter();
        let mut counts = counts.map(|count| {
            before += count.load(Ordering::Relaxed);
            before
        });
        for ((_, into), count) in value.buckets.iter_mut().zip(&mut counts) {
            *into = count;
        }
        value.count = counts.next().unwrap_or_default();
        value.sum = f64::of_bits(self.sum.load(Ordering::Relaxed));
    }
}

impl Collector for Histogram {
    fn describe(&self) -> Vec<&Desc> {
        vec![described(&self.desc)]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.append(Snapshot::<Self>::only(described(&self.desc), &self.state));
        Ok(())
    }
}

/// Checks bounds. Returns them without `+Inf`, whose bucket there is always.
pub fn bounds(desc: &Desc, mut bounds: Vec<f64>) -> Result<Arc<[f64]>, VectorError> {
    if bounds.last() == Some(&f64::INFINITY) {
        bounds.pop();
    }
    let is_finite = bounds.iter().all(|bound| bound.is_finite());
    if is_finite && bounds.is_sorted_by(|one, next| one < next) {
        return Ok(bounds.into());
    }
    Err(VectorError::bounds(desc, &bounds))
}
