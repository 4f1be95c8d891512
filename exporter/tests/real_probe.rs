//! `10_probe` with real Redis servers, under a real Prometheus with the lesson's
//! configuration.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod real_redis_server;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/tables/mod.rs"]
mod tables;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use fake_redis::{Behaviour, FakeRedis};
use real_redis_server::RealRedis;
use support::{PATIENCE, Process, Program, command, free_port, prometheus};
use versions::{Version, with_each_version};

with_each_version! {
    prometheus_sees_which_targets_answer_and_which_one_hangs,
}

/// The exporter and Prometheus, for as long as this lives.
struct Scraped {
    _exporter: Program,
    _prometheus: Process,
    _folder: tempfile::TempDir,
    port: u16,
    version: Version,
}

impl Scraped {
    /// Probes these targets in place of those in the lesson's configuration.
    fn start(targets: &[String], version: Version) -> Scraped {
        let mut exporter = command("10_probe");
        exporter.args(["--web.listen-address", "127.0.0.1:0"]);
        exporter.arg(format!("--redis.allow={}", targets.join(",")));
        let exporter = Program::spawn(&mut exporter);
        let config = fs::read_to_string("../prometheus/10_probe.yml").unwrap();
        let shown = "\"127.0.0.1:6379\", \"127.0.0.1:6380\"";
        assert!(config.contains(shown));
        let targets: Vec<String> =
            targets.iter().map(|all| format!("\"{all}\"")).collect();
        let config = config
            .replace(shown, &targets.join(", "))
            .replace("127.0.0.1:9121", &exporter.address.to_string());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        fs::write(&file, config).unwrap();
        let port = free_port();
        let server = version.command("prometheus");
        Scraped {
            _prometheus: prometheus(server, &file, folder.path(), port),
            _exporter: exporter,
            _folder: folder,
            port,
            version,
        }
    }

    /// Waits until Prometheus answers `query` with these series and values.
    fn answers(&self, query: &str, mut expected: Vec<String>) {
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
}

fn prometheus_sees_which_targets_answer_and_which_one_hangs(version: Version) {
    let redis = [(); 2].map(|()| RealRedis::start());
    let hanging = FakeRedis::start(Behaviour::Stops(Vec::new()));
    let [a, b] = redis.each_ref().map(|all| all.address.to_string());
    let c = hanging.address.to_string();
    let scraped = Scraped::start(&[a.clone(), b.clone(), c.clone()], version);
    let series = |values: [(&str, f64); 3]| {
        let line = |(instance, value): (&str, f64)| {
            format!("{{instance=\"{instance}\"}} => {value}")
        };
        values.map(line).to_vec()
    };
    let by_target = |metric: &str| format!("sum by (instance) ({metric})");
    // Prometheus doesn't give up on the one that hangs.
    let up = by_target("up{job=\"redis\"}");
    scraped.answers(&up, series([(&a, 1.0), (&b, 1.0), (&c, 1.0)]));
    let success = by_target("probe_success");
    scraped.answers(&success, series([(&a, 1.0), (&b, 1.0), (&c, 0.0)]));
    scraped.answers("count(redis_uptime_in_seconds)", vec!["{} => 2".to_owned()]);
    scraped.answers(
        "count(redis_exporter_build_info)",
        vec!["{} => 1".to_owned()],
    );
    redis[1].signal("STOP");
    scraped.answers(&success, series([(&a, 1.0), (&b, 0.0), (&c, 0.0)]));
    redis[1].signal("CONT");
    scraped.answers(&success, series([(&a, 1.0), (&b, 1.0), (&c, 0.0)]));
    scraped.answers(&up, series([(&a, 1.0), (&b, 1.0), (&c, 1.0)]));
}

#[test]
#[ignore = "needs redis-server, prometheus and promtool"]
fn promtool_accepts_what_a_probe_serves_and_the_configuration() {
    let redis = RealRedis::start();
    let mut exporter = command("10_probe");
    exporter.args(["--web.listen-address", "127.0.0.1:0"]);
    exporter.arg(format!("--redis.allow={}", redis.address));
    let exporter = Program::spawn(&mut exporter);
    let probe = exporter.get(&format!("/probe?target={}", redis.address));
    let body = probe.as_str().unwrap();
    assert!(body.contains("probe_success 1\n"), "{body}");
    let output = tables::check_metrics(Version::Installed.command("promtool"), body);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut check = Version::Installed.command("promtool");
    let output = check.args(["check", "config", "../prometheus/10_probe.yml"]);
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
