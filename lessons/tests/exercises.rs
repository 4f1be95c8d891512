//! Each exercise is complete: its starter code fails for the stated reasons, its solution
//! passes, and each check fails when its subject is removed from the solution.

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
use support::{LESSONS, build, built, check, for_each, is_built};

fn course() -> Course {
    Course::read(Path::new(LESSONS).parent().unwrap()).unwrap()
}

/// The lessons whose programs are built.
fn built_lessons() -> Vec<Lesson> {
    let mut lessons = course().lessons;
    lessons.retain(|all| is_built(&all.slug));
    lessons
}

/// The name of a lesson's file in messages.
fn file(lesson: &Lesson, name: &str) -> String {
    format!("lessons/{}/{name}", lesson.slug)
}

#[test]
fn starter_code_fails_the_stated_checks_and_no_others() {
    for_each(
        &built_lessons(),
        |all| &all.slug,
        |lesson| {
            let report = check(&lesson.slug, &built(&format!("{}_start", lesson.slug)));
            let stated = &lesson.text.start_fails;
            assert_eq!(report.wrong(), *stated, "{}", report.text);
            assert!(!report.has_passed, "{}", report.text);
        },
    );
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
    for_each(
        &built_lessons(),
        |all| &all.slug,
        |lesson| {
            let report =
                check(&lesson.slug, &built(&format!("{}_solution", lesson.slug)));
            assert_eq!(report.wrong(), [""; 0], "{}", report.text);
            assert!(report.has_passed, "{}", report.text);
        },
    );
}

/// A broken solution, and the checks that must fail.
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

/// The solution with the check's subject replaced.
fn broken(lesson: &Lesson, judge: &Judge) -> String {
    let mut text = fs::read_to_string(lesson.solution()).unwrap();
    let name = &judge.name;
    let path = file(lesson, "lesson.toml");
    let what = "say in `broken_by` how to break the solution for";
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
fn a_solution_that_lacks_one_thing_fails_its_check() {
    let mut mutants: Vec<Mutant> = built_lessons().iter().flat_map(mutants).collect();
    if let Ok(only) = std::env::var("MUTANT") {
        mutants.retain(|all| all.name.contains(&only));
    }
    let programs = mutants
        .iter()
        .map(|all| (all.name.clone(), all.text.clone()));
    let folder = build("mutants", &programs.collect::<Vec<_>>());
    for_each(
        &mutants,
        |all| &all.lesson,
        |mutant| {
            let report = check(&mutant.lesson, &folder.join(&mutant.name));
            let wrong: BTreeSet<String> =
                report.wrong().into_iter().map(str::to_owned).collect();
            assert!(
                mutant.missed_by.is_subset(&wrong),
                "{:?} should fail in\n{}\n{}",
                mutant.missed_by,
                mutant.text,
                report.text
            );
        },
    );
}

#[test]
fn a_lesson_has_its_programs() {
    let mut problems = Problems::default();
    let manifest = fs::read_to_string(format!("{LESSONS}/Cargo.toml")).unwrap();
    for lesson in course().lessons {
        for kind in ["exercise", "start", "solution"] {
            let slug = &lesson.slug;
            let features = &lesson.text.features;
            let required = match features.is_empty() {
                true => String::new(),
                false => format!("required-features = {features:?}\n"),
            };
            let lines = format!(
                "[[bin]]\nname = \"{slug}_{kind}\"\npath = \"{slug}/{kind}.rs\"\n\
                 test = false\n{required}\n"
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
        let fix = format!("write title = {:?}", page.title());
        let path = file(&lesson, "lesson.toml");
        problems.unless(holds, &path, 1, ["the title differs from the page's", &fix]);
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
                let fix = format!("start it with {begins}");
                let holds = line.starts_with(begins);
                problems.unless(holds, &path, number, [line, &fix]);
            }
            let command = format!("//! Check it: `cargo workbook check {number}`\n");
            let what = "it does not say how to check it";
            problems.unless(program.contains(&command), &path, 0, [what, &command]);
            let count = program.lines().count();
            let what = format!("it has {count} lines");
            problems.unless(count <= 100, &path, count, [&what, "100 at most"]);
        }
    }
    problems.assert_none();
}

#[test]
fn a_lesson_is_complete() {
    let mut problems = Problems::default();
    for lesson in course().lessons {
        let path = file(&lesson, "lesson.toml");
        for (holds, what, fix) in rules_of(&lesson.text) {
            problems.unless(holds, &path, 0, [what, fix]);
        }
        let what =
            "a step with `ends` has no check with `exit`, or another step has one";
        let fix = "check how the program ends";
        problems.unless(are_ends_checked(&lesson.text), &path, 0, [what, fix]);
        for step in &lesson.text.step {
            for judge in &step.judge {
                let wanted = &judge.wanted;
                let of_any = is_of_any_page(wanted) || is_of_run(wanted) && step.ends;
                let holds = of_any || step.page == PageKind::Metrics;
                let what =
                    format!("{:?} does not apply to such a response", judge.name);
                problems.unless(holds, &path, 0, [&what, "page = \"metrics\""]);
            }
        }
    }
    problems.assert_none();
}

/// Whether it can be checked on a response that isn't an exposition.
fn is_of_any_page(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Status { .. }
        | Wanted::ContentType { .. }
        | Wanted::Header { .. }
        | Wanted::Link { .. }
        | Wanted::Body { .. }
        | Wanted::NoSamples { .. }
        | Wanted::Within { .. }
        | Wanted::Hidden { .. }
        | Wanted::Reported { .. }
        | Wanted::Steady { .. }
        | Wanted::Visits { .. } => true,
        Wanted::Rule { rule } => {
            use Rule::{Answers, Links, Panics, Slow};
            matches!(rule, Answers | Panics | Slow | Links)
        }
        _ => false,
    }
}

