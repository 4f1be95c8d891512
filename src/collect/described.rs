//! The descriptors of a collector, indexed for lookups during a scrape.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Wrap;
use crate::desc::{Desc, MetricKind};

/// The descriptors of one collector. A collector without any may report everything.
#[derive(Default)]
pub(crate) struct Described {
    /// Each descriptor once, with what the registry adds.
    pub descs: Vec<Desc>,
    /// The same descriptors, for lookups.
    all: HashSet<Desc>,
    /// The collector's own descriptors by address: a collector usually reports these.
    own: HashMap<usize, Desc>,
    kinds: HashMap<Arc<str>, Option<MetricKind>>,
}

impl Described {
    pub fn new(descs: Vec<&Desc>, wrap: &Wrap) -> Described {
        let mut described = Described::default();
        for own in descs {
            let desc = wrap.desc(own);
            described.own.insert(own.address(), own.clone());
            described.kinds.insert(desc.shared_name(), desc.kind());
            if described.all.insert(desc.clone()) {
                described.descs.push(desc);
            }
        }
        described
    }

    /// Returns whether the collector may report `own`, which a registry serves as
    /// `wrapped`.
    pub fn has(&self, own: &Desc, wrapped: &Desc) -> bool {
        self.descs.is_empty()
            || self.own.contains_key(&own.address())
            || self.all.contains(wrapped)
    }

    /// Returns whether the collector may report a family of this name and type.
    pub fn has_family(&self, name: &str, kind: MetricKind) -> bool {
        let described = self.kinds.get(name);
        let is_kind = |own: &Option<MetricKind>| own.is_none_or(|own| own == kind);
        self.descs.is_empty() || described.is_some_and(is_kind)
    }
}
