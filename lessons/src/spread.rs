//! The typical error of many estimates: a single one says little.

use crate::course::Judge;
use crate::messages as m;
use crate::page::Page;
use crate::wanted::{Found, fails, found, missing};
use crate::words::say;

/// Checks that the samples of `selector` in all `pages` are so near to `around` that
/// their root mean square distance is at most `most`.
///
/// # Errors
///
/// Returns the distance.
pub fn of_spread(
    judge: &Judge,
    pages: &[&Page],
    selector: &str,
    around: f64,
    most: f64,
) -> Found {
    let mut squares = Vec::new();
    for page in pages {
        match found(page, selector) {
            Ok(samples) => {
                let distances = samples.iter().map(|all| all.value - around);
                squares.extend(distances.map(|distance| distance * distance));
            }
            Err(what) => return fails(judge, &what, selector),
        }
    }
    if squares.is_empty() {
        let page = pages.first().copied();
        let near = page.map(|page| missing(page, selector));
        return fails(judge, &near.unwrap_or_default(), selector);
    }
    let count = squares.len();
    let typical = (squares.iter().sum::<f64>() / count as f64).sqrt();
    // `NaN` isn't near.
    if typical <= most {
        return Ok(());
    }
    let text = say(m::VALUES_OF, [&count, &selector]);
    let typical = format!("{typical:.1}");
    let seen = say(m::TYPICAL_ERROR, [&text, &typical, &around]);
    let expected = say(m::TYPICAL_ERROR_AT_MOST, [&text, &most, &around]);
    fails(judge, &seen, &expected)
}
