//! Programs that must end by themselves: how they end is checked, and the file that they
//! leave, as if it were a response.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::learner::{Learner, said};
use support::{Report, script};

/// The time after which a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

const LESSON: &str = r##"
title = "Job"
minutes = 10
task = "Task."
hints = ["Vague.", "Nearer.", "Exact."]
start_fails = []
env = { NAME = "a", OTHER = "b" }

[[step]]
ends = true
get = "job.prom"
write = { "input" = "1\n", "job.prom" = "old\n" }

[[step.judge]]
name = "it succeeds"
why = "Because."
exit = "success"
broken_by = []

[[step.judge]]
name = "it replaces the file"
why = "Because."
replaced = true
broken_by = []

[[step.judge]]
name = "it creates no other file"
why = "Because."
no_other = ".prom"
broken_by = []

[[step.judge]]
name = "it has a value"
why = "Because."
sample = "job_value"
value = 1.0
broken_by = []

[[step]]
ends = true
page = "any"
remove = ["input"]
unset = ["OTHER"]
env = { NAME = "" }

[[step.judge]]
name = "it fails"
why = "Because."
exit = "failure"
broken_by = []

[[step.judge]]
name = "it says why"
why = "Because."
reported = "input"
broken_by = []

[[step]]
ends = true
get = "job.prom"
full = true
write = { "input" = "1\n", "job.prom" = "# HELP old The old value.\nold 1\n" }

[[step.judge]]
name = "it fails on a full disk"
why = "Because."
exit = "failure"
broken_by = []

[[step.judge]]
name = "it keeps the file"
why = "Because."
kept = true
broken_by = []
"##;

/// A program that does everything right.
const RIGHT: &str = "cat input >value || exit 1\n\
    { echo '# HELP job_value The value.'\n\
      echo '# TYPE job_value gauge'\n\
      echo job_value $(cat value); } >job.new || exit 1\n\
    mv job.new job.prom";

fn learner() -> Learner {
    let learner = Learner::new();
    learner.write("01_second/lesson.toml", LESSON);
    learner
}

/// The check of a shell script with these lines, in a course of its own.
fn check(lines: &str) -> (Learner, Command) {
    let learner = learner();
    let program = script(learner.folder.path(), "program", lines);
    let mut command = learner.command("check 01 --program");
    command.arg(program);
    (learner, command)
}

fn checked(lines: &str) -> Report {
    let (_learner, mut command) = check(lines);
    Report::of(command.output().unwrap())
}

#[track_caller]
fn assert_fails(lines: &str, wrong: &[&str], words: &str) {
    let report = checked(lines);
    assert_eq!(report.wrong(), wrong, "{}", report.text);
    assert!(!report.has_passed);
    assert!(report.text.contains(words), "{}", report.text);
}

#[test]
fn a_program_that_ends_as_it_must_passes() {
    let report = checked(RIGHT);
    assert!(report.has_passed, "{}", report.text);
    for name in ["it succeeds", "it fails"] {
        assert!(
            report.text.contains(&format!("  ok     {name}\n")),
            "{}",
            report.text
        );
    }
    assert!(!report.text.contains("the program runs"), "{}", report.text);
}

#[test]
fn a_program_that_does_not_end_is_ended_and_nothing_else_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let lines = format!("echo $$ >>{}; echo waiting; exec sleep 600", pid.display());
    let words = "it still runs after 5 s, and printed:\n                   waiting";
    assert_fails(&lines, &["it succeeds"], words);
    let ids = fs::read_to_string(pid).unwrap();
    assert_eq!(ids.lines().count(), 1, "{ids}");
    let is_running = Path::new("/proc").join(ids.trim()).exists();
    assert!(!is_running, "{ids} is running");
}

#[test]
fn another_exit_code_is_reported_with_what_was_printed() {
    let words = "it exited with code 3, and printed:\n                   no luck";
    let lines = format!("{RIGHT}; echo no luck >&2; exit 3");
    assert_fails(&lines, &["it succeeds"], words);
    let lines = format!("{RIGHT}; kill -s SEGV $$");
    assert_fails(&lines, &["it succeeds"], "it was killed by signal 11");
    let lines = RIGHT.replace("exit 1", "exit 0");
    let wrong = ["it fails", "it fails on a full disk"];
    assert_fails(&lines, &wrong, "it exited by itself, with code 0");
}

