//! Gauges.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::number::{Number, load};
use super::single::{described, only};
use super::snapshot::Snapshot;
use super::{Metric, OfVector, VectorError, since_epoch};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::{Desc, MetricKind};
use crate::exposition::{LabelsInOrder, Run, Visit};

/// A value that goes up and down, as an `f64` or an `i64`. A clone is the same gauge.
#[derive(Clone)]
pub struct GenericGauge<N: Number> {
    bits: Arc<AtomicU64>,
    /// `None` for the child of a vector.
    desc: Option<Desc>,
    number: PhantomData<N>,
}

impl<N: Number> GenericGauge<N> {
    /// Creates a gauge of 0 without labels.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is invalid.
    pub fn new(name: &str, help: &str) -> Result<Self, VectorError> {
        Self::with_opts(Desc::gauge(name, help))
    }

    /// Creates a gauge of 0 from the crate's `Opts` or a [`Desc`].
    ///
    /// # Errors
    ///
    /// Returns an error if the name or a label is invalid, if there are variable labels,
    /// or if it is described as another type.
    pub fn with_opts(opts: impl Into<Desc>) -> Result<Self, VectorError> {
        let desc = Some(only(opts.into(), Self::KIND)?);
        Ok(GenericGauge {
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

    /// Sets the value.
    #[inline]
    pub fn set(&self, value: N) {
        self.bits.store(value.bits(), Ordering::Relaxed);
    }

    /// Adds 1.
    #[inline]
    pub fn inc(&self) {
        self.add(N::ONE);
    }

    /// Subtracts 1.
    #[inline]
    pub fn dec(&self) {
        self.sub(N::ONE);
    }

    /// Adds `by`.
    #[inline]
    pub fn add(&self, by: N) {
        N::add(&self.bits, by);
    }

    /// Subtracts `by`.
    #[inline]
    pub fn sub(&self, by: N) {
        N::add(&self.bits, by.negative());
    }
}

impl GenericGauge<f64> {
    /// Sets the value to the current time, in Unix seconds.
    pub fn set_to_current_time(&self) {
        self.set(since_epoch().as_secs_f64());
    }
}

impl GenericGauge<i64> {
    /// Sets the value to the current time, in whole Unix seconds.
    pub fn set_to_current_time(&self) {
        self.set(since_epoch().as_secs() as i64);
    }
}

impl<N: Number> Metric for GenericGauge<N> {}

impl<N: Number> OfVector for GenericGauge<N> {
    type State = AtomicU64;
    type Plan = ();

    const KIND: MetricKind = MetricKind::Gauge;

    fn state(_: &()) -> Arc<AtomicU64> {
        Arc::new(AtomicU64::new(N::default().bits()))
    }

    fn handle(bits: Arc<AtomicU64>) -> Self {
        GenericGauge {
            bits,
            desc: None,
            number: PhantomData,
        }
    }

    fn read(
        children: &[Arc<AtomicU64>],
        labels: LabelsInOrder<'_>,
        _: bool,
        visit: &mut Visit<'_>,
    ) {
        let numbers = load::<N, _>(children, |bits| bits);
        visit(Run::Numbers(labels, &numbers));
    }
}

impl<N: Number> Collector for GenericGauge<N> {
    fn describe(&self) -> Vec<&Desc> {
        vec![described(&self.desc)]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.append(Snapshot::<Self>::only(described(&self.desc), &self.bits));
        Ok(())
    }
}
