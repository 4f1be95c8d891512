//! Mutated expositions, put to promtool, to a Prometheus and to the reader: what one of the
//! two refuses the reader refuses, and what both take it takes. Version 3 takes more than
//! 2.42: there the reader refuses what either does.
//!
//! `DIFFERENCES=5000` says how many, `DIFFERENCES_SEED=7` which ones.

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
    what_promtool_or_prometheus_refuses_the_reader_refuses_and_nothing_else,
    each_row_of_the_readers_own_tests_is_true_of_promtool_and_prometheus,
    each_exception_is_taken_by_both_and_refused_by_the_reader,
}

/// What the reader refuses on purpose though both take it.
struct Exception {
    reason: &'static str,
    example: &'static [u8],
    /// What both took of a body but for lines of that kind.
    without: fn(&[u8]) -> Vec<u8>,
}

const EXCEPTIONS: [Exception; 2] = [
    Exception {
        reason: "`queue-1 5` is `queue` with the value -1 at the time 5 to both: nobody \
                 means that, and a name that is no name is what to say",
        example: b"queue-1 5\n",
        without: |body| {
            let is_good = |line: &&[u8]| !has_a_value_right_behind_its_name(line);
            lines(body).filter(is_good).collect::<Vec<_>>().concat()
        },
    },
    Exception {
        reason: "Prometheus reads nothing behind a NUL in most comments, and says so to \
                 nobody: what follows is lost",
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

/// Whether the reader says that promtool or Prometheus refuses it. A series that comes twice
/// both take, and the reader says so as another finding.
fn is_refused(body: &[u8]) -> bool {
    let findings = Page::parse(body).findings;
    findings
        .iter()
        .any(|finding| finding.rule != Rule::Duplicate)
}

/// How the reader differs from what the two programs say of a body.
fn difference(body: &[u8], verdict: &Verdict) -> Option<String> {
    let is_refused_by_one = verdict.promtool.is_some() || verdict.prometheus.is_some();
    let differs = match (is_refused(body), is_refused_by_one) {
        (false, false) => {
            // Prometheus says how many it read.
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

/// What promtool 3 alone refuses: numbers, which the reader does not look at.
const OF_NUMBERS: [&str; 2] = ["negative bucket population", "negative count"];

/// Asks the two programs, and fails if the reader differs in any.
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

fn what_promtool_or_prometheus_refuses_the_reader_refuses_and_nothing_else(
    version: Version,
) {
    let seed = number("DIFFERENCES_SEED", 1);
    let mut random = Random::new(seed as u64);
    let count = number("DIFFERENCES", 400);
    let bodies: Vec<Vec<u8>> = (0..count).map(|_| random.exposition()).collect();
    let verdicts = compare(version, &bodies, &format!("DIFFERENCES_SEED={seed}"));
    let taken = |all: &&Verdict| all.promtool.is_none() && all.prometheus.is_none();
    let taken = verdicts.iter().filter(taken).count();
    // Else it would not say much.
    let (least, most) = (count / 5, count - count / 5);
    assert!(
        (least..=most).contains(&taken),
        "{taken} of {count} are taken"
    );
}

fn each_row_of_the_readers_own_tests_is_true_of_promtool_and_prometheus(
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

fn each_exception_is_taken_by_both_and_refused_by_the_reader(version: Version) {
    let examples = EXCEPTIONS.map(|exception| exception.example.to_vec());
    let verdicts = verdicts(version, &examples);
    for (exception, verdict) in EXCEPTIONS.iter().zip(verdicts) {
        assert_eq!(verdict.promtool, None, "{}", exception.reason);
        assert_eq!(verdict.prometheus, None, "{}", exception.reason);
        assert!(is_refused(exception.example), "{}", exception.reason);
    }
}
