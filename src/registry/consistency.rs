//! From what several collectors report to families that fit together; Go's
//! `processMetric`, `checkMetricConsistency` and `checkSuffixCollisions`.
//!
//! Of two collectors that contradict each other the one that was registered later is to
//! blame, and all of its samples are dropped. Whom it contradicts in turn is not.

use std::collections::{BTreeMap, BTreeSet};

use super::duplicates::Merged;
use super::gather_error::GatherError;
use super::order::{Place, permute};
use crate::desc::MetricKind;
use crate::exposition::{Family, Point, TOO_LONG};
use crate::names::{metric_name_problem, shown};

/// A family, and the number of the collector that reported it.
pub type Reported = (usize, Family);

/// The families of one name, with the numbers of their collectors.
type Group = Vec<Reported>;

/// Merges the families of one name and sorts them. `collector` names a collector by its
/// number.
pub fn check(
    reported: Vec<Reported>,
    collector: impl Fn(usize) -> String,
) -> (Vec<Family>, Vec<GatherError>) {
    let mut groups = grouped(reported);
    let mut errors = BTreeMap::new();
    loop {
        let mut blames = contradictions(&groups, &collector);
        let orders = orders(&groups, &collector, &mut blames);
        if blames.is_empty() {
            let families = groups.into_iter().zip(orders);
            let families = families.map(|(group, order)| joined(group, order));
            return (families.collect(), errors.into_values().collect());
        }
        let guilty = guilty(blames);
        for group in &mut groups {
            group.retain(|(number, _)| !guilty.contains_key(number));
        }
        groups.retain(|group| !group.is_empty());
        errors.extend(guilty);
    }
}

/// The error of a collector that doesn't fit another one: by their numbers, first of the one
/// to blame.
type Blames = BTreeMap<(usize, usize), GatherError>;

/// Those to blame whatever becomes of others: by one that isn't to blame itself. At least
/// the first is, unless two contradict each other in turn.
fn guilty(blames: Blames) -> BTreeMap<usize, GatherError> {
    let blamed: BTreeSet<usize> = blames.keys().map(|(number, _)| *number).collect();
    let is_certain =
        |(number, by): &(usize, usize)| number == by || !blamed.contains(by);
    let any = blames.keys().any(is_certain);
    let guilty = blames
        .into_iter()
        .filter(|(pair, _)| !any || is_certain(pair));
    guilty.map(|((number, _), error)| (number, error)).collect()
}

/// The order of each group, and who reported a series that another has.
fn orders(
    groups: &[Group],
    collector: impl Fn(usize) -> String,
    blames: &mut Blames,
) -> Vec<Option<Vec<Place>>> {
    let order = |group: &Group| {
        let families: Vec<&Family> = group.iter().map(|(_, family)| family).collect();
        let Merged { order, duplicates } = Merged::of(&families);
        for ((first, _), (later, point)) in duplicates {
            let ((by, _), (number, family)) =
                (&group[first as usize], &group[later as usize]);
            let error = || duplicate(family, point, collector(*number));
            blames.entry((*number, *by)).or_insert_with(error);
        }
        order
    };
    groups.iter().map(order).collect()
}

fn duplicate(family: &Family, point: u32, collector: String) -> GatherError {
    let labels = family.labels_of(&family.points[point as usize]);
    let series = match labels {
        "" => shown(family.name()).into_owned(),
        _ => format!("{}{{{}}}", shown(family.name()), shown(labels)),
    };
    GatherError::Duplicate { collector, series }
}

fn grouped(mut reported: Vec<Reported>) -> Vec<Group> {
    reported.retain(|(_, family)| !family.points.is_empty());
    // Stable, so that those of one name stay in the order of registration.
    reported.sort_by(|(_, a), (_, b)| a.name().cmp(b.name()));
    let mut groups: Vec<Group> = Vec::new();
    for (number, family) in reported {
        match groups.last_mut() {
            Some(group) if group[0].1.name() == family.name() => {
                group.push((number, family));
            }
            _ => groups.push(vec![(number, family)]),
        }
    }
    groups
}

/// The collectors that contradict others by the names, types and help texts they report.
fn contradictions(groups: &[Group], collector: impl Fn(usize) -> String) -> Blames {
    let firsts = groups.iter().map(|group| (group[0].1.name(), &group[0]));
    let firsts: BTreeMap<&str, &Reported> = firsts.collect();
    let mut blames = Blames::new();
    for group in groups {
        let (by, first) = &group[0];
        let misnamed = misnamed(first.name(), &firsts);
        let mut labels = 0;
        for (number, family) in group {
            labels += family.labels.len();
            let is_too_long = labels > u32::MAX as usize;
            let too_long =
                || is_too_long.then(|| format!("once too often: {TOO_LONG}"));
            let differs = || difference(family, first).or_else(too_long);
            let (by, how) = match &misnamed {
                Some((by, how)) => (by.unwrap_or(*number), Some(how.clone())),
                None => (*by, differs()),
            };
            if let Some(how) = how {
                let name = shown(family.name()).into_owned();
                let collector = collector(*number);
                let error = GatherError::Contradiction {
                    collector,
                    name,
                    how,
                };
                blames.entry((*number, by)).or_insert(error);
            }
        }
    }
    blames
}

/// In what `family` differs from the `first` of its name.
fn difference(family: &Family, first: &Family) -> Option<String> {
    let (kind, other) = (family.kind(), first.kind());
    if kind != other {
        return Some(format!(
            "as a {kind}, which another reported as a {other}: give both the same type, \
             or one of them another name"
        ));
    }
    let (help, other) = (shown(family.help()), shown(first.help()));
    (family.help() != first.help()).then(|| {
        format!(
            "with the help {help:?}, which another reported with the help {other:?}: give \
             both the same, or one of them another name"
        )
    })
}

/// What is wrong with `name`, beside the family of which collector if it is that.
fn misnamed(
    name: &str,
    firsts: &BTreeMap<&str, &Reported>,
) -> Option<(Option<usize>, String)> {
    if let Some(problem) = metric_name_problem(name) {
        return Some((None, format!("under an invalid name: {problem}")));
    }
    ["_bucket", "_count", "_sum"].iter().find_map(|suffix| {
        let base = name.strip_suffix(suffix)?;
        let (by, family) = firsts.get(base)?;
        let kind = family.kind();
        let has_it = kind == MetricKind::Histogram
            || (kind == MetricKind::Summary && *suffix != "_bucket");
        let base = shown(base);
        let how = format!(
            "beside the {kind} `{base}`, which has samples of that name: rename one of them"
        );
        has_it.then_some((Some(*by), how))
    })
}

/// One family of all in `group`, in this order if it isn't theirs.
fn joined(mut group: Group, order: Option<Vec<Place>>) -> Family {
    let (_, mut all) = group.remove(0);
    let mut starts = vec![0];
    for (_, family) in group {
        starts.push(all.points.len());
        let labels = all.labels.len() as u32;
        all.labels.push_str(&family.labels);
        all.points
            .extend(family.points.into_iter().map(|point| Point {
                start: point.start + labels,
                ..point
            }));
        all.has_empty |= family.has_empty;
    }
    if let Some(order) = order {
        let from = order
            .into_iter()
            .map(|(family, point)| starts[family as usize] + point as usize);
        permute(&mut all.points, from.collect());
    }
    all
}
