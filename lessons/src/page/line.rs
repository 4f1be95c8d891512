//! A line of an exposition, as the stricter of promtool and Prometheus parses it.

use super::Sample;
use super::series::{is_name, selected};
use crate::messages as m;
use crate::words::{Message, say};

/// The whitespace allowed between two tokens. No other is.
pub const BLANKS: [char; 2] = [' ', '\t'];

/// The types that both know, spelled as Prometheus wants them.
const TYPES: [&str; 5] = ["counter", "gauge", "histogram", "summary", "untyped"];

/// A parsed line.
pub enum Line<'a> {
    /// Empty, or a comment to both.
    Nothing,
    Help(Meta<'a>),
    Type(Meta<'a>),
    Sample(Sample),
}

/// A HELP or TYPE line.
pub struct Meta<'a> {
    pub name: &'a str,
    /// The text after the name, possibly empty.
    pub text: &'a str,
    /// Whether Prometheus reads it: without a space after the `#`, only promtool does.
    pub is_read: bool,
}

/// Parses a line, given without its newline.
///
/// # Errors
///
/// Returns what is wrong with it.
pub fn read(line: &str) -> Result<Line<'_>, String> {
    let inner = line.trim_start_matches(BLANKS);
    let read = match inner.strip_prefix('#') {
        Some(behind) => comment(behind),
        None if inner.is_empty() => Ok(Line::Nothing),
        None => sample(line).map(Line::Sample),
    };
    // Any other complaint would only follow from that.
    read.map_err(|why| {
        if line.ends_with('\r') {
            is_of_windows()
        } else {
            why
        }
    })
}

fn is_of_windows() -> String {
    say(m::WINDOWS_LINE_END, [])
}

pub fn unless(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Splits at the first space or tab, which stays with the rest.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(BLANKS).unwrap_or(text.len()))
}

/// Parses what follows a `#`.
fn comment(behind: &str) -> Result<Line<'_>, String> {
    let inner = behind.trim_start_matches(BLANKS);
    let is_read = inner.len() < behind.len();
    let (keyword, rest) = word(inner);
    let is_meta = ["HELP", "TYPE"].contains(&keyword) && !rest.is_empty();
    unless(is_meta && is_read || !behind.contains('\0'), || {
        say(m::NUL_BYTE, [])
    })?;
    let rest = rest.trim_start_matches(BLANKS);
    if !is_meta || rest.is_empty() && !is_read {
        return Ok(Line::Nothing);
    }
    let (name, text) = word(rest);
    unless(!name.is_empty(), || say(m::NAME_MISSING_AFTER, [&keyword]))?;
    unless(is_name(name, true), || {
        say(m::NO_NAME_AFTER, [&name, &keyword])
    })?;
    let meta = Meta {
        name,
        text,
        is_read,
    };
    match keyword {
        "HELP" => help(meta),
        _ => Ok(of_type(meta)),
    }
}

/// Parses a HELP line from after its name.
fn help(meta: Meta) -> Result<Line, String> {
    let text = meta.text.trim_start_matches(BLANKS);
    check_escapes(text)?;
    match meta.text {
        // A name alone is a comment to promtool.
        "" => Ok(Line::Nothing),
        _ => Ok(Line::Help(Meta { text, ..meta })),
    }
}

/// Parses a TYPE line from after its name.
fn of_type(meta: Meta) -> Line {
    match meta.text {
        "" if !meta.is_read => Line::Nothing,
        _ => Line::Type(Meta {
            text: meta.text.get(1..).unwrap_or_default(),
            ..meta
        }),
    }
}

/// In a help text promtool knows only `\\` and `\n`.
fn check_escapes(help: &str) -> Result<(), String> {
    let mut chars = help.chars();
    while let Some(c) = chars.next() {
        let is_good = c != '\\' || matches!(chars.next(), Some('\\' | 'n'));
        unless(is_good, || say(m::HELP_ESCAPE, []))?;
    }
    Ok(())
}

/// The type in a TYPE line, as promtool knows it.
///
/// # Errors
///
/// Returns why one of the two doesn't know it.
pub fn kind(meta: &Meta) -> Result<&'static str, String> {
    let kind = meta.text.trim_start_matches(BLANKS);
    if meta.is_read {
        unless(!kind.is_empty(), || {
            say(m::TYPE_MISSING_AFTER, [&meta.name])
        })?;
        unless(kind.len() == meta.text.len(), || {
            say(m::BLANKS_BEFORE_TYPE, [&kind])
        })?;
    }
    let of_promtool = ["gauge_histogram"];
    let more = if meta.is_read { &[] } else { &of_promtool[..] };
    let is_same = |name: &&str| match meta.is_read {
        true => kind == *name,
        false => kind.to_uppercase() == name.to_uppercase(),
    };
    let known = TYPES.into_iter().chain(more.iter().copied()).find(is_same);
    known.ok_or_else(|| {
        if kind.ends_with('\r') {
            return is_of_windows();
        }
        let types = TYPES.join(&say(m::COMMA, []));
        say(m::NOT_A_TYPE, [&kind, &types])
    })
}

/// Parses a name, labels, a value and possibly a timestamp.
fn sample(line: &str) -> Result<Sample, String> {
    unless(!line.starts_with(BLANKS), || say(m::BLANKS_BEFORE_NAME, []))?;
    let (mut sample, rest) = selected(line)?;
    let (value, rest) = word(rest.trim_start_matches(BLANKS));
    unless(!value.is_empty(), || say(m::NO_VALUE, []))?;
    sample.value = number(value).map_err(|what| say(what, [&value]))?;
    sample.timestamp = timestamp(rest)?;
    Ok(sample)
}

/// Parses a float as Go does, except Go's own notations.
///
/// # Errors
///
/// Returns the message for what is wrong with it.
pub fn number(word: &str) -> Result<f64, Message<1>> {
    let number: f64 = word.parse().map_err(|_| m::VALUE_NOT_A_NUMBER)?;
    let has_sign = word.starts_with(['+', '-']);
    let has_digit = word.contains(|c: char| c.is_ascii_digit());
    match number {
        _ if number.is_nan() && has_sign => Err(m::SIGNED_NAN),
        _ if number.is_infinite() && has_digit => Err(m::VALUE_TOO_LARGE),
        _ => Ok(number),
    }
}

/// Parses what follows a value: nothing, or milliseconds.
fn timestamp(rest: &str) -> Result<Option<i64>, String> {
    if rest.is_empty() {
        return Ok(None);
    }
    let (time, rest) = word(rest.trim_start_matches(BLANKS));
    unless(!time.is_empty(), || say(m::BLANK_AT_END, []))?;
    let is_number = time.bytes().all(|byte| byte.is_ascii_digit());
    let number = time.parse().ok().filter(|_| is_number);
    let number = number.ok_or_else(|| say(m::NOT_A_TIMESTAMP, [&time]))?;
    unless(rest.is_empty(), || say(m::AFTER_TIMESTAMP, [&rest]))?;
    Ok(Some(number))
}
