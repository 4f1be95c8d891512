//! Families as text, piece by piece.

use std::ops::Deref;

use super::head::{Head, heads};
use super::write;
use super::{Family, Format};

/// How long a piece is at least, in bytes, unless it is the last one.
const PIECE: usize = 64 * 1024;

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
        let mut piece = Vec::with_capacity(PIECE + PIECE / 4);
        while piece.len() < PIECE && self.steps.take(&self.families, &mut piece) {}
        (!piece.is_empty()).then_some(piece)
    }
}

/// What is still to be written of some families.
pub struct Steps {
    format: Format,
    heads: Vec<Head>,
    /// The index of the next head, and of the next page of its family.
    at: (usize, usize),
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
            is_ended: false,
        }
    }

    /// Appends the comments of a family and a page of its samples, a further page, or the
    /// end. Returns false after the end.
    pub fn take(&mut self, families: &[Family], out: &mut Vec<u8>) -> bool {
        let (head, page) = self.at;
        let Some(Head { family, .. }) = self.heads.get(head) else {
            if self.format.is_open_metrics && !self.is_ended {
                out.extend_from_slice(b"# EOF\n");
            }
            return !std::mem::replace(&mut self.is_ended, true);
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
        true
    }
}
