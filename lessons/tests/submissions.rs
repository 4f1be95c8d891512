//! What learners hand in, right and wrong, in `submissions/NN`: each right submission
//! passes, and each wrong one fails for the reason stated in `submissions/verdicts.toml`.
//! Wrong ones that pass are listed there, with the reason why it can't be seen from
//! outside.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use support::{LESSONS, Report, build, check, for_each, is_built};

/// The expected verdicts, by lesson and name.
type Lessons<T> = BTreeMap<String, BTreeMap<String, T>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdicts {
    /// The name of the check that fails and, after ` | `, text of its output. Empty if it
    /// depends on timing which check fails.
    refused: Lessons<String>,
    /// Why it passes.
    unseen: Lessons<String>,
}

struct Submission {
    lesson: String,
    name: String,
    text: String,
}

impl Submission {
    fn is_right(&self) -> bool {
        self.name.starts_with("right_")
    }

    /// The name of its binary.
    fn program(&self) -> String {
        format!("submission_{}_{}", self.lesson, self.name)
    }

    fn of<'a>(&self, lessons: &'a Lessons<String>) -> Option<&'a str> {
        let of_lesson = lessons.get(&self.lesson)?;
        of_lesson.get(&self.name).map(String::as_str)
    }
}

fn folder() -> String {
    format!("{LESSONS}/tests/submissions")
}

fn verdicts() -> Verdicts {
    let text = fs::read_to_string(folder() + "/verdicts.toml").unwrap();
    toml::from_str(&text).unwrap()
}

fn submissions() -> Vec<Submission> {
    let mut found = Vec::new();
    for lesson in fs::read_dir(folder()).unwrap() {
        let lesson = lesson.unwrap().path();
        for file in fs::read_dir(&lesson).into_iter().flatten() {
            let file = file.unwrap().path();
            let stem =
                |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
            found.push(Submission {
                lesson: stem(&lesson),
                name: stem(&file),
                text: fs::read_to_string(&file).unwrap(),
            });
        }
    }
    found.sort_by_key(Submission::program);
    found
}

#[test]
fn a_submission_has_one_verdict() {
    let verdicts = verdicts();
    let submissions = submissions();
    for submission in &submissions {
        let refused = submission.of(&verdicts.refused).is_some();
        let unseen = submission.of(&verdicts.unseen).is_some();
        let count = usize::from(refused) + usize::from(unseen);
        let expected = usize::from(!submission.is_right());
        assert_eq!(count, expected, "{}", submission.program());
    }
    let names: BTreeSet<_> = submissions.iter().map(Submission::program).collect();
    for (lesson, names_of) in verdicts.refused.iter().chain(&verdicts.unseen) {
        for name in names_of.keys() {
            let program = format!("submission_{lesson}_{name}");
            assert!(names.contains(&program), "there is no {program}");
        }
    }
}

/// At least nine of ten wrong submissions fail.
#[test]
fn at_most_one_in_ten_wrong_submissions_passes() {
    let verdicts = verdicts();
    let count =
        |lessons: &Lessons<String>| lessons.values().map(BTreeMap::len).sum::<usize>();
    let (refused, unseen) = (count(&verdicts.refused), count(&verdicts.unseen));
    assert!(
        refused >= 9 * unseen,
        "{refused} are refused, {unseen} are not"
    );
}

/// How often a wrong answer is checked whose fault shows by chance, such as a cache that is
/// as old as a whole second.
const TRIES: u32 = 3;

/// Returns what is checked otherwise than stated, or for another reason.
fn judged(
    submission: &Submission,
    programs: &Path,
    verdicts: &Verdicts,
) -> Option<String> {
    let program = programs.join(submission.program());
    let mut report = check(&submission.lesson, &program);
    let reason = submission.of(&verdicts.refused);
    for _ in 1..TRIES {
        if reason.is_some() && !is_as_stated(&report, reason) {
            report = check(&submission.lesson, &program);
        }
    }
    let expected = reason.unwrap_or("passes");
    (!is_as_stated(&report, reason))
        .then(|| format!("{}: {expected}\n{}", submission.program(), report.text))
}

fn is_as_stated(report: &Report, refused: Option<&str>) -> bool {
    let Some(reason) = refused else {
        return report.has_passed;
    };
    let (name, words) = reason.split_once(" | ").unwrap_or((reason, ""));
    let is_named = name.is_empty() || report.wrong().contains(&name);
    !report.has_passed && is_named && report.text.contains(words)
}

#[test]
fn a_right_submission_passes_and_a_wrong_one_fails_for_its_reason() {
    let verdicts = verdicts();
    let mut submissions = submissions();
    submissions.retain(|all| is_built(&all.lesson));
    if let Ok(only) = std::env::var("SUBMISSION") {
        submissions.retain(|all| all.program().contains(&only));
    }
    let sources = submissions
        .iter()
        .map(|all| (all.program(), all.text.clone()));
    let programs = build("submissions", &sources.collect::<Vec<_>>());
    let judged = |all: &Submission| judged(all, &programs, &verdicts);
    let otherwise: Vec<String> = for_each(&submissions, |all| &all.lesson, judged)
        .into_iter()
        .flatten()
        .collect();
    let count = otherwise.len();
    assert!(
        otherwise.is_empty(),
        "{count} have another verdict:\n{}",
        otherwise.join("\n")
    );
}
