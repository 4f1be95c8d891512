//! The names of families in OpenMetrics, where a family reserves more names than it
//! uses.

use std::collections::HashMap;

use super::Family;
use crate::desc::MetricKind;

/// Prometheus's base units, which its metrics' names end in.
const UNITS: [&str; 9] = [
    "amperes", "bytes", "celsius", "grams", "joules", "meters", "ratio", "seconds",
    "volts",
];

/// Returns the base unit that `name` ends in, if any.
pub fn unit(name: &str) -> Option<&str> {
    let (_, unit) = name.rsplit_once('_')?;
    UNITS.contains(&unit).then_some(unit)
}

/// The types of all families of a scrape, by name.
pub struct FamilyNames<'a>(HashMap<&'a str, MetricKind>);

impl<'a> FamilyNames<'a> {
    pub fn of(families: &'a [Family]) -> FamilyNames<'a> {
        let names = families.iter().map(|family| (family.name(), family.kind()));
        FamilyNames(names.collect())
    }

    /// Returns the name and the type of `family`.
    pub fn in_open_metrics<'f>(&self, family: &'f Family) -> (&'f str, &'static str) {
        let name = family.name();
        match family.kind() {
            MetricKind::Counter => match name.strip_suffix("_total") {
                Some(short) if self.is_free(short) => (short, "counter"),
                _ => (name, "unknown"),
            },
            MetricKind::Gauge => (name, "gauge"),
            MetricKind::Histogram => (name, "histogram"),
            MetricKind::Summary => (name, "summary"),
            MetricKind::Untyped => (name, "unknown"),
        }
    }

    /// Returns whether a counter may be called `short`: no family has that name, no
    /// family has or may have a sample of that name, and none is called like this
    /// counter's `_created`.
    fn is_free(&self, short: &str) -> bool {
        let samples = ["_bucket", "_count", "_sum", "_created"];
        let mut bases = samples.iter().filter_map(|end| short.strip_suffix(end));
        let created = short.strip_suffix("_created");
        let counter = created.map(|base| format!("{base}_total"));
        !short.is_empty()
            && !self.0.contains_key(short)
            && !bases.any(|base| self.0.contains_key(base))
            && !counter.is_some_and(|name| self.0.contains_key(&*name))
            && !self.0.contains_key(&*format!("{short}_created"))
    }
}
