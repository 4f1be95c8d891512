//! A registry: collectors that agree with each other, and what they report at a scrape.
//!
//! The counterpart of Go's `prometheus.Registry`, with what Go documents of it. It takes
//! the `prometheus` crate's collectors as well as this library's. The crate's own registry
//! is a [`Gatherer`] here, with fewer checks.

mod accepted;
mod consistency;
mod crate_metrics;
mod duplicates;
mod error;
mod gather;
mod gather_error;
mod into_collector;
mod known;
mod order;

pub use error::{Difference, LabelNames, RegisterError};
pub use gather::{
    ByReference, ByValue, Gathered, Gatherer, Gatherers, IntoGatherer, gatherer_fn,
};
pub use gather_error::GatherError;
pub use into_collector::{
    AnyCollector, Either, IntoCollector, Ours, Theirs, TheirsBoxed,
};

pub(crate) use gather::gather_caught;

use self::gather_error::caught;

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::known::{Entry, Known};
use crate::collect::{Collected, Samples, Scrape, Wrap};
use crate::desc::Desc;
use crate::names::shown_words;

/// Something that collectors can be registered with; Go's `prometheus.Registerer`.
///
/// A function that takes a `&dyn Registerer` rather than a [`Registry`] can be given another
/// one, such as a test's. `dyn Registerer` has the methods of a registry; an implementation
/// needs only these two. One that adds a prefix or labels calls
/// [`AnyCollector::with_prefix`] and [`Desc::prefix`], or [`AnyCollector::with_labels`] and
/// [`Desc::const_label`].
pub trait Registerer: Send + Sync {
    /// Adds `collector` to every later scrape.
    ///
    /// A collector without descriptors is unchecked: any number of them is accepted, and
    /// it is up to them that what they report agrees with the rest. A collector may
    /// register others while it collects.
    ///
    /// # Errors
    ///
    /// Returns an error if a descriptor is invalid, or describes a registered name in
    /// another way, or is registered already. Then nothing has changed.
    fn register_collector(&self, collector: AnyCollector) -> Result<(), RegisterError>;

    /// Removes the collector that has the same set of descriptors as `descs`. Returns
    /// whether there was one. An unchecked collector cannot be removed.
    ///
    /// The names stay bound to their type, help text and label names.
    fn unregister_described(&self, descs: &[Desc]) -> bool;
}

impl<R: Registerer + ?Sized> Registerer for Arc<R> {
    fn register_collector(&self, collector: AnyCollector) -> Result<(), RegisterError> {
        (**self).register_collector(collector)
    }

    fn unregister_described(&self, descs: &[Desc]) -> bool {
        (**self).unregister_described(descs)
    }
}

impl dyn Registerer + '_ {
    /// As [`Registry::register`].
    ///
    /// # Errors
    ///
    /// As [`Registerer::register_collector`].
    pub fn register<K>(
        &self,
        collector: impl IntoCollector<K>,
    ) -> Result<(), RegisterError> {
        self.register_collector(collector.into_collector())
    }

    /// As [`Registry::must_register`].
    ///
    /// # Panics
    ///
    /// Panics if [`register`](Registry::register) returns an error, with its words.
    #[track_caller]
    pub fn must_register<K>(&self, collector: impl IntoCollector<K>) {
        if let Err(error) = self.register(collector) {
            panic!("{error}");
        }
    }

    /// As [`Registry::register_or_existing`].
    ///
    /// # Errors
    ///
    /// As [`Registry::register_or_existing`].
    pub fn register_or_existing<K, C>(&self, collector: C) -> Result<C, RegisterError>
    where
        C: IntoCollector<K> + Clone + 'static,
    {
        match self.register(collector.clone()) {
            Ok(()) => Ok(collector),
            Err(error) => error.existing::<C>().cloned().ok_or(error),
        }
    }

    /// As [`Registry::unregister`].
    pub fn unregister<K>(&self, collector: &impl IntoCollector<K>) -> bool {
        self.unregister_described(&collector.descs())
    }
}

/// Collectors, and what they describe. A clone is the same registry.
#[derive(Clone, Default)]
pub struct Registry {
    known: Arc<Mutex<Known>>,
    /// What is added to each metric that is registered.
    wrap: Wrap,
}

