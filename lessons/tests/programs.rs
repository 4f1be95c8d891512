//! Programs that hang, exit, listen elsewhere or flood their output: each is reported
//! within a deadline, and none is left running.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{Report, check, hostile, script, workbook};
use tempfile::TempDir;

/// The time after which a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

fn checked(manner: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    check("03", &hostile(folder.path(), manner))
}

fn checked_script(lines: &str) -> Report {
    let folder = tempfile::tempdir().unwrap();
    check("03", &script(folder.path(), "program", lines))
}

#[track_caller]
fn assert_says(report: &Report, wrong: &str, words: &str) {
    assert!(!report.has_passed);
    assert!(report.wrong().contains(&wrong), "{}", report.text);
    assert!(report.text.contains(words), "{}", report.text);
}

#[test]
fn a_program_that_never_listens_is_given_up_after_ten_seconds() {
    let report = checked_script("echo starting; exec sleep 600");
    assert_says(&report, "the program runs", "after 10 s, and printed:\n");
    assert!(report.text.contains("starting"), "{}", report.text);
}

#[test]
fn a_program_that_exits_is_reported_with_its_output() {
    let report = checked_script("echo 'no such table' >&2; exit 3");
    let words =
        "it exited with code 3, and printed:\n                   no such table\n";
    assert_says(&report, "the program runs", words);
    assert!(report.text.contains("  unseen "), "{}", report.text);
}

#[test]
fn the_end_of_a_long_output_is_shown() {
    let report = checked_script("for n in $(seq 5000); do echo line $n; done; exit 1");
    let words = "printed:\n                   …\n                   line 4989\n";
    assert_says(&report, "the program runs", words);
    assert!(report.text.contains("line 5000\n"), "{}", report.text);
}

#[test]
fn a_program_killed_by_a_signal_is_reported() {
    let report = checked_script("kill -s SEGV $$");
    assert_says(&report, "the program runs", "it was killed by signal 11");
}

#[test]
fn a_program_that_floods_its_output_is_reported() {
    let report = checked_script("yes 'cannot connect, trying again'");
    assert_says(&report, "the program runs", "it printed more than 1024 KiB");
    assert!(report.text.len() < 8192, "{}", report.text.len());
}

