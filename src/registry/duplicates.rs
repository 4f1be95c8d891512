//! Finds samples of the same series.
//!
//! Sorted samples are compared with their neighbours. For unsorted ones, the hashes are
//! sorted, and the labels are compared only if two hashes are equal.

use std::collections::HashMap;

use super::order::{Place, Sorted, is_strictly_sorted, sort};
use crate::exposition::{Family, Point};

/// The samples of one name, which may come from several collectors.
pub struct Merged {
    /// The order in which the samples are served: sorted by labels if several
    /// collectors reported them or a series occurs at several times. `None` otherwise:
    /// the samples keep the collector's order.
    pub order: Option<Vec<Place>>,
    /// Whether no series occurs twice, except at different times.
    pub is_unique: bool,
}

impl Merged {
    pub fn of(families: &[&Family]) -> Merged {
        let mut merged = Merged {
            order: None,
            is_unique: true,
        };
        match families {
            // The children of a vector differ.
            [family] if family.rendered().is_some() => return merged,
            [family] if is_strictly_sorted(family) || are_unlike(family) => {}
            _ => {
                let Sorted { order, same } = sort(families);
                let times = |(family, point): &Place| {
                    families[*family as usize].points().all[*point as usize].time()
                };
                // Sorted by time; a missing timestamp comes first.
                merged.is_unique = same.iter().all(|places| {
                    times(&places[0]) != Point::NO_TIME
                        && places.is_sorted_by(|one, next| times(one) < times(next))
                });
                let keeps_order = families.len() == 1 && same.is_empty();
                merged.order = (!keeps_order).then_some(order);
            }
        }
        merged.is_unique &= !families.iter().any(|family| family.points().has_empty)
            || are_written_alike(families);
        merged
    }
}

/// Returns whether no two samples have the same labels, judging by their hashes.
fn are_unlike(family: &Family) -> bool {
    let points = family.points();
    let hashes = points
        .all
        .iter()
        .map(|point| hash(points.label_bytes(point)));
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    hashes.is_sorted_by(|one, other| one < other)
}

/// Hashes eight bytes at a time. A collision only costs time: the labels are then
/// compared.
fn hash(bytes: &[u8]) -> u64 {
    let fold = |hash: u64, word: &[u8; 8]| {
        let mixed = u128::from(hash ^ u64::from_ne_bytes(*word));
        let mixed = mixed * 0x9E37_79B9_7F4A_7C15;
        (mixed as u64) ^ (mixed >> 64) as u64
    };
    let words = bytes.chunks_exact(8).filter_map(|word| word.first_chunk());
    let mut short = [0; 8];
    let last = bytes.last_chunk().unwrap_or_else(|| {
        short[..bytes.len()].copy_from_slice(bytes);
        &short
    });
    fold(words.fold(bytes.len() as u64, fold), last)
}

/// Returns whether no series is rendered in two ways: with an empty label, which is no
/// label, and without it.
fn are_written_alike(families: &[&Family]) -> bool {
    let mut written = HashMap::new();
    families.iter().all(|family| {
        let points = family.points();
        points.all.iter().all(|point| {
            let labels = points.label_bytes(point);
            *written.entry(points.identity(point)).or_insert(labels) == labels
        })
    })
}
