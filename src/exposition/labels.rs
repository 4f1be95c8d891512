//! The labels of one metric after another, which most often have the same names.

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use crate::names::labels_problem;
use crate::short::{append_if, is_same};

/// The names of a family's metric and of its labels, as they are written.
pub struct Labels<'a> {
    family: &'a str,
    field_type: MetricType,
    names: &'a [LabelPair],
    /// What stands before each label value: the name of the family, or the end of the
    /// value before, and the name of the label.
    before: Vec<Vec<u8>>,
}

impl<'a> Labels<'a> {
    pub fn new(family: &'a MetricFamily) -> Labels<'a> {
        Labels {
            family: family.name(),
            field_type: family.get_field_type(),
            names: &[],
            before: Vec::new(),
        }
    }

    /// Makes the names those of `metric`, or says why no parser would take them.
    #[inline]
    pub fn take_names_of(&mut self, metric: &'a Metric) -> Result<(), String> {
        let names = metric.get_label().iter().map(LabelPair::name);
        let before = self.names.iter().map(LabelPair::name);
        if names.len() == before.len()
            && names
                .clone()
                .zip(before)
                .all(|(a, b)| is_same(a.as_bytes(), b.as_bytes()))
        {
            return Ok(());
        }
        self.change_names(metric)
    }

    #[cold]
    fn change_names(&mut self, metric: &'a Metric) -> Result<(), String> {
        let names = metric.get_label().iter().map(LabelPair::name);
        if let Some(problem) = labels_problem(metric.get_label(), self.field_type) {
            return Err(problem);
        }
        let before = names.enumerate().map(|(at, name)| match at {
            0 => format!("{}{{{name}=\"", self.family).into_bytes(),
            _ => format!("\",{name}=\"").into_bytes(),
        });
        self.before = before.collect();
        self.names = metric.get_label();
        Ok(())
    }

    /// Appends the name of the family and the labels of `metric`, with a space after
    /// them.
    pub fn write(&self, metric: &Metric, out: &mut Vec<u8>) {
        if self.before.is_empty() {
            out.extend_from_slice(self.family.as_bytes());
            out.push(b' ');
            return;
        }
        for (before, pair) in self.before.iter().zip(metric.get_label()) {
            out.extend_from_slice(before);
            write_escaped(out, pair.value(), true);
        }
        out.extend_from_slice(b"\"} ");
    }

    /// The labels of `metric` alone, without the braces around them.
    pub fn written(&self, metric: &Metric) -> Vec<u8> {
        let mut written = Vec::new();
        self.write(metric, &mut written);
        written.drain(..=self.family.len());
        written.truncate(written.len().saturating_sub(2));
        written
    }
}

/// Appends `text` with its backslashes and line ends escaped, and its quotes if `quotes`.
#[inline]
pub fn write_escaped(out: &mut Vec<u8>, text: &str, quotes: bool) {
    let text = text.as_bytes();
    if !append_if(out, text, |word| !may_be_special(word)) {
        write_long_escaped(out, text, quotes);
    }
}

fn write_long_escaped(out: &mut Vec<u8>, text: &[u8], quotes: bool) {
    let words = text.chunks_exact(8).filter_map(|word| word.first_chunk());
    let mut words = words.chain(text.last_chunk());
    if text.len() > 8 && !words.any(|word| may_be_special(u64::from_ne_bytes(*word))) {
        out.extend_from_slice(text);
        return;
    }
    for byte in text {
        if matches!(byte, b'\\' | b'\n') || (quotes && *byte == b'"') {
            out.push(b'\\');
        }
        out.push(if *byte == b'\n' { b'n' } else { *byte });
    }
}

/// Whether any of eight bytes could need an escape: each that does, and `*`. A byte of
/// `zeros` is 0 where the text has a byte that is looked for, and only then does taking 1
/// from it set its highest bit while that of the byte itself is not set.
#[inline]
fn may_be_special(word: u64) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let is_zero = |zeros: u64| zeros.wrapping_sub(ONES) & !zeros;
    // Without the two bits in which they differ, a quote and a line end are one.
    const ALIKE: u8 = !(b'"' ^ b'\n');
    let backslash = word ^ (ONES * u64::from(b'\\'));
    let other = (word & (ONES * u64::from(ALIKE))) ^ (ONES * u64::from(b'"' & ALIKE));
    (is_zero(backslash) | is_zero(other)) & HIGH != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_byte_is_escaped_wherever_it_stands() {
        let others = b"az09_~\x00\x7f*\x02!#\x09\x0b[]";
        for length in 0..40 {
            let plain: Vec<u8> = others.iter().copied().cycle().take(length).collect();
            assert_eq!(escaped(&plain), plain);
            for at in 0..length {
                for (byte, as_written) in
                    [(b'\\', b"\\\\"), (b'\n', b"\\n"), (b'"', b"\\\"")]
                {
                    let mut text = plain.clone();
                    text[at] = byte;
                    let written = [&plain[..at], as_written, &plain[at + 1..]];
                    assert_eq!(escaped(&text), written.concat());
                }
            }
        }
    }

    fn escaped(text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_escaped(&mut out, std::str::from_utf8(text).unwrap(), true);
        out
    }
}
