//! The runner's output and saved progress: hints, starter code and solutions.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, SystemTime};

use support::learner::{Ended, Learner, said};
use support::{built, script, workbook};

#[test]
fn the_first_screen_has_the_first_task_and_the_next_commands() {
    let learner = Learner::new();
    let words = [
        "0 of 2 lessons done",
        "00  Title of 00 (exercise: about 10 minutes)",
        "Task of 00.",
        "Read  docs/en/00_first.md",
        "Edit  lessons/00_first/exercise.rs",
        "cargo workbook check 00",
        "cargo workbook hint 00",
    ];
    learner.assert_says("", &words);
}

#[test]
fn a_check_that_passes_is_kept_and_names_what_is_next() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    let (text, has_passed) = learner.run("check");
    assert!(has_passed, "{text}");
    assert!(text.contains("cargo workbook next"), "{text}");
    let row = "00   done   Title of 00 (you are here)";
    learner.assert_says("list", &["1 of 2", row]);
    let words = ["You are at 00", "which has passed", "cargo workbook next"];
    learner.assert_says("", &words);
    learner.assert_says("solution", &["\nsolution\n"]);
    learner.assert_says("next", &["Task of 01."]);
    assert!(learner.run("check").1);
    learner.assert_says("", &["2 of 2 lessons done", "Every exercise has passed"]);
}

#[test]
fn a_check_that_fails_is_not_a_pass() {
    let learner = Learner::new();
    learner.builds("01_default_registry_start");
    let (text, has_passed) = learner.run("check 01");
    assert!(!has_passed);
    assert!(text.contains("  wrong  it is there\n"), "{text}");
    learner.assert_says(
        "list",
        &["0 of 2", "01   to do  Title of 01 (you are here)"],
    );
}

#[test]
fn untouched_starter_code_is_not_shown_how_to_fix_it() {
    let learner = Learner::new();
    let (text, _) = learner.run("check 00");
    assert!(text.contains("no help text"), "{text}");
    assert!(!text.contains("to fix:"), "{text}");
    learner.write("00_first/exercise.rs", "touched\n");
    learner.assert_says("check 00", &["no help text", "to fix:"]);
}

#[test]
fn compiler_messages_are_shown_unchanged() {
    let learner = Learner::new();
    let says = "printf 'error[E0425]: not \\033[1mfound\\033[0m\\n' >&2; exit 101";
    script(learner.folder.path(), "cargo", says);
    let (text, has_passed) = learner.run("check 00");
    assert!(!has_passed);
    assert!(
        text.contains("error[E0425]: not \u{1b}[1mfound\u{1b}[0m\n"),
        "{text}"
    );
    assert!(text.contains("The build failed"), "{text}");
}

/// As for a file that was restored with its old time.
#[test]
fn a_file_restored_with_its_old_time_is_built_again() {
    let learner = Learner::new();
    let program = learner.folder.path().join("program");
    fs::copy(built("00_raw_handler_solution"), &program).unwrap();
    let message = format!(
        "{{\"target\":{{\"name\":\"00_first_exercise\"}},\"fresh\":true,\"executable\":\"{}\"}}",
        program.display()
    );
    let count = learner.folder.path().join("count");
    let lines = format!("echo build >>'{}'\necho '{message}'", count.display());
    script(learner.folder.path(), "cargo", &lines);
    let builds = || fs::read_to_string(&count).unwrap().lines().count();
    assert!(learner.run("check 00").1);
    assert_eq!(builds(), 2);
    assert!(learner.run("check 00").1);
    assert_eq!(builds(), 3);
    learner.write("00_first/exercise.rs", "another\n");
    let old = SystemTime::UNIX_EPOCH;
    let file = File::options()
        .append(true)
        .open(learner.path("00_first/exercise.rs"));
    let file = file.unwrap();
    file.set_modified(old).unwrap();
    assert!(learner.run("check 00").1);
    assert_eq!(builds(), 5);
    assert!(file.metadata().unwrap().modified().unwrap() > old);
}

#[test]
fn check_all_finds_out_again_what_passes() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    learner.assert_says("check --all", &["00   passes\n01   passes\n", "2 of 2"]);
}