impl Registry {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// The same registry, but what is registered through it gets `prefix` in front of each
    /// name; Go's `WrapRegistererWithPrefix`. It gathers all that the registry holds.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Registry {
        let mut registry = self.clone();
        registry.wrap.prefix.push_str(prefix);
        registry
    }

    /// The same registry, but what is registered through it gets `labels` on each metric;
    /// Go's `WrapRegistererWith`. It gathers all that the registry holds.
    #[must_use]
    pub fn with_labels(&self, labels: &[(&str, &str)]) -> Registry {
        let mut registry = self.clone();
        registry.wrap.add_labels(labels);
        registry
    }

    /// Adds `collector`, a [`Collector`](crate::collect::Collector) or one of the
    /// `prometheus` crate such as its `Gauge`, to every later scrape. Register a clone of
    /// the crate's metrics, and change the value through the other.
    ///
    /// # Errors
    ///
    /// As [`Registerer::register_collector`].
    pub fn register<K>(
        &self,
        collector: impl IntoCollector<K>,
    ) -> Result<(), RegisterError> {
        (self as &dyn Registerer).register(collector)
    }

    /// Registers a collector of metrics that the program itself states, so that an error
    /// is a mistake in its source; Go's `MustRegister`.
    ///
    /// # Panics
    ///
    /// Panics if [`register`](Registry::register) returns an error, with its words.
    #[track_caller]
    pub fn must_register<K>(&self, collector: impl IntoCollector<K>) {
        (self as &dyn Registerer).must_register(collector);
    }

    /// Registers `collector`, or returns the equal one that is registered already: for a
    /// part of a program that may be started twice and must then count in one metric.
    ///
    /// # Errors
    ///
    /// As [`register`](Registry::register); also if the equal one is of another type.
    pub fn register_or_existing<K, C>(&self, collector: C) -> Result<C, RegisterError>
    where
        C: IntoCollector<K> + Clone + 'static,
    {
        (self as &dyn Registerer).register_or_existing(collector)
    }

    /// Removes the collector that describes the same as `collector`. Returns whether there
    /// was one.
    pub fn unregister<K>(&self, collector: &impl IntoCollector<K>) -> bool {
        (self as &dyn Registerer).unregister(collector)
    }

    /// Collects from every collector once.
    #[must_use]
    pub fn gather(&self) -> Gathered {
        Gatherer::gather(self)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registerer for Registry {
    fn register_collector(&self, collector: AnyCollector) -> Result<(), RegisterError> {
        // Made before the lock, and so dropped after it: a refused collector may have a
        // `Drop` that registers something.
        let entry = Arc::new(Entry::new(collector.wrapped(&self.wrap)));
        self.known().add(&entry)
    }

    fn unregister_described(&self, descs: &[Desc]) -> bool {
        let descs: Vec<Desc> = descs.iter().map(|desc| self.wrap.desc(desc)).collect();
        // Dropped after the lock, for the same reason.
        let removed = self.known().remove(&descs);
        removed.is_some()
    }
}

/// Collects outside of the registry's lock, in the order of registration.
impl Gatherer for Registry {
    fn gather_for(&self, scrape: &Scrape) -> Gathered {
        let (entries, descriptions) = self.known().entries();
        let (mut reported, mut errors) = (Vec::new(), Vec::new());
        for (number, entry) in entries.iter().enumerate() {
            let (collected, error) = collect(entry, scrape);
            let left_out = collected.left_out.into_iter();
            errors.extend(
                left_out.map(|(name, problem)| GatherError::LeftOut { name, problem }),
            );
            match error {
                Some(error) => errors.push(error),
                None => {
                    let families = collected.families.into_iter();
                    reported.extend(families.map(|family| (number, family)));
                }
            }
        }
        let name = |number: usize| entries[number].to_string();
        let gathered = Gathered::checked(reported, errors, name, &descriptions);
        // With it goes a collector that was unregistered meanwhile, whose `Drop` may panic.
        let _ = caught(|| drop(entries));
        gathered
    }
}

/// What one collector reports, and why that is dropped if it is.
fn collect(entry: &Entry, scrape: &Scrape) -> (Collected, Option<GatherError>) {
    let sizes = || entry.sizes.lock().unwrap_or_else(PoisonError::into_inner);
    let last = sizes().clone();
    let mut samples =
        Samples::new(scrape, &entry.collector.wrap, &entry.described, last);
    let result = caught(|| {
        let result = entry.collector.collector.collect(&mut samples);
        // The words of the error are the collector's own code as well.
        result.map_err(|error| shown_words(&error.to_string()))
    });
    let mut collected = samples.into_collected();
    *sizes() = mem::take(&mut collected.sizes);
    let failure = collected.failure.take();
    let error = match (result, failure) {
        (Ok(Ok(())), None) => None,
        (Ok(Ok(())), Some(failure)) => {
            Some(GatherError::failed(entry.to_string(), failure))
        }
        (Ok(Err(message)), _) => {
            let collector = entry.to_string();
            Some(GatherError::Failed { collector, message })
        }
        (Err(message), _) => Some(GatherError::panicked(entry.to_string(), message)),
    };
    (collected, error)
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
