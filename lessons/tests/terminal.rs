//! The runner in a terminal: lines that fit, and a `watch` with keys.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use support::learner::{Ended, Learner, said};
use support::terminal::Terminal;
use support::{LESSONS, script};
use unicode_width::UnicodeWidthStr;

/// The output of `cargo workbook` in a terminal with that many columns.
fn shown(learner: &Learner, arguments: &str, columns: u16) -> String {
    let (_, text) = Terminal::start(learner.command(arguments), columns).end();
    text
}

/// A learner with the real course.
fn of_the_course() -> (Learner, Vec<String>) {
    let learner = Learner::new();
    for slug in ["00_first", "01_second"] {
        fs::remove_dir_all(learner.path(slug)).unwrap();
    }
    let mut slugs = Vec::new();
    for entry in fs::read_dir(LESSONS).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("lesson.toml").exists() {
            let slug = folder.file_name().unwrap().to_str().unwrap().to_owned();
            for file in ["lesson.toml", "start.rs", "solution.rs"] {
                let text = fs::read_to_string(folder.join(file)).unwrap();
                learner.write(&format!("{slug}/{file}"), &text);
            }
            slugs.push(slug);
        }
    }
    (learner, slugs)
}

/// A line that is too wide consists of a single thing that can't be broken.
#[track_caller]
fn assert_fits(text: &str, columns: usize) {
    for line in text.lines().filter(|line| line.width() > columns) {
        let line = line.trim();
        let is_word = !line.contains(' ');
        let is_command = line.starts_with("cargo ") || line.starts_with("`cargo ");
        let is_command = is_command && !line.contains("   ");
        assert!(
            is_word || is_command,
            "{columns} columns: {line:?} in\n{text}"
        );
    }
}

#[test]
fn tasks_hints_and_commands_fit_a_terminal_in_both_languages() {
    let (learner, slugs) = of_the_course();
    for columns in [40, 80] {
        for language in ["en", "zh"] {
            let mut of_it =
                vec!["list".to_owned(), "help".to_owned(), "next".to_owned()];
            of_it.extend(["help watch".to_owned(), "chekc".to_owned(), String::new()]);
            for slug in &slugs {
                of_it.push(format!("task {slug}"));
                of_it.push(format!("hint {slug} --all"));
            }
            for arguments in of_it {
                let arguments = format!("{arguments} --language {language}");
                assert_fits(&shown(&learner, &arguments, columns), columns.into());
            }
        }
    }
}

#[test]
fn verdicts_and_reasons_fit_a_terminal() {
    let (learner, _) = of_the_course();
    let start = support::built("02a_gauge_ops_start");
    let arguments = format!("check 02a --program {}", start.display());
    for (language, wrong) in [("en", "wrong"), ("zh", "未通过")] {
        for columns in [40, 60, 80] {
            let arguments = format!("{arguments} --language {language}");
            let text = shown(&learner, &arguments, columns);
            assert!(text.contains(wrong), "{text}");
            assert_fits(&text, columns.into());
        }
    }
}

#[test]
fn piped_output_keeps_its_lines() {
    let (learner, slugs) = of_the_course();
    for slug in slugs {
        let lesson = learner.read(&format!("{slug}/lesson.toml"));
        let task = lesson
            .split("\"\"\"\n")
            .nth(1)
            .unwrap()
            .replace("\\\\", "\\");
        let (text, _) = learner.run(&format!("task {slug}"));
        assert!(text.contains(&task), "{text}");
    }
}

fn watch(learner: &Learner) -> Terminal {
    learner.builds("01_default_registry_start");
    let mut command = learner.command("watch 00");
    command.env("EDITOR", learner.folder.path().join("editor"));
    Terminal::start(command, 80)
}

#[test]
fn watch_is_a_page_with_keys() {
    let learner = Learner::new();
    script(learner.folder.path(), "editor", "echo edited >\"$1\"");
    let mut watch = watch(&learner);
    let page = watch.wait("00 does not pass");
    assert!(
        page.starts_with("00  checking lessons/00_first/exercise.rs\n"),
        "{page}"
    );
    assert!(
        page.ends_with("\nh hint   r again   e edit   q quit"),
        "{page}"
    );
    watch.press("n");
    watch.wait("00 has not passed yet.");
    watch.press("h");
    let hint = watch.wait("Hint 1 of 3\nVague.");
    assert!(hint.contains("00 does not pass"), "{hint}");
    watch.press("H");
    watch.wait("Hint 2 of 3\nNearer.");
    learner.builds("00_raw_handler_solution");
    watch.press("e");
    let passed = watch.wait("00 has passed");
    assert_eq!(learner.read("00_first/exercise.rs"), "edited\n");
    let keys = "\nh hint   r again   n next   e edit   q quit";
    assert!(
        passed.ends_with(keys) && !passed.contains("Hint"),
        "{passed}"
    );
    watch.press("q");
    assert!(watch.end().0.success());
}

#[test]
fn the_next_lesson_is_one_key_away_until_all_are_done() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    let mut watch = Terminal::start(learner.command("watch 00"), 80);
    watch.wait("00 has passed");
    watch.press("n");
    let task = watch.wait("Task of 01.");
    assert!(
        !task.contains("cargo workbook") && !task.contains("n next"),
        "{task}"
    );
    watch.press("r");
    watch.wait("01 has passed");
    watch.press("n");
    watch.wait("Every exercise has passed");
    watch.press("\u{3}");
    assert!(watch.end().0.success());
}

