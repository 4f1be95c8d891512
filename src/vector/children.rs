//! The children of a vector: found by their labels, and written in order.
//!
//! A new child goes to the end of an open page, which is in no order. A scrape sorts the
//! open page into the others: it rewrites the pages that get or lose a child and shares
//! the rest with the scrapes before it. It holds the lock only to take the open page and
//! to enter each new page, so creating a child never waits for the sorting.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};

use hashbrown::HashTable;

use super::merge::{Moved, Sorted, Work, merge};
use super::page::Page;
use super::pages::{Pages, Place};

/// Children by their rendered labels.
pub struct Children<S> {
    state: RwLock<State<S>>,
    /// Held by the scrape that sorts.
    sorting: Mutex<()>,
    hasher: RandomState,
}

/// The pages of a scrape, in order.
pub type Ordered<S> = Arc<Vec<Arc<Page<S>>>>;

/// How many children there may be.
#[derive(Clone, Copy)]
pub struct Most<'l> {
    pub count: usize,
    /// The labels of one child that doesn't count.
    pub besides: Option<&'l str>,
}

impl Most<'_> {
    pub const ANY: Most<'static> = Most {
        count: usize::MAX,
        besides: None,
    };
}

/// Why there is no new child.
pub enum Refused {
    /// There are as many as are allowed.
    Full,
    /// Its labels are too long.
    TooLong,
}

/// How many removed children may wait for a scrape, besides one for each child. One of a
/// summary may have a hundred kilobytes.
const SPARE: usize = 16;

/// The longest labels of one child, in bytes.
pub const MOST_BYTES: usize = 1 << 20;

struct State<S> {
    table: HashTable<Place>,
    pages: Pages<S>,
    /// The numbers of the sorted pages, in order, and the pages.
    order: Vec<u32>,
    ordered: Ordered<S>,
    /// Children that are still in a page, but no longer in the table.
    removed: Vec<Place>,
    /// Whether a scrape has taken the open page and not entered it in the order yet.
    is_sorting: bool,
    /// Counts the resets, after which the result of sorting is obsolete.
    resets: u64,
}

impl<S> State<S> {
    fn new() -> State<S> {
        State {
            table: HashTable::new(),
            pages: Pages::default(),
            order: Vec::new(),
            ordered: Arc::default(),
            removed: Vec::new(),
            is_sorting: false,
            resets: 0,
        }
    }

    fn find(&self, hash: u64, labels: &str) -> Option<Arc<S>> {
        let is = |place: &Place| self.pages.labels(*place) == labels;
        let place = self.table.find(hash, is)?;
        self.pages.child(*place)
    }

    /// Returns whether there is room for a child with these labels.
    fn has_room(&self, labels: &str, most: Most<'_>, hasher: &RandomState) -> bool {
        let has = |one: &str| self.find(hasher.hash_one(one), one).is_some();
        let uncounted = usize::from(most.besides.is_some_and(has));
        most.besides == Some(labels) || self.table.len() - uncounted < most.count
    }

    /// Replaces the order, and drops the pages that aren't in it.
    fn replace(&mut self, work: &Work<S>, order: Vec<u32>) {
        let old = work.sorted.iter().map(|(number, _)| *number);
        self.pages.keep(&order, old.chain([work.fresh.0]));
        self.removed.retain(|place| self.pages.has(place.page));
        self.order = order;
    }

    fn is_sorted(&self) -> bool {
        !self.is_sorting && self.pages.open.is_empty() && self.removed.is_empty()
    }
}

impl<S> Default for Children<S> {
    fn default() -> Children<S> {
        Children {
            state: RwLock::new(State::new()),
            sorting: Mutex::new(()),
            hasher: RandomState::new(),
        }
    }
}

impl<S> Children<S> {
    /// Returns the child with these labels.
    pub fn get(&self, labels: &str) -> Option<Arc<S>> {
        self.read().find(self.hasher.hash_one(labels), labels)
    }

