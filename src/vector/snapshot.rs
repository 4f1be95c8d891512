//! The children of a vector as one scrape writes them.

use std::sync::Arc;

use super::Metric;
use super::children::Ordered;
use super::labels::rendered;
use super::page::Page;
use crate::desc::Desc;
use crate::exposition::{Family, Rendered, Visit};

/// The children that there were when a scrape began.
pub struct Snapshot<M: Metric> {
    pages: Ordered<M::State>,
    /// In how many parts each page is read.
    parts: usize,
}

impl<M: Metric> Snapshot<M> {
    pub fn new(pages: Ordered<M::State>) -> Snapshot<M> {
        let first = pages.first().and_then(|page| page.children().first());
        let parts = first.map_or(1, |first| M::parts(first));
        Snapshot { pages, parts }
    }

    /// Returns the family of a metric that is its only series.
    pub fn only(desc: &Desc, metric: &Arc<M::State>) -> Family {
        let mut page = Page::default();
        page.push(&rendered(desc, |_| ""), Arc::clone(metric));
        let pages = Arc::new(vec![Arc::new(page)]);
        Snapshot::<M>::new(pages).family(desc)
    }

    /// Returns the family of `desc` with these children.
    pub fn family(self, desc: &Desc) -> Family {
        let family = Family::of_vector(desc, Arc::new(self));
        match M::IS_READ_LATE {
            true => family,
            false => family.read(),
        }
    }
}

impl<M: Metric> Rendered for Snapshot<M> {
    fn count(&self) -> usize {
        self.pages.iter().map(|page| page.len()).sum()
    }

    fn pages(&self) -> usize {
        self.pages.len() * self.parts
    }

    fn read(&self, part: usize, extras: bool, visit: &mut Visit<'_>) {
        let page = &self.pages[part / self.parts];
        let most = page.len().div_ceil(self.parts);
        let start = (part % self.parts * most).min(page.len());
        let children = &page.children()[start..];
        let children = &children[..children.len().min(most)];
        M::read(children, page.labels_from(start), extras, visit);
    }
}
