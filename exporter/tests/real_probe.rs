//! `10_probe` with real Redis servers, under a real Prometheus with the lesson's
//! configuration.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
#[path = "../../tests/real_prometheus/mod.rs"]
mod real_prometheus;
mod real_redis_server;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/tables/mod.rs"]
mod tables;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::fs;

use fake_redis::{Behaviour, FakeRedis};
use real_prometheus::Prometheus;
use real_redis_server::RealRedis;
use support::{Program, command};
use versions::{Version, with_each_version};

with_each_version! {
    prometheus_sees_which_targets_answer_and_which_one_hangs,
}

/// Starts the exporter, and a Prometheus that probes these targets in place of those in
/// the lesson's configuration.
fn start(targets: &[String], version: Version) -> (Program, Prometheus) {
    let mut exporter = command("10_probe");
    exporter.args(["--web.listen-address", "127.0.0.1:0"]);
    exporter.arg(format!("--redis.allow={}", targets.join(",")));
    let exporter = Program::spawn(&mut exporter);
    let config = fs::read_to_string("../prometheus/10_probe.yml").unwrap();
    let shown = "\"127.0.0.1:6379\", \"127.0.0.1:6380\"";
    assert!(config.contains(shown));
    let targets: Vec<String> = targets.iter().map(|all| format!("\"{all}\"")).collect();
    let config = config
        .replace(shown, &targets.join(", "))
        .replace("127.0.0.1:9121", &exporter.address.to_string());
    (exporter, Prometheus::with_config(version, &config))
}

fn prometheus_sees_which_targets_answer_and_which_one_hangs(version: Version) {
    let redis = [(); 2].map(|()| RealRedis::start());
    let hanging = FakeRedis::start(Behaviour::Stops(Vec::new()));
    let [a, b] = redis.each_ref().map(|all| all.address.to_string());
    let c = hanging.address.to_string();
    let (_exporter, scraped) = start(&[a.clone(), b.clone(), c.clone()], version);
    let series = |values: [(&str, f64); 3]| {
        let line = |(instance, value): (&str, f64)| {
            format!("{{instance=\"{instance}\"}} => {value}")
        };
        values.map(line).to_vec()
    };
    let by_target = |metric: &str| format!("sum by (instance) ({metric})");
    // Prometheus doesn't give up on the one that hangs.
    let up = by_target("up{job=\"redis\"}");
    scraped.assert_becomes(&up, &series([(&a, 1.0), (&b, 1.0), (&c, 1.0)]));
    let success = by_target("probe_success");
    scraped.assert_becomes(&success, &series([(&a, 1.0), (&b, 1.0), (&c, 0.0)]));
    scraped.assert_becomes("count(redis_uptime_in_seconds)", &["{} => 2"]);
    scraped.assert_becomes("count(redis_exporter_build_info)", &["{} => 1"]);
    redis[1].signal("STOP");
    scraped.assert_becomes(&success, &series([(&a, 1.0), (&b, 0.0), (&c, 0.0)]));
    redis[1].signal("CONT");
    scraped.assert_becomes(&success, &series([(&a, 1.0), (&b, 1.0), (&c, 0.0)]));
    scraped.assert_becomes(&up, &series([(&a, 1.0), (&b, 1.0), (&c, 1.0)]));
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
