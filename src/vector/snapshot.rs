//! The children of a vector as one scrape writes them.

use super::Metric;
use super::children::Ordered;
use crate::exposition::{Rendered, Value};

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

    fn read(&self, page: usize, sample: &mut dyn FnMut(&str, &Value)) {
        let mut value = Value::Number(0.0);
        for (labels, child) in self.pages[page].iter() {
            M::read(child, &mut value);
            sample(labels, &value);
        }
    }
}
