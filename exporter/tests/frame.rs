//! The frame of every exporter, as `09_redis_exporter` has it: the flags, the log, the
//! paths beside the metrics, and how it ends.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fake_redis::{Behaviour, FakeRedis, SHORT};
use redis_exporter::{RedisExporter, SLUG, ends, exporter, redis_samples};
use support::{PATIENCE, Program, command, free_port};

const GOOD: [&str; 2] = ["redis_connected_clients 5", "redis_up 1"];

fn good() -> FakeRedis {
    FakeRedis::start(Behaviour::info(SHORT))
}

fn hanging() -> FakeRedis {
    FakeRedis::start(Behaviour::Stops(Vec::new()))
}

/// Asserts that a start with `flags` ends with `code`, and what it says then.
#[cfg_attr(feature = "tls", allow(dead_code))]
fn assert_ends(flags: &[&str], code: i32, expected: &str) {
    let ended = ends(flags);
    let message = ended.stderr;
    assert_eq!(ended.code, Some(code), "{flags:?}: {message}");
    assert_eq!(message, expected, "{flags:?}");
    assert!(ended.stdout.is_empty(), "{flags:?}");
}

#[test]
fn each_listen_address_serves_everything() {
    let redis = good();
    let port = free_port();
    let second = format!("--web.listen-address=127.0.0.1:{port}");
    let exporter = RedisExporter::with(redis.address, &[&second]);
    assert_ne!(exporter.program.address.port(), port);
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    for path in ["/metrics", "/", "/-/healthy"] {
        let url = format!("http://127.0.0.1:{port}{path}");
        let response = minreq::get(url).with_timeout(PATIENCE.as_secs()).send();
        assert_eq!(response.unwrap().status_code, 200, "{path}");
    }
}

#[test]
fn the_metrics_may_have_another_path() {
    let redis = good();
    let flags = ["--web.telemetry-path=/redis/metrics"];
    let exporter = RedisExporter::with(redis.address, &flags);
    assert_eq!(exporter.program.path, "/redis/metrics");
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    assert_eq!(exporter.response("/metrics").status_code, 404);
    let landing = exporter.response("/");
    let landing = landing.as_str().unwrap();
    assert!(landing.contains("href=\"./redis/metrics\""), "{landing}");
}

#[test]
fn a_path_that_no_request_can_have_is_an_error() {
    for path in ["metrics", "", "/-/healthy", "/a b"] {
        let flag = format!("--web.telemetry-path={path}");
        let ended = ends(&["--web.listen-address=127.0.0.1:0", &flag]);
        let message = ended.stderr;
        assert_eq!(ended.code, Some(1), "{path}: {message}");
        assert!(message.starts_with("Error: "), "{path}: {message}");
        assert!(message.contains(&format!("{path:?}")), "{path}: {message}");
    }
}

#[test]
fn it_is_healthy_whatever_redis_does() {
    let redis = hanging();
    let exporter = RedisExporter::start(redis.address);
    let healthy = exporter.response("/-/healthy");
    assert_eq!(healthy.status_code, 200);
    assert_eq!(healthy.as_str().unwrap(), "redis_exporter is healthy.\n");
    // Nobody asks Redis for it.
    assert_eq!(redis.visitors(), 0);
}

