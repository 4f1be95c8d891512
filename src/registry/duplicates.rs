//! Finds samples that are one series.
//!
//! Samples in the order of their labels are compared with their neighbours. Of others the
//! hashes are sorted, and only if two of these are equal the labels themselves.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::order::{Place, Sorted, is_strictly_sorted, sort};
use crate::exposition::{Family, Point};

/// The samples of one name, which may come from several collectors.
pub struct Merged {
    /// The samples as they are served: those of several collectors, or with one series at
    /// several times, in the order of their labels; `None` for others, which keep the order
    /// in which their collector reported them.
    pub order: Option<Vec<Place>>,
    /// Pairs of samples that are one series: one that may be served, and one that must not
    /// be beside it.
    pub duplicates: Vec<(Place, Place)>,
}

impl Merged {
    pub fn of(families: &[&Family]) -> Merged {
        let mut merged = Merged {
            order: None,
            duplicates: Vec::new(),
        };
        match families {
            [family] if is_strictly_sorted(family) || are_unlike(family) => {}
            _ => {
                let Sorted { order, same } = sort(families);
                let keeps_order = families.len() == 1 && same.is_empty();
                merged.order = (!keeps_order).then_some(order);
                for places in same {
                    merged.add_duplicates(families, places);
                }
            }
        }
        if families.iter().any(|family| family.has_empty) {
            merged.duplicates.clear();
            for places in by_identity(families) {
                merged.add_duplicates(families, places);
            }
        }
        merged
    }

    /// `places` are one series, in the order of their timestamps. It may be there at
    /// several times, but not without one beside, and not written in two ways.
    fn add_duplicates(&mut self, families: &[&Family], places: Vec<Place>) {
        let sample = |(family, point): Place| {
            let family = families[family as usize];
            let point = &family.points[point as usize];
            (point.time, family.label_bytes(point))
        };
        let mut places = places.into_iter();
        let Some(mut kept) = places.next() else {
            return;
        };
        for next in places {
            let ((before, labels), (time, others)) = (sample(kept), sample(next));
            let clash = before == Point::NO_TIME || time == before || labels != others;
            let (first, later) = (kept.min(next), kept.max(next));
            if clash {
                self.duplicates.push((first, later));
            }
            if !clash || later == kept {
                kept = next;
            }
        }
    }
}

/// Whether no two samples have the same labels, as far as their hashes tell.
fn are_unlike(family: &Family) -> bool {
    let hasher = FixedState::default();
    let points = family.points.iter();
    let hashes = points.map(|point| hasher.hash_one(family.label_bytes(point)));
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes.is_sorted_by(|one, other| one < other)
}

/// The samples that are one series, in the order of their timestamps: with empty labels,
/// which are no labels, one may be written in several ways.
fn by_identity(families: &[&Family]) -> Vec<Vec<Place>> {
    let mut first = HashMap::new();
    let mut same: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    for (family, at) in families.iter().zip(0..) {
        for (point, number) in family.points.iter().zip(0..) {
            let place = (at, number);
            let known = *first.entry(family.identity(point)).or_insert(place);
            if known != place {
                same.entry(known).or_insert_with(|| vec![known]).push(place);
            }
        }
    }
    let mut same: Vec<Vec<Place>> = same.into_values().collect();
    for places in &mut same {
        places.sort_by_key(|(family, point)| {
            families[*family as usize].points[*point as usize].time
        });
    }
    same
}
