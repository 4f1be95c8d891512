//! Families as text, piece by piece.

use std::mem;
use std::ops::Deref;

use super::open_metrics::{FamilyNames, unit};
use super::write;
use super::{Family, Format};

/// How long a piece is at least, in bytes, unless it is the last one.
const PIECE: usize = 64 * 1024;

/// The same for the first piece: a response that isn't longer is sent whole.
const FIRST: usize = 256 * 1024;

/// How long a line is, about, without the name of its metric.
const LINE: usize = 48;

/// The text of families in pieces, each of which is created when it is asked for.
pub struct Pieces<F> {
    families: F,
    steps: Steps,
    is_first: bool,
}

impl<F: Deref<Target = [Family]>> Pieces<F> {
    pub fn new(
        format: Format,
        families: F,
        wanted: impl Fn(&str) -> bool,
    ) -> Pieces<F> {
        let steps = Steps::new(format, &families, wanted);
        Pieces {
            families,
            steps,
            is_first: true,
        }
    }
}

impl<F: Deref<Target = [Family]>> Iterator for Pieces<F> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.steps.is_over() {
            return None;
        }
        let (most, expected) = match mem::take(&mut self.is_first) {
            true => (FIRST, self.steps.length(&self.families)),
            false => (PIECE, usize::MAX),
        };
        // The last page may go beyond the limit.
        let mut piece = Vec::with_capacity(expected.min(most + PIECE / 2));
        while piece.len() < most && !self.steps.is_over() {
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
            is_ended: !format.is_open_metrics,
        }
    }

    /// Returns how long the text of `families` is, about.
    fn length(&self, families: &[Family]) -> usize {
        let lengths = self.heads.iter().map(|head| {
            let lines = families[head.family].count() + 2;
            lines.saturating_mul(head.name.len() + LINE)
        });
        lengths.fold(0, usize::saturating_add)
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
