//! Samples whose labels are already text, such as a vector's.

use super::copy::append;
use super::{Extra, Value};

/// The samples of one family at one scrape, in the order in which they are served. The
/// labels were rendered when a sample was created; a value is read when it is written.
pub(crate) trait Rendered: Send + Sync {
    /// Returns the number of samples.
    fn count(&self) -> usize;

    /// Returns the number of pages, each of which is read at once.
    fn pages(&self) -> usize;

    /// Passes the labels and the value of each sample of a page and, if `extras`, what it
    /// has besides.
    fn read(&self, page: usize, extras: bool, sample: &mut Visit<'_>);
}

/// What is called for each sample.
pub(crate) type Visit<'a> = dyn FnMut(Labels<'_>, &Value, Option<&Extra>) + 'a;

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
        append(
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