#[test]
fn a_file_that_is_written_in_place_is_seen_by_whoever_has_it_open() {
    let lines = RIGHT.replace("mv job.new job.prom", "cat job.new >job.prom");
    let words = "whoever had opened job.prom before reads now:\n";
    assert_fails(&lines, &["it replaces the file"], words);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs inotify")]
fn a_moment_without_the_file_or_with_a_half_of_it_is_seen() {
    let end = "mv job.new job.prom";
    for (other, words) in [
        (
            "rm job.prom; mv job.new job.prom",
            "a moment without job.prom",
        ),
        (
            "mv job.prom old; mv job.new job.prom",
            "a moment without job.prom",
        ),
        (
            "cp job.new job.2; : >job.new; exec 3>>job.new; mv job.new job.prom; \
             cat job.2 >&3",
            "job.prom was written under its own name",
        ),
    ] {
        let lines = RIGHT.replace(end, other);
        assert_fails(&lines, &["it replaces the file"], words);
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs inotify")]
fn a_file_that_is_renamed_away_and_back_was_not_kept() {
    let again = "mv job.prom old; mv old job.prom";
    let lines = RIGHT.replace("exit 1\n", &format!("{{ {again}; exit 1; }}\n"));
    let words = "a moment without job.prom";
    assert_fails(&lines, &["it keeps the file"], words);
}

#[test]
fn another_file_with_the_ending_is_seen() {
    let lines = RIGHT.replace("mv job.new job.prom", "mv job.new job.prom; : >b.prom");
    let name = "it creates no other file";
    assert_fails(&lines, &[name], "the program creates b.prom");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs inotify")]
fn another_file_with_the_ending_is_seen_even_if_it_is_renamed() {
    let lines = RIGHT.replace("job.new", ".new.prom");
    let name = "it creates no other file";
    assert_fails(&lines, &[name], "the program creates .new.prom");
}

#[test]
fn on_a_full_disk_no_file_can_be_written() {
    let lines = RIGHT
        .replace(">value", ">/dev/null")
        .replace("cat value", "cat input");
    let report = checked(&lines);
    assert!(report.has_passed, "{}", report.text);
    let lines = lines.replace(">job.new || exit 1", ">job.new");
    let wrong = ["it fails on a full disk", "it keeps the file"];
    assert_fails(
        &lines,
        &wrong,
        "expected: job.prom has the same bytes as before",
    );
}

#[test]
fn a_file_is_checked_as_a_response_is() {
    let lines = RIGHT.replace("# HELP job_value The value.", "");
    let help = "every metric of job.prom has a help text";
    assert_fails(&lines, &[help], "");
    let lines = RIGHT.replace("echo job_value", "echo job value");
    let read = "job.prom can be read by Prometheus";
    assert_fails(&lines, &[read], "");
}

#[test]
fn a_missing_file_is_an_empty_exposition() {
    let lines = RIGHT.replace("mv job.new", "rm job.prom; mv job.new job.txt #");
    let is_seen = cfg!(target_os = "linux");
    let gone = is_seen.then_some("it replaces the file");
    let wrong: Vec<&str> = gone.into_iter().chain(["it has a value"]).collect();
    assert_fails(&lines, &wrong, "(there is no job.prom)");
}

#[test]
fn a_link_in_place_of_the_file_is_not_followed() {
    let lines = RIGHT.replace("mv job.new", "mv job.new other; ln -sf other");
    assert_fails(&lines, &["it has a value"], "(there is no job.prom)");
}

#[test]
fn a_program_has_no_address_but_its_variables_and_the_files_of_the_run_before() {
    let lines = format!(
        "if [ -z \"$OTHER\" ]; then [ -z \"$NAME\" ] && ls value >&2 || exit 0\n\
         else [ \"$#$NAME\" = 0a ] || exit 0; fi\n{RIGHT}"
    );
    let report = checked(&lines);
    assert!(report.has_passed, "{}", report.text);
}

#[test]
fn a_panic_is_reported_even_where_a_failure_is_expected() {
    let panics = "echo \"thread 'main' panicked at a.rs:1:2:\" >&2; exit 101";
    let lines = RIGHT.replace("exit 1", &format!("{{ {panics}; }}"));
    let wrong = ["the program does not panic"];
    assert_fails(&lines, &wrong, "a.rs:1:2");
    assert_fails(&lines, &wrong, "the program has a bug, and where");
}

#[test]
fn a_program_that_floods_its_output_is_stopped() {
    let words = "it printed more than 1024 KiB";
    assert_fails("yes 'trying again'", &["it succeeds"], words);
}

/// How many entries are left in the folder for temporary files.
fn left(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn nothing_is_left_of_a_program_even_if_it_is_read_only() {
    let folder = tempfile::tempdir().unwrap();
    let lines = format!("mkdir -p a/b; touch a/b/c; chmod 0 a/b; chmod 500 a\n{RIGHT}");
    let (_learner, mut command) = check(&lines);
    let output = command.env("TMPDIR", folder.path()).output().unwrap();
    let report = Report::of(output);
    assert!(report.has_passed, "{}", report.text);
    assert_eq!(left(folder.path()), 0);
}

#[test]
fn nothing_is_left_of_a_program_if_the_runner_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pid = tempfile::tempdir().unwrap();
    let pid = pid.path().join("pid");
    let lines = format!("echo $$ >{}; exec sleep 600", pid.display());
    let (_learner, mut command) = check(&lines);
    command.env("TMPDIR", folder.path()).stdout(Stdio::null());
    let mut runner = command.spawn().unwrap();
    let began = Instant::now();
    while !pid.exists() {
        assert!(began.elapsed() < PATIENCE, "the program did not start");
        thread::sleep(Duration::from_millis(5));
    }
    runner.kill().unwrap();
    runner.wait().unwrap();
    while left(folder.path()) > 0 {
        assert!(began.elapsed() < PATIENCE, "its folder is left");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn messages_are_in_chinese_too() {
    let (_learner, mut command) = check("exec sleep 600");
    let text = said(&command.env("LANG", "zh_CN.UTF-8").output().unwrap());
    assert!(text.contains("程序运行了 5 秒还没有结束"), "{text}");
}