#[test]
fn a_program_that_listens_elsewhere_is_reported() {
    let report = checked("elsewhere");
    let words = "seen:     it listens on 127.0.0.1:";
    assert_says(&report, "the program runs", words);
    assert!(report.text.contains("serve::address_argument"));
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_program_that_silently_listens_elsewhere_is_reported() {
    let report = checked("lost");
    let words = "seen:     it listens on 127.0.0.1:";
    assert_says(&report, "the program runs", words);
    assert!(report.text.contains("serve::address_argument"));
}

#[test]
fn a_second_listener_may_come_first() {
    let folder = tempfile::tempdir().unwrap();
    let report = check("00", &hostile(folder.path(), "health_first"));
    assert!(report.has_passed, "{}", report.text);
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
fn a_program_that_listens_nowhere_is_not_told_where() {
    let report = checked("loops");
    assert_says(&report, "the program runs", "an endless loop");
    assert!(!report.text.contains("serve::address_argument"));
}

#[test]
fn a_program_that_does_not_respond_is_reported() {
    let words = "no complete response within 5 s";
    for manner in ["silent", "drips"] {
        assert_says(&checked(manner), "GET /metrics is answered", words);
    }
}

#[test]
fn a_response_without_end_is_reported() {
    let words = "more than 16 MiB, and still no end";
    assert_says(&checked("endless"), "GET /metrics is answered", words);
}

#[test]
fn an_exposition_full_of_mistakes_does_not_fill_the_screen() {
    let report = checked("long");
    assert_says(
        &report,
        "GET /metrics can be read by Prometheus",
        "each series once",
    );
    let words = "… and 9996 more of this kind";
    assert!(report.text.contains(words), "{}", report.text);
    assert!(report.text.len() < 16_384, "{}", report.text.len());
}

#[test]
fn a_response_that_is_not_http_is_reported() {
    for manner in ["no_http", "bomb"] {
        let report = checked(manner);
        assert!(
            report.wrong().contains(&"GET /metrics is answered"),
            "{}",
            report.text
        );
    }
}

#[test]
fn a_program_that_crashes_on_a_request_is_reported() {
    let report = checked("dies");
    assert_says(&report, "the program runs", "it was killed by signal 6");
}

#[test]
fn an_empty_exposition_is_reported() {
    let report = checked("empty");
    assert!(
        report.text.contains("the response is empty"),
        "{}",
        report.text
    );
}

#[test]
fn a_program_that_serves_openmetrics_is_checked_by_its_text_format() {
    let folder = tempfile::tempdir().unwrap();
    let report = check("00", &hostile(folder.path(), "open_metrics"));
    assert!(report.has_passed, "{}", report.text);
}

#[test]
fn a_missing_program_is_reported() {
    let report = check("03", Path::new("/nowhere/program"));
    assert_says(&report, "the program runs", "cannot start /nowhere/program");
}

/// A runner started with a program that writes the id of the last process it starts to a
/// file.
struct Started {
    runner: std::process::Child,
    folder: TempDir,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.runner.kill();
        let _ = self.runner.wait();
    }
}

impl Started {
    fn with(lines: &str) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "program", lines);
        let mut runner = workbook();
        runner.args(["check", "03", "--program"]).arg(program);
        Started::spawn(&mut runner, folder)
    }

    /// The same, with these lines as the cargo that builds the exercise.
    fn with_cargo(lines: &str) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let cargo = script(folder.path(), "cargo", lines);
        let mut runner = workbook();
        runner.args(["check", "03"]).env("CARGO", cargo);
        Started::spawn(&mut runner, folder)
    }

    fn spawn(runner: &mut Command, folder: TempDir) -> Started {
        runner.env("PID_FILE", folder.path().join("pid"));
        let runner = runner.stdout(Stdio::null()).spawn().unwrap();
        Started { runner, folder }
    }

    fn id(&self) -> u32 {
        let file = self.folder.path().join("pid");
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if let Ok(id) = text.trim().parse() {
                return id;
            }
            assert!(began.elapsed() < PATIENCE, "the program did not start");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn signal(name: &str, id: u32) {
    let kill = ["-c", "kill -s \"$1\" \"$2\"", "sh", name];
    let status = Command::new("sh").args(kill).arg(id.to_string()).status();
    assert!(status.unwrap().success());
}

fn is_running(id: u32) -> bool {
    // A zombie isn't running.
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    match stat {
        Ok(stat) => !stat.contains(") Z "),
        Err(_) if Path::new("/proc/self/stat").exists() => false,
        Err(_) => {
            let kill = ["-c", "kill -s 0 \"$1\" 2>/dev/null", "sh"];
            let status = Command::new("sh").args(kill).arg(id.to_string()).status();
            status.unwrap().success()
        }
    }
}

#[track_caller]
fn assert_ends(id: u32) {
    let began = Instant::now();
    while is_running(id) {
        assert!(began.elapsed() < PATIENCE, "{id} is still running");
        thread::sleep(Duration::from_millis(10));
    }
}

const STUBBORN: &str = "trap '' TERM INT HUP\nsleep 600 & echo $! >\"$PID_FILE\"\n\
                        while :; do wait; sleep 1; done";

/// Returns those of the signals that reach a program that the tests start: a shell's `&`
/// makes it ignore INT, and `nohup` makes it ignore HUP.
fn delivered(signals: &[(&'static str, u32)]) -> Vec<&'static str> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    let reaches = |number: u32| ignored.unwrap_or(0) >> (number - 1) & 1 == 0;
    let delivered = signals.iter().filter(|(_, number)| reaches(*number));
    delivered.map(|(name, _)| *name).collect()
}

const INT: (&str, u32) = ("INT", 2);
const KILL: (&str, u32) = ("KILL", 9);

#[test]
fn a_runner_that_is_stopped_leaves_no_program_running() {
    for name in delivered(&[INT, ("TERM", 15), ("HUP", 1), KILL]) {
        let mut started = Started::with(STUBBORN);
        let id = started.id();
        assert!(is_running(id));
        signal(name, started.runner.id());
        started.runner.wait().unwrap();
        assert_ends(id);
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs Linux's subreaper")]
fn a_runner_that_is_stopped_leaves_no_daemon_running() {
    let daemon = "setsid sh -c 'trap \"\" TERM HUP; echo $$ >\"$PID_FILE\"; \
                  exec sleep 600' &";
    for name in delivered(&[INT, KILL]) {
        let mut started = Started::with(&format!("{daemon}\nexec sleep 600"));
        let id = started.id();
        signal(name, started.runner.id());
        started.runner.wait().unwrap();
        assert_ends(id);
    }
}

#[test]
fn a_runner_that_is_stopped_leaves_no_cargo_running() {
    for name in delivered(&[INT, KILL]) {
        let mut started = Started::with_cargo(STUBBORN);
        let id = started.id();
        signal(name, started.runner.id());
        started.runner.wait().unwrap();
        assert_ends(id);
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "needs Linux's parent death signal")]
fn a_guard_that_is_killed_leaves_no_program_running() {
    let mut started = Started::with("echo $$ >\"$PID_FILE\"; exec sleep 600");
    let id = started.id();
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"));
    signal("KILL", parent.unwrap().trim().parse().unwrap());
    assert_ends(id);
    assert!(!started.runner.wait().unwrap().success());
}

#[test]
fn the_folder_of_a_program_is_removed_even_if_the_runner_is_killed() {
    let mut started =
        Started::with("pwd >\"$PID_FILE.pwd\"; echo $$ >\"$PID_FILE\"; exec sleep 600");
    let id = started.id();
    let folder = fs::read_to_string(started.folder.path().join("pid.pwd")).unwrap();
    let folder = Path::new(folder.trim());
    assert!(folder.exists());
    signal("KILL", started.runner.id());
    started.runner.wait().unwrap();
    assert_ends(id);
    let began = Instant::now();
    while folder.exists() {
        assert!(began.elapsed() < PATIENCE, "{} is left", folder.display());
        thread::sleep(Duration::from_millis(10));
    }
}
