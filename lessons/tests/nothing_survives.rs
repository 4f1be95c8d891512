//! Greedy programs: each is stopped with the reason, or passes, and nothing is left after
//! its check: no process, no port, no file.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::{Report, hostile, script, workbook};
use tempfile::TempDir;

/// The marker in the environment of the check's processes.
const MARK: &str = "NOTHING_SURVIVES";

/// A check's output, and a folder with another owner's files that the program knows.
struct Checked {
    report: Report,
    outside: TempDir,
}

fn checked(manner: &str) -> Checked {
    let folder = tempfile::tempdir().unwrap();
    checked_program(&hostile(folder.path(), manner))
}

/// Checks it in a place of its own, and that nothing is left.
fn checked_program(program: &Path) -> Checked {
    let (temporary, outside) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("kept"), "kept").unwrap();
    let mark = temporary.path().to_str().unwrap();
    let output = dumping_cores()
        .args(["check", "00", "--program"])
        .arg(program)
        .env("TMPDIR", temporary.path())
        .env("OUTSIDE", outside.path())
        .env(MARK, mark)
        .output();
    let report = Report::of(output.unwrap());
    let left = ended(mark);
    assert!(left.is_empty(), "still running: {left:?}\n{}", report.text);
    let files = fs::read_dir(temporary.path()).unwrap().count();
    assert_eq!(files, 0, "files are left\n{}", report.text);
    Checked { report, outside }
}

/// The runner, in a shell that lets programs dump core if possible.
fn dumping_cores() -> Command {
    let runner = workbook();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$@\"", "sh"]);
    shell.arg(runner.get_program());
    for (name, _) in runner.get_envs() {
        shell.env_remove(name);
    }
    shell
}

/// Ends the processes with this marker, and returns what they were: if there are any, the
/// test fails, and they must not outlive it either.
fn ended(mark: &str) -> Vec<String> {
    let mark = format!("{MARK}={mark}");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let marked = processes.filter(|process| {
        let environment = fs::read(process.path().join("environ"));
        let environment = environment.unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| variable == mark.as_bytes())
    });
    marked
        .map(|process| {
            let command = fs::read_to_string(process.path().join("cmdline"));
            let kill = ["-c", "kill -s KILL \"$1\"", "sh"];
            let id = process.file_name();
            Command::new("sh").args(kill).arg(id).status().unwrap();
            command.unwrap_or_default()
        })
        .collect()
}

#[track_caller]
fn assert_stopped(manner: &str, words: &str) -> Checked {
    let checked = checked(manner);
    let report = &checked.report;
    assert!(!report.has_passed, "{}", report.text);
    assert!(
        report.wrong().contains(&"the program runs"),
        "{}",
        report.text
    );
    assert!(report.text.contains(words), "{}", report.text);
    assert!(report.text.len() < 8192, "{}", report.text.len());
    checked
}

#[track_caller]
fn assert_passes(manner: &str) {
    let report = checked(manner).report;
    assert!(report.has_passed, "{}", report.text);
}

#[test]
fn a_program_that_hogs_memory_is_stopped() {
    let words = "seen:     it used more than 1024 MiB of memory, and printed:\n";
    for manner in ["hogs_memory", "asks_for_memory", "hogs_memory_together"] {
        assert_stopped(manner, words);
    }
}

#[test]
fn a_program_that_floods_its_output_while_it_serves_is_stopped() {
    let checked = assert_stopped("floods", "seen:     it printed more than 1024 KiB");
    assert!(!checked.outside.path().join("went_on").exists());
}

#[test]
fn a_program_gets_limits_from_the_kernel_and_makes_no_core_dump() {
    let folder = tempfile::tempdir().unwrap();
    // In 512-byte blocks, and in KiB.
    let lines = "echo core $(ulimit -c) file $(ulimit -f) data $(ulimit -d); exit 1";
    let checked = checked_program(&script(folder.path(), "limits", lines));
    let limits = "core 0 file 131072 data 1048576";
    assert!(
        checked.report.text.contains(limits),
        "{}",
        checked.report.text
    );
}

#[test]
fn a_program_that_fills_the_disk_is_stopped() {
    let words = "seen:     it wrote more than 64 MiB into files";
    for manner in ["fills_a_file", "fills_its_folder"] {
        assert_stopped(manner, words);
    }
}

#[test]
fn a_program_that_starts_too_many_processes_is_stopped() {
    assert_stopped(
        "starts_100",
        "seen:     it had more than 64 processes running",
    );
}

#[test]
fn processes_in_sessions_of_their_own_end_with_the_check() {
    assert_passes("starts_50");
}

#[test]
fn processes_that_have_ended_are_not_counted() {
    assert_passes("forgets_processes");
}

#[test]
fn a_daemon_ends_with_the_check() {
    assert_passes("daemon");
}

#[test]
fn a_program_that_ignores_signals_ends_with_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let serves = hostile(folder.path(), "serves");
    let lines = format!("trap '' TERM INT HUP; exec {} \"$1\"", serves.display());
    let report = checked_program(&script(folder.path(), "ignores", &lines)).report;
    assert!(report.has_passed, "{}", report.text);
}

#[test]
fn a_program_with_every_descriptor_open_is_checked_like_any_other() {
    assert_passes("hogs_descriptors");
}

#[test]
fn the_files_of_a_program_are_removed_but_not_those_it_links_to() {
    let checked = checked("litters");
    assert!(checked.report.has_passed, "{}", checked.report.text);
    let kept = fs::read_to_string(checked.outside.path().join("kept"));
    assert_eq!(kept.unwrap(), "kept");
}