#[test]
fn the_landing_page_has_the_name_the_version_and_the_links() {
    let redis = good();
    let exporter = RedisExporter::start(redis.address);
    let landing = exporter.response("/");
    assert_eq!(
        landing.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let landing = landing.as_str().unwrap();
    for expected in [
        "<title>redis_exporter</title>",
        "Reports on a Redis server.",
        env!("CARGO_PKG_VERSION"),
        "<a href=\"./metrics\">/metrics</a>",
        "<a href=\"./-/healthy\">/-/healthy</a>",
    ] {
        assert!(landing.contains(expected), "{expected}: {landing}");
    }
}

#[test]
#[cfg(not(feature = "tls"))]
fn a_file_for_tls_is_an_error_that_says_what_is_missing() {
    assert_ends(
        &["--web.config.file=web.yml"],
        1,
        "Error: `--web.config.file=web.yml` needs TLS, which this program was built \
         without: lesson 11 adds the feature `tls`\n",
    );
}

#[test]
fn scrapes_beyond_the_limit_are_refused_and_other_requests_are_not() {
    let redis = hanging();
    let flags = ["--web.max-requests=2"];
    let exporter = RedisExporter::with(redis.address, &flags);
    thread::scope(|scope| {
        let scrapes: Vec<_> =
            (0..2).map(|_| scope.spawn(|| exporter.scrape())).collect();
        let started = Instant::now();
        while redis.visitors() < 2 {
            assert!(started.elapsed() < PATIENCE);
            thread::sleep(Duration::from_millis(1));
        }
        let refused = exporter.response("/metrics");
        assert_eq!(refused.status_code, 503);
        assert!(!refused.as_str().unwrap().contains("redis_"));
        assert_eq!(exporter.response("/").status_code, 200);
        assert_eq!(exporter.response("/-/healthy").status_code, 200);
        // They were all answered while Redis hung.
        assert!(!scrapes.iter().any(|scrape| scrape.is_finished()));
        for scrape in scrapes {
            assert_eq!(redis_samples(&scrape.join().unwrap()), ["redis_up 0"]);
        }
    });
    assert_eq!(redis.visitors(), 2);
    redis.behaves(Behaviour::info(SHORT));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
}

#[test]
fn without_a_limit_no_scrape_is_refused() {
    let redis = hanging();
    let flags = ["--web.max-requests=0"];
    let exporter = RedisExporter::with(redis.address, &flags);
    for metrics in exporter.scrapes(50) {
        assert_eq!(redis_samples(&metrics), ["redis_up 0"]);
    }
}

/// Returns the names of the families.
fn families(metrics: &str) -> BTreeSet<&str> {
    let types = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    types.map(|line| line.split(' ').next().unwrap()).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn the_metrics_of_the_exporter_itself_may_be_left_out() {
    let redis = good();
    let ours = [
        "redis_connected_clients",
        "redis_exporter_build_info",
        "redis_up",
    ];
    let own = [
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_network_receive_bytes_total",
        "process_network_transmit_bytes_total",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
        "process_virtual_memory_bytes",
        "process_virtual_memory_max_bytes",
        "promhttp_metric_handler_errors_total",
        "promhttp_metric_handler_requests_in_flight",
        "promhttp_metric_handler_requests_total",
    ];
    let exporter = RedisExporter::start(redis.address);
    let all = ours.into_iter().chain(own).collect();
    assert_eq!(families(&exporter.scrape()), all);
    let flags = ["--web.disable-exporter-metrics"];
    let exporter = RedisExporter::with(redis.address, &flags);
    assert_eq!(families(&exporter.scrape()), ours.into_iter().collect());
}

#[test]
fn the_log_has_what_is_as_severe_as_its_level() {
    let address = format!("127.0.0.1:{}", free_port());
    for (level, lines) in [("error", 0), ("warn", 1), ("info", 1), ("debug", 1)] {
        let level = format!("--log.level={level}");
        let exporter = RedisExporter::spawn(exporter(&address).arg(&level));
        exporter.scrape();
        let log = exporter.log(lines);
        assert_eq!(log.len(), lines, "{level}: {log:?}");
    }
}

#[test]
fn each_line_of_a_json_log_is_an_object() {
    let redis = good();
    let flags = ["--log.format=json"];
    let exporter = RedisExporter::with(redis.address, &flags);
    let errors = [
        b"-ERR a \"quoted\" word\r\n".to_vec(),
        b"-\x1b\xff\r\n".to_vec(),
    ];
    for error in errors {
        redis.behaves(Behaviour::Replies(error));
        exporter.scrape();
    }
    let messages: Vec<_> = exporter
        .log(2)
        .iter()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let keys: Vec<&String> = line.as_object().unwrap().keys().collect();
            assert_eq!(keys, ["level", "msg", "time"]);
            assert_eq!(line["level"], "WARN");
            line["msg"].as_str().unwrap().to_owned()
        })
        .collect();
    let start = format!("cannot read {}: ", redis.address);
    let expected = ["ERR a \"quoted\" word", " \u{fffd}"];
    assert_eq!(messages, expected.map(|error| format!("{start}{error}")));
}

#[test]
fn a_port_in_use_is_an_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = ends(&["--web.listen-address", &address]);
    assert_eq!(ended.code, Some(1));
    let message = ended.stderr;
    let start = "Error: `--web.listen-address`: ";
    assert!(message.starts_with(start), "{message}");
    assert!(message.contains(&address), "{message}");
    // Also if it is the second one.
    let ended = ends(&[
        "--web.listen-address=127.0.0.1:0",
        "--web.listen-address",
        &address,
    ]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr, message);
}

