//! Compares the parser with promtool and Prometheus on mutated expositions: it must
//! reject whatever one of the two rejects, and accept whatever both accept. Version 3
//! accepts more than 2.42: there the parser rejects what either version does.
//!
//! `DIFFERENCES=5000` sets their number, `DIFFERENCES_SEED=7` the seed.

mod mutations;
mod programs;

use std::env;
use std::fmt::Display;

use super::Page;
use super::tests::{MISTAKES, ODDITIES, unescaped};
use crate::rule::Rule;
use crate::versions::{Version, with_each_version};
use mutations::Random;
use programs::{Verdict, verdicts};

with_each_version! {
    the_parser_rejects_what_promtool_or_prometheus_rejects_and_nothing_else,
    each_row_of_the_parsers_own_tests_holds_for_promtool_and_prometheus,
    each_exception_is_accepted_by_both_and_rejected_by_the_parser,
}

/// Input that the parser rejects on purpose although both accept it.
struct Exception {
    reason: &'static str,
    example: &'static [u8],
    /// What both accepted of a body, except lines of that kind.
    without: fn(&[u8]) -> Vec<u8>,
}

const EXCEPTIONS: [Exception; 2] = [
    Exception {
        reason: "to both, `queue-1 5` is `queue` with the value -1 and the timestamp 5: \
                 nobody means that, and the invalid name is the problem to report",
        example: b"queue-1 5\n",
        without: |body| {
            let is_good = |line: &&[u8]| !has_a_value_right_behind_its_name(line);
            lines(body).filter(is_good).collect::<Vec<_>>().concat()
        },
    },
    Exception {
        reason: "in most comments Prometheus silently stops reading at a NUL: what follows \
                 is lost",
        example: b"#\0\na 1\n",
        without: |body| {
            let is_good = |line: &&[u8]| !is_a_comment_with_a_nul(line);
            lines(body).take_while(is_good).collect::<Vec<_>>().concat()
        },
    },
];

fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split_inclusive(|byte| *byte == b'\n')
}

fn has_a_value_right_behind_its_name(line: &[u8]) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_:".contains(byte);
    let behind = line.iter().find(|byte| !is_of_name(byte));
    behind.is_some_and(|byte| b"+-.".contains(byte))
}

fn is_a_comment_with_a_nul(line: &[u8]) -> bool {
    line.trim_ascii_start().starts_with(b"#") && line.contains(&0)
}

/// Whether the parser says that promtool or Prometheus rejects it. Both accept a series
/// that occurs twice, and the parser reports it as another finding.
fn is_refused(body: &[u8]) -> bool {
    let findings = Page::parse(body).findings;
    findings
        .iter()
        .any(|finding| finding.rule != Rule::Duplicate)
}

/// How the parser differs from the two programs on a body.
fn difference(body: &[u8], verdict: &Verdict) -> Option<String> {
    let is_refused_by_one = verdict.promtool.is_some() || verdict.prometheus.is_some();
    let differs = match (is_refused(body), is_refused_by_one) {
        (false, false) => {
            // Prometheus reports how many samples it read.
            let count = Page::parse(body).samples().count();
            verdict.samples.is_some_and(|samples| samples != count)
        }
        (true, false) => {
            let all = EXCEPTIONS.iter();
            is_refused(&all.fold(body.to_owned(), |body, one| (one.without)(&body)))
        }
        (reader, programs) => reader != programs,
    };
    let findings = Page::parse(body).findings.into_iter();
    let why: Vec<String> = findings.map(|finding| finding.fix).collect();
    differs.then(|| format!("{}\nreader {why:?}\n{verdict:?}\n", body.escape_ascii()))
}

fn number(variable: &str, default: usize) -> usize {
    let number = env::var(variable).ok();
    number.map_or(default, |number| number.parse().unwrap())
}

/// What only promtool 3 rejects: numbers, which the parser doesn't check.
const OF_NUMBERS: [&str; 2] = ["negative bucket population", "negative count"];

/// Runs the two programs, and fails if the parser differs.
fn compare(version: Version, bodies: &[Vec<u8>], what: &dyn Display) -> Vec<Verdict> {
    let mut verdicts = verdicts(version, bodies);
    if version == Version::Three {
        for verdict in &mut verdicts {
            let is_of_syntax =
                |why: &String| !OF_NUMBERS.iter().any(|of| why.contains(of));
            verdict.promtool = verdict.promtool.take().filter(is_of_syntax);
        }
        let older = programs::verdicts(Version::Installed, bodies);
        let both = verdicts.into_iter().zip(older);
        verdicts = both.map(|(verdict, older)| verdict.or(older)).collect();
    }
    let both = bodies.iter().zip(&verdicts);
    let differences: Vec<String> = both
        .filter_map(|(body, verdict)| difference(body, verdict))
        .collect();
    assert!(
        differences.is_empty(),
        "{what}: {} of {} differ\n{}",
        differences.len(),
        bodies.len(),
        differences.join("\n")
    );
    verdicts
}

fn the_parser_rejects_what_promtool_or_prometheus_rejects_and_nothing_else(
    version: Version,
) {
    let seed = number("DIFFERENCES_SEED", 1);
    let mut random = Random::new(seed as u64);
    let count = number("DIFFERENCES", 400);
    let bodies: Vec<Vec<u8>> = (0..count).map(|_| random.exposition()).collect();
    let verdicts = compare(version, &bodies, &format!("DIFFERENCES_SEED={seed}"));
    let taken = |all: &&Verdict| all.promtool.is_none() && all.prometheus.is_none();
    let taken = verdicts.iter().filter(taken).count();
    // Otherwise the test would prove little.
    let (least, most) = (count / 5, count - count / 5);
    assert!(
        (least..=most).contains(&taken),
        "{taken} of {count} are taken"
    );
}

fn each_row_of_the_parsers_own_tests_holds_for_promtool_and_prometheus(
    version: Version,
) {
    let line = |row: &str| [unescaped(row), b"\n".to_vec()].concat();
    let mistakes = MISTAKES.trim_start_matches('\n').lines();
    let mistakes = mistakes.map(|row| line(row.split_once(" | ").unwrap().0));
    let oddities = ODDITIES.trim_start_matches('\n').lines().map(line);
    compare(
        version,
        &mistakes.chain(oddities).collect::<Vec<_>>(),
        &"the rows",
    );
}

fn each_exception_is_accepted_by_both_and_rejected_by_the_parser(version: Version) {
    let examples = EXCEPTIONS.map(|exception| exception.example.to_vec());
    let verdicts = verdicts(version, &examples);
    for (exception, verdict) in EXCEPTIONS.iter().zip(verdicts) {
        assert_eq!(verdict.promtool, None, "{}", exception.reason);
        assert_eq!(verdict.prometheus, None, "{}", exception.reason);
        assert!(is_refused(exception.example), "{}", exception.reason);
    }
}
