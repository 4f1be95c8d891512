//! Counters.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::extras::Extras;
use super::number::{Number, load};
use super::single::{described, only};
use super::snapshot::Snapshot;
use super::{Metric, OfVector, VectorError};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::{Desc, MetricKind};
use crate::exposition::{LabelsInOrder, Run, Value, Visit};

/// A value that only goes up, as an `f64` or a `u64`. A clone is the same counter.
#[derive(Clone)]
pub struct GenericCounter<N: Number> {
    count: Arc<Count>,
    /// `None` for the child of a vector.
    desc: Option<Desc>,
    number: PhantomData<N>,
}

/// What the handles of one counter share.
pub struct Count {
    bits: AtomicU64,
    extras: Extras,
}

impl<N: Number> GenericCounter<N> {
    /// Creates a counter of 0 without labels.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is invalid.
    pub fn new(name: &str, help: &str) -> Result<Self, VectorError> {
        Self::with_opts(Desc::counter(name, help))
    }

    /// Creates a counter of 0 from the crate's `Opts` or a [`Desc`].
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, if there are variable labels,
    /// or if it is described as another type.
    pub fn with_opts(opts: impl Into<Desc>) -> Result<Self, VectorError> {
        let desc = Some(only(opts.into(), Self::KIND)?);
        Ok(GenericCounter {
            desc,
            ..Self::handle(Self::state(&()))
        })
    }

    /// Returns the value.
    #[inline]
    #[must_use]
    pub fn get(&self) -> N {
        N::of_bits(self.count.bits.load(Ordering::Relaxed))
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        N::add(&self.count.bits, N::ONE);
    }

    /// Adds `by`.
    ///
    /// # Panics
    ///
    /// Panics if `by` is negative or NaN, as Go's counter does: the counter would seem to
    /// have been restarted.
    #[inline]
    #[track_caller]
    pub fn inc_by(&self, by: N) {
        assert!(
            !by.is_negative(),
            "a counter cannot decrease: use a gauge for a value that goes down"
        );
        N::add(&self.count.bits, by);
    }

    /// Adds `by`, and keeps `labels` as the exemplar in place of the one before, such as
    /// the id of a request's trace. It is served in OpenMetrics only. One whose label
    /// names and values have more than 128 characters together, or with an invalid label
    /// name, is dropped.
    ///
    /// # Panics
    ///
    /// Panics if `by` is negative or NaN.
    #[track_caller]
    pub fn inc_by_with_exemplar(&self, by: N, labels: &[(&str, &str)]) {
        self.inc_by(by);
        self.count.extras.set_exemplar(labels, by.to_f64(), |_| 0);
    }

    /// Sets the counter to 0, for tests and sources that restart.
    pub fn reset(&self) {
        self.count
            .bits
            .store(N::default().bits(), Ordering::Relaxed);
        self.count.extras.restart();
    }
}

impl<N: Number> Metric for GenericCounter<N> {}

impl<N: Number> OfVector for GenericCounter<N> {
    type State = Count;
    type Plan = ();

    const KIND: MetricKind = MetricKind::Counter;

    fn state(_: &()) -> Arc<Count> {
        Arc::new(Count {
            bits: AtomicU64::new(N::default().bits()),
            extras: Extras::new(),
        })
    }

    fn handle(count: Arc<Count>) -> Self {
        GenericCounter {
            count,
            desc: None,
            number: PhantomData,
        }
    }

    fn read(
        children: &[Arc<Count>],
        labels: LabelsInOrder<'_>,
        extras: bool,
        visit: &mut Visit<'_>,
    ) {
        if !extras {
            let numbers = load::<N, _>(children, |count| &count.bits);
            visit(Run::Numbers(labels, &numbers));
            return;
        }
        for (labels, count) in labels.zip(children) {
            // A value and the time at which it was 0 belong together.
            let number = N::of_bits(count.bits.load(Ordering::Relaxed));
            let (value, extra) = (Value::Number(number.to_f64()), count.extras.read());
            visit(Run::One(labels, &value, Some(&extra)));
        }
    }
}

impl<N: Number> Collector for GenericCounter<N> {
    fn describe(&self) -> Vec<&Desc> {
        vec![described(&self.desc)]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.append(Snapshot::<Self>::only(described(&self.desc), &self.count));
        Ok(())
    }
}
