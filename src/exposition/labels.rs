//! The labels of one metric after another, which most often have the same names.

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use crate::names::labels_problem;

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
    pub fn take_names_of(&mut self, metric: &'a Metric) -> Result<(), String> {
        let names = metric.get_label().iter().map(LabelPair::name);
        if names.clone().eq(self.names.iter().map(LabelPair::name)) {
            return Ok(());
        }
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
pub fn write_escaped(out: &mut Vec<u8>, text: &str, quotes: bool) {
    let special = |byte: u8| matches!(byte, b'\\' | b'\n') || (quotes && byte == b'"');
    let text = text.as_bytes();
    if !has_special(text) {
        out.extend_from_slice(text);
        return;
    }
    for byte in text {
        if special(*byte) {
            out.push(b'\\');
        }
        out.push(if *byte == b'\n' { b'n' } else { *byte });
    }
}

/// Whether any byte of `text` could need an escape, eight at a time: a byte of `zeros` is
/// 0 where the text has the byte that is looked for, and only then does taking 1 from it
/// set its highest bit while that of the byte itself is not set.
fn has_special(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let has = |word: u64, byte: u8| {
        let zeros = word ^ (ONES * u64::from(byte));
        zeros.wrapping_sub(ONES) & !zeros & HIGH
    };
    let special = |word| has(word, b'\\') | has(word, b'\n') | has(word, b'"');
    let Some(last) = text.last_chunk() else {
        return text.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'"'));
    };
    let words = text.chunks_exact(8).filter_map(|word| word.first_chunk());
    let words = words.map(|word| u64::from_ne_bytes(*word));
    let last = special(u64::from_ne_bytes(*last));
    words.fold(last, |found, word| found | special(word)) != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_special_byte_is_found_wherever_it_stands() {
        let others = b"az09_~\x00\xff\x80\x8a!#\x09\x0b[]";
        for length in 0..40 {
            let plain = (0..length).map(|at| others[at % others.len()]);
            let plain: Vec<u8> = plain.collect();
            assert!(!has_special(&plain));
            for at in 0..length {
                for byte in *b"\\\n\"" {
                    let mut text = plain.clone();
                    text[at] = byte;
                    assert!(has_special(&text), "{text:?}");
                }
            }
        }
    }
}
