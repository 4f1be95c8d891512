//! Putting collectors into a registry.
//!
//! The counterpart of `prometheus.Registerer` in Go, with what Go documents of it. The
//! SDK's own [`Registry::register`] checks less, and hides the one of this trait on a
//! value of type [`Registry`]: ask through a `&dyn Registerer`, or write
//! `Registerer::register(&registry, …)`. What is registered either way is in the same
//! registry, but of what went past the trait only the SDK knows.

mod deferred;
mod description;
mod error;
mod ledger;

pub(crate) use deferred::holdings;
pub use error::{Difference, LabelNames, RegisterError};

use std::any::Any;
use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use self::ledger::Ledger;

/// Something that collectors can be registered with; Go's `prometheus.Registerer`.
///
/// A program that takes a `&dyn Registerer` rather than a [`Registry`] can be given
/// another one, such as a test's.
pub trait Registerer {
    /// Adds `collector` to every later gather.
    ///
    /// A collector without descriptors is unchecked: any number of them is taken, and
    /// it is up to them that what they collect agrees with the rest.
    ///
    /// A collector may call it while it collects, if it was itself registered through
    /// this trait and [`Gatherer::gather`](crate::gather::Gatherer::gather) collects. The
    /// SDK's own gather lets a registration wait until it is over, which then never is.
    ///
    /// # Errors
    ///
    /// When a descriptor is invalid, or describes a registered name in another way, or
    /// an equal one is registered already. Then nothing has changed, unless it clashes
    /// with what was registered past this trait: the SDK may then have bound other names
    /// of `collector` to its descriptions.
    fn register(&self, collector: Box<dyn Collector>) -> Result<(), RegisterError>;

    /// Takes out the collector that has the same set of descriptors as `collector`;
    /// whether there was one. An unchecked collector cannot be taken out.
    ///
    /// The names stay bound to their help and their label names.
    fn unregister(&self, collector: &dyn Collector) -> bool;

    /// Registers each of `collectors`: for metrics that the program itself states, where
    /// an error is a mistake in its source.
    ///
    /// # Panics
    ///
    /// At the first that [`Registerer::register`] refuses, with the words of the error,
    /// as Go's `MustRegister` does. Those before it stay registered.
    #[track_caller]
    fn must_register(&self, collectors: Vec<Box<dyn Collector>>) {
        for collector in collectors {
            if let Err(error) = self.register(collector) {
                panic!("{error}");
            }
        }
    }
}

impl Registerer for Registry {
    fn register(&self, collector: Box<dyn Collector>) -> Result<(), RegisterError> {
        // Before the lock, and so dropped after it: a refused collector may have a `Drop`.
        let entry = Arc::new(Entry::new(collector, None));
        let ledger = ledger::of(self);
        let mut ledger = lock(&ledger);
        add(self, &mut ledger, &entry)
    }

    fn unregister(&self, collector: &dyn Collector) -> bool {
        let descs = distinct(collector);
        if descs.is_empty() {
            // The SDK's registry would give up an unchecked one that it holds.
            return false;
        }
        let ledger = ledger::of(self);
        // It is dropped once the lock is free, since its collector may have a `Drop`.
        let (_entry, was_there) = {
            let mut ledger = lock(&ledger);
            let entry = ledger.take(&descs);
            // The SDK compares descriptors alone.
            let described = Box::new(Described(descs));
            (entry, Registry::unregister(self, described).is_ok())
        };
        was_there
    }
}

