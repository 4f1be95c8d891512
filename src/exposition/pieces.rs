//! Families as text, piece by piece.

use std::mem;
use std::ops::Deref;

use super::head::{Head, heads};
use super::write;
use super::{Family, Format};

/// How long a piece is at least, in bytes, unless it is the last one. Two of them are less
/// than what the C library's allocator returns to the system when it is freed, which would
/// cost more than writing them.
const PIECE: usize = 32 * 1024;

/// The text of families in pieces, each of which is created when it is asked for.
pub struct Pieces<F> {
    families: F,
    steps: Steps,
}

impl<F: Deref<Target = [Family]>> Pieces<F> {
    pub fn new(
        format: Format,
        families: F,
        wanted: impl Fn(&str) -> bool,
    ) -> Pieces<F> {
        let steps = Steps::new(format, &families, wanted);
        Pieces { families, steps }
    }
}

impl<F: Deref<Target = [Family]>> Iterator for Pieces<F> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.steps.is_over() {
            return None;
        }
        // The last page may go beyond the limit.
        let mut piece = Vec::with_capacity(PIECE + PIECE / 2);
        while piece.len() < PIECE && !self.steps.is_over() {
            self.steps.take(&self.families, &mut piece);
        }
        Some(piece)
    }
}

/// What is still to be written of some families.
pub struct Steps {
    format: Format,
    heads: Vec<Head>,
    /// The index of the next head, and of the next page of its family.
    at: (usize, usize),
    /// Whether the end is written, which only OpenMetrics has.
    is_ended: bool,
}

impl Steps {
    pub fn new(
        format: Format,
        families: &[Family],
        wanted: impl Fn(&str) -> bool,
    ) -> Steps {
        Steps {
            format,
            heads: heads(format, families, wanted),
            at: (0, 0),
            is_ended: !format.is_open_metrics,
        }
    }

    pub fn is_over(&self) -> bool {
        self.is_ended && self.at.0 == self.heads.len()
    }

    /// Appends the comments of a family and a page of its samples, a further page, or the
    /// end.
    pub fn take(&mut self, families: &[Family], out: &mut Vec<u8>) {
        let (head, page) = self.at;
        let Some(Head { family, .. }) = self.heads.get(head) else {
            if !mem::replace(&mut self.is_ended, true) {
                out.extend_from_slice(b"# EOF\n");
            }
            return;
        };
        let family = &families[*family];
        if page == 0 {
            self.heads[head].comments(self.format, family, out);
        }
        let pages = write::pages(family);
        if page < pages {
            let names = &self.heads[head].samples;
            write::page(&self.format, family, names, page, out);
        }
        self.at = match page + 1 < pages {
            true => (head, page + 1),
            false => (head + 1, 0),
        };
    }
}
