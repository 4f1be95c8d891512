//! Each exercise is what it should be: its start fails for the stated reason, its solution
//! passes, and each thing that is judged is missed when it is taken from the solution.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../tests/book/mod.rs"]
mod book;
#[allow(dead_code, reason = "the runner uses all of it")]
#[path = "../src/course.rs"]
mod course;
#[allow(dead_code, reason = "the runner uses all of it")]
#[path = "../src/messages.rs"]
mod messages;
#[path = "../src/rule.rs"]
mod rule;
mod support;
#[allow(dead_code, reason = "the runner uses all of it")]
#[path = "../src/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use book::Problems;
use book::page::{Page, Section};
use course::{Course, Judge, Lesson, LessonText, PageKind, Wanted};
use rule::Rule;
use support::{LESSONS, build, built, check};

fn course() -> Course {
    Course::read(Path::new(LESSONS).parent().unwrap()).unwrap()
}

/// How a file of a lesson is named in a message.
fn file(lesson: &Lesson, name: &str) -> String {
    format!("lessons/{}/{name}", lesson.slug)
}

#[test]
fn a_start_fails_for_the_stated_reason_and_no_other() {
    for lesson in course().lessons {
        let report = check(&lesson.slug, &built(&format!("{}_start", lesson.slug)));
        let stated = &lesson.text.start_fails;
        assert_eq!(report.wrong(), *stated, "{}", report.text);
        assert!(!report.has_passed, "{}", report.text);
    }
}

#[test]
fn the_readme_shows_what_a_check_says() {
    let shown = Path::new(LESSONS)
        .parent()
        .unwrap()
        .join("tests/pages/check.txt");
    let shown = fs::read_to_string(shown).unwrap();
    let report = check("02a", &built("02a_gauge_ops_start"));
    let what = "tests/pages/check.txt is not a part of";
    assert!(report.text.contains(&shown), "{what}\n{}", report.text);
}

#[test]
fn a_solution_passes() {
    for lesson in course().lessons {
        let report = check(&lesson.slug, &built(&format!("{}_solution", lesson.slug)));
        assert_eq!(report.wrong(), [""; 0], "{}", report.text);
        assert!(report.has_passed, "{}", report.text);
    }
}

/// A solution with something taken from it, and the judges that must miss it.
struct Mutant {
    lesson: String,
    name: String,
    text: String,
    missed_by: BTreeSet<String>,
}

fn mutants(lesson: &Lesson) -> Vec<Mutant> {
    let mut mutants: Vec<Mutant> = Vec::new();
    for judge in lesson.judges() {
        let text = broken(lesson, judge);
        let missed_by = BTreeSet::from([judge.name.clone()]);
        match mutants.iter_mut().find(|all| all.text == text) {
            Some(mutant) => mutant.missed_by.extend(missed_by),
            None => mutants.push(Mutant {
                lesson: lesson.slug.clone(),
                name: format!("mutant_{}_{}", lesson.number(), mutants.len()),
                text,
                missed_by,
            }),
        }
    }
    mutants
}

/// The solution with what the judge names in it replaced.
fn broken(lesson: &Lesson, judge: &Judge) -> String {
    let mut text = fs::read_to_string(lesson.solution()).unwrap();
    let name = &judge.name;
    let path = file(lesson, "lesson.toml");
    let what = "say by `broken_by` how to break the solution for";
    assert!(!judge.broken_by.is_empty(), "{path}: {what} {name:?}");
    for (old, new) in &judge.broken_by {
        let places = text.matches(old.as_str()).count();
        let what = format!("{old:?}, which breaks {name:?}, is in the solution");
        assert_eq!(places, 1, "{path}: {what} {places} times");
        text = text.replace(old.as_str(), new);
    }
    text
}