/// Whether it is about how a program ends, whatever it writes.
fn is_of_run(wanted: &Wanted) -> bool {
    use Wanted::{Exit, Kept, NoOther, Replaced};
    matches!(
        wanted,
        Exit { .. } | Replaced { .. } | Kept { .. } | NoOther { .. }
    )
}

/// Whether each step in which the program ends says how, and no other step does.
fn are_ends_checked(text: &LessonText) -> bool {
    let is_exit = |judge: &Judge| matches!(judge.wanted, Wanted::Exit { .. });
    let mut steps = text.step.iter();
    steps.all(|step| step.ends == step.judge.iter().any(is_exit))
}

/// The packages that cargo builds for `package`, with their features.
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

/// Nobody who runs a program waits for the runner's dependencies, and nothing built for a
/// program is built again for the runner with other features.
#[test]
fn the_programs_and_the_runner_share_what_both_need() {
    let programs = tree("exporter-workbook");
    let runner = tree("lessons");
    let apart: Vec<_> = programs.difference(&runner).collect();
    assert!(apart.is_empty(), "built twice: {apart:?}");
    // A reader waits for these before the first program: README.md says how long.
    assert!(
        programs.len() <= 45,
        "{} packages: {programs:?}",
        programs.len()
    );
}

/// The hash of all English text of a lesson, as for a section of a page.
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
fn a_translation_is_up_to_date() {
    let mut problems = Problems::default();
    for lesson in course().lessons {
        let path = file(&lesson, "lesson.toml");
        let page = Page::read(&format!("{LESSONS}/../docs/zh/{}.md", lesson.slug));
        let hash = hash(&lesson.text);
        let Some(zh) = &lesson.text.zh else {
            problems.add(&path, 0, "there is no [zh]", "translate title, task, …");
            continue;
        };
        let what = "the English text has changed since it was translated";
        let fix = format!("translate the change, then write of = \"{hash}\"");
        problems.unless(zh.of == hash, &path, 0, [what, &fix]);
        let fix = format!("write title = {:?}", page.title());
        let is_title = zh.title == page.title();
        problems.unless(is_title, &path, 0, ["another title than the page", &fix]);
        let are_hints = zh.hints.len() == lesson.text.hints.len();
        problems.unless(are_hints, &path, 0, ["hints are missing", "translate each"]);
        let english: BTreeSet<&str> = lesson.judges().map(|all| &*all.name).collect();
        let chinese: BTreeSet<&str> = zh.judge.keys().map(|name| &**name).collect();
        for name in english.symmetric_difference(&chinese) {
            let what = format!("{name:?} is a check in one language only");
            problems.add(&path, 0, &what, "translate it in [zh.judge]");
        }
    }
    problems.assert_none();
}

/// Whether the program has the address of a source that behaves in some way.
fn knows_its_source(text: &LessonText) -> bool {
    let has_address = text.env.values().any(|value| value.contains("{source}"));
    has_address || text.step.iter().all(|step| step.source.is_none())
}

fn rules_of(text: &LessonText) -> [(bool, &'static str, &'static str); 7] {
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
        (is_short, "more than a quarter of an hour", "shorten it"),
        (text.hints.len() >= 3, "fewer than three hints", "add one"),
        (
            !fails.is_empty(),
            "the starter code fails nothing",
            "name what it fails",
        ),
        (are_unique, "two checks have the same name", "rename one"),
        (
            are_judged,
            "no check has the name in start_fails",
            "use a check's name",
        ),
        (
            knows_its_source(text),
            "a source behaves in some way, but the program doesn't have its address",
            "name a variable in env",
        ),
        (is_narrow, "a line of the task is wider than 90", "break it"),
    ]
}