#[test]
fn one_more_hint_is_shown_each_time() {
    let learner = Learner::new();
    let first = learner.run("hint 01").0;
    assert!(first.contains("Hint 1 of 3\nVague.") && !first.contains("Nearer."));
    let second = learner.run("hint").0;
    assert!(second.contains("Hint 2 of 3\nNearer.\n") && !second.contains("Vague."));
    assert!(second.contains("one more hint"), "{second}");
    let last = ["Hint 3 of 3\nExact.", "cargo workbook solution 01 --anyway"];
    learner.assert_says("hint", &last);
    learner.assert_says("hint", &["Vague.", "Nearer.", "Exact."]);
    learner.assert_says(
        "hint 00 --all",
        &["Vague.", "Nearer.", "Hint 3 of 3\nExact."],
    );
}

#[test]
fn a_solution_is_shown_after_the_check_has_passed_or_anyway() {
    let learner = Learner::new();
    let (text, shown) = learner.run("solution 00");
    assert!(!shown && !text.contains("solution\n\n"), "{text}");
    assert!(
        text.contains("cargo workbook solution 00 --anyway"),
        "{text}"
    );
    assert!(
        learner
            .run("solution 00 --anyway")
            .0
            .contains("\nsolution\n")
    );
    learner.builds("00_raw_handler_solution");
    assert!(learner.run("check 00").1);
    assert!(learner.run("solution 00").0.contains("\nsolution\n"));
}

fn answered(learner: &Learner, arguments: &str, answer: &str) -> String {
    let mut child = learner
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(answer.as_bytes()).unwrap();
    drop(stdin);
    said(&child.wait_with_output().unwrap())
}

#[test]
fn reset_asks_first() {
    let learner = Learner::new();
    learner.write("00_first/exercise.rs", "mine\n");
    for answer in ["n\n", "", "what?\n"] {
        let text = answered(&learner, "reset 00", answer);
        assert!(text.contains("lessons/00_first/exercise.rs"), "{text}");
        assert!(text.contains("[y/N]") && text.contains("Nothing was changed."));
        assert_eq!(learner.read("00_first/exercise.rs"), "mine\n");
    }
}

#[test]
fn reset_restores_the_starter_code_and_keeps_every_copy() {
    let learner = Learner::new();
    for mine in ["mine\n", "mine again\n"] {
        learner.write("00_first/exercise.rs", mine);
        answered(&learner, "reset 00", "y\n");
        assert_eq!(learner.read("00_first/exercise.rs"), "start\n");
    }
    assert_eq!(learner.read(".progress/kept/00_first.rs.copy"), "mine\n");
    assert_eq!(
        learner.read(".progress/kept/00_first.rs.copy-2"),
        "mine again\n"
    );
    learner.assert_says("reset 00", &["Nothing to reset"]);
}

#[test]
fn reset_all_restores_what_was_changed() {
    let learner = Learner::new();
    learner.write("01_second/exercise.rs", "mine\n");
    learner.assert_says("reset --all --yes", &["Done.", "cargo workbook check 01"]);
    assert_eq!(learner.read("00_first/exercise.rs"), "start\n");
    assert_eq!(learner.read("01_second/exercise.rs"), "start\n");
    assert_eq!(learner.read(".progress/kept/01_second.rs.copy"), "mine\n");
}

#[test]
fn an_exercise_that_cannot_be_copied_is_not_reset() {
    let learner = Learner::new();
    learner.write("00_first/exercise.rs", "mine\n");
    // A folder can't be created in a file.
    learner.write(".progress/kept", "");
    let (text, done) = learner.run("reset 00 --yes");
    assert!(!done && text.contains("was not reset, since"), "{text}");
    assert_eq!(learner.read("00_first/exercise.rs"), "mine\n");
}

#[test]
fn next_skips_a_lesson_and_comes_back_to_it() {
    let learner = Learner::new();
    learner.assert_says("next", &["00 has not passed", "Task of 01."]);
    learner.assert_says("", &["Task of 01."]);
    let back = [
        "01 has not passed",
        "Back to one you skipped",
        "Task of 00.",
    ];
    learner.assert_says("next", &back);
}

#[test]
fn task_shows_a_lesson_and_makes_it_current() {
    let learner = Learner::new();
    learner.assert_says("task 01", &["Task of 01."]);
    learner.assert_says("task", &["Task of 01."]);
    learner.assert_says("list", &["Title of 01 (you are here)"]);
}