#[test]
fn a_solution_without_one_judged_thing_fails_by_it() {
    let mutants: Vec<Mutant> = course().lessons.iter().flat_map(mutants).collect();
    let programs = mutants
        .iter()
        .map(|all| (all.name.clone(), all.text.clone()));
    let folder = build("mutants", &programs.collect::<Vec<_>>());
    for mutant in mutants {
        let report = check(&mutant.lesson, &folder.join(&mutant.name));
        let wrong: BTreeSet<String> =
            report.wrong().into_iter().map(str::to_owned).collect();
        assert!(
            mutant.missed_by.is_subset(&wrong),
            "{:?} should be missed in\n{}\n{}",
            mutant.missed_by,
            mutant.text,
            report.text
        );
    }
}

#[test]
fn a_lesson_has_its_programs() {
    let mut problems = Problems::default();
    let manifest = fs::read_to_string(format!("{LESSONS}/Cargo.toml")).unwrap();
    for lesson in course().lessons {
        for kind in ["exercise", "start", "solution"] {
            let slug = &lesson.slug;
            let lines = format!(
                "[[bin]]\nname = \"{slug}_{kind}\"\npath = \"{slug}/{kind}.rs\"\n\
                 test = false\n"
            );
            let holds = manifest.contains(&lines);
            let what = format!("there is no program {slug}_{kind}");
            problems.unless(holds, "lessons/Cargo.toml", 0, [&what, &lines]);
        }
    }
    problems.assert_none();
}

#[test]
fn an_exercise_has_the_title_of_its_page() {
    let mut problems = Problems::default();
    for lesson in course().lessons {
        let page = Page::read(&format!("{LESSONS}/../docs/en/{}.md", lesson.slug));
        let holds = lesson.text.title == page.title();
        let mend = format!("write title = {:?}", page.title());
        let path = file(&lesson, "lesson.toml");
        problems.unless(holds, &path, 1, ["another title than the page's", &mend]);
    }
    problems.assert_none();
}

#[test]
fn an_exercise_says_what_it_is_and_how_to_check_it() {
    let mut problems = Problems::default();
    for lesson in course().lessons {
        for (name, kind) in [("start", "exercise"), ("solution", "solution")] {
            let path = file(&lesson, &format!("{name}.rs"));
            let program = fs::read_to_string(lesson.folder.join(format!("{name}.rs")));
            let program = program.unwrap();
            let number = lesson.number();
            let begins = [
                format!("//! {}", lesson.text.title),
                "//!".to_owned(),
                format!("//! The {kind}: "),
            ];
            for ((line, begins), number) in program.lines().zip(&begins).zip(1..) {
                let mend = format!("begin it {begins}");
                let holds = line.starts_with(begins);
                problems.unless(holds, &path, number, [line, &mend]);
            }
            let command = format!("//! Check it: `cargo workbook check {number}`\n");
            let what = "it does not say how to check it";
            problems.unless(program.contains(&command), &path, 0, [what, &command]);
            let count = program.lines().count();
            let what = format!("it has {count} lines");
            problems.unless(count <= 80, &path, count, [&what, "80 at most"]);
        }
    }
    problems.assert_none();
}

#[test]
fn a_lesson_is_whole() {
    let mut problems = Problems::default();
    for lesson in course().lessons {
        let path = file(&lesson, "lesson.toml");
        for (holds, what, mend) in rules_of(&lesson.text) {
            problems.unless(holds, &path, 0, [what, mend]);
        }
        for step in &lesson.text.step {
            for judge in &step.judge {
                let wanted = &judge.wanted;
                let of_any = is_of_any_page(wanted);
                let holds = of_any || step.page == PageKind::Metrics;
                let what = format!("{:?} is never seen on such a page", judge.name);
                problems.unless(holds, &path, 0, [&what, "page = \"metrics\""]);
            }
        }
    }
    problems.assert_none();
}

/// Whether it can be judged of an answer that is no page of metrics.
fn is_of_any_page(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Status { .. }
        | Wanted::ContentType { .. }
        | Wanted::Link { .. }
        | Wanted::Body { .. }
        | Wanted::NoSamples { .. }
        | Wanted::Within { .. }
        | Wanted::Hidden { .. }
        | Wanted::Reported { .. }
        | Wanted::Steady { .. } => true,
        Wanted::Rule { rule } => {
            use Rule::{Answers, Links, Panics, Slow};
            matches!(rule, Answers | Panics | Slow | Links)
        }
        _ => false,
    }
}

