//! The children of a vector as one scrape writes them.

use super::Metric;
use super::children::Ordered;
use crate::exposition::{Labels, Rendered, Value};

/// The children that there were when a scrape began.
pub struct Snapshot<M: Metric> {
    pages: Ordered<M::State>,
}

impl<M: Metric> Snapshot<M> {
    pub fn new(pages: Ordered<M::State>) -> Snapshot<M> {
        Snapshot { pages }
    }
}

impl<M: Metric> Rendered for Snapshot<M> {
    fn count(&self) -> usize {
        self.pages.iter().map(|page| page.len()).sum()
    }

    fn pages(&self) -> usize {
        self.pages.len()
    }

    fn read(&self, page: usize, sample: &mut dyn FnMut(Labels<'_>, &Value)) {
        let page = &self.pages[page];
        let mut labels = (0..).map(|at| page.rendered(at));
        M::read(page.children(), |value| {
            if let Some(labels) = labels.next() {
                sample(labels, value);
            }
        });
    }
}
