//! The most children that a vector may have.

use super::children::Most;
use super::{IntCounter, OfVector, VectorError};
use crate::desc::Desc;

/// What a vector does when it is asked for another child and has as many as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLimit {
    /// Returns an error. [`with_label_values`](super::MetricVec::with_label_values) and
    /// [`with`](super::MetricVec::with) return a metric that works but isn't served.
    Refuse,
    /// Returns the child whose label values are all `other`, which doesn't count towards
    /// the limit. The sum over all children stays right.
    Other,
}

/// The limit of one vector.
pub struct Limit {
    pub most: usize,
    pub on_limit: OnLimit,
    pub desc: Desc,
    pub hits: IntCounter,
}

impl Limit {
    pub fn new(most: usize, on_limit: OnLimit, vector: &Desc) -> Limit {
        let labels = vector.const_labels().iter();
        let mut labels: Vec<String> = labels
            .map(|(name, value)| format!("{name}={value:?}"))
            .collect();
        labels.sort();
        let value = match labels.as_slice() {
            [] => vector.name().to_owned(),
            labels => format!("{}{{{}}}", vector.name(), labels.join(",")),
        };
        let desc = Desc::counter(
            "vector_limit_hits_total",
            "Number of times a metric vector had no place for another child.",
        );
        let desc = desc.const_label("vector", &value);
        Limit {
            most,
            on_limit,
            // Both get the prefix of a registry, which only names in UTF-8 may need.
            desc: desc.with_names(vector.names()),
            hits: IntCounter::handle(IntCounter::state(&())),
        }
    }

    /// Returns how many children there may be, of which `other` may not count.
    pub fn most<'l>(&self, other: &'l str) -> Most<'l> {
        Most {
            count: self.most,
            besides: (self.on_limit == OnLimit::Other).then_some(other),
        }
    }

    pub fn error(&self, name: String) -> VectorError {
        let most = self.most;
        VectorError::Limit { name, most }
    }
}
