//! Sorts new children into pages, and drops removed ones from them.

use std::collections::HashMap;
use std::sync::Arc;

use super::children::Place;
use super::page::Page;
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
    let (fresh_number, fresh_page) = &work.fresh;
    let mut fresh = sorted(fresh_page, work.dead(*fresh_number));
    // The next one is the last.
    fresh.reverse();
    let mut merged = Merged::default();
    for (at, (number, page)) in work.sorted.iter().enumerate() {
        let next = work.sorted.get(at + 1).map(|(_, next)| next.labels(0));
        let belongs = |labels: &str| next.is_none_or(|next| is_before(labels, next));
        let is_next = |fresh: &[u32]| {
            let at = fresh.last().map(|at| fresh_page.labels(*at as usize));
            at.is_some_and(belongs)
        };
        let dead = work.dead(*number);
        if dead.is_empty() && !is_next(&fresh) && merged.keep(*number, page) {
            continue;
        }
        let mut dead = dead.to_vec();
        dead.sort_unstable();
        for at in 0..page.len() as u32 {
            if dead.binary_search(&at).is_ok() {
                continue;
            }
            let labels = page.labels(at as usize);
            while let Some(new) =
                fresh.pop_if(|new| is_before(fresh_page.labels(*new as usize), labels))
            {
                merged.push(*fresh_number, fresh_page, new);
            }
            merged.push(*number, page, at);
        }
        while is_next(&fresh) {
            let new = fresh.pop();
            new.into_iter()
                .for_each(|new| merged.push(*fresh_number, fresh_page, new));
        }
    }
    while let Some(new) = fresh.pop() {
        merged.push(*fresh_number, fresh_page, new);
    }
    merged.flush();
    merged.pages
}

fn is_before(one: &str, other: &str) -> bool {
    compare(one.as_bytes(), other.as_bytes()).is_lt()
}

impl<S> Work<S> {
    fn dead(&self, page: u32) -> &[u32] {
        self.dead.get(&page).map_or(&[], Vec::as_slice)
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
