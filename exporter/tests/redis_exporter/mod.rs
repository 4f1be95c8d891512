//! `09_redis_exporter` on a free port, with its log.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{PATIENCE, Process, Program, command};

pub const SLUG: &str = "09_redis_exporter";

/// The exporter, and a folder with its log.
pub struct RedisExporter {
    pub program: Program,
    folder: TempDir,
}

impl RedisExporter {
    /// Starts it for the server on `redis`.
    pub fn start(redis: SocketAddr) -> RedisExporter {
        RedisExporter::with(redis, &[])
    }

    pub fn with(redis: SocketAddr, flags: &[&str]) -> RedisExporter {
        RedisExporter::spawn(exporter(&redis.to_string()).args(flags))
    }

    pub fn spawn(command: &mut Command) -> RedisExporter {
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        RedisExporter {
            program: Program::spawn(command.stderr(log)),
            folder,
        }
    }

    /// Returns what a Prometheus that waits for two seconds gets in this time.
    pub fn scrape(&self) -> String {
        let started = Instant::now();
        let response = self.response(&self.program.path);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(2), "the scrape took {took:?}");
        assert_eq!(response.status_code, 200);
        response.as_str().unwrap().to_owned()
    }

    /// Returns the responses to `count` scrapes at once.
    pub fn scrapes(&self, count: usize) -> Vec<String> {
        thread::scope(|scope| {
            let scrapes: Vec<_> =
                (0..count).map(|_| scope.spawn(|| self.scrape())).collect();
            let bodies = scrapes.into_iter().map(|scrape| scrape.join().unwrap());
            bodies.collect()
        })
    }

    /// Returns the response to such a Prometheus, whatever it is.
    pub fn response(&self, path: &str) -> minreq::Response {
        minreq::get(format!("http://{}{path}", self.program.address))
            .with_header("X-Prometheus-Scrape-Timeout-Seconds", "2")
            .with_timeout(PATIENCE.as_secs())
            .send()
            .unwrap()
    }

    /// Waits until the log has that many lines, and a little longer for lines that it
    /// shouldn't have: the exporter writes them on a thread of their own. Returns them.
    pub fn log(&self, lines: usize) -> Vec<String> {
        let file = self.folder.path().join("log");
        let log = || fs::read_to_string(&file).unwrap();
        let started = Instant::now();
        while log().lines().count() < lines {
            let waited = started.elapsed();
            assert!(waited < PATIENCE, "fewer than {lines} lines: {}", log());
            thread::sleep(Duration::from_millis(2));
        }
        thread::sleep(Duration::from_millis(20));
        log().lines().map(str::to_owned).collect()
    }
}

/// Returns a command that starts it for the server on `redis`, on a free port.
pub fn exporter(redis: &str) -> Command {
    exporter_of(SLUG, redis)
}

/// Does the same for a program that has the same flags.
pub fn exporter_of(slug: &str, redis: &str) -> Command {
    let mut command = without_variable(slug);
    command.args(["--web.listen-address", "127.0.0.1:0"]);
    command.args(["--redis.addr", redis]);
    command
}

fn without_variable(slug: &str) -> Command {
    let mut command = command(slug);
    command.env_remove("REDIS_PASSWORD");
    command
}

/// How a start ended.
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Starts it with flags with which it ends by itself.
pub fn ends(flags: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let [out, error] = ["out", "error"].map(|name| folder.path().join(name));
    let mut command = without_variable(SLUG);
    command.stdout(File::create(&out).unwrap());
    command.stderr(File::create(&error).unwrap());
    let mut process = Process(command.args(flags).spawn().unwrap());
    let started = Instant::now();
    let status = loop {
        if let Some(status) = process.0.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < PATIENCE, "it doesn't end: {flags:?}");
        thread::sleep(Duration::from_millis(2));
    };
    Ended {
        code: status.code(),
        stdout: fs::read_to_string(out).unwrap(),
        stderr: fs::read_to_string(error).unwrap(),
    }
}

/// Returns the samples of `redis_` metrics, without the one on the build.
pub fn redis_samples(metrics: &str) -> Vec<&str> {
    let lines = metrics.lines().filter(|line| line.starts_with("redis_"));
    lines
        .filter(|line| !line.starts_with("redis_exporter_build_info{"))
        .collect()
}
