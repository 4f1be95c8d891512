//! Samples with their labels already rendered.

use std::borrow::Cow;
use std::ops::Range;

use super::{Extra, Labels, Rendered, Value};
use crate::desc::labels;

/// Samples with their labels.
#[derive(Clone, Default)]
pub(crate) struct Points {
    /// The rendered labels of all samples, one after the other.
    pub labels: String,
    pub all: Vec<Point>,
    /// Whether any label value is empty, which is the same as no label.
    pub has_empty: bool,
}

/// The problem with labels beyond the offsets that a [`Point`] can store.
pub(crate) const TOO_LONG: &str = "the labels of its family are longer than 4 GiB";

/// One metric of a family.
#[derive(Clone)]
pub(crate) struct Point {
    /// Where its labels begin.
    start: u32,
    length: u32,
    pub extra: Option<Box<Extra>>,
    pub value: Value,
}

impl Point {
    /// No timestamp.
    pub const NO_TIME: i64 = i64::MIN;

    #[inline]
    fn range(&self) -> Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }

    /// Returns the timestamp in Unix milliseconds, or [`Point::NO_TIME`].
    #[inline]
    pub fn time(&self) -> i64 {
        self.extra
            .as_ref()
            .map_or(Point::NO_TIME, |extra| extra.time)
    }

    pub fn set_time(&mut self, milliseconds: i64) {
        if milliseconds != self.time() {
            self.extra_mut().time = milliseconds;
        }
    }

    pub fn extra_mut(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}

impl Points {
    /// Adds a sample whose labels `write` appends; it returns whether a value is empty.
    #[inline]
    pub fn push(
        &mut self,
        value: Value,
        write: impl FnOnce(&mut String) -> bool,
    ) -> Result<&mut Point, String> {
        let start = self.labels.len();
        self.has_empty |= write(&mut self.labels);
        let end = u32::try_from(self.labels.len()).map_err(|_| TOO_LONG.to_owned())?;
        let (start, length) = (start as u32, end - start as u32);
        let at = self.all.len();
        self.all.push(Point {
            start,
            length,
            extra: None,
            value,
        });
        Ok(&mut self.all[at])
    }

    pub fn of(rendered: &dyn Rendered) -> Points {
        let mut points = Points::default();
        points.all.reserve(rendered.count());
        for page in 0..rendered.pages() {
            rendered.read(page, true, &mut |run| {
                run.each(|labels, value, extra| {
                    let pushed = points.push(value.clone(), |all| {
                        all.push_str(labels.text());
                        labels::has_empty(labels.text())
                    });
                    // A vector has less than 4 GiB of labels.
                    if let (Ok(point), Some(extra)) = (pushed, extra) {
                        point.extra = Some(Box::new(extra.clone()));
                    }
                });
            });
        }
        points
    }

    /// Appends all of `others`.
    pub fn append(&mut self, others: Points) {
        let start = self.labels.len() as u32;
        self.labels.push_str(&others.labels);
        self.all.extend(others.all.into_iter().map(|point| Point {
            start: point.start + start,
            ..point
        }));
        self.has_empty |= others.has_empty;
    }

    /// Returns the rendered labels of `point`, without braces.
    pub fn labels_of(&self, point: &Point) -> &str {
        &self.labels[point.range()]
    }

    /// Returns the same as bytes, without checks for character boundaries.
    #[inline]
    pub fn label_bytes(&self, point: &Point) -> &[u8] {
        &self.labels.as_bytes()[point.range()]
    }

    /// Returns the same for a scrape.
    #[inline]
    pub fn rendered(&self, point: &Point) -> Labels<'_> {
        let Range { start, end } = point.range();
        Labels::new(&self.labels, start, end)
    }

    /// Returns what identifies the series of `point`.
    pub fn identity(&self, point: &Point) -> Cow<'_, str> {
        labels::without_empty(self.labels_of(point))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_without_extras_is_half_a_cache_line() {
        assert_eq!(size_of::<Point>(), 32);
    }
}
