//! Merges what several collectors report into consistent families; Go's
//! `processMetric`, `checkMetricConsistency` and `checkSuffixCollisions`.
//!
//! Usually everything fits. Only if something doesn't, the collectors are checked one
//! by one in the order of registration, and a collector that doesn't fit those before
//! it loses all its samples.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::accepted::{Accepted, difference, misdescribed, suffix_bases};
use super::duplicates::Merged;
use super::gather_error::GatherError;
use super::known::Descriptions;
use super::order::{Place, permute};
use crate::exposition::Family;

/// A family, and the index of the collector that reported it.
pub type Reported = (usize, Family);

/// The families of one name, with the indices of their collectors.
type Group = Vec<Reported>;

/// Merges the families of one name and sorts them. `collector` names the collector with
/// an index; `descriptions` has the description of each name.
pub fn check(
    reported: Vec<Reported>,
    collector: impl Fn(usize) -> String,
    descriptions: &Descriptions,
) -> (Vec<Family>, Vec<GatherError>) {
    let mut errors = Vec::new();
    let mut groups = grouped(reported);
    let mut merged: Vec<Merged> = groups.iter().map(merge).collect();
    if !(fit(&groups, descriptions) && merged.iter().all(|merged| merged.is_unique)) {
        let (reported, refused) = one_by_one(groups, collector, descriptions);
        errors = refused;
        groups = grouped(reported);
        merged = groups.iter().map(merge).collect();
    }
    let families = groups.into_iter().zip(merged);
    let families = families.map(|(group, merged)| joined(group, merged.order));
    (families.collect(), errors)
}

fn grouped(mut reported: Vec<Reported>) -> Vec<Group> {
    reported.retain(|(_, family)| family.count() > 0);
    // A stable sort, so that families of one name stay in the order of registration.
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

fn merge(group: &Group) -> Merged {
    let families: Vec<&Family> = group.iter().map(|(_, family)| family).collect();
    Merged::of(&families)
}

/// Returns whether names, types and help texts are consistent.
fn fit(groups: &[Group], descriptions: &Descriptions) -> bool {
    let find = |name: &str| {
        let at = groups
            .binary_search_by(|group| group[0].1.name().cmp(name))
            .ok()?;
        Some(groups[at][0].1.kind())
    };
    groups.iter().all(|group| {
        let (_, first) = &group[0];
        let differs = |family: &Family| difference(family, first.kind(), first.help());
        // A family that has its name for itself is written as it is.
        let merged = (group.len() > 1).then_some(group).into_iter().flatten();
        let labels = merged.map(|(_, family)| family.points().labels.len());
        group
            .iter()
            .all(|(_, family)| family.name_problem().is_none())
            && misdescribed(first, descriptions).is_none()
            && group.iter().all(|(_, family)| differs(family).is_none())
            && suffix_bases(first.name())
                .all(|(base, has)| !find(base).is_some_and(has))
            && u32::try_from(labels.sum::<usize>()).is_ok()
    })
}

/// Returns the families of each collector that fits those before it, and an error for
/// each other one.
fn one_by_one(
    groups: Vec<Group>,
    collector: impl Fn(usize) -> String,
    descriptions: &Descriptions,
) -> (Vec<Reported>, Vec<GatherError>) {
    let alone = groups.iter().filter(|group| group.len() == 1);
    let alone = alone.map(|group| Arc::clone(&group[0].1.name)).collect();
    let mut collectors: BTreeMap<usize, Vec<Family>> = BTreeMap::new();
    for (number, family) in groups.into_iter().flatten() {
        collectors.entry(number).or_default().push(family);
    }
    let mut accepted = Accepted::new(descriptions, alone);
    let (mut reported, mut errors) = (Vec::new(), Vec::new());
    for (number, families) in collectors {
        match accepted.add(&families) {
            Ok(()) => {
                reported.extend(families.into_iter().map(|family| (number, family)))
            }
            Err(misfit) => errors.push(misfit.into_error(collector(number))),
        }
    }
    (reported, errors)
}

/// Joins the families in `group` into one, reordered to `order` if that isn't `None`.
fn joined(mut group: Group, order: Option<Vec<Place>>) -> Family {
    let (_, mut all) = group.remove(0);
    let mut starts = vec![0];
    for (_, family) in group {
        all.names = all.names.max(family.names);
        starts.push(all.count());
        all.points_mut().append(family.into_points());
    }
    if let Some(order) = order {
        let from = order.into_iter();
        let from = from.map(|(family, point)| starts[family as usize] + point as usize);
        permute(&mut all.points_mut().all, from.collect());
    }
    all
}
