//! A series in a line: the name of a metric and its labels.

use super::Sample;
use super::line::{BLANKS, unless};
use crate::messages as m;
use crate::words::{Message, say};

/// Parses the name and the labels at the start of `line`, and returns the rest.
///
/// # Errors
///
/// Returns what is wrong with them.
pub fn selected(line: &str) -> Result<(Sample, &str), String> {
    let end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    unless(is_name(name, true), || say(m::NOT_A_METRIC_NAME, [&name]))?;
    let sample = Sample {
        name: name.to_owned(),
        labels: Vec::new(),
        value: f64::NAN,
        timestamp: None,
        line: line.to_owned(),
    };
    let rest = rest.trim_start_matches(BLANKS);
    match rest.strip_prefix('{') {
        Some(behind) => Ok(labels(sample, behind)?),
        None => Ok((sample, rest)),
    }
}

/// Parses the labels up to `}` into `sample`, and returns the rest.
fn labels(mut sample: Sample, mut rest: &str) -> Result<(Sample, &str), String> {
    loop {
        rest = rest.trim_start_matches(BLANKS);
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((sample, behind));
        }
        let (name, value, behind) = label(rest)?;
        let twice = sample.label(&name).is_some();
        unless(!twice, || say(m::LABEL_TWICE, [&name]))?;
        sample.labels.push((name, value));
        rest = behind.trim_start_matches(BLANKS);
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.starts_with('}') => {}
            None => return Err(say(m::AFTER_A_LABEL, [])),
        }
    }
}

/// Parses `name="value"` at the start of `text`, and returns the rest.
fn label(text: &str) -> Result<(String, String, &str), String> {
    let ends = || say(m::LABELS_OPEN, []);
    let (name, behind) = text.split_once('=').ok_or_else(ends)?;
    let name = name.trim_end_matches(BLANKS);
    unless(is_name(name, false), || say(m::NOT_A_LABEL_NAME, [&name]))?;
    unless(name != "__name__", || say(m::LABEL_NAME_RESERVED, []))?;
    let quoted = behind.trim_start_matches(BLANKS).strip_prefix('"');
    let lacks = || say(m::LABEL_WITHOUT_QUOTES, [&name]);
    let quoted = quoted.ok_or_else(lacks)?;
    let (value, behind) = unquoted(quoted).map_err(|what| say(what, [&name]))?;
    Ok((name.to_owned(), value, behind))
}

/// Parses up to the closing quote, resolves escapes, and returns the rest.
fn unquoted(quoted: &str) -> Result<(String, &str), Message<1>> {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                _ => {
                    return Err(m::LABEL_ESCAPE);
                }
            },
            c => value.push(c),
        }
    }
    Err(m::LABEL_QUOTE_OPEN)
}

/// Whether it is a valid metric name, or without `:` a valid label name.
pub fn is_name(name: &str, colon: bool) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || colon && c == ':';
    name.chars().all(allowed)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
}