#[test]
fn a_page_is_in_the_learners_language_and_without_a_bar_if_plain() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    let command = learner.command("watch 00 --language zh --plain");
    let mut watch = Terminal::start(command, 40);
    let page = watch.wait("第 00 课完成了");
    assert!(page.contains("  通过   它在\n"), "{page}");
    assert!(!page.contains('['), "{page}");
    assert!(
        page.ends_with("\nh 提示 r 重查 n 下一课 e 编辑 q 退出"),
        "{page}"
    );
    assert_fits(&page, 40);
    watch.press("q");
    watch.end();
}

#[test]
fn watch_shows_the_lesson_that_is_saved() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    let mut watch = Terminal::start(learner.command("watch 00"), 80);
    watch.wait("00 has passed");
    watch.press("n");
    watch.wait("Task of 01.");
    learner.write("01_second/exercise.rs", "another\n");
    watch.wait("01 has passed");
    watch.press("q");
    watch.end();
}

#[test]
fn the_terminal_is_restored_however_watch_ends() {
    let learner = Learner::new();
    for key in ["q", "\u{3}", "\u{4}"] {
        let mut watch = watch(&learner);
        watch.wait("00 does not pass");
        assert!(!watch.is_as_before());
        watch.press(key);
        assert!(watch.end().0.success(), "{key:?}");
    }
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let watch = watch(&learner);
        watch.wait("00 does not pass");
        let id = Pid::from_raw(watch.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
        let (status, _) = watch.end();
        assert_eq!(status.code(), Some(128 + signal.as_raw()));
    }
}

#[test]
fn an_editor_has_the_terminal_to_itself() {
    let learner = Learner::new();
    let typed = learner.folder.path().join("typed");
    let lines = format!(
        "echo ready\nread line\necho \"$line\" >'{}'",
        typed.display()
    );
    script(learner.folder.path(), "editor", &lines);
    let mut watch = watch(&learner);
    watch.wait("00 does not pass");
    watch.press("e");
    watch.wait("ready");
    assert!(watch.is_as_before());
    watch.press("hq\n");
    let is_anew = |page: &str| page.ends_with("q quit") && !page.contains("ready");
    let page = watch.wait_until("the page again", is_anew);
    assert_eq!(fs::read_to_string(typed).unwrap(), "hq\n");
    assert!(!page.contains("Hint"), "{page}");
    assert!(!watch.is_as_before());
    watch.press("q");
    watch.end();
}

/// The first check would wait for a minute.
#[test]
fn an_outdated_check_is_dropped() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    let cargo = fs::read_to_string(learner.folder.path().join("cargo")).unwrap();
    let exercise = learner.path("00_first/exercise.rs");
    let begun = learner.folder.path().join("begun");
    let slow = format!(
        "if grep -q slow '{}'; then echo $$ >>'{}'; exec sleep 61; fi",
        exercise.display(),
        begun.display(),
    );
    let lines = cargo.trim_start_matches("#!/bin/sh\n");
    script(learner.folder.path(), "cargo", &format!("{slow}\n{lines}"));
    learner.write("00_first/exercise.rs", "slow\n");
    let mut watch = Terminal::start(learner.command("watch 00"), 80);
    while fs::read_to_string(&begun).unwrap_or_default().is_empty() {
        thread::sleep(Duration::from_millis(10));
    }
    learner.write("00_first/exercise.rs", "fast\n");
    let page = watch.wait("00 has passed");
    assert_eq!(page.matches("checking").count(), 1, "{page}");
    let slow = fs::read_to_string(&begun).unwrap();
    for _ in 0..200 {
        if !is_there(slow.trim()) {
            watch.press("q");
            watch.end();
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("the first check still runs");
}

fn is_there(process: &str) -> bool {
    let shown = Command::new("kill").args(["-0", process]).output();
    shown.unwrap().status.success()
}

/// What a `watch` without a terminal has printed after `count` checks, or after a minute.
fn lines_of(learner: &Learner, arguments: &str, then: impl FnOnce()) -> String {
    let printed = learner.folder.path().join("printed");
    let file = fs::File::create(&printed).unwrap();
    let mut command = learner.command(arguments);
    let command = command.stdin(Stdio::null()).stdout(file);
    let _watch = Ended(command.spawn().unwrap());
    wait_for(&printed, 1);
    then();
    wait_for(&printed, 2)
}

fn wait_for(printed: &Path, count: usize) -> String {
    for _ in 0..1200 {
        let text = fs::read_to_string(printed).unwrap();
        if text.matches("Waiting for you to save").count() >= count {
            return text;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("{}", fs::read_to_string(printed).unwrap());
}

#[test]
fn every_file_of_the_folder_is_watched_and_polled() {
    for arguments in ["watch 00", "watch 00 --poll"] {
        let learner = Learner::new();
        learner.builds("00_raw_handler_solution");
        let text = lines_of(&learner, arguments, || {
            learner.write("00_first/.exercise.rs.swp", "an editor's\n");
            learner.write("00_first/helper/mod.rs", "a helper\n");
        });
        assert!(text.contains("Saved: check 2\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn a_question_fits_a_terminal() {
    let learner = Learner::new();
    learner.write("00_first/exercise.rs", "mine\n");
    let mut reset = Terminal::start(learner.command("reset 00"), 40);
    let question = reset.wait("[y/N]");
    assert_fits(&question, 40);
    reset.press("n\n");
    reset.wait("Nothing was changed.");
    assert!(said(&learner.command("list").output().unwrap()).contains("00   begun"));
}
