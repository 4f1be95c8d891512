//! Sorts samples by their labels as rendered, as Go does for metrics of the same label
//! names, so that an exposition doesn't change from scrape to scrape.
//!
//! The labels are scattered in memory, so comparing two of them means waiting for
//! memory. Each is therefore read once for the eight bytes in which it may differ from
//! the others, and again only if these are equal.

use std::mem;

use crate::desc::compare::{alike_bytes, compare, start};
use crate::exposition::{Family, Point};

/// The index of a family and of a point in it.
pub type Place = (u32, u32);

/// The samples of `families` in order, and ranges of samples with the same labels.
pub struct Sorted {
    pub order: Vec<Place>,
    pub same: Vec<Vec<Place>>,
}

struct Key {
    start: u64,
    place: Place,
}

/// Sorts the samples of `families`; those with the same labels by timestamp, then in
/// the order of the families.
pub fn sort(families: &[&Family]) -> Sorted {
    let numbered = families.iter().zip(0..);
    let places = numbered.flat_map(|(family, at)| {
        (0..family.count() as u32).map(move |point| (at, point))
    });
    let mut keys: Vec<Key> = places.map(|place| Key { start: 0, place }).collect();
    let mut same = Vec::new();
    // Ranges whose position is final, with the number of bytes that are equal in each.
    let mut slices = vec![(0, keys.len(), 0)];
    while let Some((begin, end, alike)) = slices.pop() {
        let slice = &mut keys[begin..end];
        let Some(alike) = sort_slice(families, slice, alike) else {
            same.push(slice.iter().map(|key| key.place).collect());
            continue;
        };
        let mut from = begin;
        for tied in slice.chunk_by(|one, other| one.start == other.start) {
            if tied.len() > 1 {
                slices.push((from, from + tied.len(), alike));
            }
            from += tied.len();
        }
    }
    let order = keys.into_iter().map(|key| key.place).collect();
    Sorted { order, same }
}

fn point<'a>(families: &[&'a Family], (family, point): Place) -> &'a Point {
    &families[family as usize].points().all[point as usize]
}

/// Sorts `keys`, whose labels share the first `alike` bytes, by the first eight bytes
/// in which they may differ. Returns how many bytes are equal, or `None` if all are and
/// nothing is left to sort.
fn sort_slice(families: &[&Family], keys: &mut [Key], alike: usize) -> Option<usize> {
    let rest = |key: &Key, alike: usize| {
        let points = families[key.place.0 as usize].points();
        let labels = points.label_bytes(point(families, key.place));
        labels.get(alike..).unwrap_or_default()
    };
    let first = keys.first().map(|key| rest(key, alike)).unwrap_or_default();
    let mut more = first.len();
    let mut same_length = true;
    for key in &*keys {
        let other = rest(key, alike);
        more = alike_bytes(&first[..more], other);
        same_length &= other.len() == first.len();
    }
    if same_length && more == first.len() {
        keys.sort_unstable_by_key(|key| (point(families, key.place).time(), key.place));
        return None;
    }
    let alike = alike + more;
    for key in &mut *keys {
        key.start = start(rest(key, alike));
    }
    keys.sort_unstable_by_key(|key| key.start);
    Some(alike)
}

/// Returns whether the samples of `family` are sorted and distinct.
pub fn is_strictly_sorted(family: &Family) -> bool {
    let points = family.points();
    points.all.is_sorted_by(|one, other| {
        let (one, other) = (points.label_bytes(one), points.label_bytes(other));
        compare(one, other).is_lt()
    })
}

/// Sorts the samples of one family.
pub fn sort_family(family: &mut Family) {
    if !is_strictly_sorted(family) {
        let sorted = sort(&[family]);
        let from = sorted.order.into_iter().map(|(_, point)| point as usize);
        permute(&mut family.points_mut().all, from.collect());
    }
}

/// Permutes points in place: `from[at]` is the index of the one that belongs at `at`.
pub fn permute(points: &mut [Point], mut from: Vec<usize>) {
    for start in 0..from.len() {
        let mut at = start;
        loop {
            let source = mem::replace(&mut from[at], at);
            if source == start {
                break;
            }
            points.swap(at, source);
            at = source;
        }
    }
}
