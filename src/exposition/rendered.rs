//! Samples whose labels are already text, such as a vector's.

use super::{Extra, Value};

/// The samples of one family at one scrape, in the order in which they are served. The
/// labels were rendered when a sample was created; a value is read when it is written.
pub(crate) trait Rendered: Send + Sync {
    /// Returns the number of samples.
    fn count(&self) -> usize;

    /// Returns the number of pages, each of which is read at once.
    fn pages(&self) -> usize;

    /// Passes the labels, without braces, the value of each sample of a page, and what
    /// few samples have besides.
    fn read(&self, page: usize, sample: &mut dyn FnMut(&str, &Value, Option<&Extra>));
}
