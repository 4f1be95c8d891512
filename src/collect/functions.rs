//! Collectors made from closures; Go's `NewGaugeFunc`, `NewCounterFunc` and
//! `CollectorFunc`.

use super::{CollectError, Collector, Samples};
use crate::desc::Desc;

/// Creates a collector for one gauge, counter or untyped metric without labels, which
/// calls `value` at each scrape.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use exporter_workbook::collect::value_fn;
/// use exporter_workbook::desc::Desc;
/// use exporter_workbook::registry::Registry;
///
/// static QUEUED: AtomicU64 = AtomicU64::new(0);
/// let queued = Desc::gauge("queue_length", "The number of items in the queue.");
/// let registry = Registry::new();
/// registry.must_register(value_fn(queued, || QUEUED.load(Ordering::Relaxed) as f64));
/// ```
pub fn value_fn(desc: Desc, value: impl Fn() -> f64 + Send + Sync) -> impl Collector {
    let described = vec![desc.clone()];
    collector_fn(described, move |samples| {
        samples.set(&desc, value(), &[]);
        Ok(())
    })
}

/// Creates a collector that describes `descs` and calls `collect` at each scrape.
pub fn collector_fn<F>(descs: Vec<Desc>, collect: F) -> impl Collector
where
    F: Fn(&mut Samples<'_>) -> Result<(), CollectError> + Send + Sync,
{
    CollectorFn { descs, collect }
}

struct CollectorFn<F> {
    descs: Vec<Desc>,
    collect: F,
}

impl<F> Collector for CollectorFn<F>
where
    F: Fn(&mut Samples<'_>) -> Result<(), CollectError> + Send + Sync,
{
    fn describe(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        (self.collect)(samples)
    }
}