/// Registers `collector`, or gives the equal one that this function registered with the
/// same `registry` before.
///
/// This is Go's `AlreadyRegisteredError.ExistingCollector`: what a part of a program
/// needs that may be started twice, and shall then count in the same metric.
///
/// # Errors
///
/// As [`Registerer::register`]; also when the equal one is of another type, or was not
/// registered by this function, since only this function keeps its type.
pub fn register_or_existing<C>(
    registry: &Registry,
    collector: C,
) -> Result<C, RegisterError>
where
    C: Collector + Clone + 'static,
{
    let handle: Handle = Box::new(collector.clone());
    let boxed = Box::new(collector.clone());
    let entry = Arc::new(Entry::new(boxed, Some(handle)));
    let ledger = ledger::of(registry);
    let mut ledger = lock(&ledger);
    match add(registry, &mut ledger, &entry) {
        Ok(()) => Ok(collector),
        Err(error) => match (&error, ledger.equal(&entry.descs)) {
            (RegisterError::AlreadyRegistered { .. }, Some(existing)) => {
                let handle = existing.handle.as_ref();
                let existing = handle.and_then(|handle| handle.downcast_ref::<C>());
                existing.cloned().ok_or(error)
            }
            _ => Err(error),
        },
    }
}

fn add(
    registry: &Registry,
    ledger: &mut Ledger,
    entry: &Arc<Entry>,
) -> Result<(), RegisterError> {
    let described = ledger.check(&entry.descs)?;
    let unchecked = || ledger::own_desc(&format!("unchecked {}", entry.number));
    let place = Arc::new(());
    let place_seen = Arc::downgrade(&place);
    let registered = Registered {
        stand_in: entry.descs.is_empty().then(unchecked),
        entry: Arc::clone(entry),
        registry: ledger.number,
        _place: place,
    };
    Registry::register(registry, Box::new(registered))
        .map_err(|error| RegisterError::new(names(&entry.descs), error))?;
    ledger.record(entry, &place_seen, described);
    Ok(())
}

/// The descriptors of `collector`, each once, as Go takes them.
fn distinct(collector: &dyn Collector) -> Vec<Desc> {
    let mut seen = HashSet::new();
    let mut descs = collector.desc();
    descs.retain(|desc| {
        seen.insert((desc.id, &desc.fq_name, &desc.help, &desc.variable_labels))
    });
    descs.into_iter().cloned().collect()
}

fn names(descs: &[Desc]) -> String {
    let names: Vec<String> = descs
        .iter()
        .map(|desc| format!("`{}`", desc.fq_name))
        .collect();
    match names.as_slice() {
        [] => "an unchecked collector".to_owned(),
        [name] => name.clone(),
        _ => format!("one of {}", names.join(", ")),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What was registered. It lives as long as the SDK's registry holds it.
pub(crate) struct Entry {
    /// In the order of registration.
    number: u64,
    descs: Vec<Desc>,
    collector: Box<dyn Collector>,
    /// The same with its type, where that is known.
    handle: Option<Handle>,
}

type Handle = Box<dyn Any + Send + Sync>;

/// What the SDK's registry holds of an entry.
struct Registered {
    /// The SDK's registry tells collectors apart by their descriptors, so one that has
    /// none is given one there.
    stand_in: Option<Desc>,
    entry: Arc<Entry>,
    /// The number of the ledger of its registry.
    registry: u64,
    /// Gone once the registry has dropped this.
    _place: Arc<()>,
}

impl Collector for Registered {
    fn desc(&self) -> Vec<&Desc> {
        self.entry.descs.iter().chain(&self.stand_in).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        if deferred::defer(&self.entry, self.registry) {
            return Vec::new();
        }
        self.entry.collect()
    }
}

impl Entry {
    fn new(collector: Box<dyn Collector>, handle: Option<Handle>) -> Entry {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Entry {
            number: COUNT.fetch_add(1, Ordering::Relaxed),
            descs: distinct(&*collector),
            collector,
            handle,
        }
    }

    pub(crate) fn collect(&self) -> Vec<MetricFamily> {
        self.collector.collect()
    }
}

/// As the metrics that its collector describes.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.descs.iter().map(|desc| &*desc.fq_name).collect();
        match names.as_slice() {
            [] => f.write_str("an unchecked collector"),
            names => write!(f, "the collector of `{}`", names.join("`, `")),
        }
    }
}

/// A collector of nothing, to be compared with others.
struct Described(Vec<Desc>);

impl Collector for Described {
    fn desc(&self) -> Vec<&Desc> {
        self.0.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        Vec::new()
    }
}
