//! What `09_redis_exporter` serves while Redis fails: status 200 with `redis_up 0`, in
//! time, with one line in the log; and the numbers again once Redis replies.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::net::SocketAddr;

use fake_redis::{Behaviour, FakeRedis, SHORT, bulk};
use redis_exporter::{RedisExporter, exporter, redis_samples};
use support::free_port;

const GOOD: [&str; 2] = ["redis_connected_clients 5", "redis_up 1"];
const DOWN: [&str; 1] = ["redis_up 0"];

/// Asserts what 20 scrapes get while Redis behaves so, what one gets before and after
/// it, and the reason in the log, which has it once.
fn assert_down(behaviour: Behaviour, reason: &str) {
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    let exporter = RedisExporter::start(redis.address);
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    redis.behaves(behaviour);
    for metrics in exporter.scrapes(20) {
        assert_eq!(redis_samples(&metrics), DOWN, "{reason}");
    }
    redis.behaves(Behaviour::info(SHORT));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD, "{reason}");
    let message = format!("cannot read {}: {reason}", redis.address);
    let log = exporter.log(1);
    let [line] = &log[..] else {
        panic!("{reason}: {log:?}");
    };
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(time.starts_with("time=20"), "{line}");
    let message = serde_json::Value::from(message);
    assert_eq!(rest, format!("level=WARN msg={message}"));
}

#[test]
fn a_server_that_hangs_is_down() {
    assert_down(Behaviour::Stops(Vec::new()), "no answer in time");
}

#[test]
fn a_server_that_stops_in_the_middle_is_down() {
    let mut start = bulk(SHORT);
    start.truncate(20);
    assert_down(Behaviour::Stops(start), "no answer in time");
}

#[test]
fn a_server_that_trickles_is_down() {
    let replies = bulk(&SHORT.repeat(10));
    assert_down(Behaviour::Trickles(replies), "no answer in time");
}

#[test]
fn a_server_that_trickles_a_line_without_end_is_down() {
    let line = [b'+'; 500].to_vec();
    assert_down(Behaviour::Trickles(line), "no answer in time");
}

#[test]
fn a_reply_that_ends_too_early_is_down() {
    let mut start = bulk(SHORT);
    start.truncate(20);
    let length = "the reply has another length than it says";
    assert_down(Behaviour::Ends(start), length);
    assert_down(Behaviour::replies(b"$3\r\na:1\n\n"), length);
    assert_down(Behaviour::Ends(b"$12".to_vec()), "the reply has no end");
    assert_down(Behaviour::Ends(Vec::new()), "the reply has no end");
}

#[test]
fn a_reply_with_an_impossible_length_is_down() {
    for length in [
        "1073741824",
        "1048577",
        "18446744073709551616",
        "99999999999999999999999999",
        "-1",
        "abc",
        "",
    ] {
        let start = format!("${length}\r\n");
        let reason = "the reply has no length, or more than 1 MiB";
        assert_down(Behaviour::replies(start.as_bytes()), reason);
    }
}

#[test]
fn garbage_is_down() {
    for (garbage, reason) in [
        (
            &b"\0\xff\xfe\r\n"[..],
            "the reply isn't in Redis's protocol",
        ),
        (b"\r\n", "the reply isn't in Redis's protocol"),
        (
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            "the reply isn't in Redis's protocol",
        ),
        (
            b"*1\r\n$4\r\ninfo\r\n",
            "the reply isn't in Redis's protocol",
        ),
        (b":1\r\n", "the reply isn't in Redis's protocol"),
        (b"_\r\n", "the reply isn't in Redis's protocol"),
        (
            "\u{4f60}\r\n".as_bytes(),
            "the reply isn't in Redis's protocol",
        ),
        (b"$0\r\n\r\n", "the reply has no fields"),
        (b"$8\r\n# Server\r\n", "the reply has no fields"),
        (b"+OK\r\n", "the reply has no fields"),
    ] {
        assert_down(Behaviour::replies(garbage), reason);
    }
}

