//! Families as text, piece by piece.

use std::ops::Deref;

use super::open_metrics::{FamilyNames, unit};
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

/// What precedes the samples of a family.
struct Head {
    /// The index of the family.
    family: usize,
    name: String,
    kind: &'static str,
}

impl Steps {
    pub fn new(
        format: Format,
        families: &[Family],
        wanted: impl Fn(&str) -> bool,
    ) -> Steps {
        let names = format.is_open_metrics.then(|| FamilyNames::of(families));
        let numbered = families.iter().enumerate();
        let heads = numbered.filter(|(_, family)| wanted(family.name()));
        let heads = heads.map(|(at, family)| {
            let (name, kind) = match &names {
                Some(names) => names.in_open_metrics(family),
                None => (family.name(), family.kind().name()),
            };
            let name = name.to_owned();
            Head {
                family: at,
                name,
                kind,
            }
        });
        Steps {
            format,
            heads: heads.collect(),
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
            self.head(head, family, out);
        }
        let pages = write::pages(family);
        if page < pages {
            write::page(&self.format, family, page, out);
        }
        self.at = match page + 1 < pages {
            true => (head, page + 1),
            false => (head + 1, 0),
        };
        true
    }

    fn head(&self, head: usize, family: &Family, out: &mut Vec<u8>) {
        let Head { name, kind, .. } = &self.heads[head];
        let is_open_metrics = self.format.is_open_metrics;
        write::comment(out, "HELP", name, family.help(), is_open_metrics);
        write::comment(out, "TYPE", name, kind, false);
        let unit = is_open_metrics.then(|| unit(name)).flatten();
        write::comment(out, "UNIT", name, unit.unwrap_or_default(), false);
    }
}
