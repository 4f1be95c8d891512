//! How a program stops: on which signals, and what happens to its port and its
//! responses.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::{BufRead, BufReader, Lines};
use std::process::{ChildStderr, Command, Stdio};
use std::thread;
use std::time::Duration;

use exporter_workbook::serve;
use support::Process;
use support::running::NEVER;

/// This test is also the program that the others signal: one that stops slowly.
#[test]
fn a_program_that_stops_slowly() {
    if std::env::var_os("STOPS_SLOWLY").is_some() {
        let stop = serve::stop_signal().unwrap();
        eprintln!("ready");
        stop();
        eprintln!("stopping");
        thread::sleep(NEVER);
    }
}

/// Starts that program and waits until it is ready.
fn slow_to_stop() -> (Process, Lines<BufReader<ChildStderr>>) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_program_that_stops_slowly", "--nocapture"])
        .env("STOPS_SLOWLY", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let child = Process(child);
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    (child, lines)
}

/// Well after the time in which two signals count as one.
const LATER: Duration = Duration::from_millis(300);

#[test]
fn a_later_second_signal_ends_a_program_that_is_stopping() {
    for (signal, code) in [("TERM", 128 + 15), ("INT", 128 + 2)] {
        let (child, mut lines) = slow_to_stop();
        child.signal("TERM");
        assert_eq!(lines.next().unwrap().unwrap(), "stopping");
        thread::sleep(LATER);
        assert_eq!(child.end_with(signal).code(), Some(code));
    }
}

/// As GNU timeout sends them: to the process, then to its group.
#[test]
fn two_signals_at_once_are_one() {
    for second in ["TERM", "INT"] {
        // This thread may be delayed before it sends the second one.
        let is_one = (0..5).any(|_| {
            let (mut child, mut lines) = slow_to_stop();
            let both = format!("kill -s TERM $1; kill -s {second} $1");
            let id = child.0.id().to_string();
            let sent = Command::new("sh").args(["-c", &both, "sh", &id]).status();
            assert!(sent.unwrap().success());
            assert_eq!(lines.next().unwrap().unwrap(), "stopping");
            thread::sleep(LATER);
            child.0.try_wait().unwrap().is_none()
        });
        assert!(is_one, "TERM and {second} ended the program");
    }
}