    /// Returns the child with these labels; creates it with `new` if there is room.
    pub fn get_or_create(
        &self,
        labels: &str,
        most: Most<'_>,
        new: impl FnOnce() -> Arc<S>,
    ) -> Result<Arc<S>, Refused> {
        let hash = self.hasher.hash_one(labels);
        let mut state = self.write();
        if let Some(child) = state.find(hash, labels) {
            return Ok(child);
        }
        if !state.has_room(labels, most, &self.hasher) {
            return Err(Refused::Full);
        }
        if labels.len() > MOST_BYTES {
            return Err(Refused::TooLong);
        }
        let State { table, pages, .. } = &mut *state;
        let child = new();
        let at = pages.open.push(labels, Arc::clone(&child));
        let at = at.ok_or(Refused::TooLong)?;
        let page = pages.open_number;
        let hash_of = |place: &Place| self.hasher.hash_one(pages.labels(*place));
        table.insert_unique(hash, Place { page, at }, hash_of);
        Ok(child)
    }

    /// Removes the child with these labels. Returns whether there was one.
    pub fn remove(&self, labels: &str) -> bool {
        let hash = self.hasher.hash_one(labels);
        let mut state = self.write();
        let State { table, pages, .. } = &mut *state;
        let is = |place: &Place| pages.labels(*place) == labels;
        let Ok(entry) = table.find_entry(hash, is) else {
            return false;
        };
        let (place, _) = entry.remove();
        state.removed.push(place);
        let is_much = state.removed.len() > state.table.len() + SPARE;
        drop(state);
        // Nobody may ever scrape.
        let one = is_much.then(|| self.sorting.try_lock().ok()).flatten();
        one.map(|one| self.sort(one));
        true
    }

    /// Removes all children.
    pub fn reset(&self) {
        let mut state = self.write();
        let mut empty = State::new();
        empty.resets = state.resets + 1;
        let all = mem::replace(&mut *state, empty);
        drop(state);
        // Which takes a while, and needs no lock.
        drop(all);
    }

    pub fn len(&self) -> usize {
        self.read().table.len()
    }