#[test]
fn a_wrong_flag_is_an_error_with_a_hint() {
    for (flag, hint) in [
        ("--redis.adr=a:1", "--redis.addr"),
        ("--web.listen-addres=:1", "--web.listen-address"),
        ("--redis.password=a", "--redis.password-file"),
        (
            "--log.level=loud",
            "[possible values: debug, info, warn, error]",
        ),
        ("--web.max-requests=many", "invalid digit found in string"),
        ("127.0.0.1:6379", "Usage: "),
    ] {
        let ended = ends(&[flag]);
        let message = ended.stderr;
        assert_eq!(ended.code, Some(2), "{flag}: {message}");
        assert!(message.starts_with("error: "), "{flag}: {message}");
        assert!(message.contains(hint), "{flag}: {message}");
        assert!(message.contains("--help"), "{flag}: {message}");
    }
}

#[test]
#[cfg(unix)]
fn a_signal_ends_it_without_an_error() {
    for signal in ["TERM", "INT"] {
        let exporter = RedisExporter::start(good().address);
        exporter.scrape();
        let status = exporter.program.process.end_with(signal);
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

#[test]
#[cfg(unix)]
fn a_signal_ends_it_while_redis_hangs_once_the_scrape_is_answered() {
    let redis = hanging();
    let exporter = RedisExporter::start(redis.address);
    let url = format!("http://{}/metrics", exporter.program.address);
    thread::scope(|scope| {
        let scrape = scope.spawn(|| {
            minreq::get(url)
                .with_header("X-Prometheus-Scrape-Timeout-Seconds", "2")
                .with_timeout(PATIENCE.as_secs())
                .send()
        });
        let started = Instant::now();
        while redis.visitors() == 0 {
            assert!(started.elapsed() < PATIENCE);
            thread::sleep(Duration::from_millis(1));
        }
        let status = exporter.program.process.end_with("TERM");
        assert_eq!(status.code(), Some(0));
        let response = scrape.join().unwrap().unwrap();
        assert_eq!(response.status_code, 200);
        assert_eq!(redis_samples(response.as_str().unwrap()), ["redis_up 0"]);
    });
}

/// Somebody who waits for the port may end it as soon as it is open.
#[test]
#[cfg(unix)]
fn a_signal_that_arrives_as_soon_as_the_port_is_open_ends_it_without_an_error() {
    for _ in 0..20 {
        let address = format!("127.0.0.1:{}", free_port());
        let mut exporter = command(SLUG);
        exporter.args(["--web.listen-address", &address]);
        let mut exporter = exporter.stdout(Stdio::null()).spawn().unwrap();
        // It is ready to send the signal without delay.
        let mut killer = Command::new("sh");
        let id = exporter.id().to_string();
        killer.args(["-c", "read _; kill -s TERM \"$0\"", &id]);
        let mut killer = killer.stdin(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while TcpStream::connect(&address).is_err() {
            assert!(started.elapsed() < PATIENCE, "{address} is closed");
        }
        killer.stdin.take().unwrap().write_all(b"\n").unwrap();
        assert!(killer.wait().unwrap().success());
        assert_eq!(exporter.wait().unwrap().code(), Some(0));
    }
}

#[test]
#[cfg(unix)]
fn every_socket_that_systemd_passes_is_served() {
    let sockets = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let addresses = sockets.each_ref().map(|all| all.local_addr().unwrap());
    let mut shell = Command::new("sh");
    let flag = "--web.listen-address=127.0.0.1:0";
    let start =
        format!("LISTEN_FDS=2 LISTEN_PID=$$ exec \"$0\" {flag} 3<&0 4<&2 2>/dev/null");
    shell.args(["-c", &start]).arg(command(SLUG).get_program());
    let [first, second] = sockets.map(std::os::fd::OwnedFd::from);
    shell.stdin(first).stderr(second);
    let program = Program::spawn(&mut shell);
    assert_eq!(program.address, addresses[0]);
    for address in addresses {
        let url = format!("http://{address}/-/healthy");
        let healthy = minreq::get(url).with_timeout(PATIENCE.as_secs()).send();
        assert_eq!(healthy.unwrap().status_code, 200, "{address}");
    }
}
