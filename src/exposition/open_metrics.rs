//! The names of families in OpenMetrics, where a family reserves more names than it
//! uses.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Family;
use crate::desc::MetricKind;

/// Prometheus's base units, which its metrics' names end in.
const UNITS: [&str; 9] = [
    "amperes", "bytes", "celsius", "grams", "joules", "meters", "ratio", "seconds",
    "volts",
];

/// Returns the base unit that `name` ends in, if any.
pub fn unit(name: &str) -> Option<&'static str> {
    let (_, unit) = name.rsplit_once('_')?;
    UNITS.into_iter().find(|all| *all == unit)
}

/// The types of all families of a scrape, by name.
pub struct FamilyNames<'a>(HashMap<&'a str, MetricKind>);

impl<'a> FamilyNames<'a> {
    /// Creates it from `families` and the names that they are served by.
    pub fn of(families: &[Family], names: &'a [Cow<'_, str>]) -> FamilyNames<'a> {
        let kinds = families.iter().map(Family::kind);
        FamilyNames(names.iter().map(|name| &**name).zip(kinds).collect())
    }

    /// Returns the name and the type of the family that is served as `name`.
    pub fn in_open_metrics<'n>(
        &self,
        name: &'n str,
        kind: MetricKind,
    ) -> (&'n str, &'static str) {
        match kind {
            MetricKind::Counter => match name.strip_suffix("_total") {
                Some(short) if self.is_free(short) => (short, "counter"),
                _ => (name, "unknown"),
            },
            MetricKind::Info => match name.strip_suffix("_info") {
                Some(short) if self.is_free(short) && !self.is_counter(short) => {
                    (short, kind.name())
                }
                _ => (name, kind.name_in_text()),
            },
            MetricKind::Untyped => (name, "unknown"),
            _ => (name, kind.name()),
        }
    }

    /// Returns whether no other family is called like the `_created` of the family
    /// `name`.
    pub fn may_have_created(&self, name: &str) -> bool {
        !self.0.contains_key(&*format!("{name}_created"))
    }

    /// Returns whether there may be a counter whose family is called `short`.
    fn is_counter(&self, short: &str) -> bool {
        self.0.contains_key(&*format!("{short}_total"))
    }

    /// Returns whether a family may be called `short`: no other has that name, none has
    /// or may have a sample of that name, and none is called like this one's `_created`.
    fn is_free(&self, short: &str) -> bool {
        let samples = ["_bucket", "_count", "_sum", "_created"];
        let mut bases = samples.iter().filter_map(|end| short.strip_suffix(end));
        let created = short.strip_suffix("_created");
        !short.is_empty()
            && !self.0.contains_key(short)
            && !bases.any(|base| self.0.contains_key(base))
            && !created.is_some_and(|base| self.is_counter(base))
            && self.may_have_created(short)
    }
}
