//! Peers that take turns of some milliseconds, so that a machine that slows down slows
//! all of them, and a table of the results in Markdown.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::peers::Library;

/// How long a turn is at least.
const TURN: Duration = Duration::from_millis(20);
/// How many rounds a row has at least and at most, and when no other one begins.
const ROUNDS: (usize, usize) = (7, 31);
const TIME: Duration = Duration::from_secs(4);

/// Who takes a turn: no library, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// No library, and the whole exposition in one buffer.
    Plain,
    /// No library, and a small buffer again and again.
    Pieces,
    /// A library.
    Library(Library),
}

impl Who {
    /// This library.
    pub const OURS: Who = Who::Library(Library::Ours);

    const ALL: [Who; 6] = [
        Who::Plain,
        Who::Pieces,
        Who::OURS,
        Who::Library(Library::Crate),
        Who::Library(Library::Client),
        Who::Library(Library::Fast),
    ];
}

/// Takes a turn and returns what one unit of the work cost.
pub type Turn = Box<dyn Fn() -> f64>;

/// Those who take turns in one row.
pub type Turns = Vec<(Who, Turn)>;

/// Repeats `work`, which is so many units, and measures nanoseconds.
pub fn repeat<R>(units: usize, work: impl Fn() -> R + 'static) -> Turn {
    Box::new(move || {
        let start = Instant::now();
        let mut count = 0;
        while start.elapsed() < TURN {
            black_box(work());
            count += 1;
        }
        nanoseconds(start.elapsed(), count * units)
    })
}

/// Returns the nanoseconds of one of so many units.
#[must_use]
pub fn nanoseconds(time: Duration, units: usize) -> f64 {
    time.as_secs_f64() * 1e9 / units as f64
}

/// Prints the rows that the program's argument selects.
pub struct Table {
    wanted: Option<String>,
}

impl Table {
    /// Selects the rows whose name contains the program's first argument, if it has one.
    #[must_use]
    pub fn from_arguments() -> Table {
        let mut arguments = std::env::args().skip(1);
        let wanted = arguments.find(|argument| !argument.starts_with('-'));
        Table { wanted }
    }

    /// Prints the header of a table.
    pub fn head(&self, unit: &str) {
        println!(
            "\n| {unit} | plain | in pieces | ours | `prometheus` | \
             `prometheus-client` | `fastmetrics` | ours / plain | ours / in pieces | \
             best peer / ours |\n|---|---|---|---|---|---|---|---|---|---|"
        );
    }

    /// Measures and prints a row.
    ///
    /// # Errors
    ///
    /// Returns the error of `turns`, which isn't called if the row isn't selected.
    pub fn row(
        &self,
        name: &str,
        turns: impl FnOnce() -> Result<Turns, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        self.rows([name], || Ok([turns()?]))
    }

    /// Measures and prints rows that are prepared together, if one is selected.
    ///
    /// # Errors
    ///
    /// Returns the error of `turns`, which isn't called if no row is selected.
    pub fn rows<const ROWS: usize>(
        &self,
        names: [&str; ROWS],
        turns: impl FnOnce() -> Result<[Turns; ROWS], Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let wanted = self.wanted.as_ref();
        let is_wanted = |name: &&str| wanted.is_none_or(|wanted| name.contains(wanted));
        if names.iter().any(is_wanted) {
            let rows = names.iter().zip(turns()?);
            rows.for_each(|(name, turns)| print(name, &rounds(&turns)));
        }
        Ok(())
    }
}

/// What each one's turn cost, in the order of [`Who::ALL`].
type Round = [Option<f64>; 6];

fn rounds(turns: &Turns) -> Vec<Round> {
    let of = |who: &Who| turns.iter().find(|(other, _)| other == who);
    let round = || {
        Who::ALL
            .each_ref()
            .map(|who| of(who).map(|(_, turn)| turn()))
    };
    // The first one fills caches.
    round();
    let start = Instant::now();
    let mut rounds = Vec::new();
    while rounds.len() < ROUNDS.0 || (rounds.len() < ROUNDS.1 && start.elapsed() < TIME)
    {
        rounds.push(round());
    }
    rounds
}

fn print(name: &str, rounds: &[Round]) {
    let mut line = format!("| {name} |");
    for at in 0..Who::ALL.len() {
        let costs = sorted(rounds, |round| round[at]);
        let middle = costs.get(costs.len() / 2);
        let text = middle.map_or("–".to_owned(), |cost| rounded(*cost));
        line += &format!(" {text} |");
    }
    let to_plain = |[plain, _, ours, ..]: &Round| Some((*ours)? / (*plain)?);
    let to_pieces = |[_, pieces, ours, ..]: &Round| Some((*ours)? / (*pieces)?);
    let to_best = |[_, _, ours, peers @ ..]: &Round| {
        let best = peers.iter().flatten().copied().min_by(f64::total_cmp);
        Some(best? / (*ours)?)
    };
    line += &format!(" {} |", ratio(&sorted(rounds, to_plain)));
    line += &format!(" {} |", ratio(&sorted(rounds, to_pieces)));
    line += &format!(" {} |", ratio(&sorted(rounds, to_best)));
    println!("{line}");
}

fn sorted(rounds: &[Round], of: impl Fn(&Round) -> Option<f64>) -> Vec<f64> {
    let mut all: Vec<f64> = rounds.iter().filter_map(of).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// Formats the median and, in brackets, the middle half.
fn ratio(all: &[f64]) -> String {
    if all.is_empty() {
        return "–".to_owned();
    }
    let at = |quarter: usize| all[(all.len() - 1) * quarter / 4];
    format!("**{:.2}** ({:.2} to {:.2})", at(2), at(1), at(3))
}

fn rounded(cost: f64) -> String {
    match cost {
        ..10.0 => format!("{cost:.2}"),
        10.0..100.0 => format!("{cost:.1}"),
        _ => grouped(cost.round() as usize),
    }
}

/// Formats a number with commas.
#[must_use]
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (100_000, "100,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn costs_have_three_digits_or_are_whole() {
        for (cost, text) in [(1.234, "1.23"), (12.34, "12.3"), (1234.5, "1,235")] {
            assert_eq!(rounded(cost), text);
        }
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_with_the_middle_half() {
        assert_eq!(ratio(&[]), "–");
        assert_eq!(ratio(&[1.0]), "**1.00** (1.00 to 1.00)");
        assert_eq!(ratio(&[1.0, 2.0, 3.0, 4.0, 5.0]), "**3.00** (2.00 to 4.00)");
    }

    #[test]
    fn each_one_takes_its_turn_in_its_column() {
        let turn = |cost: f64| -> Turn { Box::new(move || cost) };
        let turns = vec![
            (Who::Library(Library::Fast), turn(5.0)),
            (Who::OURS, turn(2.0)),
        ];
        let rounds = rounds(&turns);
        assert_eq!(rounds.len(), ROUNDS.1);
        assert_eq!(rounds[0], [None, None, Some(2.0), None, None, Some(5.0)]);
    }
}
