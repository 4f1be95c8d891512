//! `09_redis_exporter` and a real Redis server: which numbers it serves, and what while
//! the server is gone, stopped, locked or just starting.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod real_redis_server;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/tables/mod.rs"]
mod tables;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use real_redis_server::RealRedis;
use redis_exporter::{RedisExporter, redis_samples};
use support::held::Held;
use support::{answer, connect};
use versions::{Version, with_each_version};

with_each_version! {
    promtool_has_nothing_to_say_about_the_metrics,
}

/// Returns the value of a series.
fn value(metrics: &str, series: &str) -> f64 {
    let values = metrics
        .lines()
        .filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    let values: Vec<f64> = values.map(|value| value.parse().unwrap()).collect();
    assert_eq!(values.len(), 1, "{series}: {metrics}");
    values[0]
}

/// Returns the value of a field of `INFO`, or of a part of it: `cmdstat_set.calls`.
fn field(info: &str, name: &str) -> f64 {
    let (field, part) = name.split_once('.').unwrap_or((name, ""));
    let start = format!("{field}:");
    let value = info
        .lines()
        .find_map(|line| line.strip_prefix(&start))
        .unwrap();
    let start = format!("{part}=");
    let mut parts = value.split(',');
    let part = parts.find_map(|all| all.strip_prefix(&start));
    part.unwrap_or(value).trim().parse().unwrap()
}

/// Does what the numbers should show.
fn use_it(redis: &RealRedis) {
    redis.set(&["config", "set", "maxmemory", "64mb"]);
    for key in ["a", "b", "c"] {
        redis.set(&["set", key, "1"]);
    }
    redis.set(&["-n", "3", "set", "d", "1", "EX", "3600"]);
    redis.cli(&["get", "a"]);
    redis.cli(&["get", "none"]);
    // Only from then on, a command has numbers.
    redis.cli(&["info"]);
}

/// What is known of the numbers after that, while three more clients are connected.
const KNOWN: [(&str, f64); 11] = [
    ("redis_up", 1.0),
    ("redis_connected_clients", 4.0),
    ("redis_connected_slaves", 0.0),
    ("redis_memory_max_bytes", 64.0 * 1024.0 * 1024.0),
    ("redis_db_keys{db=\"db0\"}", 3.0),
    ("redis_db_keys_expiring{db=\"db0\"}", 0.0),
    ("redis_db_keys{db=\"db3\"}", 1.0),
    ("redis_db_keys_expiring{db=\"db3\"}", 1.0),
    ("redis_commands_total{cmd=\"set\"}", 4.0),
    ("redis_commands_total{cmd=\"get\"}", 2.0),
    ("redis_commands_total{cmd=\"config|set\"}", 1.0),
];

/// Numbers that only grow, with their fields and units.
const GROWING: [(&str, &str, f64); 5] = [
    ("redis_uptime_in_seconds", "uptime_in_seconds", 1.0),
    (
        "redis_commands_processed_total",
        "total_commands_processed",
        1.0,
    ),
    (
        "redis_commands_total{cmd=\"info\"}",
        "cmdstat_info.calls",
        1.0,
    ),
    (
        "redis_commands_duration_seconds_total{cmd=\"set\"}",
        "cmdstat_set.usec",
        1e6,
    ),
    (
        "redis_commands_duration_seconds_total{cmd=\"info\"}",
        "cmdstat_info.usec",
        1e6,
    ),
];

#[test]
#[ignore = "needs redis-server"]
fn the_numbers_are_those_of_redis() {
    let redis = RealRedis::start();
    use_it(&redis);
    let exporter = RedisExporter::start(redis.address);
    let idle: Vec<TcpStream> = (0..3).map(|_| connect(redis.address)).collect();
    let before = redis.cli(&["info", "all"]);
    let metrics = exporter.scrape();
    let after = redis.cli(&["info", "all"]);
    drop(idle);
    for (series, expected) in KNOWN {
        assert_eq!(value(&metrics, series), expected, "{series}");
    }
    for (series, name, unit) in GROWING {
        let between = field(&before, name) / unit..=field(&after, name) / unit;
        let value = value(&metrics, series);
        assert!(between.contains(&value), "{series}: {value}, {between:?}");
    }
    // It goes up and down with each client.
    let memory = value(&metrics, "redis_memory_used_bytes");
    let ratio = memory / field(&after, "used_memory");
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}

