//! What is registered with a registry, and what its names were described as: the SDK's
//! registry knows, and does not tell.
//!
//! The ledger of a registry is kept by that registry, as a collector of nothing. The SDK
//! gives no way to look at a collector again, but it drops one that is unregistered, and
//! so the ledger is read: taken out, which makes it hand itself over, and put back. A
//! marker that is never taken out tells who is to make the ledger from who is to wait for
//! it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::description::Description;
use super::{Described, Entry, RegisterError, deferred, names};

/// What a registry was told through this library.
pub struct Ledger {
    /// Tells its registry from others.
    pub number: u64,
    /// By the id of each of its descriptors.
    entries: HashMap<u64, Held>,
    /// For as long as the registry lives.
    descriptions: Descriptions,
}

/// By name.
type Descriptions = HashMap<String, Description>;

/// What the SDK's registry was given to hold. It is there as long as `place` is, which
/// nobody else holds; the entry may live on in a gather.
struct Held {
    place: Weak<()>,
    entry: Weak<Entry>,
}

thread_local! {
    /// Where a ledger that is dropped on this thread hands itself over, if it is to.
    static WANTED: RefCell<Option<Handover>> = const { RefCell::new(None) };
}

type Handover = Option<Arc<Mutex<Ledger>>>;

/// The ledger of `registry`.
pub fn of(registry: &Registry) -> Arc<Mutex<Ledger>> {
    let new = Ledger::new();
    let marker = Marker(own_desc("marker"), new.number);
    if registry.register(Box::new(marker)).is_ok() {
        let ledger = Arc::new(Mutex::new(new));
        keep(registry, &ledger);
        return ledger;
    }
    loop {
        WANTED.set(Some(None));
        let asked = Described(vec![own_desc("ledger")]);
        let _ = registry.unregister(Box::new(asked));
        if let Some(ledger) = WANTED.take().flatten() {
            keep(registry, &ledger);
            return ledger;
        }
        // Another thread is about to put it there.
        thread::yield_now();
    }
}

/// The one way that the SDK may refuse it is that it is there.
fn keep(registry: &Registry, ledger: &Arc<Mutex<Ledger>>) {
    let _ = registry.register(Box::new(Kept {
        ledger: Arc::clone(ledger),
        desc: own_desc("ledger"),
    }));
}

/// A descriptor that no metric has, since no metric may have its name.
pub fn own_desc(what: &str) -> Desc {
    let name = format!("{}: {what}", module_path!());
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    Desc {
        fq_name: name,
        help: String::new(),
        const_label_pairs: Vec::new(),
        variable_labels: Vec::new(),
        id: hasher.finish(),
        dim_hash: 0,
    }
}

struct Kept {
    ledger: Arc<Mutex<Ledger>>,
    desc: Desc,
}

impl Collector for Kept {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        Vec::new()
    }
}

/// Says that there is a ledger, and brings the probe, since it is always there.
struct Marker(Desc, u64);

impl Collector for Marker {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.0]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        deferred::probe(self.1)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Not there while a thread ends, when nobody wants it either.
        let _ = WANTED.try_with(|wanted| {
            if let Some(handover) = wanted.borrow_mut().as_mut() {
                *handover = Some(Arc::clone(&self.ledger));
            }
        });
    }
}

impl Ledger {
    fn new() -> Ledger {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Ledger {
            number: COUNT.fetch_add(1, Ordering::Relaxed),
            entries: HashMap::new(),
            descriptions: Descriptions::new(),
        }
    }

    /// The descriptions that `descs` give, by name, if a collector of them may be
    /// registered as far as this library knows.
    pub fn check(&self, descs: &[Desc]) -> Result<Descriptions, RegisterError> {
        let mut offered = Descriptions::new();
        for desc in descs {
            let now = Description::of(desc)?;
            let first = self.descriptions.get(&desc.fq_name);
            let first = first.or_else(|| offered.get(&desc.fq_name));
            if let Some(difference) = first.and_then(|first| first.difference(&now)) {
                let name = desc.fq_name.clone();
                return Err(RegisterError::Inconsistent { name, difference });
            }
            offered.insert(desc.fq_name.clone(), now);
        }
        if self.equal(descs).is_some() {
            let names = names(descs);
            return Err(RegisterError::AlreadyRegistered { names });
        }
        match descs.iter().find(|desc| self.entry(desc.id).is_some()) {
            Some(desc) => Err(RegisterError::DuplicateDescriptor {
                name: desc.fq_name.clone(),
            }),
            None => Ok(offered),
        }
    }

    /// The registered collector with the same set of descriptors.
    pub fn equal(&self, descs: &[Desc]) -> Option<Arc<Entry>> {
        let first = self.entry(descs.first()?.id)?;
        let same = |desc: &Desc| {
            self.entry(desc.id)
                .is_some_and(|entry| Arc::ptr_eq(&entry, &first))
        };
        (first.descs.len() == descs.len() && descs.iter().all(same)).then_some(first)
    }

    fn entry(&self, id: u64) -> Option<Arc<Entry>> {
        let held = self.entries.get(&id)?;
        (held.place.strong_count() > 0).then(|| held.entry.upgrade())?
    }

    /// Notes that `entry` is registered, for as long as `place` is there, and for good
    /// what was `described` by it.
    pub fn record(
        &mut self,
        entry: &Arc<Entry>,
        place: &Weak<()>,
        described: Descriptions,
    ) {
        if self.entries.len() == self.entries.capacity() {
            // Of those that were unregistered past this library, before it grows.
            self.entries.retain(|_, held| held.place.strong_count() > 0);
        }
        for desc in &entry.descs {
            let held = Held {
                place: Weak::clone(place),
                entry: Arc::downgrade(entry),
            };
            self.entries.insert(desc.id, held);
        }
        for (name, description) in described {
            self.descriptions.entry(name).or_insert(description);
        }
    }

    /// The collector with these descriptors, which the SDK is about to drop.
    pub fn take(&mut self, descs: &[Desc]) -> Option<Arc<Entry>> {
        let entry = self.equal(descs)?;
        for desc in descs {
            self.entries.remove(&desc.id);
        }
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use prometheus::{Gauge, Opts};

    use super::super::{Registerer, lock};
    use super::*;

    #[test]
    fn what_is_unregistered_is_not_kept() {
        let registry = Registry::new();
        let gauge = Gauge::new("queue_length", "Items.").unwrap();
        Registerer::register(&registry, Box::new(gauge.clone())).unwrap();
        assert_eq!(lock(&of(&registry)).entries.len(), 1);
        assert!(Registerer::unregister(&registry, &gauge));
        assert_eq!(lock(&of(&registry)).entries.len(), 0);
    }

    #[test]
    fn what_the_sdk_unregistered_is_not_kept_for_good() {
        let registry = Registry::new();
        for number in 0..1000 {
            let opts = Opts::new("queue_length", "Items.");
            let opts = opts.const_label("queue", number.to_string());
            let gauge = Gauge::with_opts(opts).unwrap();
            Registerer::register(&registry, Box::new(gauge.clone())).unwrap();
            registry.unregister(Box::new(gauge)).unwrap();
        }
        assert!(lock(&of(&registry)).entries.len() < 10);
    }
}
