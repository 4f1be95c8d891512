//! The differences between two expositions, line by line.

use crate::desc::labels::value_end;
use crate::exposition::{Format, float_text};
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
    Format::TEXT.write(gathered.families(), wanted, &mut served);
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
                    name.clone_into(&mut family);
                    Line {
                        family: family.clone(),
                        rank,
                        text,
                    }
                }
                None => continue,
            },
            None => {
                if !belongs(text, &family) {
                    text[..name_length(text)].clone_into(&mut family);
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
fn named_comment(comment: &str) -> Option<(u8, &str, String)> {
    let (keyword, rest) = comment.split_once(char::is_whitespace)?;
    let rank = ["HELP", "TYPE"].iter().position(|all| *all == keyword)? as u8;
    let rest = rest.trim_start();
    let (name, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    Some((
        rank,
        name,
        format!("# {keyword} {name} {}", text.trim_start()),
    ))
}

fn name_length(sample: &str) -> usize {
    sample
        .find(|c: char| c == '{' || c.is_whitespace())
        .unwrap_or(sample.len())
}

/// Returns whether a sample's name is that of `family`, or one of its suffixed names.
fn belongs(sample: &str, family: &str) -> bool {
    let rest = sample[..name_length(sample)].strip_prefix(family);
    !family.is_empty()
        && rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
}

/// Writes a sample with its labels and numbers as this library writes them.
fn sample(text: &str) -> String {
    let end = text
        .rfind('}')
        .map_or_else(|| name_length(text), |at| at + 1);
    let (series, numbers) = text.split_at(end);
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
    while let Some((label, value)) = rest.split_once('=') {
        let value = value.trim_start();
        let end = value.get(1..).and_then(value_end);
        let (value, after) = value.split_at(end.map_or(value.len(), |end| end + 2));
        let label = label.trim_matches(|c: char| c == ',' || c.is_whitespace());
        labels.push(format!("{label}={value}"));
        rest = after;
    }
    labels.sort();
    match labels.is_empty() {
        true => name.trim_end().to_owned(),
        false => format!("{}{{{}}}", name.trim_end(), labels.join(",")),
    }
}
