//! The labels of a metric as an exposition writes them: `method="GET",path="/"`.

use std::borrow::Cow;
use std::mem;

use super::MetricKind;
use crate::names::{Names, is_label_name, shown};

/// The labels of a metric whose samples differ in some of the values. The constant
/// parts are rendered once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template {
    /// For each variable value, the text before it and the value's index.
    parts: Vec<(String, usize)>,
    end: String,
    has_empty: bool,
}

impl Template {
    /// Creates a template like [`Template::new`], or returns the problem with these
    /// names on a metric like `of`.
    pub fn checked<'a>(
        constant: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        variable: impl Iterator<Item = &'a str> + Clone,
        of: Owner<'_>,
    ) -> Result<Template, String> {
        let names = constant.clone().map(|(name, _)| name);
        match of.labels_problem(names.chain(variable.clone()).collect()) {
            Some(problem) => Err(problem),
            None => Ok(Template::new(constant, variable)),
        }
    }

    /// Creates a template of labels sorted by name; the `variable` ones have no value
    /// yet.
    fn new<'a>(
        constant: impl Iterator<Item = (&'a str, &'a str)>,
        variable: impl Iterator<Item = &'a str>,
    ) -> Template {
        let constant = constant.map(|(name, value)| (name, Ok(value)));
        let variable = variable.enumerate().map(|(at, name)| (name, Err(at)));
        let mut labels: Vec<(&str, Result<&str, usize>)> =
            constant.chain(variable).collect();
        labels.sort_by_key(|(name, _)| *name);
        let mut template = Template::default();
        for (at, (name, value)) in labels.into_iter().enumerate() {
            let text = &mut template.end;
            text.push_str(if at == 0 { "" } else { "," });
            push_name(text, name, is_label_name(name));
            text.push_str("=\"");
            match value {
                Ok(value) => {
                    template.has_empty |= value.is_empty();
                    push_escaped(text, value, true);
                }
                Err(index) => template.parts.push((mem::take(text), index)),
            }
            template.end.push('"');
        }
        template
    }

    /// Appends the labels with the values that `value` returns. Returns whether any
    /// value, constant or variable, is empty.
    pub fn push<'v>(&self, out: &mut String, value: impl Fn(usize) -> &'v str) -> bool {
        let mut has_empty = self.has_empty;
        for (before, index) in &self.parts {
            let value = value(*index);
            has_empty |= value.is_empty();
            out.push_str(before);
            push_escaped(out, value, true);
        }
        out.push_str(&self.end);
        has_empty
    }
}

/// What decides which name and labels a metric may have.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub name: &'a str,
    pub kind: Option<MetricKind>,
    pub names: Names,
}

impl Owner<'_> {
    /// Returns the label that the metric's samples set themselves, if there is one.
    fn own_label(&self) -> Option<&str> {
        match self.kind? {
            MetricKind::Histogram => Some("le"),
            MetricKind::Summary => Some("quantile"),
            MetricKind::StateSet => Some(self.name),
            _ => None,
        }
    }

    /// Returns the problem with the name, if there is one.
    pub fn name_problem(&self) -> Option<String> {
        self.names.metric_problem(self.name).or_else(|| {
            let is_info = self.kind == Some(MetricKind::Info);
            (is_info && !self.name.ends_with("_info")).then(|| {
                let name = shown(self.name);
                format!("the name of an info metric ends in `_info`: rename `{name}`")
            })
        })
    }

    /// Returns the problem with `names` as labels of this metric, if there is one.
    pub fn labels_problem<'n>(&'n self, mut names: Vec<&'n str>) -> Option<String> {
        let own = self.own_label();
        let taken = own.filter(|own| names.contains(own));
        // The name of a state set must also be valid as a label.
        names.extend(own.filter(|_| taken.is_none()));
        self.names.labels_problem(names).or_else(|| {
            let kind = self.kind.map(MetricKind::name).unwrap_or_default();
            let label = shown(taken?);
            Some(format!(
                "the label `{label}` belongs to the {kind} itself, rename yours"
            ))
        })
    }
}

/// Appends a name, in quotes unless it is classic.
pub(crate) fn push_name(out: &mut String, name: &str, is_classic: bool) {
    if is_classic {
        out.push_str(name);
        return;
    }
    out.push('"');
    push_escaped(out, name, true);
    out.push('"');
}

/// Appends `text` with backslashes and newlines escaped, and quotes too if `quotes`.
pub(crate) fn push_escaped(out: &mut String, text: &str, quotes: bool) {
    if !has_special(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            other => out.push(other),
        }
    }
}

