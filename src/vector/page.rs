//! A run of children: their labels in one text, in the order in which they are written.

use std::sync::Arc;

use crate::exposition::LabelsInOrder;

/// Some children with their rendered labels.
pub struct Page<S> {
    text: String,
    /// Where the labels of each child end.
    ends: Vec<u32>,
    children: Vec<Arc<S>>,
}

impl<S> Default for Page<S> {
    fn default() -> Page<S> {
        Page {
            text: String::new(),
            ends: Vec::new(),
            children: Vec::new(),
        }
    }
}

impl<S> Page<S> {
    /// Creates a page with room for `count` children and `length` bytes of labels.
    pub fn with_capacity(count: usize, length: usize) -> Page<S> {
        Page {
            text: String::with_capacity(length),
            ends: Vec::with_capacity(count),
            children: Vec::with_capacity(count),
        }
    }

    /// Adds a child. Returns its index, or `None` if the labels are longer than 4 GiB.
    pub fn push(&mut self, labels: &str, child: Arc<S>) -> Option<u32> {
        let end = u32::try_from(self.text.len() + labels.len()).ok()?;
        self.text.push_str(labels);
        self.ends.push(end);
        self.children.push(child);
        Some(self.ends.len() as u32 - 1)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the labels of the child with this index.
    #[inline]
    pub fn labels(&self, at: usize) -> &str {
        &self.text[self.start(at)..self.ends[at] as usize]
    }

    /// Returns those of all children from this index on.
    pub fn labels_from(&self, at: usize) -> LabelsInOrder<'_> {
        LabelsInOrder::new(&self.text, self.start(at), &self.ends[at..])
    }

    #[inline]
    fn start(&self, at: usize) -> usize {
        let before = at.checked_sub(1).map(|before| self.ends[before]);
        before.unwrap_or_default() as usize
    }

    #[inline]
    pub fn child(&self, at: usize) -> &Arc<S> {
        &self.children[at]
    }

    pub fn children(&self) -> &[Arc<S>] {
        &self.children
    }

    /// Returns the children in order, with their labels.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Arc<S>)> {
        (0..self.len()).map(|at| (self.labels(at), self.child(at)))
    }
}