fn is_up(exporter: &RedisExporter) -> bool {
    let metrics = exporter.scrape();
    let samples = redis_samples(&metrics);
    let is_up = samples.contains(&"redis_up 1");
    assert_eq!(samples == ["redis_up 0"], !is_up, "{samples:?}");
    is_up
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_that_was_killed_is_down_until_it_is_back() {
    let mut redis = RealRedis::start();
    use_it(&redis);
    let exporter = RedisExporter::start(redis.address);
    assert!(is_up(&exporter));
    redis.kill();
    assert!(!is_up(&exporter));
    redis.start_again();
    let metrics = exporter.scrape();
    assert_eq!(value(&metrics, "redis_up"), 1.0);
    // What it has forgotten isn't served any longer.
    assert!(!metrics.contains("redis_db_keys"), "{metrics}");
    let log = exporter.log(1);
    assert_eq!(log.len(), 1, "{log:?}");
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_that_is_stopped_is_down_until_it_continues() {
    let redis = RealRedis::start();
    let exporter = RedisExporter::start(redis.address);
    assert!(is_up(&exporter));
    redis.signal("STOP");
    for metrics in exporter.scrapes(20) {
        assert_eq!(redis_samples(&metrics), ["redis_up 0"]);
    }
    redis.signal("CONT");
    assert!(is_up(&exporter));
    let log = exporter.log(1);
    assert!(
        log.len() == 1 && log[0].contains("no answer in time"),
        "{log:?}"
    );
}

/// A file with a password, and the flag that names it.
fn password(password: &str) -> (tempfile::NamedTempFile, String) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{password}").unwrap();
    let flag = format!("--redis.password-file={}", file.path().display());
    (file, flag)
}

/// Asserts that the log has these reasons, each once.
fn assert_reasons(exporter: &RedisExporter, reasons: &[&str]) {
    let log = exporter.log(reasons.len());
    assert_eq!(log.len(), reasons.len(), "{log:?}");
    for (line, reason) in log.iter().zip(reasons) {
        assert!(line.contains(&format!(": {reason}")), "{line}");
    }
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_with_another_password_is_down_until_the_file_has_it() {
    let redis = RealRedis::start();
    let (file, flag) = password("first");
    let without = RedisExporter::start(redis.address);
    let with = RedisExporter::with(redis.address, &[&flag]);
    assert!(is_up(&without) && !is_up(&with));
    redis.set(&["config", "set", "requirepass", "first"]);
    assert!(!is_up(&without) && is_up(&with));
    let login = ["-a", "first", "--no-auth-warning"];
    redis.set(&[&login[..], &["config", "set", "requirepass", "new"]].concat());
    assert!(!is_up(&with));
    fs::write(&file, "new\n").unwrap();
    assert!(is_up(&with));
    assert_reasons(&without, &["NOAUTH Authentication required."]);
    let reasons = ["Redis replied ERR (", "Redis replied WRONGPASS ("];
    assert_reasons(&with, &reasons);
}

#[test]
#[ignore = "needs redis-server"]
fn a_user_needs_no_more_than_the_command_info() {
    let redis = RealRedis::start();
    let (_file, flag) = password("secret");
    let flags = ["--redis.user=metrics", &flag];
    let exporter = RedisExporter::with(redis.address, &flags);
    assert!(!is_up(&exporter));
    let user = ["acl", "setuser", "metrics"];
    redis.set(&[&user[..], &["on", ">secret", "-@all", "+info"]].concat());
    assert!(is_up(&exporter));
    redis.set(&[&user[..], &["-info"]].concat());
    assert!(!is_up(&exporter));
    assert_reasons(
        &exporter,
        &["Redis replied WRONGPASS (", "Redis replied NOPERM ("],
    );
}

#[test]
#[ignore = "needs redis-server"]
fn a_server_without_the_command_auth_gets_no_password_into_the_log() {
    let redis = RealRedis::with(&["--rename-command", "AUTH", ""]);
    let (_file, flag) = password("secret");
    let exporter = RedisExporter::with(redis.address, &[&flag]);
    assert!(!is_up(&exporter));
    assert_reasons(&exporter, &["Redis replied ERR ("]);
    assert!(!exporter.log(1)[0].contains("secret"));
}

/// Scrapes on one connection until `is_over`, and at least 125 times. Returns how often
/// Redis was up and down.
fn scrape_on(mut client: TcpStream, is_over: &AtomicBool) -> (usize, usize) {
    let request = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\
                    X-Prometheus-Scrape-Timeout-Seconds: 2\r\n\r\n";
    let (mut up, mut down) = (0, 0);
    while up + down < 125 || !is_over.load(Ordering::Relaxed) {
        client.write_all(request).unwrap();
        let (status, metrics) = answer(&mut client).unwrap();
        assert_eq!(status, "HTTP/1.1 200 OK");
        match value(&metrics, "redis_up") as u8 {
            1 => up += 1,
            _ => down += 1,
        }
    }
    (up, down)
}

/// Kills Redis and starts it again, several times.
fn restart(redis: &mut RealRedis) {
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(200));
        redis.kill();
        thread::sleep(Duration::from_millis(200));
        redis.start_again();
    }
}

#[test]
#[ignore = "needs redis-server"]
fn no_scrape_fails_while_redis_restarts() {
    let mut redis = RealRedis::start();
    let exporter = RedisExporter::start(redis.address);
    let program = &exporter.program;
    exporter.scrapes(8);
    let before = Held::at_rest(program);
    let is_over = AtomicBool::new(false);
    let (up, down) = thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| connect(program.address))
            .map(|client| scope.spawn(|| scrape_on(client, &is_over)))
            .collect();
        restart(&mut redis);
        is_over.store(true, Ordering::Relaxed);
        let counts = clients.into_iter().map(|client| client.join().unwrap());
        counts.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    });
    println!("{up} scrapes with redis_up 1, {down} with 0");
    assert!(up + down >= 1000 && up > 0 && down > 0);
    before.comes_back(program);
    assert!(is_up(&exporter));
    // Refused, reset, closed: each is reported once.
    let log = exporter.log(1);
    assert!((1..=5).contains(&log.len()), "{log:?}");
}

fn promtool_has_nothing_to_say_about_the_metrics(version: Version) {
    let mut redis = RealRedis::start();
    use_it(&redis);
    let exporter = RedisExporter::start(redis.address);
    let up = exporter.scrape();
    assert!(
        up.contains("redis_commands_total{cmd=\"config|set\"} 1\n"),
        "{up}"
    );
    redis.kill();
    let down = exporter.scrape();
    for metrics in [up, down] {
        let output = tables::check_metrics(version.command("promtool"), &metrics);
        let says = [output.stdout, output.stderr].concat();
        assert_eq!(String::from_utf8(says).unwrap(), "");
        assert_eq!(output.status.code(), Some(0));
    }
}
