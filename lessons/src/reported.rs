//! Whether a program writes what it must to standard error.

use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use crate::course::Judge;
use crate::messages as m;
use crate::program::Running;
use crate::wanted::{Found, fails};
use crate::words::say;

/// How long output may take to arrive.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Checks that standard error has a line with `text` `times` times; `from` is how much of
/// output and error is older. An empty `text` matches any line that isn't also on
/// standard output, where a program prints what it always prints.
///
/// # Errors
///
/// Returns what is there instead.
pub fn of_reported(
    judge: &Judge,
    running: &Running,
    (from_out, from_err): (usize, usize),
    text: &str,
    times: &RangeInclusive<u32>,
) -> Found {
    let asked = Instant::now();
    loop {
        let out = since(&running.stdout(), from_out);
        let err = since(&running.stderr(), from_err);
        let count = lines(&err, text).count() as u64;
        let is_out = text.is_empty() && lines(&out, text).any(|line| has(&err, line));
        let is_too_often = count > u64::from(*times.end());
        let is_there = count >= u64::from(*times.start()) && !is_too_often;
        if is_there && !is_out {
            return Ok(());
        }
        if is_out || is_too_often || asked.elapsed() > ON_ITS_WAY {
            let expected = expected(text, *times.start());
            return fails(judge, &seen(&out, &err, text), &expected);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn since(printed: &str, from: usize) -> String {
    printed.get(from..).unwrap_or_default().to_owned()
}

/// The lines with `text`, except the one that says where the program listens.
fn lines<'a>(printed: &'a str, text: &'a str) -> impl Iterator<Item = &'a str> {
    let is_meant =
        |line: &&str| !line.trim().is_empty() && !line.starts_with("listening on ");
    let lines = printed.lines().filter(is_meant);
    lines.filter(move |line| line.contains(text))
}

fn has(printed: &str, line: &str) -> bool {
    printed.lines().any(|all| all == line)
}

fn seen(out: &str, err: &str, text: &str) -> String {
    let is_err = !text.is_empty() && lines(err, text).next().is_some();
    let out: Vec<&str> = lines(out, text).filter(|_| !is_err).collect();
    match (out.as_slice(), err.trim()) {
        ([], "") => say(m::NOTHING_ON_STDERR, []),
        ([], err) => say(m::ON_STDERR, [&err]),
        (out, _) => say(m::ON_STDOUT, [&out.join("\n")]),
    }
}

fn expected(text: &str, times: u32) -> String {
    let shown = match text {
        "" => say(m::LINE_ON_STDERR, []),
        text => say(m::TEXT_ON_STDERR, [&text]),
    };
    match times {
        1 => shown,
        times => say(m::TIMES, [&shown, &times]),
    }
}
