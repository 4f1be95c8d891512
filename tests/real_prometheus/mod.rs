//! A real Prometheus, and what it answers.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{PATIENCE, Process, free_port, prometheus};
use crate::versions::Version;

/// The test's own Prometheus, which ends with it.
pub struct Prometheus {
    _process: Process,
    _storage: TempDir,
    url: String,
    version: Version,
}

impl Prometheus {
    /// Starts it with a configuration of this text, on a free port.
    pub fn with_config(version: Version, text: &str) -> Prometheus {
        let storage = tempfile::tempdir().unwrap();
        let config = storage.path().join("prometheus.yml");
        fs::write(&config, text).unwrap();
        Prometheus::on(storage, version, &config, free_port())
    }

    pub fn start(version: Version, config: &Path, port: u16) -> Prometheus {
        Prometheus::on(tempfile::tempdir().unwrap(), version, config, port)
    }

    fn on(storage: TempDir, version: Version, config: &Path, port: u16) -> Prometheus {
        let mut program = version.command("prometheus");
        program.arg("--enable-feature=exemplar-storage");
        Prometheus {
            _process: prometheus(program, config, storage.path(), port),
            _storage: storage,
            url: format!("http://127.0.0.1:{port}"),
            version,
        }
    }

    /// Returns each series of the result with its value, without timestamps, sorted.
    pub fn query(&self, expression: &str) -> Vec<String> {
        let output = self
            .version
            .command("promtool")
            .args(["query", "instant", &self.url, expression])
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

    /// What the targets page says.
    pub fn targets(&self) -> String {
        self.get("/api/v1/targets")
    }

    /// Returns the JSON of the API at a path.
    pub fn get(&self, path: &str) -> String {
        let url = format!("{}{path}", self.url);
        let response = minreq::get(url).with_timeout(PATIENCE.as_secs()).send();
        let response = response.unwrap();
        response.as_str().unwrap().to_owned()
    }

    /// Waits until the list of targets has `text` in it, such as an error.
    pub fn assert_targets_have(&self, text: &str) {
        let started = Instant::now();
        while !self.targets().contains(text) {
            assert!(started.elapsed() < PATIENCE, "{text}: {}", self.targets());
            thread::sleep(Duration::from_millis(250));
        }
    }

    pub fn assert_becomes(&self, expression: &str, expected: &[impl AsRef<str>]) {
        self.assert_becomes_without("nothing", expression, expected);
    }

    /// Queries until the result, without some labels, is the expected one: the first
    /// scrapes take a while.
    pub fn assert_becomes_without(
        &self,
        labels: &str,
        expression: &str,
        expected: &[impl AsRef<str>],
    ) {
        let mut expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
        expected.sort_unstable();
        let started = Instant::now();
        loop {
            let answer: Vec<String> = self
                .query(expression)
                .iter()
                .map(|line| {
                    let line = line.replace(&format!("{{{labels}}}"), "");
                    let line = line.replace(&format!("{labels}, "), "");
                    line.replace(&format!(", {labels}"), "")
                })
                .collect();
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
}
