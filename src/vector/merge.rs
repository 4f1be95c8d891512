//! Sorts new children into pages, and drops removed ones from them.

use std::collections::HashMap;
use std::sync::Arc;

use super::page::Page;
use super::pages::Place;
use crate::desc::compare::{alike_bytes, compare, start};

/// How many children a page has, about.
const SIZE: usize = 256;

/// What is to be merged.
pub struct Work<S> {
    /// The sorted pages with their numbers.
    pub sorted: Vec<(u32, Arc<Page<S>>)>,
    /// The page of new children, in no order.
    pub fresh: (u32, Arc<Page<S>>),
    /// The removed children of each page.
    pub dead: HashMap<u32, Vec<u32>>,
    /// How many these are.
    pub removed: usize,
}

/// Where a child was.
pub type Moved = Place;

/// A page of the result.
pub enum Sorted<S> {
    /// A page as it was.
    Kept(u32, Arc<Page<S>>),
    /// A new page, and where each of its children was.
    New(Arc<Page<S>>, Vec<Moved>),
}

/// Returns all children that aren't dead, in order.
pub fn merge<S>(work: &Work<S>) -> Vec<Sorted<S>> {
    let mut fresh = Fresh::new(work);
    let mut merged = Merged::default();
    for (at, (number, page)) in work.sorted.iter().enumerate() {
        let next = work.sorted.get(at + 1).map(|(_, next)| next.labels(0));
        let is_same = work.dead(*number).is_empty() && !fresh.has_before(next);
        if is_same && merged.keep(*number, page) {
            continue;
        }
        let mut dead = work.dead(*number).to_vec();
        dead.sort_unstable();
        for at in 0..page.len() as u32 {
            if dead.binary_search(&at).is_err() {
                merged.push_all(&mut fresh, Some(page.labels(at as usize)));
                merged.push(*number, page, at);
            }
        }
        merged.push_all(&mut fresh, next);
    }
    merged.push_all(&mut fresh, None);
    merged.flush();
    merged.pages
}

impl<S> Work<S> {
    fn dead(&self, page: u32) -> &[u32] {
        self.dead.get(&page).map_or(&[], Vec::as_slice)
    }
}

/// The new children that are still to be merged.
struct Fresh<'w, S> {
    number: u32,
    page: &'w Page<S>,
    /// Their indices in the page; the next one is the last.
    left: Vec<u32>,
}

impl<'w, S> Fresh<'w, S> {
    fn new(work: &'w Work<S>) -> Fresh<'w, S> {
        let (number, page) = &work.fresh;
        let mut left = sorted(page, work.dead(*number));
        left.reverse();
        Fresh {
            number: *number,
            page,
            left,
        }
    }

    /// Returns whether the next one sorts before `labels`, or is left at all.
    fn has_before(&self, labels: Option<&str>) -> bool {
        let Some(next) = self.left.last() else {
            return false;
        };
        let next = self.page.labels(*next as usize).as_bytes();
        labels.is_none_or(|labels| compare(next, labels.as_bytes()).is_lt())
    }
}

/// Returns the indices of the children of `page` in order, without the dead ones.
fn sorted<S>(page: &Page<S>, dead: &[u32]) -> Vec<u32> {
    let mut is_dead = vec![false; page.len()];
    dead.iter().for_each(|at| is_dead[*at as usize] = true);
    let alive = (0..page.len() as u32).filter(|at| !is_dead[*at as usize]);
    let labels = |at: u32| page.labels(at as usize).as_bytes();
    let alive: Vec<u32> = alive.collect();
    // Most labels begin alike, and the next eight bytes usually decide.
    let first = alive.first().map(|at| labels(*at)).unwrap_or_default();
    let alike = alive.iter().fold(first.len(), |alike, at| {
        alike_bytes(&first[..alike], labels(*at))
    });
    let key = |at: u32| start(labels(at).get(alike..).unwrap_or_default());
    let mut keys: Vec<(u64, u32)> = alive.iter().map(|at| (key(*at), *at)).collect();
    keys.sort_unstable_by(|(one, at), (other, beside)| {
        let labels = || compare(labels(*at), labels(*beside));
        one.cmp(other).then_with(labels)
    });
    keys.into_iter().map(|(_, at)| at).collect()
}

/// The pages of the result, and the children that will be the next page.
struct Merged<'w, S> {
    pages: Vec<Sorted<S>>,
    next: Vec<(Place, &'w Page<S>)>,
}

impl<S> Default for Merged<'_, S> {
    fn default() -> Self {
        Merged {
            pages: Vec::new(),
            next: Vec::new(),
        }
    }
}

impl<'w, S> Merged<'w, S> {
    /// Adds a page as it is, unless what precedes it is too small to be a page.
    fn keep(&mut self, number: u32, page: &Arc<Page<S>>) -> bool {
        if (1..SIZE / 4).contains(&self.next.len()) {
            return false;
        }
        self.flush();
        self.pages.push(Sorted::Kept(number, Arc::clone(page)));
        true
    }

    /// Adds the new children that sort before `labels`, or all that are left.
    fn push_all(&mut self, fresh: &mut Fresh<'w, S>, labels: Option<&str>) {
        while fresh.has_before(labels) {
            if let Some(at) = fresh.left.pop() {
                self.push(fresh.number, fresh.page, at);
            }
        }
    }

    fn push(&mut self, number: u32, page: &'w Page<S>, at: u32) {
        self.next.push((Place { page: number, at }, page));
        if self.next.len() == 2 * SIZE {
            self.write(SIZE);
        }
    }

    /// Writes what is left.
    fn flush(&mut self) {
        while !self.next.is_empty() {
            let half = self.next.len().div_ceil(2);
            self.write(if half > SIZE / 2 {
                half
            } else {
                self.next.len()
            });
        }
    }

    /// Writes the next `count` children as a page.
    fn write(&mut self, count: usize) {
        let next = &self.next[..count];
        let labels =
            |(place, page): &(Place, &'w Page<S>)| page.labels(place.at as usize);
        let length = next.iter().map(|one| labels(one).len()).sum();
        let mut written = Page::with_capacity(count, length);
        for (place, page) in next {
            let child = Arc::clone(page.child(place.at as usize));
            // It fits: the labels of each are at most a MiB.
            written.push(page.labels(place.at as usize), child);
        }
        let moved = self.next.drain(..count).map(|(place, _)| place);
        self.pages
            .push(Sorted::New(Arc::new(written), moved.collect()));
    }
}
