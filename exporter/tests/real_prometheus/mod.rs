//! A real Prometheus with a configuration, and what it answers.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{PATIENCE, Process, free_port, prometheus};
use crate::versions::Version;

/// It, for as long as this lives.
pub struct RealPrometheus {
    _process: Process,
    _folder: TempDir,
    port: u16,
    version: Version,
}

impl RealPrometheus {
    pub fn start(config: &str, version: Version) -> RealPrometheus {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let port = free_port();
        let server = version.command("prometheus");
        RealPrometheus {
            _process: prometheus(server, &file, folder.path(), port),
            _folder: folder,
            port,
            version,
        }
    }

    /// Waits until it answers `query` with these series and values.
    pub fn answers(&self, query: &str, mut expected: Vec<String>) {
        expected.sort();
        let started = Instant::now();
        loop {
            let mut promtool = self.version.command("promtool");
            let server = format!("http://127.0.0.1:{}", self.port);
            let output = promtool.args(["query", "instant", &server, query]).output();
            let text = String::from_utf8(output.unwrap().stdout).unwrap();
            let lines = text.lines().map(|line| line.split(" @[").next().unwrap());
            let mut lines: Vec<&str> = lines.collect();
            lines.sort_unstable();
            if lines == expected {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{query}: {text}");
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits until the list of targets has `text` in it, such as an error.
    pub fn has_target_with(&self, text: &str) {
        let started = Instant::now();
        loop {
            let url = format!("http://127.0.0.1:{}/api/v1/targets", self.port);
            let response = minreq::get(url).with_timeout(PATIENCE.as_secs()).send();
            let response = response.unwrap();
            let targets = response.as_str().unwrap();
            if targets.contains(text) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{text}: {targets}");
            thread::sleep(Duration::from_millis(200));
        }
    }
}
