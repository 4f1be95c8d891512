//! What promtool and Prometheus say about many bodies: each is a target of its own.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::tables::check_metrics;
use crate::versions::Version;

/// The time after which the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// With more targets, scrapes would be late.
const BATCH: usize = 1000;

/// What the two say about a body.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Why it is rejected.
    pub promtool: Option<String>,
    /// Why it is rejected.
    pub prometheus: Option<String>,
    /// The number of samples that Prometheus read, if it accepted the body.
    pub samples: Option<usize>,
}

impl Verdict {
    /// Rejected if either rejects it.
    pub fn or(self, other: Verdict) -> Verdict {
        Verdict {
            promtool: self.promtool.or(other.promtool),
            prometheus: self.prometheus.or(other.prometheus),
            samples: self.samples,
        }
    }
}

/// What the two programs of `version` say about each body.
pub fn verdicts(version: Version, bodies: &[Vec<u8>]) -> Vec<Verdict> {
    let mut all = Vec::new();
    for batch in bodies.chunks(BATCH) {
        let mut verdicts = of_prometheus(version, batch);
        for (verdict, body) in verdicts.iter_mut().zip(batch) {
            verdict.promtool = of_promtool(version, body);
        }
        all.append(&mut verdicts);
    }
    all
}

/// Lint problems, code 3, aren't rejections.
fn of_promtool(version: Version, body: &[u8]) -> Option<String> {
    let output = check_metrics(version.command("promtool"), body);
    let is_taken = matches!(output.status.code(), Some(0 | 3));
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    (!is_taken).then_some(why)
}

fn of_prometheus(version: Version, bodies: &[Vec<u8>]) -> Vec<Verdict> {
    let folder = tempfile::tempdir().unwrap();
    let program = version.command("prometheus");
    let prometheus = Prometheus::start(program, serve(bodies), bodies.len(), &folder);
    let mut verdicts: Vec<Verdict> = Vec::new();
    verdicts.resize_with(bodies.len(), Verdict::default);
    for target in prometheus.targets(bodies.len()) {
        let number: usize = target["labels"]["number"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let error = target["lastError"].as_str().unwrap();
        if !error.is_empty() {
            verdicts[number].prometheus = Some(error.to_owned());
        }
    }
    for series in prometheus.query("scrape_samples_scraped and up == 1") {
        let number: usize = series["metric"]["number"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        verdicts[number].samples = series["value"][1].as_str().unwrap().parse().ok();
    }
    verdicts
}

/// Serves each body under its number, from threads that end with the test.
fn serve(bodies: &[Vec<u8>]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let bodies: Arc<[Vec<u8>]> = bodies.into();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let bodies = Arc::clone(&bodies);
            thread::spawn(move || answer(stream, &bodies));
        }
    });
    address
}

/// Answers one request; clients that disconnect early will retry.
fn answer(mut stream: TcpStream, bodies: &[Vec<u8>]) {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend(&part[..count]),
        }
    }
    let request = String::from_utf8_lossy(&request);
    let path = request.split(' ').nth(1).unwrap();
    let body = &bodies[path.trim_start_matches('/').parse::<usize>().unwrap()];
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

/// A running Prometheus, which ends when this is dropped.
struct Prometheus {
    process: Child,
    address: SocketAddr,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prometheus {
    fn start(
        mut program: Command,
        target: SocketAddr,
        count: usize,
        folder: &TempDir,
    ) -> Prometheus {
        let mut config =
            "scrape_configs: [{job_name: differences, scrape_interval: 3s, \
                          scrape_timeout: 3s, static_configs: [\n"
                .to_owned();
        for number in 0..count {
            let labels = format!("{{__metrics_path__: /{number}, number: '{number}'}}");
            writeln!(config, "{{targets: ['{target}'], labels: {labels}}},").unwrap();
        }
        let file = folder.path().join("prometheus.yml");
        std::fs::write(&file, config + "]}]\n").unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = program
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Prometheus { process, address }
    }

    /// The targets, once each has been scraped.
    fn targets(&self, count: usize) -> Vec<Value> {
        let started = Instant::now();
        loop {
            let answer = self.get("/api/v1/targets?state=active");
            let targets = answer["data"]["activeTargets"].as_array().cloned();
            let targets = targets.unwrap_or_default();
            if targets.len() == count && targets.iter().all(is_judged) {
                return targets;
            }
            assert!(started.elapsed() < PATIENCE, "not every target was scraped");
            thread::sleep(Duration::from_millis(250));
        }
    }

    fn query(&self, expression: &str) -> Vec<Value> {
        let expression = expression.replace(' ', "%20").replace('=', "%3D");
        let answer = self.get(&format!("/api/v1/query?query={expression}"));
        answer["data"]["result"].as_array().cloned().unwrap()
    }

    /// `None` while it starts.
    fn get(&self, path: &str) -> Value {
        let url = format!("http://{}{path}", self.address);
        let answer = minreq::get(url).with_timeout(PATIENCE.as_secs()).send();
        let body = answer.ok().map(minreq::Response::into_bytes);
        body.and_then(|body| serde_json::from_slice(&body).ok())
            .unwrap_or_default()
    }
}

/// Whether there was a scrape, and the machine did not fail.
fn is_judged(target: &Value) -> bool {
    let error = target["lastError"].as_str().unwrap();
    let is_of_machine = error.contains("Get \"http") || error.contains("deadline");
    target["health"] != "unknown" && !is_of_machine
}
