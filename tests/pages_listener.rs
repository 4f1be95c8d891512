//! The layers in `docs/en/reference/listener.md`: a password, and the log around it.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "pages/listener.rs"]
#[allow(dead_code, reason = "its `main` is for the reader")]
mod listener;
#[path = "pages/password.rs"]
mod password;
mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use exporter_workbook::prometheus::{IntCounterVec, Opts};
use exporter_workbook::promhttp;
use exporter_workbook::serve::Server;
use support::running::{Running, ok_answer};

/// The base64 of `prometheus:a password`.
const LOGIN: &str = "cHJvbWV0aGV1czphIHBhc3N3b3Jk";

fn guarded() -> Running {
    let wrap = |inner| password::guarded(inner, LOGIN.to_owned());
    Running::serve(|server| server.route("/metrics", ok_answer).layer(wrap))
}

/// Returns the response to a scrape with these `headers`.
fn scrape(running: &Running, headers: &str) -> String {
    let line = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    running.exchange(&format!("{line}{headers}\r\n"))
}

fn status(running: &Running, headers: &str) -> u16 {
    scrape(running, headers)[9..12].parse().unwrap()
}

#[test]
fn the_password_lets_a_request_through() {
    let running = guarded();
    let with_password = format!("Authorization: Basic {LOGIN}\r\n");
    let answer = scrape(&running, &with_password);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\na 1\n"), "{answer}");
    running.stop();
}

#[test]
fn without_the_password_nothing_is_served_and_a_browser_asks_for_it() {
    let running = guarded();
    let answer = scrape(&running, "");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let challenge = "\r\nwww-authenticate: basic realm=\"exporter\"\r\n";
    assert!(answer.to_lowercase().contains(challenge), "{answer}");
    assert!(answer.ends_with("\r\n\r\nUnauthorized.\n"), "{answer}");
    for path in ["/", "/-/live.js", "/nothing"] {
        let answer = running.exchange(&format!("GET {path} HTTP/1.0\r\n\r\n"));
        assert_eq!(&answer[9..12], "401", "{path}");
    }
    running.stop();
}

#[test]
fn a_part_of_the_password_is_refused_and_so_is_more_than_it() {
    let running = guarded();
    let whole = format!("Basic {LOGIN}");
    let mut wrong: Vec<String> = (0..whole.len())
        .map(|end| whole[..end].to_owned())
        .collect();
    wrong.extend([
        format!("{whole}A"),
        format!("Bearer {LOGIN}"),
        LOGIN.to_owned(),
        whole.replace("cHJ", "cHK"),
        whole.replace("Jk", "JK"),
    ]);
    for value in wrong {
        let header = format!("Authorization: {value}\r\n");
        assert_eq!(status(&running, &header), 401, "{value:?}");
    }
    running.stop();
}

#[test]
fn an_empty_login_lets_nobody_through() {
    let wrap = |inner| password::guarded(inner, String::new());
    let running =
        Running::serve(|server| server.route("/metrics", ok_answer).layer(wrap));
    for header in ["", "Authorization:\r\n", "Authorization: Basic \r\n"] {
        assert_eq!(status(&running, header), 401, "{header:?}");
    }
    running.stop();
}

#[test]
fn a_single_route_can_be_guarded() {
    let secret = password::guarded(ok_answer, LOGIN.to_owned());
    let running =
        Running::serve(|server| server.route("/secret", secret).route("/", ok_answer));
    for (path, status) in [("/secret", "401"), ("/", "200")] {
        let answer = running.exchange(&format!("GET {path} HTTP/1.0\r\n\r\n"));
        assert_eq!(&answer[9..12], status, "{path}");
    }
    running.stop();
}

const VARIABLE: &str = "EXPORTER_LOGIN";

/// Runs the test `name` of this file in a new process, with the login in its
/// environment.
fn run_with_login(name: &str) -> String {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--nocapture", name])
        .env(VARIABLE, LOGIN)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_login_comes_from_the_environment_and_refusals_are_logged() {
    let with_layers = |server: Server| {
        let server = server.route("/metrics", ok_answer);
        password::with_layers(server)
    };
    if env::var(VARIABLE).is_ok_and(|login| login == LOGIN) {
        let running = Running::serve(|server| with_layers(server).unwrap());
        let with_password = format!("Authorization: Basic {LOGIN}\r\n");
        assert_eq!(status(&running, ""), 401);
        assert_eq!(status(&running, &with_password), 200);
        return running.stop();
    }
    let listener = exporter_workbook::serve::listen("127.0.0.1:0").unwrap();
    let error = with_layers(Server::new(listener)).err().unwrap();
    assert_eq!(
        error.to_string(),
        "EXPORTER_LOGIN must be the base64 of user:password"
    );
    let name = "the_login_comes_from_the_environment_and_refusals_are_logged";
    let log = run_with_login(name);
    let lines = log.lines().filter(|line| line.starts_with("127.0.0.1:"));
    let logged: Vec<&str> = lines
        .filter_map(|line| line.split_once(' '))
        .map(|(_, line)| line)
        .collect();
    assert_eq!(logged, ["GET /metrics 401", "GET /metrics 200"], "{log}");
}

#[test]
#[ignore = "needs openssl"]
fn the_command_makes_the_login_from_the_file_of_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/login.sh");
    fs::write(folder.path().join("exporter.password"), "a password\n").unwrap();
    let output = Command::new("sh")
        .args(["-c", ". \"$0\" && printenv EXPORTER_LOGIN"])
        .arg(script)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim_end(), LOGIN);
}

/// What the page shows in its prose.
#[test]
fn a_layer_may_fail_and_a_log_is_a_closure() {
    let opts = Opts::new("http_requests_total", "Requests.");
    let requests = IntCounterVec::new(opts, &["code"]).unwrap();
    let counted = requests.clone();
    let running = Running::serve(|server| {
        server
            .route("/metrics", ok_answer)
            .try_layer(|inner| promhttp::instrument_handler_counter(counted, inner))
            .unwrap()
            .log(Arc::new(|message: &str| eprintln!("{message}")))
    });
    running.scrape();
    running.stop();
    assert_eq!(requests.with_label_values(&["200"]).get(), 1);
}
