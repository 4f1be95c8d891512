//! The state of a registry: its collectors, and the first description of each name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use super::{AnyCollector, Difference, LabelNames, RegisterError};
use crate::collect::{Described, Size};
use crate::desc::{Desc, MetricKind};
use crate::names::shown;

/// A registered collector.
pub struct Entry {
    pub described: Described,
    /// The size of each family at the last scrape, so that the next one can allocate it
    /// at once.
    pub sizes: Mutex<Vec<Size>>,
    pub collector: AnyCollector,
}

/// The collectors and descriptions of a registry.
#[derive(Default)]
pub struct Known {
    /// The collectors in the order of registration.
    entries: BTreeMap<u64, Arc<Entry>>,
    next: u64,
    /// The collector of each descriptor.
    owners: HashMap<Id, u64>,
    /// Kept for the life of the registry.
    descriptions: Arc<Descriptions>,
}

/// The first description of each name.
pub type Descriptions = HashMap<String, Description>;

/// What must be unique among descriptors: a name with the values of its constant
/// labels.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Id {
    name: String,
    labels: Vec<(String, String)>,
}

/// What all metrics of one name share.
#[derive(Clone)]
pub struct Description {
    /// `None` until a collector states it, since the crate's descriptors have no type.
    pub kind: Option<MetricKind>,
    pub help: String,
    labels: LabelNames,
}

impl Entry {
    pub fn new(collector: AnyCollector) -> Entry {
        let descs = collector.collector.describe();
        let described = Described::new(descs, &collector.wrap);
        Entry {
            described,
            sizes: Mutex::default(),
            collector,
        }
    }
}

/// Names the metrics that the collector describes, or its type if there are none.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.described.descs.as_slice() {
            [] => write!(
                f,
                "an unchecked collector ({})",
                shown(self.collector.type_name)
            ),
            descs => write!(f, "the collector of {}", names(descs)),
        }
    }
}

/// Returns the names of at most ten metrics.
fn names(descs: &[Desc]) -> String {
    let names: Vec<_> = descs
        .iter()
        .map(|desc| format!("`{}`", shown(desc.name())))
        .collect();
    match names.len() {
        ..=10 => names.join(", "),
        more => format!("{} and {} more", names[..10].join(", "), more - 10),
    }
}

impl Known {
    /// Returns the collectors in the order of registration, and the descriptions of
    /// names.
    pub fn entries(&self) -> (Vec<Arc<Entry>>, Arc<Descriptions>) {
        let entries = self.entries.values().cloned().collect();
        (entries, Arc::clone(&self.descriptions))
    }

    pub fn add(&mut self, entry: &Arc<Entry>) -> Result<(), RegisterError> {
        let described = self.check(&entry.described.descs)?;
        for (name, description) in described {
            Arc::make_mut(&mut self.descriptions)
                .entry(name)
                .and_modify(|first| first.kind = first.kind.or(description.kind))
                .or_insert(description);
        }
        for desc in &entry.described.descs {
            self.owners.insert(Id::of(desc), self.next);
        }
        self.entries.insert(self.next, Arc::clone(entry));
        self.next += 1;
        Ok(())
    }

    pub fn remove(&mut self, descs: &[Desc]) -> Option<Arc<Entry>> {
        let number = self.equal(descs)?;
        let entry = self.entries.remove(&number)?;
        for desc in &entry.described.descs {
            self.owners.remove(&Id::of(desc));
        }
        Some(entry)
    }

    /// Returns the descriptions in `descs` by name, if they agree with the existing
    /// ones.
    fn describe(&self, descs: &[Desc]) -> Result<Descriptions, RegisterError> {
        let mut offered = Descriptions::new();
        for desc in descs {
            let now = Description::of(desc)?;
            let name = desc.name().to_owned();
            let firsts = [self.descriptions.get(&name), offered.get(&name)];
            let difference = firsts
                .into_iter()
                .flatten()
                .find_map(|first| first.difference(&now));
            if let Some(difference) = difference {
                let difference = Box::new(difference);
                return Err(RegisterError::Inconsistent { name, difference });
            }
            offered.insert(name, now);
        }
        Ok(offered)
    }

    /// Returns the descriptions in `descs` by name, if a collector of these may be
    /// registered.
    fn check(&self, descs: &[Desc]) -> Result<Descriptions, RegisterError> {
        let offered = self.describe(descs)?;
        if let Some(existing) = self.equal(descs).and_then(|at| self.entries.get(&at)) {
            return Err(RegisterError::AlreadyRegistered {
                names: names(descs),
                existing: Box::new(existing.collector.clone()),
            });
        }
        match descs
            .iter()
            .find(|desc| self.owners.contains_key(&Id::of(desc)))
        {
            Some(desc) => {
                let name = desc.name().to_owned();
                Err(RegisterError::DuplicateDescriptor { name })
            }
            None => Ok(offered),
        }
    }

    /// Returns the registered collector with the same set of descriptors.
    fn equal(&self, descs: &[Desc]) -> Option<u64> {
        let number = *self.owners.get(&Id::of(descs.first()?))?;
        let ids: HashSet<Id> = descs.iter().map(Id::of).collect();
        let entry = self.entries.get(&number)?;
        let registered: HashSet<Id> =
            entry.described.descs.iter().map(Id::of).collect();
        (ids == registered).then_some(number)
    }
}

impl Id {
    fn of(desc: &Desc) -> Id {
        let mut labels = desc.const_labels().to_vec();
        labels.sort();
        Id {
            name: desc.name().to_owned(),
            labels,
        }
    }
}

impl Description {
    fn of(desc: &Desc) -> Result<Description, RegisterError> {
        if let Err(reason) = desc.template() {
            let name = desc.name().to_owned();
            return Err(RegisterError::Invalid { name, reason });
        }
        let constant = desc.const_labels().iter().map(|(name, _)| name.clone());
        let mut labels = LabelNames {
            constant: constant.collect(),
            variable: desc.labels().to_vec(),
        };
        labels.constant.sort();
        labels.variable.sort();
        let (kind, help) = (desc.kind(), desc.help().to_owned());
        Ok(Description { kind, help, labels })
    }

    /// Returns how `now` differs from this description, the first one of the name.
    fn difference(&self, now: &Description) -> Option<Difference> {
        if let (Some(first), Some(now)) = (self.kind, now.kind) {
            if first != now {
                return Some(Difference::Kind { first, now });
            }
        }
        if self.help != now.help {
            let (first, now) = (self.help.clone(), now.help.clone());
            return Some(Difference::Help { first, now });
        }
        (self.labels != now.labels).then(|| Difference::Labels {
            first: self.labels.clone(),
            now: now.labels.clone(),
        })
    }
}
