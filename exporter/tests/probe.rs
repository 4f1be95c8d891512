//! `10_probe`: what it answers for targets that are listed and that are not, and while
//! they hang.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::net::SocketAddr;
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fake_redis::{Behaviour, FakeRedis, REDIS_7_0, SHORT, VALKEY_8_1};
use support::{PATIENCE, Program, command, snapshot};

const SLUG: &str = "10_probe";

/// What one of these servers serves of `redis_connected_clients`.
const CLIENTS: &str = "redis_connected_clients 5\n";

/// Starts the exporter, which may ask `servers`.
fn start(servers: &[SocketAddr], flags: &[&str]) -> Program {
    let mut command = command(SLUG);
    command.args(["--web.listen-address", "127.0.0.1:0"]);
    command.env_remove("REDIS_PASSWORD").args(flags);
    for server in servers {
        command.arg(format!("--redis.allow={server}"));
    }
    Program::spawn(&mut command)
}

/// Returns the response to a Prometheus that waits for this many seconds.
fn probe(program: &Program, query: &str, seconds: &str) -> minreq::Response {
    minreq::get(format!("http://{}/probe{query}", program.address))
        .with_header("X-Prometheus-Scrape-Timeout-Seconds", seconds)
        .with_timeout(PATIENCE.as_secs())
        .send()
        .unwrap()
}

/// Returns what a Prometheus that waits for two seconds gets in this time.
fn probed(program: &Program, target: &str) -> String {
    let started = Instant::now();
    let response = probe(program, &format!("?target={target}"), "2");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "the probe took {took:?}");
    assert_eq!(response.status_code, 200);
    response.as_str().unwrap().to_owned()
}

