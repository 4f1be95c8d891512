//! The pages of a vector, by number.

use std::mem;
use std::sync::Arc;

use super::page::Page;

/// The number of a page and the index of a child in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub page: u32,
    pub at: u32,
}

/// Pages by number.
pub struct Pages<S> {
    all: Vec<Option<Arc<Page<S>>>>,
    unused: Vec<u32>,
    /// The open page and its number.
    pub open: Page<S>,
    pub open_number: u32,
}

impl<S> Default for Pages<S> {
    fn default() -> Pages<S> {
        Pages {
            all: vec![None],
            unused: Vec::new(),
            open: Page::default(),
            open_number: 0,
        }
    }
}

impl<S> Pages<S> {
    #[inline]
    pub fn labels(&self, place: Place) -> &str {
        self.page(place)
            .map_or("", |page| page.labels(place.at as usize))
    }

    pub fn child(&self, place: Place) -> Option<Arc<S>> {
        Some(Arc::clone(self.page(place)?.child(place.at as usize)))
    }

    #[inline]
    fn page(&self, place: Place) -> Option<&Page<S>> {
        if place.page == self.open_number {
            return Some(&self.open);
        }
        self.all.get(place.page as usize)?.as_deref()
    }

    /// Reserves a number for a page.
    fn number(&mut self) -> u32 {
        self.unused.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.all.len() as u32 - 1
        })
    }

    /// Closes the open page and opens an empty one.
    pub fn close(&mut self) -> (u32, Arc<Page<S>>) {
        let number = self.open_number;
        let page = Arc::new(mem::take(&mut self.open));
        self.all[number as usize] = Some(Arc::clone(&page));
        self.open_number = self.number();
        (number, page)
    }

    /// Adds a page. Returns its number.
    pub fn add(&mut self, page: Arc<Page<S>>) -> u32 {
        let number = self.number();
        self.all[number as usize] = Some(page);
        number
    }

    /// Drops those of the pages `old` that aren't in `order`.
    pub fn keep(&mut self, order: &[u32], old: impl Iterator<Item = u32>) {
        let mut is_kept = vec![false; self.all.len()];
        order
            .iter()
            .for_each(|number| is_kept[*number as usize] = true);
        for number in old.filter(|number| !is_kept[*number as usize]) {
            self.all[number as usize] = None;
            self.unused.push(number);
        }
    }

    /// Returns whether there is a page of this number.
    pub fn has(&self, number: u32) -> bool {
        number == self.open_number || self.all[number as usize].is_some()
    }
}
