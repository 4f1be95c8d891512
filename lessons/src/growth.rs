//! How samples grow from one scrape to the next, and since the first.

use crate::course::{Judge, Samples};
use crate::messages as m;
use crate::page::Page;
use crate::wanted::{Found, fails, found};
use crate::words::say;

/// Checks that the samples selected by `wanted` grow as it says, across `pages` in the
/// order of their scrapes and since `first`.
///
/// # Errors
///
/// Returns the values before and after.
pub fn of_growth(
    judge: &Judge,
    wanted: &Samples,
    pages: &[&Page],
    first: Option<&Page>,
) -> Found {
    let sample = &wanted.sample;
    if let (Some(by), [one, next, ..]) = (wanted.grows, pages) {
        let expected = say(m::LARGER_IN_NEXT, [sample, &by]);
        let is_right = |grown: f64| (grown - by).abs() < 1e-9;
        between(judge, sample, [one, next], is_right, &expected)?;
    }
    if let (true, Some(first), [.., last]) = (wanted.grew, first, pages) {
        let expected = say(m::LARGER_THAN_AT_FIRST, [sample]);
        between(judge, sample, [first, last], |grown| grown > 0.0, &expected)?;
    }
    Ok(())
}

fn between(
    judge: &Judge,
    selector: &str,
    [before, after]: [&Page; 2],
    is_right: impl Fn(f64) -> bool,
    expected: &str,
) -> Found {
    let before = found(before, selector).unwrap_or_default();
    let after = found(after, selector).unwrap_or_default();
    match (before.first(), after.first()) {
        (Some(before), Some(after)) if !is_right(after.value - before.value) => {
            let seen = say(m::AND_AFTER_IT, [&before.line, &after.line]);
            fails(judge, &seen, expected)
        }
        _ => Ok(()),
    }
}