fn refused(flags: &[&str]) -> Output {
    let output = command(SLUG).args(flags).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{flags:?}: {output:?}");
    output
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the metrics of /proc are missing")]
fn it_serves_its_own_metrics_and_for_each_target_those_of_lesson_09() {
    let redis = FakeRedis::start(Behaviour::info(REDIS_7_0));
    let program = start(&[redis.address], &[]);
    let target = redis.address.to_string();
    snapshot::assert_printed(SLUG, &probed(&program, &target));
    // A probe leaves nothing behind here.
    snapshot::assert_text_format(SLUG, &program);
}

#[test]
fn no_target_gets_the_metrics_of_another() {
    let short = FakeRedis::start(Behaviour::info(SHORT));
    let valkey = FakeRedis::start(Behaviour::info(VALKEY_8_1));
    let gone: SocketAddr = ([127, 0, 0, 1], support::free_port()).into();
    let program = start(&[short.address, valkey.address, gone], &[]);
    let in_turn = || {
        for _ in 0..10 {
            let metrics = probed(&program, &short.address.to_string());
            assert!(metrics.contains(CLIENTS), "{metrics}");
            assert!(!metrics.contains("redis_commands_total"), "{metrics}");
            let metrics = probed(&program, &valkey.address.to_string());
            assert!(!metrics.contains(CLIENTS), "{metrics}");
            assert!(metrics.contains("redis_commands_total{cmd=\"config|get\"} 1"));
            let metrics = probed(&program, &gone.to_string());
            assert!(!metrics.contains("redis_c"), "{metrics}");
            assert!(metrics.contains("probe_success 0\n"), "{metrics}");
        }
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..4).map(|_| scope.spawn(in_turn)).collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn a_target_outside_the_list_is_refused_before_anything_is_asked() {
    let listed = FakeRedis::start(Behaviour::info(SHORT));
    let other = FakeRedis::start(Behaviour::info(SHORT));
    let program = start(&[listed.address], &[]);
    let (listed_port, other_port) = (listed.address.port(), other.address.port());
    for target in [
        other.address.to_string(),
        format!("localhost:{other_port}"),
        // It is the listed server, but by another name.
        format!("localhost:{listed_port}"),
        format!("{}0", listed.address),
        format!("{}.example", listed.address),
        format!("{}@127.0.0.1:{other_port}", listed.address),
        format!("{},127.0.0.1:{other_port}", listed.address),
        format!("%20{}", listed.address),
        format!("{}%00", listed.address),
        format!("redis://{}", listed.address),
        format!("[::ffff:127.0.0.1]:{listed_port}"),
        "169.254.169.254:80".to_owned(),
        "%3Cscript%3E".to_owned(),
        "127.0.0.1".to_owned(),
    ] {
        let response = probe(&program, &format!("?target={target}"), "2");
        assert_eq!(response.status_code, 403, "{target}");
        let text = response.as_str().unwrap();
        assert_eq!(text, "The target isn't one of --redis.allow.\n", "{target}");
        let kind = response.header("content-type").unwrap();
        assert_eq!(kind, "text/plain; charset=utf-8");
    }
    assert_eq!((listed.visitors(), other.visitors()), (0, 0));
    assert!(probed(&program, &listed.address.to_string()).contains(CLIENTS));
}

#[test]
fn a_probe_needs_exactly_one_target() {
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    let program = start(&[redis.address], &[]);
    let target = redis.address;
    for query in [
        String::new(),
        "?".to_owned(),
        "?target".to_owned(),
        "?target=".to_owned(),
        format!("?Target={target}"),
        format!("?targets={target}"),
        format!("?target={target}&target={target}"),
        format!("?target={target}&target="),
    ] {
        let response = probe(&program, &query, "2");
        assert_eq!(response.status_code, 400, "{query}");
        let usage = "Exactly one target is needed: /probe?target=HOST:PORT\n";
        assert_eq!(response.as_str().unwrap(), usage, "{query}");
    }
    assert_eq!(redis.visitors(), 0);
    // Parameters of others don't matter, and a percent-encoded target is the same.
    let encoded = target.to_string().replace(':', "%3A");
    let query = format!("?module=a&target={encoded}&name[]=probe_success");
    let response = probe(&program, &query, "2");
    let expected = "# HELP probe_success Whether the target answered.\n\
                    # TYPE probe_success gauge\nprobe_success 1\n";
    assert_eq!(response.as_str().unwrap(), expected);
}

#[test]
fn a_target_that_fails_costs_its_metrics_and_no_probe() {
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    let program = start(&[redis.address], &[]);
    let target = redis.address.to_string();
    for behaviour in [
        Behaviour::Closes,
        Behaviour::Stops(Vec::new()),
        Behaviour::Trickles(fake_redis::bulk(REDIS_7_0)),
        Behaviour::Floods(vec![b'a'; 4096]),
        Behaviour::replies(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Behaviour::replies(b"-NOAUTH Authentication required.\r\n"),
    ] {
        redis.behaves(behaviour.clone());
        let metrics = probed(&program, &target);
        for sample in ["probe_success 0\n", "redis_up 0\n"] {
            assert!(metrics.contains(sample), "{behaviour:?}: {metrics}");
        }
        assert!(metrics.contains("\nprobe_duration_seconds "), "{metrics}");
        assert!(!metrics.contains("redis_connected_clients"), "{metrics}");
        redis.behaves(Behaviour::info(SHORT));
        let metrics = probed(&program, &target);
        assert!(metrics.contains("probe_success 1\n"), "{metrics}");
        assert!(metrics.contains(CLIENTS), "{metrics}");
    }
}

#[test]
fn only_listed_servers_get_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "secret\n").unwrap();
    let locked = FakeRedis::start(Behaviour::Locked(&["secret"], SHORT.to_owned()));
    let other = FakeRedis::start(Behaviour::info(SHORT));
    let flag = format!("--redis.password-file={}", file.display());
    let program = start(&[locked.address], &[&flag]);
    assert!(probed(&program, &locked.address.to_string()).contains(CLIENTS));
    assert_eq!(
        locked.commands(),
        [vec!["AUTH", "secret"], vec!["INFO", "ALL"]]
    );
    let query = format!("?target={}", other.address);
    assert_eq!(probe(&program, &query, "2").status_code, 403);
    assert_eq!(other.visitors(), 0);
}

#[test]
fn the_list_may_be_repeated_or_separated_by_commas() {
    let servers = [(); 3].map(|()| FakeRedis::start(Behaviour::info(SHORT)));
    let [a, b, c] = servers.each_ref().map(|server| server.address);
    let name = format!("LocalHost:{}", c.port());
    let flags = [
        format!("--redis.allow={a},{b}"),
        format!("--redis.allow={name}"),
    ];
    let program = start(&[], &flags.each_ref().map(String::as_str));
    for target in [a.to_string(), b.to_string(), name.to_lowercase(), name] {
        assert!(probed(&program, &target).contains(CLIENTS), "{target}");
    }
}

#[test]
fn the_log_names_a_target_as_the_list_does() {
    let port = support::free_port();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = command(SLUG);
    command.args(["--web.listen-address", "127.0.0.1:0"]);
    command.arg(format!("--redis.allow=localhost:{port}"));
    command.stderr(fs::File::create(&log).unwrap());
    let program = Program::spawn(&mut command);
    for name in ["localhost", "LOCALHOST", "LocalHost", "localhosT"] {
        let metrics = probed(&program, &format!("{name}:{port}"));
        assert!(metrics.contains("probe_success 0\n"), "{metrics}");
    }
    // It has written everything once it has ended.
    assert_eq!(program.process.end_with("TERM").code(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    let expected = format!("cannot read localhost:{port}: Connection refused");
    assert_eq!(log.lines().count(), 1, "{log}");
    assert!(log.contains(&expected), "{log}");
}

#[test]
fn an_entry_that_is_no_address_is_named() {
    for entry in [
        "",
        "redis",
        "redis:",
        ":6379",
        "redis:0",
        "redis:65536",
        "redis:6379/0",
        "redis://redis:6379",
        "user@redis:6379",
        "*:6379",
        "::1:6379",
        "a b:6379",
    ] {
        let output = refused(&[&format!("--redis.allow={entry}")]);
        let error = String::from_utf8(output.stderr).unwrap();
        let expected = format!("'{entry}' for '--redis.allow <ADDRESS>'");
        let hint = "expected HOST:PORT, such as redis-1:6379 or [::1]:6379";
        assert!(entry.is_empty() || error.contains(&expected), "{error}");
        assert!(entry.is_empty() || error.contains(hint), "{error}");
    }
}

/// Sends a probe, and counts it once it's over. Returns the status, or 0 if its
/// connection made room for another.
fn counted(program: &Program, target: SocketAddr, over: &AtomicUsize) -> u16 {
    let url = format!("http://{}/probe?target={target}", program.address);
    let request = minreq::get(url)
        .with_header("X-Prometheus-Scrape-Timeout-Seconds", "4")
        .with_timeout(PATIENCE.as_secs());
    let status = request.send().map_or(0, |response| response.status_code);
    over.fetch_add(usize::from(status == 200), Ordering::Relaxed);
    status
}

/// Sends so many probes that hang, of which `most` run at once, and scrapes meanwhile:
/// `/metrics` doesn't wait for any of them. Returns the number of threads and the
/// statuses.
#[cfg(target_os = "linux")]
fn hang(probes: usize, most: usize) -> (u64, Vec<u16>) {
    let redis = FakeRedis::start(Behaviour::Stops(Vec::new()));
    let flag = format!("--web.max-requests={most}");
    let program = start(&[redis.address], &[&flag]);
    let over = AtomicUsize::new(0);
    thread::scope(|scope| {
        let ask = || counted(&program, redis.address, &over);
        let probes: Vec<_> = (0..probes).map(|_| scope.spawn(ask)).collect();
        while redis.visitors() < most {
            thread::sleep(Duration::from_millis(5));
        }
        program.metrics();
        let threads = support::held::status(&program, "Threads:");
        program.metrics();
        assert_eq!(over.load(Ordering::Relaxed), 0, "a probe was over first");
        let statuses = probes.into_iter().map(|probe| probe.join().unwrap());
        let statuses = statuses.collect();
        assert_eq!(redis.visitors(), most);
        (threads, statuses)
    })
}

#[test]
#[cfg(target_os = "linux")]
fn probes_that_hang_hold_a_bounded_number_of_threads_and_no_scrape() {
    let (threads, statuses) = hang(200, 8);
    // 64 connections, 8 probes, and what the program has at rest.
    assert!(threads <= 64 + 8 + 10, "{threads} threads");
    let with = |status| statuses.iter().filter(|all| **all == status).count();
    assert_eq!((with(200), with(503) + with(0)), (8, 192), "{statuses:?}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_limit_beyond_the_usual_number_of_connections_leaves_room_for_a_scrape() {
    let (_, statuses) = hang(70, 70);
    assert_eq!(statuses, [200; 70]);
}