    /// Returns all children in the order of their labels.
    pub fn in_order(&self) -> Ordered<S> {
        if let Some(ordered) = self.if_sorted() {
            return ordered;
        }
        self.sort(self.sorting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sorts what is to be sorted. Returns all children in order.
    fn sort(&self, _one: MutexGuard<'_, ()>) -> Ordered<S> {
        let Some((work, resets)) = self.take_work() else {
            return Arc::clone(&self.read().ordered);
        };
        let merged = merge(&work);
        self.enter(work, merged, resets)
    }

    fn if_sorted(&self) -> Option<Ordered<S>> {
        let state = self.read();
        state.is_sorted().then(|| Arc::clone(&state.ordered))
    }

    /// Returns what is to be sorted, if anything is.
    fn take_work(&self) -> Option<(Work<S>, u64)> {
        let mut state = self.write();
        if state.is_sorted() {
            return None;
        }
        let mut dead: HashMap<u32, Vec<u32>> = HashMap::new();
        for place in &state.removed {
            dead.entry(place.page).or_default().push(place.at);
        }
        let fresh = state.pages.close();
        let numbers = state.order.iter().copied();
        let sorted = numbers.zip(state.ordered.iter().cloned()).collect();
        let work = Work {
            sorted,
            fresh,
            dead,
            removed: state.removed.len(),
        };
        state.is_sorting = true;
        Some((work, state.resets))
    }

    /// Enters the merged pages in the place of those that they replace.
    fn enter(&self, work: Work<S>, merged: Vec<Sorted<S>>, resets: u64) -> Ordered<S> {
        let pages = merged.iter().map(|sorted| match sorted {
            Sorted::Kept(_, page) | Sorted::New(page, _) => Arc::clone(page),
        });
        let ordered: Ordered<S> = Arc::new(pages.collect());
        let numbers = merged.into_iter().map(|sorted| match sorted {
            Sorted::Kept(number, _) => Some(number),
            Sorted::New(page, moved) => self.enter_page(page, &moved, resets),
        });
        let order: Option<Vec<u32>> = numbers.collect();
        let mut state = self.write();
        // After a reset, this scrape shows what there was when it began.
        if let Some(order) = order.filter(|_| state.resets == resets) {
            state.removed.drain(..work.removed);
            state.replace(&work, order);
            state.ordered = Arc::clone(&ordered);
            state.is_sorting = false;
        }
        ordered
    }

    /// Enters one page: its children are now there. Returns its number.
    fn enter_page(
        &self,
        page: Arc<Page<S>>,
        moved: &[Moved],
        resets: u64,
    ) -> Option<u32> {
        let labels = (0..page.len()).map(|at| page.labels(at));
        let hashes: Vec<u64> = labels.map(|text| self.hasher.hash_one(text)).collect();
        let mut state = self.write();
        if state.resets != resets {
            return None;
        }
        let count = page.len() as u32;
        let number = state.pages.add(page);
        for ((at, hash), from) in (0..count).zip(&hashes).zip(moved) {
            let to = Place { page: number, at };
            match state.table.find_mut(*hash, |place| place == from) {
                Some(place) => *place = to,
                // Removed meanwhile.
                None => state.removed.push(to),
            }
        }
        Some(number)
    }

    fn read(&self) -> RwLockReadGuard<'_, State<S>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State<S>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(labels: &[&str]) -> Children<()> {
        let children = Children::default();
        for labels in labels {
            let child = children.get_or_create(labels, Most::ANY, Arc::default);
            assert!(child.is_ok());
        }
        children
    }

    fn listed(pages: &Ordered<()>) -> Vec<String> {
        let all = pages.iter().flat_map(|page| page.iter());
        all.map(|(labels, _)| labels.to_owned()).collect()
    }

    #[test]
    fn new_children_are_not_in_order_while_another_scrape_sorts_them() {
        let children = with(&["a=\"2\"", "a=\"1\""]);
        let (work, resets) = children.take_work().unwrap();
        assert!(children.if_sorted().is_none());
        let merged = merge(&work);
        let ordered = children.enter(work, merged, resets);
        assert_eq!(listed(&ordered), ["a=\"1\"", "a=\"2\""]);
        let sorted = children.if_sorted().unwrap();
        assert!(Arc::ptr_eq(&sorted, &ordered));
    }

    #[test]
    fn a_reset_while_a_scrape_sorts_leaves_nothing_to_sort() {
        let children = with(&["a=\"1\""]);
        let (work, resets) = children.take_work().unwrap();
        children.reset();
        assert_eq!(listed(&children.if_sorted().unwrap()), [""; 0]);
        let merged = merge(&work);
        let ordered = children.enter(work, merged, resets);
        assert_eq!(listed(&ordered), ["a=\"1\""]);
        assert_eq!(listed(&children.if_sorted().unwrap()), [""; 0]);
        assert_eq!(children.len(), 0);
    }

    #[test]
    fn a_reset_while_a_scrape_keeps_every_page_leaves_none() {
        let children = with(&["a=\"1\""]);
        children.in_order();
        assert!(
            children
                .get_or_create("a=\"2\"", Most::ANY, Arc::default)
                .is_ok()
        );
        assert!(children.remove("a=\"2\""));
        let (work, resets) = children.take_work().unwrap();
        children.reset();
        let merged = merge(&work);
        let ordered = children.enter(work, merged, resets);
        assert_eq!(listed(&ordered), ["a=\"1\""]);
        assert_eq!(listed(&children.if_sorted().unwrap()), [""; 0]);
    }

    #[test]
    fn what_is_left_of_a_page_joins_the_next_one() {
        let children = with(&[]);
        let labels = |number: usize| format!("a=\"{number:04}\"");
        for number in 0..2000 {
            let child =
                children.get_or_create(&labels(number), Most::ANY, Arc::default);
            assert!(child.is_ok());
        }
        let first = children.in_order()[0].len();
        for number in 10..first {
            assert!(children.remove(&labels(number)));
        }
        let pages = children.in_order();
        let sizes: Vec<usize> = pages.iter().map(|page| page.len()).collect();
        assert!(sizes[0] >= 64, "{sizes:?}");
        assert_eq!(sizes.iter().sum::<usize>(), 2010 - first);
    }

    #[test]
    fn the_child_that_does_not_count_has_room_and_makes_none() {
        let children = with(&["a=\"1\"", "a=\"2\""]);
        let other = "a=\"other\"";
        let most = Most {
            count: 2,
            besides: Some(other),
        };
        let has_room = |labels: &str| {
            let child = children.get_or_create(labels, most, Arc::default);
            child.is_ok()
        };
        assert!(!has_room("a=\"3\""));
        assert!(has_room(other));
        assert!(!has_room("a=\"3\""));
        assert!(children.remove(other));
        assert!(!has_room("a=\"3\""));
        assert!(children.remove("a=\"1\""));
        assert!(has_room(other));
        assert!(has_room("a=\"3\""));
        assert!(!has_room("a=\"4\""));
        assert_eq!(children.len(), 3);
    }

    #[test]
    fn a_child_removed_while_a_scrape_sorts_is_gone_and_may_come_back() {
        let children = with(&["a=\"1\"", "a=\"2\"", "a=\"3\""]);
        children.in_order();
        assert!(
            children
                .get_or_create("a=\"4\"", Most::ANY, Arc::default)
                .is_ok()
        );
        let (work, resets) = children.take_work().unwrap();
        for labels in ["a=\"1\"", "a=\"2\"", "a=\"4\""] {
            assert!(children.remove(labels));
        }
        assert!(
            children
                .get_or_create("a=\"2\"", Most::ANY, Arc::default)
                .is_ok()
        );
        let merged = merge(&work);
        let ordered = children.enter(work, merged, resets);
        assert_eq!(listed(&ordered).len(), 4);
        for _ in 0..3 {
            let ordered = children.in_order();
            assert_eq!(listed(&ordered), ["a=\"2\"", "a=\"3\""]);
            let served = ordered[0].child(0);
            let found = children.get("a=\"2\"").unwrap();
            assert!(Arc::ptr_eq(served, &found));
        }
        assert_eq!(children.len(), 2);
    }

    #[test]
    fn few_removed_children_wait_for_a_scrape() {
        let children = with(&[]);
        let removed = (0..1000).map(|number| {
            let labels = format!("a=\"{number}\"");
            let child = children.get_or_create(&labels, Most::ANY, Arc::default);
            assert!(children.remove(&labels));
            Arc::downgrade(&child.ok().unwrap())
        });
        let removed: Vec<_> = removed.collect();
        let waiting = removed.iter().filter(|child| child.strong_count() > 0);
        assert!(waiting.count() <= 16);
    }

    #[test]
    fn pages_stay_neither_small_nor_large() {
        let children = with(&[]);
        let labels = |number: usize| format!("a=\"{:05}\"", number * 7919 % 20_000);
        for number in 0..20_000 {
            let child =
                children.get_or_create(&labels(number), Most::ANY, Arc::default);
            assert!(child.is_ok());
            if number >= 5000 {
                assert!(children.remove(&labels(number - 5000)));
            }
            if number % 500 == 0 {
                let pages = children.in_order();
                let sizes: Vec<usize> = pages.iter().map(|page| page.len()).collect();
                let (_, but_last) = sizes.split_last().unwrap();
                assert!(but_last.iter().all(|size| *size >= 64), "{sizes:?}");
                assert!(sizes.iter().all(|size| *size < 512), "{sizes:?}");
            }
        }
    }
}
