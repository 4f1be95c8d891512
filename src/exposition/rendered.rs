//! Samples whose labels are already text, such as a vector's.

use std::slice;

use super::copy::append;
use super::{Extra, Value};

/// The samples of one family at one scrape, in the order in which they are served. The
/// labels were rendered when a sample was created; a value is read when it is written.
pub(crate) trait Rendered: Send + Sync {
    /// Returns the number of samples.
    fn count(&self) -> usize;

    /// Returns the number of pages, each of which is read at once.
    fn pages(&self) -> usize;

    /// Passes the samples of a page and, if `extras`, what each has besides.
    fn read(&self, page: usize, extras: bool, visit: &mut Visit<'_>);
}

/// What is called with the samples of a page, one or many at a time.
pub(crate) type Visit<'a> = dyn FnMut(Run<'_>) + 'a;

/// Samples that follow one another.
pub(crate) enum Run<'a> {
    /// Numbers that have nothing besides.
    Numbers(LabelsInOrder<'a>, &'a [f64]),
    One(Labels<'a>, &'a Value, Option<&'a Extra>),
}

impl Run<'_> {
    /// Passes the labels and the value of each sample, and what it has besides.
    pub fn each(self, mut sample: impl FnMut(Labels<'_>, &Value, Option<&Extra>)) {
        match self {
            Run::Numbers(labels, numbers) => {
                for (labels, number) in labels.zip(numbers) {
                    sample(labels, &Value::Number(*number), None);
                }
            }
            Run::One(labels, value, extra) => sample(labels, value, extra),
        }
    }
}

/// The rendered labels of samples that follow one another.
pub(crate) struct LabelsInOrder<'a> {
    text: &'a str,
    /// Where the next ones begin.
    start: usize,
    /// Where those of each sample end.
    ends: slice::Iter<'a, u32>,
}

impl<'a> LabelsInOrder<'a> {
    pub fn new(text: &'a str, start: usize, ends: &'a [u32]) -> LabelsInOrder<'a> {
        let ends = ends.iter();
        LabelsInOrder { text, start, ends }
    }
}

impl<'a> Iterator for LabelsInOrder<'a> {
    type Item = Labels<'a>;

    #[inline]
    fn next(&mut self) -> Option<Labels<'a>> {
        let (start, end) = (self.start, *self.ends.next()? as usize);
        self.start = end;
        Some(Labels::new(self.text, start, end))
    }
}

/// The rendered labels of one sample, without braces, in a text that may go on.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl<'a> Labels<'a> {
    #[inline]
    pub fn new(text: &'a str, start: usize, end: usize) -> Labels<'a> {
        Labels { text, start, end }
    }

    #[inline]
    pub fn text(self) -> &'a str {
        &self.text[self.start..self.end]
    }

    /// Appends the labels to `out`.
    #[inline(always)]
    pub fn append_to(self, out: &mut Vec<u8>) {
        append::<64>(
            out,
            &self.text.as_bytes()[self.start..],
            self.end - self.start,
        );
    }

    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}
