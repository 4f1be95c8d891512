//! A real Pushgateway and a real node exporter, which a page's or a test's push reaches.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{PATIENCE, Process, free_port};

/// A server that has metrics, until this is dropped.
pub struct Real {
    pub url: String,
    _process: Process,
}

impl Real {
    pub fn pushgateway() -> Real {
        // Otherwise Debian's keeps what was pushed in /var/lib.
        Real::start(
            "prometheus-pushgateway",
            &["--persistence.file=".to_owned()],
        )
    }

    /// Starts a node exporter with nothing but the collector of the files in `folder`.
    pub fn node_exporter(folder: &Path) -> Real {
        let folder = folder.display();
        let flags = [
            "--collector.disable-defaults".to_owned(),
            "--collector.textfile".to_owned(),
            format!("--collector.textfile.directory={folder}"),
        ];
        Real::start("prometheus-node-exporter", &flags)
    }

    fn start(program: &str, flags: &[String]) -> Real {
        let address = format!("127.0.0.1:{}", free_port());
        let process = Command::new(program)
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .args(flags)
            .stderr(Stdio::null())
            .spawn();
        let real = Real {
            url: format!("http://{address}"),
            _process: Process(process.unwrap()),
        };
        let started = Instant::now();
        while minreq::get(&real.url).with_timeout(5).send().is_err() {
            assert!(started.elapsed() < PATIENCE, "{program} doesn't respond");
            thread::sleep(Duration::from_millis(20));
        }
        real
    }

    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub fn metrics(&self) -> String {
        let request = minreq::get(format!("{}/metrics", self.url));
        let response = request.with_timeout(PATIENCE.as_secs()).send().unwrap();
        assert_eq!(response.status_code, 200);
        response.as_str().unwrap().to_owned()
    }

    /// Returns the samples whose names begin with `name`, without values if these are
    /// times.
    pub fn samples(&self, name: &str) -> Vec<String> {
        let metrics = self.metrics();
        let of_name = metrics.lines().filter(|line| line.starts_with(name));
        let untimed = |line: &str| match line.split_once("} ") {
            Some((series, _)) if series.contains("_seconds{") => {
                format!("{series}}} _")
            }
            _ => line.to_owned(),
        };
        of_name.map(untimed).collect()
    }
    /// Waits until the samples of `name` are these: a Pushgateway deletes a group soon after
    /// it has responded.
    #[track_caller]
    pub fn becomes(&self, name: &str, expected: &[String]) {
        let started = Instant::now();
        while self.samples(name) != expected && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(self.samples(name), expected, "{name}");
    }
}