#[test]
fn unreadable_progress_is_renamed() {
    let learner = Learner::new();
    for (text, aside) in [("passed = ", "broken"), ("\0\u{1}", "broken-2")] {
        learner.write(".progress/progress.toml", text);
        let name = format!("progress.toml.{aside}");
        learner.assert_says("list", &["could not be read", &name, "0 of 2"]);
        assert_eq!(learner.read(&format!(".progress/{name}")), text);
    }
    learner.builds("00_raw_handler_solution");
    assert!(learner.run("check 00").1);
    learner.assert_says("list", &["1 of 2"]);
}

#[test]
fn progress_of_unknown_lessons_is_kept() {
    let learner = Learner::new();
    let text = "current = 7\n\n[00_first]\npassed = \"yes\"\nhints = -3\nmood = \"good\"\n\n\
                [07_gone]\npassed = true\n";
    learner.write(".progress/progress.toml", text);
    learner.assert_says("", &["0 of 2", "Task of 00."]);
    learner.assert_says("hint 00", &["Hint 1 of 3"]);
    let kept = learner.progress();
    for line in [
        "current = \"00_first\"",
        "hints = 1",
        "mood = \"good\"",
        "[07_gone]",
    ] {
        assert!(kept.contains(line), "{kept}");
    }
}

#[test]
fn progress_survives_a_lesson_that_is_renamed() {
    let learner = Learner::new();
    learner.write(".progress/progress.toml", "[00_old]\npassed = true\n");
    let lesson = learner.read("00_first/lesson.toml");
    learner.write(
        "00_first/lesson.toml",
        &format!("formerly = [\"00_old\"]\n{lesson}"),
    );
    learner.assert_says("list", &["1 of 2", "00   done"]);
}

#[test]
fn a_check_passes_even_if_progress_cannot_be_saved() {
    let learner = Learner::new();
    learner.builds("00_raw_handler_solution");
    // A folder can't replace a file.
    learner.write(".progress", "");
    let (text, has_passed) = learner.run("check 00");
    assert!(has_passed && text.contains("has passed"), "{text}");
    assert!(text.contains("your progress was not saved"), "{text}");
}

#[test]
fn an_unknown_lesson_is_reported_with_the_known_ones() {
    let learner = Learner::new();
    for (arguments, words) in [
        ("check 7", "there is no lesson `7`; there are 00, 01"),
        ("reset", "say which"),
        ("chekc", "check"),
    ] {
        let (text, good) = learner.run(arguments);
        assert!(!good && text.contains(words), "{arguments}: {text}");
    }
    for name in ["01", "1", "01_second", "01_S", "1_sec", "01_second.rs"] {
        learner.assert_says(&format!("task {name}"), &["Task of 01."]);
    }
    learner.assert_says("01", &["Task of 01."]);
}

#[test]
fn tasks_hints_and_help_are_in_chinese_if_asked_for() {
    let learner = Learner::new();
    learner.builds("01_default_registry_start");
    learner.assert_says("--language zh", &["00 的任务。", "docs/zh/00_first.md"]);
    learner.assert_says("hint --language zh", &["含糊。"]);
    learner.assert_says("--help --language zh", &["列出各课"]);
    learner.assert_says("next --help --language=zh", &["转到后面"]);
    learner.assert_says(
        "check --language zh",
        &["  未通过 它在\n", "理由：", "因为。"],
    );
    for (locale, task) in [("zh_CN.UTF-8", "00 的任务。"), ("C", "Task of 00.")] {
        let output = learner.command("").env("LANG", locale).output().unwrap();
        assert!(said(&output).contains(task));
    }
}

#[test]
fn there_is_no_colour_without_a_terminal() {
    let learner = Learner::new();
    learner.builds("01_default_registry_start");
    for arguments in ["", "list", "check", "hint", "next"] {
        let text = learner.run(arguments).0;
        assert!(!text.contains('\u{1b}') && !text.contains("--]"), "{text}");
    }
    let output = learner.command("list").env("CLICOLOR_FORCE", "1").output();
    assert!(said(&output.unwrap()).contains("\u{1b}["));
    let mut command = learner.command("list");
    command.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
    assert!(!said(&command.output().unwrap()).contains('\u{1b}'));
}

#[test]
fn run_becomes_the_program_of_the_lesson() {
    let learner = Learner::new();
    script(learner.folder.path(), "cargo", "echo \"$PWD: $*\"");
    let folder = learner.folder.path().canonicalize().unwrap();
    for (arguments, cargo) in [
        ("run 01", "run --bin 01_second"),
        ("run 01 127.0.0.1:0", "run --bin 01_second -- 127.0.0.1:0"),
        (
            "run 00 --exercise",
            "run --package lessons --bin 00_first_exercise",
        ),
    ] {
        let (text, _) = learner.run(arguments);
        assert_eq!(text, format!("{}: {cargo}\n", folder.display()));
    }
}

