//! Counters.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::number::{Number, read};
use super::single::{described, only};
use super::{Metric, OfVector, VectorError};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::{Desc, MetricKind};
use crate::exposition::Value;

/// A value that only goes up, as an `f64` or a `u64`. A clone is the same counter.
#[derive(Clone)]
pub struct GenericCounter<N: Number> {
    bits: Arc<AtomicU64>,
    /// `None` for the child of a vector.
    desc: Option<Desc>,
    number: PhantomData<N>,
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
        let desc = Some(only(opts.into(), MetricKind::Counter)?);
        Ok(GenericCounter {
            desc,
            ..Self::handle(Self::state(&()))
        })
    }

    /// Returns the value.
    #[inline]
    #[must_use]
    pub fn get(&self) -> N {
        N::of_bits(self.bits.load(Ordering::Relaxed))
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        N::add(&self.bits, N::ONE);
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
        N::add(&self.bits, by);
    }

    /// Sets the counter to 0, for tests and sources that restart.
    pub fn reset(&self) {
        self.bits.store(N::default().bits(), Ordering::Relaxed);
    }
}

impl<N: Number> Metric for GenericCounter<N> {}

impl<N: Number> OfVector for GenericCounter<N> {
    type State = AtomicU64;
    type Plan = ();

    const KIND: MetricKind = MetricKind::Counter;

    fn state(_: &()) -> Arc<AtomicU64> {
        Arc::new(AtomicU64::new(N::default().bits()))
    }

    fn handle(bits: Arc<AtomicU64>) -> Self {
        GenericCounter {
            bits,
            desc: None,
            number: PhantomData,
        }
    }

    fn read(children: &[Arc<AtomicU64>], value: impl FnMut(&Value)) {
        read::<N>(children, value);
    }
}

impl<N: Number> Collector for GenericCounter<N> {
    fn describe(&self) -> Vec<&Desc> {
        vec![described(&self.desc)]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.set(described(&self.desc), self.get().to_f64(), &[]);
        Ok(())
    }
}
