//! What lesson 07's program serves while its source is slow, cut off or gone.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;

use support::{PATIENCE, Program, command};

/// The program, in a folder of its own, where the file is that its source obeys.
struct Sourced {
    program: Program,
    folder: tempfile::TempDir,
}

impl Sourced {
    fn start() -> Sourced {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        let mut command = command("07_failed_scrapes");
        command.arg("127.0.0.1:0").current_dir(folder.path());
        Sourced {
            program: Program::spawn(&mut command),
            folder,
        }
    }

    /// Returns the metrics that are served while the source behaves so.
    fn metrics(&self, behaviour: &str) -> String {
        fs::write(self.folder.path().join("target/source"), behaviour).unwrap();
        let url = format!("http://{}/metrics", self.program.address);
        let response = minreq::get(url)
            .with_header("X-Prometheus-Scrape-Timeout-Seconds", "2")
            .with_timeout(PATIENCE.as_secs())
            .send()
            .unwrap();
        assert_eq!(response.status_code, 200, "{behaviour}");
        response.as_str().unwrap().to_owned()
    }
}

/// Returns the samples without their values, but for `up`.
fn served(metrics: &str) -> Vec<&str> {
    let ours = metrics.lines().filter(|line| line.starts_with("magedu_"));
    ours.map(|line| match line.contains("_demo_up ") {
        true => line,
        false => line.split(' ').next().unwrap(),
    })
    .collect()
}

#[test]
fn a_source_that_fails_costs_what_it_failed_to_say() {
    let sourced = Sourced::start();
    let whole = [
        "magedu_mcube_demo_backlog_age_seconds",
        "magedu_mcube_demo_backlog_bytes",
        "magedu_mcube_demo_queue_length{queue=\"mail\"}",
        "magedu_mcube_demo_queue_length{queue=\"print\"}",
        "magedu_mcube_demo_scrape_duration_seconds",
        "magedu_mcube_demo_up 1",
    ];
    let without_lengths = [
        "magedu_mcube_demo_backlog_age_seconds",
        "magedu_mcube_demo_backlog_bytes",
        "magedu_mcube_demo_scrape_duration_seconds",
        "magedu_mcube_demo_up 0",
    ];
    assert_eq!(served(&sourced.metrics("ok")), whole);
    for behaviour in ["slow", "cut", "gone"] {
        let metrics = sourced.metrics(behaviour);
        assert_eq!(served(&metrics), without_lengths, "{behaviour}");
    }
    assert_eq!(served(&sourced.metrics("ok")), whole);
}

#[test]
fn an_error_of_one_collector_costs_only_its_samples() {
    for behaviour in ["slow", "cut", "gone"] {
        let sourced = Sourced::start();
        sourced.metrics(behaviour);
        let metrics = sourced.metrics(behaviour);
        let left = [
            "magedu_mcube_demo_scrape_duration_seconds",
            "magedu_mcube_demo_up 0",
        ];
        assert_eq!(served(&metrics), left, "{behaviour}");
        let errors = "promhttp_metric_handler_errors_total{cause=\"gathering\"} 1\n";
        assert!(metrics.contains(errors), "{behaviour}: {metrics}");
    }
}