/// Returns whether any of `bytes` needs an escape, eight at a time.
#[inline]
fn has_special(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // Where a byte equals the one sought, the difference is 0. Only then does
    // subtracting 1 set its highest bit while that of the byte itself is not set.
    let has = |word: u64, byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference & HIGH
    };
    let has_any = |word: &[u8; 8]| {
        let word = u64::from_ne_bytes(*word);
        has(word, b'\\') | has(word, b'\n') | has(word, b'"') != 0
    };
    match bytes.last_chunk() {
        Some(last) => {
            let mut words = bytes.chunks_exact(8).filter_map(|word| word.first_chunk());
            has_any(last) || words.any(has_any)
        }
        None => bytes
            .iter()
            .any(|byte| matches!(byte, b'\\' | b'\n' | b'"')),
    }
}

/// Returns the names and values of labels as [`Template::push`] wrote them, both still
/// escaped, and names with their quotes.
pub(crate) fn written(mut text: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let name = match text.strip_prefix('"') {
            Some(quoted) => value_end(quoted)? + 2,
            None => text.find('=')?,
        };
        let (name, rest) = text.split_at(name);
        let rest = rest.strip_prefix("=\"")?;
        let end = value_end(rest)?;
        text = rest[end + 1..].trim_start_matches(',');
        Some((name, &rest[..end]))
    })
}

/// Returns a name as it was before [`push_name`] wrote it.
pub(crate) fn plain_name(written: &str) -> Cow<'_, str> {
    let quoted = written.strip_prefix('"');
    match quoted.and_then(|name| name.strip_suffix('"')) {
        Some(name) => unescaped(name).into(),
        None => written.into(),
    }
}

/// Returns the index of the quote that ends a value; `text` begins in the value.
pub(crate) fn value_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

/// Returns the names and values of labels as [`Template::push`] wrote them.
pub(crate) fn parse(text: &str) -> Vec<(String, String)> {
    let labels = written(text);
    labels
        .map(|(name, value)| (plain_name(name).into_owned(), unescaped(value)))
        .collect()
}

fn unescaped(text: &str) -> String {
    let mut characters = text.chars();
    let mut value = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|next| match next {
                'n' => '\n',
                other => other,
            })),
            other => value.push(other),
        }
    }
    value
}

/// Returns whether rendered labels may have an empty value.
pub(crate) fn has_empty(text: &str) -> bool {
    text.contains("=\"\"")
}

/// Returns what identifies a series: its labels without the empty ones.
pub(crate) fn without_empty(text: &str) -> Cow<'_, str> {
    if !has_empty(text) {
        return text.into();
    }
    let labels = written(text).filter(|(_, value)| !value.is_empty());
    let labels = labels.map(|(name, value)| format!("{name}=\"{value}\""));
    labels.collect::<Vec<_>>().join(",").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_by_name_and_read_back_as_they_were() {
        let values = [
            "a\\\n\"",
            "",
            "é,=\"x",
            "plain and longer than sixteen bytes",
        ];
        let constant = [("m", values[0]), ("z", values[1])];
        let template = Template::new(constant.into_iter(), ["y", "b"].into_iter());
        let mut text = String::new();
        assert!(template.push(&mut text, |at| values[2 + at]));
        assert_eq!(
            text,
            "b=\"plain and longer than sixteen bytes\",m=\"a\\\\\\n\\\"\",\
             y=\"é,=\\\"x\",z=\"\""
        );
        let expected = [
            ("b", values[3]),
            ("m", values[0]),
            ("y", values[2]),
            ("z", ""),
        ];
        assert_eq!(
            parse(&text),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }

    #[test]
    fn an_empty_label_means_no_label() {
        for (labels, identity) in [
            ("", ""),
            ("a=\"\"", ""),
            ("a=\"\",b=\"1\",c=\"\"", "b=\"1\""),
            ("a=\"=\\\"\\\"\",b=\"\"", "a=\"=\\\"\\\"\""),
            ("a=\"\\\\\",b=\"\"", "a=\"\\\\\""),
        ] {
            assert_eq!(without_empty(labels), identity);
        }
    }

    #[test]
    fn a_special_byte_is_escaped_wherever_it_is() {
        for length in 0..40 {
            for at in 0..length {
                for (special, escaped) in [('\\', "\\\\"), ('\n', "\\n"), ('"', "\\\"")]
                {
                    let (before, after) = ("a".repeat(at), "b".repeat(length - at - 1));
                    let mut out = String::new();
                    push_escaped(&mut out, &format!("{before}{special}{after}"), true);
                    assert_eq!(out, format!("{before}{escaped}{after}"));
                }
            }
        }
    }
}
