//! Registries, which check collectors against each other and gather their metrics.
//!
//! The counterpart of Go's `prometheus.Registry`, as its documentation describes it. A
//! registry accepts the `prometheus` crate's collectors as well as this library's. The
//! crate's own registry is a [`Gatherer`] here, with fewer checks.

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

/// A registry to register collectors with; Go's `prometheus.Registerer`.
///
/// A function that accepts a `&dyn Registerer` rather than a [`Registry`] also works
/// with another implementation, such as a test's. `dyn Registerer` has the methods of a
/// registry, but an implementation needs only these two. To add a prefix or labels, it
/// calls [`AnyCollector::with_prefix`] and [`Desc::prefix`], or
/// [`AnyCollector::with_labels`] and [`Desc::const_label`].
pub trait Registerer: Send + Sync {
    /// Adds `collector` to every later scrape.
    ///
    /// A collector without descriptors is unchecked: any number of them is accepted,
    /// and they must see to it that their metrics are consistent with the rest. A
    /// collector may register others while it collects.
    ///
    /// # Errors
    ///
    /// Returns an error if a descriptor is invalid, contradicts the description of a
    /// registered name, or is already registered. The registry is then unchanged.
    fn register_collector(&self, collector: AnyCollector) -> Result<(), RegisterError>;

    /// Removes the collector whose set of descriptors equals `descs`. Returns whether
    /// there was one. An unchecked collector can't be removed.
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
    /// Registers `collector`, like [`Registry::register`].
    ///
    /// # Errors
    ///
    /// Returns an error if [`register_collector`](Registerer::register_collector) does.
    pub fn register<K>(
        &self,
        collector: impl IntoCollector<K>,
    ) -> Result<(), RegisterError> {
        self.register_collector(collector.into_collector())
    }

    /// Registers `collector`, like [`Registry::must_register`].
    ///
    /// # Panics
    ///
    /// Panics with the error's message if [`register`](Registry::register) returns an
    /// error.
    #[track_caller]
    pub fn must_register<K>(&self, collector: impl IntoCollector<K>) {
        if let Err(error) = self.register(collector) {
            panic!("{error}");
        }
    }

    /// Registers `collector` or returns the existing one, like
    /// [`Registry::register_or_existing`].
    ///
    /// # Errors
    ///
    /// Returns an error if [`Registry::register_or_existing`] does.
    pub fn register_or_existing<K, C>(&self, collector: C) -> Result<C, RegisterError>
    where
        C: IntoCollector<K> + Clone + 'static,
    {
        match self.register(collector.clone()) {
            Ok(()) => Ok(collector),
            Err(error) => error.existing::<C>().cloned().ok_or(error),
        }
    }

    /// Removes a collector, like [`Registry::unregister`].
    pub fn unregister<K>(&self, collector: &impl IntoCollector<K>) -> bool {
        self.unregister_described(&collector.descs())
    }
}

/// Collectors and their descriptions. A clone is the same registry.
#[derive(Clone, Default)]
pub struct Registry {
    known: Arc<Mutex<Known>>,
    /// Added to each metric that is registered.
    wrap: Wrap,
}

impl Registry {
    /// Creates an empty registry.
    #[must_use]
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Returns the same registry, which adds `prefix` to the names of what is
    /// registered through it; Go's `WrapRegistererWithPrefix`. It still gathers all
    /// that the registry holds.
    #[must_use]
    pub fn with_prefix(&self, prefix: &str) -> Registry {
        let mut registry = self.clone();
        registry.wrap.prefix.push_str(prefix);
        registry
    }

    /// Returns the same registry, which adds `labels` to the metrics registered through
    /// it; Go's `WrapRegistererWith`. It still gathers all that the registry holds.
    #[must_use]
    pub fn with_labels(&self, labels: &[(&str, &str)]) -> Registry {
        let mut registry = self.clone();
        registry.wrap.add_labels(labels);
        registry
    }

    /// Adds `collector` to every later scrape: a
    /// [`Collector`](crate::collect::Collector) or one of the `prometheus` crate, such
    /// as its `Gauge`. Register a clone of the crate's metrics and change the value
    /// through the other.
    ///
    /// # Errors
    ///
    /// Returns an error if [`register_collector`](Registerer::register_collector) does.
    pub fn register<K>(
        &self,
        collector: impl IntoCollector<K>,
    ) -> Result<(), RegisterError> {
        (self as &dyn Registerer).register(collector)
    }

    /// Registers a collector whose metrics the source code states, so that an error is
    /// a bug; Go's `MustRegister`.
    ///
    /// # Panics
    ///
    /// Panics with the error's message if [`register`](Registry::register) returns an
    /// error.
    #[track_caller]
    pub fn must_register<K>(&self, collector: impl IntoCollector<K>) {
        (self as &dyn Registerer).must_register(collector);
    }

    /// Registers `collector`, or returns the equal one that is already registered. For
    /// a part of a program that may start twice and must then count in one metric.
    ///
    /// # Errors
    ///
    /// Returns an error if [`register`](Registry::register) does for another reason, or
    /// if the equal collector is of another type.
    pub fn register_or_existing<K, C>(&self, collector: C) -> Result<C, RegisterError>
    where
        C: IntoCollector<K> + Clone + 'static,
    {
        (self as &dyn Registerer).register_or_existing(collector)
    }

    /// Removes the collector whose descriptors equal those of `collector`. Returns
    /// whether there was one.
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
        // Created before the lock is taken and dropped after its release: the `Drop` of
        // a refused collector may register something.
        let entry = Arc::new(Entry::new(collector.wrapped(&self.wrap)));
        self.known().add(&entry)
    }

    fn unregister_described(&self, descs: &[Desc]) -> bool {
        let descs: Vec<Desc> = descs.iter().map(|desc| self.wrap.desc(desc)).collect();
        // Dropped after the lock is released, for the same reason.
        let removed = self.known().remove(&descs);
        removed.is_some()
    }
}

/// Collects outside the registry's lock, in the order of registration.
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
        // This may drop a collector that was unregistered meanwhile, and its `Drop` may
        // panic.
        let _ = caught(|| drop(entries));
        gathered
    }
}

/// Returns what one collector reports, and why it is dropped, if it is.
fn collect(entry: &Entry, scrape: &Scrape) -> (Collected, Option<GatherError>) {
    let sizes = || entry.sizes.lock().unwrap_or_else(PoisonError::into_inner);
    let last = sizes().clone();
    let mut samples =
        Samples::new(scrape, &entry.collector.wrap, &entry.described, last);
    let result = caught(|| {
        let result = entry.collector.collector.collect(&mut samples);
        // The error's `Display` is the collector's own code as well.
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
