//! How lines begin: the name of a sample, in quotes unless it is classic.

use super::Labels;
use super::copy::append;
use crate::desc::labels::push_escaped;

/// The name at the start of a line, to which a suffix may be added.
pub struct Start {
    /// The name with what precedes labels, `a{` or `{"a.b",`, and what [`append`] may
    /// copy too.
    text: Vec<u8>,
    /// The length of both.
    opened: usize,
    /// The length of the name in it.
    length: usize,
    /// What follows the name if there are no labels: a space, or `"} `.
    bare: &'static [u8],
}

impl Start {
    /// Creates the start of lines of the family `name`, in quotes if `is_quoted`.
    pub fn new(name: &str, is_quoted: bool) -> Start {
        let (before, open, bare) = match is_quoted {
            false => ("", &b"{"[..], &b" "[..]),
            true => ("{\"", &b"\","[..], &b"\"} "[..]),
        };
        let mut text = before.to_owned();
        push_escaped(&mut text, name, true);
        let length = text.len();
        let mut text = text.into_bytes();
        text.extend_from_slice(open);
        let opened = text.len();
        text.extend_from_slice(&[0; 64]);
        Start {
            text,
            opened,
            length,
            bare,
        }
    }

    /// Appends the name with `suffix` and the labels, which more must follow.
    #[inline(always)]
    pub fn labelled(&self, out: &mut Vec<u8>, suffix: &[u8], labels: Labels<'_>) {
        if suffix.is_empty() {
            append::<64>(out, &self.text, self.opened);
        } else {
            append::<64>(out, &self.text, self.length);
            out.extend_from_slice(suffix);
            out.extend_from_slice(&self.text[self.length..self.opened]);
        }
        labels.append_to(out);
    }

    /// Appends a line up to its value.
    #[inline(always)]
    pub fn begin(&self, out: &mut Vec<u8>, suffix: &[u8], labels: Labels<'_>) {
        if labels.is_empty() {
            append::<64>(out, &self.text, self.length);
            out.extend_from_slice(suffix);
            out.extend_from_slice(self.bare);
            return;
        }
        self.labelled(out, suffix, labels);
        out.extend_from_slice(b"} ");
    }
}