#[test]
fn run_passes_the_features_and_arguments_that_a_lesson_needs() {
    let learner = Learner::new();
    script(learner.folder.path(), "cargo", "echo \"$*\"");
    let lesson = learner.read("01_second/lesson.toml");
    let run = "features = [\"axum\"]\n[run]\nfeatures = [\"tls\", \"more\"]\narguments = [\"--allow\", \"a\"]\n\
               address_flag = \"--listen\"\n[[step]]";
    learner.write(
        "01_second/lesson.toml",
        &lesson.replacen("[[step]]", run, 1),
    );
    for (arguments, cargo) in [
        (
            "run 01",
            "run --features tls,more --bin 01_second -- --allow a",
        ),
        (
            "run 01 :1",
            "run --features tls,more --bin 01_second -- --allow a --listen :1",
        ),
        (
            "run 01 :1 --exercise",
            "run --features axum --package lessons --bin 01_second_exercise -- :1",
        ),
    ] {
        assert_eq!(learner.run(arguments).0, format!("{cargo}\n"));
    }
}

#[test]
fn check_builds_an_exercise_with_the_features_that_it_needs() {
    let learner = Learner::new();
    let lesson = learner.read("01_second/lesson.toml");
    let lesson = lesson.replacen("[[step]]", "features = [\"axum\"]\n[[step]]", 1);
    learner.write("01_second/lesson.toml", &lesson);
    script(learner.folder.path(), "cargo", "echo \"$*\" >&2; exit 1");
    let build = "build --quiet --package lessons --bin 01_second_exercise";
    let (said, _) = learner.run("check 01");
    let line = said.lines().find(|line| line.contains(build));
    assert!(
        line.is_some_and(|line| line.ends_with("--features axum")),
        "{said}"
    );
}

/// The output up to the line that says that `watch` waits.
fn watched(lines: &mpsc::Receiver<String>) -> String {
    let mut text = String::new();
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).unwrap();
        if line.starts_with("Waiting for you to save") {
            return text;
        }
        text += &format!("{line}\n");
    }
}

#[test]
fn progress_saved_by_another_runner_is_kept() {
    let learner = Learner::new();
    // While this one builds, for as long as the other one's hint takes.
    let hint = format!("{} hint 01 >/dev/null", env!("CARGO_BIN_EXE_workbook"));
    let program = built("00_raw_handler_solution");
    let target = "{\"name\":\"00_first_exercise\"}";
    let message = format!(
        "echo '{{\"target\":{target},\"executable\":\"{}\"}}'",
        program.display()
    );
    script(
        learner.folder.path(),
        "cargo",
        &format!("{hint}\n{message}"),
    );
    assert!(learner.run("check 00").1);
    let kept = learner.progress();
    assert!(kept.contains("[01_second]\nhints = 1"), "{kept}");
    assert!(kept.contains("[00_first]\npassed = true"), "{kept}");
}

#[test]
fn watch_checks_again_at_each_save() {
    let learner = Learner::new();
    let mut command = learner.command("watch 00");
    let mut watch = Ended(command.stdout(Stdio::piped()).spawn().unwrap());
    let printed = BufReader::new(watch.0.stdout.take().unwrap()).lines();
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in printed.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let first = watched(&lines);
    assert!(first.contains("  ok     it is there"), "{first}");
    // As an editor that writes in place, and as one that replaces the file.
    learner.builds("01_default_registry_start");
    learner.write("00_first/exercise.rs", "one\n");
    let second = watched(&lines);
    assert!(second.contains("  wrong  it is there"), "{second}");
    learner.builds("00_raw_handler_solution");
    learner.write("00_first/.exercise.rs.swp", "two\n");
    let new = learner.path("00_first/.exercise.rs.swp");
    fs::rename(new, learner.path("00_first/exercise.rs")).unwrap();
    let third = watched(&lines);
    assert!(third.contains("00 has passed"), "{third}");
}

#[test]
fn a_missing_course_is_reported() {
    let output = workbook()
        .env("CARGO_MANIFEST_DIR", Path::new("/nowhere/lessons"))
        .output()
        .unwrap();
    assert!(said(&output).contains("cannot read /nowhere/lessons"));
}