#[test]
fn an_error_is_down_and_the_log_has_its_words() {
    for error in [
        "NOAUTH Authentication required.",
        "LOADING Redis is loading the dataset in memory",
        "NOPERM User app has no permissions to run the 'info' command",
        "ERR unknown command 'INFO'",
        "",
        // Of a server that is reached from another machine and has no password.
        &format!(
            "DENIED Redis is running in protected mode{}",
            " because".repeat(128)
        ),
    ] {
        let reply = format!("-{error}\r\n");
        assert_down(Behaviour::replies(reply.as_bytes()), error);
    }
}

#[test]
fn a_server_that_closes_at_once_is_down() {
    let redis = FakeRedis::start(Behaviour::Closes);
    let exporter = RedisExporter::start(redis.address);
    for metrics in exporter.scrapes(20) {
        assert_eq!(redis_samples(&metrics), DOWN);
    }
    redis.behaves(Behaviour::info(SHORT));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    // The system tells who still writes something else than who already reads.
    let log = exporter.log(1);
    assert!((1..=3).contains(&log.len()), "{log:?}");
}

#[test]
fn a_server_that_is_gone_is_down() {
    let port = free_port();
    let exporter = RedisExporter::start(SocketAddr::from(([127, 0, 0, 1], port)));
    for metrics in exporter.scrapes(20) {
        assert_eq!(redis_samples(&metrics), DOWN);
    }
    let log = exporter.log(1);
    let message = format!("cannot read 127.0.0.1:{port}: Connection refused");
    assert!(log.len() == 1 && log[0].contains(&message), "{log:?}");
}

#[test]
fn an_address_that_is_none_is_refused_at_the_start() {
    for address in [
        "redis",
        "127.0.0.1",
        "127.0.0.1:redis",
        "redis://a:1",
        ":6379",
    ] {
        let output = redis_exporter::ends(&["--redis.addr", address]);
        assert_eq!(output.code, Some(2), "{address}");
        let error = output.stderr;
        let expected =
            format!("invalid value '{address}' for '--redis.addr <ADDRESS>'");
        assert!(error.contains(&expected), "{error}");
        let hint = ": expected HOST:PORT, such as redis-1:6379 or [::1]:6379";
        assert!(error.contains(hint), "{error}");
    }
}

#[test]
fn each_address_of_a_name_is_tried() {
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    // Often the first one is ::1, where nobody listens.
    let name = format!("localhost:{}", redis.address.port());
    let exporter = RedisExporter::spawn(&mut exporter(&name));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
}

#[test]
#[cfg(target_os = "linux")]
fn a_flood_is_down_and_fills_no_memory() {
    let mut longest = b"$1048576\r\n".to_vec();
    longest.resize(64 * 1024, b'x');
    for (flood, reason) in [
        (vec![b'x'; 64 * 1024], "the reply has no end"),
        (vec![b'+'; 64 * 1024], "the reply has no end"),
        (vec![0; 64 * 1024], "the reply has no end"),
        (longest, "the reply has another length than it says"),
    ] {
        let redis = FakeRedis::start(Behaviour::info(SHORT));
        let exporter = RedisExporter::start(redis.address);
        exporter.scrapes(20);
        let before = support::held::status(&exporter.program, "VmHWM:");
        redis.behaves(Behaviour::Floods(flood));
        for metrics in exporter.scrapes(20) {
            assert_eq!(redis_samples(&metrics), DOWN, "{reason}");
        }
        // 20 replies of 1 MiB at most, each of them copied a few times.
        // The system's own reading may be a little lower than the one before.
        let more =
            support::held::status(&exporter.program, "VmHWM:").saturating_sub(before);
        assert!(more < 100 * 1024, "{more} KiB more");
        redis.behaves(Behaviour::info(SHORT));
        assert_eq!(redis_samples(&exporter.scrape()), GOOD);
        let log = exporter.log(1);
        assert_eq!(log.len(), 1, "{log:?}");
        assert!(log[0].contains(reason), "{log:?}");
    }
}