/// What cargo builds for `package`: each package with its features.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--edges", "normal,build"])
        .args([
            "--prefix",
            "none",
            "--format",
            "{p} [{f}]",
            "--package",
            package,
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    lines.map(str::to_owned).collect()
}

/// Of the programs' packages: nobody who runs one waits for what the runner needs, and what
/// was built for one is not built again for the runner, with other features.
#[test]
fn the_programs_and_the_runner_share_what_both_need() {
    let programs = tree("exporter-workbook");
    let runner = tree("lessons");
    let apart: Vec<_> = programs.difference(&runner).collect();
    assert!(apart.is_empty(), "built twice: {apart:?}");
    // What a reader waits for before the first program: README.md says how long.
    assert!(
        programs.len() <= 45,
        "{} packages: {programs:?}",
        programs.len()
    );
}

/// The hash of all English words of a lesson, as for a section of a page.
fn hash(text: &LessonText) -> String {
    let judges = text.step.iter().flat_map(|step| &step.judge);
    let judged = judges.map(|judge| format!("{}\n{}\n", judge.name, judge.why));
    Section {
        line: 0,
        title: String::new(),
        translates: None,
        text: [&text.title, &text.task, &text.hints.join("\n")]
            .map(|words| format!("{words}\n"))
            .into_iter()
            .chain(judged)
            .collect(),
        blocks: Vec::new(),
    }
    .hash()
}

#[test]
fn a_translation_is_of_the_words_that_there_are() {
    let mut problems = Problems::default();
    for lesson in course().lessons {
        let path = file(&lesson, "lesson.toml");
        let page = Page::read(&format!("{LESSONS}/../docs/zh/{}.md", lesson.slug));
        let hash = hash(&lesson.text);
        let Some(zh) = &lesson.text.zh else {
            problems.add(&path, 0, "there is no [zh]", "translate title, task, …");
            continue;
        };
        let what = "the English words have changed since they were translated";
        let mend = format!("translate the change, then write of = \"{hash}\"");
        problems.unless(zh.of == hash, &path, 0, [what, &mend]);
        let mend = format!("write title = {:?}", page.title());
        let is_title = zh.title == page.title();
        problems.unless(is_title, &path, 0, ["another title than the page's", &mend]);
        let are_hints = zh.hints.len() == lesson.text.hints.len();
        problems.unless(are_hints, &path, 0, ["more or fewer hints", "the same"]);
        let english: BTreeSet<&str> = lesson.judges().map(|all| &*all.name).collect();
        let chinese: BTreeSet<&str> = zh.judge.keys().map(|name| &**name).collect();
        for name in english.symmetric_difference(&chinese) {
            let what = format!("{name:?} is judged in one language");
            problems.add(&path, 0, &what, "translate it in [zh.judge]");
        }
    }
    problems.assert_none();
}

fn rules_of(text: &LessonText) -> [(bool, &'static str, &'static str); 6] {
    let judges = text.step.iter().flat_map(|step| &step.judge);
    let names: Vec<&str> = judges.map(|judge| judge.name.as_str()).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    let fails = &text.start_fails;
    let are_judged = fails.iter().all(|name| unique.contains(name.as_str()));
    let widest = text.task.lines().map(|line| line.chars().count()).max();
    let is_narrow = widest <= Some(90);
    let is_short = text.minutes <= 15;
    let are_unique = unique.len() == names.len();
    [
        (is_short, "more than a quarter of an hour", "ask less"),
        (text.hints.len() >= 3, "fewer than three hints", "add one"),
        (!fails.is_empty(), "nothing fails at the start", "name it"),
        (are_unique, "two judges of one name", "rename one"),
        (
            are_judged,
            "nobody judges what the start fails",
            "name a judge",
        ),
        (is_narrow, "a line of the task is wider than 90", "break it"),
    ]
}
