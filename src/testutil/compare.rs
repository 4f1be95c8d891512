//! The differences between two expositions, line by line.

use std::borrow::Cow;

use crate::desc::labels::{plain_name, value_end};
use crate::exposition::float_text;
use crate::message::debug_is_message;
use crate::registry::{GatherError, Gathered};

/// Why metrics aren't as expected.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The scrape has errors.
    #[error("the metrics cannot be gathered: {}", listed(.0))]
    Gather(Vec<GatherError>),
    /// Lines differ; `-` marks those that are missing, `+` those that weren't expected.
    #[error("the metrics are not as expected (- expected, + served):\n{}", .0.join("\n"))]
    Lines(Vec<String>),
}

fn listed(errors: &[GatherError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

debug_is_message!(Mismatch);

pub fn compare(
    gathered: &Gathered,
    expected: &str,
    names: &[&str],
) -> Result<(), Mismatch> {
    let wanted = |name: &str| names.is_empty() || names.contains(&name);
    let mut served = Vec::new();
    super::TEXT.write(gathered.families(), wanted, &mut served);
    let served = lines(&String::from_utf8(served).unwrap_or_default());
    let expected = lines(expected);
    let has = |name: &&&str| {
        served
            .iter()
            .chain(&expected)
            .any(|line| line.family == **name)
    };
    let missing: Vec<&str> = names.iter().filter(|name| !has(name)).copied().collect();
    if !missing.is_empty() {
        let line = |name| format!("- {name} (neither expected nor served)");
        return Err(Mismatch::Lines(missing.into_iter().map(line).collect()));
    }
    match served == expected {
        true => Ok(()),
        false => Err(Mismatch::Lines(difference(&expected, &served))),
    }
}

/// Returns all lines, with a mark on those that only one side has.
fn difference(expected: &[Line], served: &[Line]) -> Vec<String> {
    let (mut expected, mut served) = (expected.iter(), served.iter());
    let mut shown = Vec::new();
    loop {
        let (mark, line) = match (expected.as_slice(), served.as_slice()) {
            ([], []) => return shown,
            ([one, ..], [other, ..]) if one == other => {
                expected.next();
                (" ", served.next())
            }
            ([one, ..], [other, ..]) if other < one => ("+", served.next()),
            ([], _) => ("+", served.next()),
            _ => ("-", expected.next()),
        };
        shown.extend(line.map(|line| format!("{mark} {}", line.text)));
    }
}

/// A line, ordered for comparison.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    family: String,
    /// HELP, then TYPE, then samples.
    rank: u8,
    text: String,
}

/// Returns the lines of an exposition in a canonical form.
fn lines(text: &str) -> Vec<Line> {
    let mut family = String::new();
    let mut lines = Vec::new();
    for text in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = match text.strip_prefix('#') {
            Some(comment) => match named_comment(comment.trim_start()) {
                Some((rank, name, text)) => {
                    family = name.into_owned();
                    Line {
                        family: family.clone(),
                        rank,
                        text,
                    }
                }
                None => continue,
            },
            None => {
                if !belongs(&name(text), &family) {
                    family = name(text).into_owned();
                }
                Line {
                    family: family.clone(),
                    rank: 2,
                    text: sample(text),
                }
            }
        };
        lines.push(line);
    }
    lines.sort();
    lines
}

/// Returns the rank, the name and the text of a HELP or TYPE line.
fn named_comment(comment: &str) -> Option<(u8, Cow<'_, str>, String)> {
    let (keyword, rest) = comment.split_once(char::is_whitespace)?;
    let rank = ["HELP", "TYPE"].iter().position(|all| *all == keyword)? as u8;
    let rest = rest.trim_start();
    let end = match rest.strip_prefix('"') {
        Some(quoted) => value_end(quoted)? + 2,
        None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
    };
    let (written, text) = rest.split_at(end);
    Some((
        rank,
        plain_name(written),
        format!("# {keyword} {written} {}", text.trim_start()),
    ))
}

/// Returns the name of a sample, which may be the first thing in its braces.
fn name(sample: &str) -> Cow<'_, str> {
    let end = sample.find(|c: char| c == '{' || c.is_whitespace());
    let (name, rest) = sample.split_at(end.unwrap_or(sample.len()));
    let quoted = rest.strip_prefix('{').map(str::trim_start);
    let end = quoted.and_then(|quoted| value_end(quoted.strip_prefix('"')?));
    match (quoted, end) {
        (Some(quoted), Some(end)) if name.is_empty() => plain_name(&quoted[..end + 2]),
        _ => name.into(),
    }
}

/// Returns whether a sample's name is that of `family`, or one of its suffixed names.
fn belongs(name: &str, family: &str) -> bool {
    let rest = name.strip_prefix(family);
    !family.is_empty()
        && rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
}

/// Writes a sample with its labels and numbers as this library writes them.
fn sample(text: &str) -> String {
    let end = text.rfind('}').map(|at| at + 1);
    let end = end.or_else(|| text.find(char::is_whitespace));
    let (series, numbers) = text.split_at(end.unwrap_or(text.len()));
    let mut numbers = numbers.split_whitespace();
    let value = numbers.next().unwrap_or_default();
    let value = value.parse().map_or_else(|_| value.to_owned(), float_text);
    let timestamp = numbers.map(|number| format!(" {number}"));
    format!(
        "{} {value}{}",
        sorted(series),
        timestamp.collect::<String>()
    )
}

/// Writes a name with its labels sorted, and without redundant spaces or commas.
fn sorted(series: &str) -> String {
    let Some((name, rest)) = series.split_once('{') else {
        return series.to_owned();
    };
    let mut labels = Vec::new();
    let mut rest = rest.trim_end_matches('}');
    while let Some((label, after)) = label(rest) {
        labels.push(label);
        rest = after;
    }
    // A quoted name has no value, and comes first.
    labels.sort_by_key(|label| (label.contains("=\""), label.clone()));
    match labels.is_empty() {
        true => name.trim_end().to_owned(),
        false => format!("{}{{{}}}", name.trim_end(), labels.join(",")),
    }
}

/// Returns the first label in `text`, or a name in quotes, and what follows it.
fn label(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    let quoted_end = |text: &str| {
        let quoted = text.strip_prefix('"');
        quoted.map(|quoted| value_end(quoted).map_or(text.len(), |end| end + 2))
    };
    let end = quoted_end(text).or_else(|| text.find('='));
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let name = name.trim_end();
    match rest.trim_start().strip_prefix('=') {
        Some(value) => {
            let value = value.trim_start();
            let end = quoted_end(value).unwrap_or(value.len());
            let (value, rest) = value.split_at(end);
            Some((format!("{name}={value}"), rest))
        }
        None => (!name.is_empty()).then(|| (name.to_owned(), rest)),
    }
}
