//! What a scrape has accepted, collector by collector, and why the next one doesn't
//! fit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::gather_error::GatherError;
use super::known::{Description, Descriptions};
use crate::desc::MetricKind;
use crate::exposition::{Family, Point, TOO_LONG};
use crate::names::shown;

/// Returns how `family` differs from the description of its name, whichever collector
/// described it. Descriptors of the crate have no type, so the crate never checked
/// types.
pub fn misdescribed(family: &Family, descriptions: &Descriptions) -> Option<String> {
    let Description { kind, help, .. } = descriptions.get(family.name())?;
    difference(family, (*kind)?, help)
}

/// The accepted families by name, and their series.
pub struct Accepted<'a> {
    descriptions: &'a Descriptions,
    /// The names that only one family has.
    alone: HashSet<Arc<str>>,
    families: HashMap<Arc<str>, (MetricKind, Arc<str>)>,
    labels: HashMap<Arc<str>, usize>,
    series: HashMap<Series, Vec<(i64, String)>>,
}

/// A name and what identifies a series of that name; the map has its timestamps, each
/// with the labels as rendered.
type Series = (Arc<str>, String);

/// Why a collector doesn't fit those before it.
pub enum Misfit {
    Family { name: String, how: String },
    Series(String),
}

impl Misfit {
    pub fn into_error(self, collector: String) -> GatherError {
        match self {
            Misfit::Family { name, how } => GatherError::Contradiction {
                collector,
                name,
                how,
            },
            Misfit::Series(series) => GatherError::Duplicate { collector, series },
        }
    }
}

impl<'a> Accepted<'a> {
    pub fn new(
        descriptions: &'a Descriptions,
        alone: HashSet<Arc<str>>,
    ) -> Accepted<'a> {
        Accepted {
            descriptions,
            alone,
            families: HashMap::new(),
            labels: HashMap::new(),
            series: HashMap::new(),
        }
    }

    /// Accepts all of `families`, or none of them.
    pub fn add(&mut self, families: &[Family]) -> Result<(), Misfit> {
        let mut added = Vec::new();
        let mut series = Vec::new();
        for family in families {
            let fits = self.add_family(family, &mut added);
            if let Err(misfit) =
                fits.and_then(|()| self.add_series(family, &mut series))
            {
                self.take_back(&added, &series);
                return Err(misfit);
            }
        }
        for family in families {
            if self.is_unique(family) {
                continue;
            }
            *self.labels.entry(Arc::clone(&family.name)).or_default() +=
                family.points().labels.len();
        }
        Ok(())
    }

    fn take_back(&mut self, families: &[Arc<str>], series: &[Series]) {
        for name in families {
            self.families.remove(name);
        }
        for key in series {
            if let Some(times) = self.series.get_mut(key) {
                times.pop();
            }
        }
    }

    /// Returns whether no series of `family` can occur twice: the children of a vector
    /// differ, and no other family has its name.
    fn is_unique(&self, family: &Family) -> bool {
        family.rendered().is_some() && self.alone.contains(family.name())
    }

    fn add_family(
        &mut self,
        family: &Family,
        added: &mut Vec<Arc<str>>,
    ) -> Result<(), Misfit> {
        if let Some(how) = self.misfit(family) {
            let name = shown(family.name()).into_owned();
            return Err(Misfit::Family { name, how });
        }
        let value = (family.kind(), Arc::clone(&family.help));
        if self
            .families
            .insert(Arc::clone(&family.name), value)
            .is_none()
        {
            added.push(Arc::clone(&family.name));
        }
        Ok(())
    }

    fn misfit(&self, family: &Family) -> Option<String> {
        let name = family.name();
        if let Some(problem) = family.name_problem() {
            return Some(format!("under an invalid name: {problem}"));
        }
        if let Some((kind, help)) = self.families.get(name) {
            let differs = difference(family, *kind, help);
            let labels = self.labels.get(name).copied().unwrap_or_default();
            let is_too_long =
                u32::try_from(labels + family.points().labels.len()).is_err();
            return differs.or_else(|| {
                is_too_long.then(|| format!("once too often: {TOO_LONG}"))
            });
        }
        misdescribed(family, self.descriptions).or_else(|| self.collision(family))
    }

    /// Returns the family whose samples have the name of `family`, or the other way
    /// round.
    fn collision(&self, family: &Family) -> Option<String> {
        let kind_of = |name: &str| self.families.get(name).map(|(kind, _)| *kind);
        let base = suffix_bases(family.name()).find_map(|(base, has)| {
            Some((base, kind_of(base).filter(|kind| has(*kind))?))
        });
        if let Some((base, kind)) = base {
            let base = shown(base);
            return Some(format!(
                "beside the {kind} `{base}`, which has samples of that name: rename one of \
                 them"
            ));
        }
        let suffixes = family.kind().suffixes().iter();
        let mut names = suffixes.map(|suffix| format!("{}{suffix}", family.name()));
        let other = names.find(|name| self.families.contains_key(&**name))?;
        Some(format!(
            "beside `{}`, which is the name of one of its samples: rename one of them",
            shown(&other)
        ))
    }

    fn add_series(
        &mut self,
        family: &Family,
        added: &mut Vec<Series>,
    ) -> Result<(), Misfit> {
        if self.is_unique(family) {
            return Ok(());
        }
        let points = family.points();
        for point in &points.all {
            let labels = points.labels_of(point);
            let key = (
                Arc::clone(&family.name),
                points.identity(point).into_owned(),
            );
            let times = self.series.entry(key.clone()).or_default();
            // A series may occur at several times, but not with and without a
            // timestamp, nor with two renderings.
            let clashes = |(time, others): &(i64, String)| {
                let has_no_time = [*time, point.time()].contains(&Point::NO_TIME);
                has_no_time || *time == point.time() || others != labels
            };
            if times.iter().any(clashes) {
                let name = shown(family.name());
                return Err(Misfit::Series(match labels {
                    "" => name.into_owned(),
                    _ => format!("{name}{{{}}}", shown(labels)),
                }));
            }
            times.push((point.time(), labels.to_owned()));
            added.push(key);
        }
        Ok(())
    }
}

/// Returns how `family` differs from another of its name, or from that name's
/// description.
pub fn difference(family: &Family, kind: MetricKind, help: &str) -> Option<String> {
    if family.kind() != kind {
        return Some(format!(
            "as a {}, which another reported as a {kind}: use the same type, or \
             rename one of them",
            family.kind()
        ));
    }
    (family.help() != help).then(|| {
        format!(
            "with the help {:?}, which another reported with the help {:?}: use the \
             same help text, or rename one of them",
            shown(family.help()),
            shown(help)
        )
    })
}

/// Returns the names without suffixes that samples may have, with the types that have
/// them.
pub fn suffix_bases(
    name: &str,
) -> impl Iterator<Item = (&str, impl Fn(MetricKind) -> bool)> {
    let suffixes = MetricKind::Histogram.suffixes().iter();
    suffixes.filter_map(move |suffix| {
        let base = name.strip_suffix(suffix)?;
        Some((base, move |kind: MetricKind| {
            kind.suffixes().contains(suffix)
        }))
    })
}
