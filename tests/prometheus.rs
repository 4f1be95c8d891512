//! The programs before the judges that a reader has: a real Prometheus and promtool.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{PATIENCE, PROGRAMS, Process, Program};

fn start_prometheus(storage: &std::path::Path) -> Process {
    let prometheus = Command::new("prometheus")
        .arg("--config.file=prometheus.yml")
        .arg("--web.listen-address=127.0.0.1:9090")
        .arg(format!("--storage.tsdb.path={}", storage.display()))
        .arg("--log.level=error")
        .spawn();
    Process(prometheus.unwrap())
}

/// Each series of the answer with its value, without the time, sorted.
fn query(expression: &str) -> Vec<String> {
    let output = Command::new("promtool")
        .args(["query", "instant", "http://127.0.0.1:9090", expression])
        .output()
        .unwrap();
    let mut series: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.split(" @[").next().unwrap().to_owned())
        .collect();
    series.sort();
    series
}

/// Asks until the answer is the expected one: the first scrapes take a while.
fn assert_becomes(expression: &str, expected: &[&str]) {
    let started = Instant::now();
    loop {
        let answer = query(expression);
        if answer == expected {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "{expression} is {answer:#?}, expected {expected:#?}"
        );
        thread::sleep(Duration::from_millis(250));
    }
}

#[test]
#[ignore = "needs prometheus and promtool, and the ports 8050, 9000 and 9090"]
fn prometheus_scrapes_the_lessons_with_the_shipped_config() {
    let _lesson = Program::start_with("03_custom_registry", &[]);
    let _hello = Program::start_with("05_custom_collector", &[]);
    let storage = tempfile::tempdir().unwrap();
    let _prometheus = start_prometheus(storage.path());

    assert_becomes(
        "up",
        &[
            "up{instance=\"127.0.0.1:8050\", job=\"lesson\"} => 1",
            "up{instance=\"127.0.0.1:9000\", job=\"hello\"} => 1",
            "up{instance=\"127.0.0.1:9090\", job=\"prometheus\"} => 1",
        ],
    );
    assert_becomes(
        "magedu_mcube_demo_queue_length",
        &[
            "magedu_mcube_demo_queue_length{instance=\"127.0.0.1:8050\", job=\"lesson\", \
           module=\"http-server\"} => 100",
        ],
    );
    assert_becomes(
        "b",
        &[
            "b{hello=\"world\", hostname=\"Hi\", instance=\"127.0.0.1:9000\", \
           job=\"hello\"} => 2",
        ],
    );
}

#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_the_shipped_config() {
    let output = Command::new("promtool")
        .args(["check", "config", "prometheus.yml"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
}

fn check_metrics(metrics: &str) -> Output {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(metrics.as_bytes()).unwrap();
    drop(stdin);
    promtool.wait_with_output().unwrap()
}

fn assert_check(metrics: &str, code: i32, words: &str) {
    let output = check_metrics(metrics);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), words);
    assert_eq!(output.status.code(), Some(code));
}

#[test]
#[ignore = "needs promtool"]
fn promtool_accepts_every_program_but_for_what_the_documents_names_break() {
    for (slug, _) in PROGRAMS {
        let metrics = Program::start(slug).metrics();
        match slug {
            "00_raw_handler" => {
                assert_check(
                    &metrics,
                    1,
                    "error while linting: text format parsing error in line 1: \
                     unexpected end of input stream\n",
                );
                assert_check(
                    &(metrics + "\n"),
                    3,
                    "lexporter_request_count no help text\n",
                );
            }
            "05_custom_collector" => assert_check(
                &metrics,
                3,
                "b counter metrics should have \"_total\" suffix\n",
            ),
            _ => assert_check(&metrics, 0, ""),
        }
    }
}
