//! The lines in which two expositions differ.

use std::cmp::Ordering;

use crate::exposition::{Format, float_text};
use crate::message::debug_is_message;
use crate::registry::{GatherError, Gathered};

/// Why metrics are not as expected.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The scrape has errors.
    #[error("the metrics cannot be gathered: {}", listed(.0))]
    Gather(Vec<GatherError>),
    /// The lines are others; `-` marks those that are missing, `+` those that were not
    /// expected.
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
    if served == expected {
        return Ok(());
    }
    let (mut served, mut expected) =
        (served.iter().peekable(), expected.iter().peekable());
    let mut shown = Vec::new();
    loop {
        let order = match (expected.peek(), served.peek()) {
            (None, None) => return Err(Mismatch::Lines(shown)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(expected), Some(served)) => expected.cmp(served),
        };
        let line = match order {
            Ordering::Less => expected.next().map(|line| format!("- {}", line.text)),
            Ordering::Greater => served.next().map(|line| format!("+ {}", line.text)),
            Ordering::Equal => {
                expected.next();
                served.next().map(|line| format!("  {}", line.text))
            }
        };
        shown.extend(line);
    }
}

/// A line in the order in which lines are compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    family: String,
    /// HELP, then TYPE, then samples.
    rank: u8,
    text: String,
}

/// The lines of an exposition, without what doesn't count.
fn lines(text: &str) -> Vec<Line> {
    let mut family = String::new();
    let mut lines = Vec::new();
    for text in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = text.splitn(4, ' ').collect();
        let rank = match words.as_slice() {
            ["#", keyword @ ("HELP" | "TYPE"), name, ..] => {
                (*name).clone_into(&mut family);
                u8::from(*keyword == "TYPE")
            }
            _ => 2,
        };
        if rank == 2 && !belongs(text, &family) {
            text[..name_length(text)].clone_into(&mut family);
        }
        let text = if rank == 2 {
            sample(text)
        } else {
            text.to_owned()
        };
        lines.push(Line {
            family: family.clone(),
            rank,
            text,
        });
    }
    lines.sort();
    lines
}

fn name_length(sample: &str) -> usize {
    sample.find(['{', ' ']).unwrap_or(sample.len())
}

/// Whether a sample's name is that of `family`, or one of its own.
fn belongs(sample: &str, family: &str) -> bool {
    let rest = sample[..name_length(sample)].strip_prefix(family);
    !family.is_empty()
        && rest.is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
}

/// A sample whose numbers are written as this library writes them.
fn sample(text: &str) -> String {
    let end = text
        .rfind('}')
        .map_or_else(|| name_length(text), |at| at + 1);
    let (series, numbers) = text.split_at(end);
    let mut numbers = numbers.split_whitespace();
    let value = numbers.next().unwrap_or_default();
    let value = value.parse().map_or_else(|_| value.to_owned(), float_text);
    let timestamp = numbers.map(|number| format!(" {number}"));
    format!("{series} {value}{}", timestamp.collect::<String>())
}
