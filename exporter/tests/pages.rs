//! What the pages of lessons 09 to 11 and 13 show: 09's program with one more metric, and
//! what the pages' commands print with real servers and a real Prometheus.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../src/bin/09_redis_exporter/collector.rs"]
mod collector;
#[path = "../../src/bin/09_redis_exporter/connection.rs"]
mod connection;
mod fake_redis;
#[path = "../../src/bin/09_redis_exporter/info.rs"]
mod info;
#[path = "../../src/bin/09_redis_exporter/protocol.rs"]
mod protocol;
mod reader;
#[path = "../../src/bin/09_redis_exporter/resolve.rs"]
mod resolve;
#[path = "../../src/bin/09_redis_exporter/server.rs"]
#[allow(dead_code, reason = "there are no flags")]
mod server;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../src/bin/09_redis_exporter/metrics.rs"]
#[allow(dead_code, reason = "the first table is replaced")]
mod tables;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::thread;
use std::time::Duration;

use clap::{Args, FromArgMatches};
use exporter_workbook::testutil;

use collector::RedisCollector;
use fake_redis::{Behaviour, FakeRedis, REDIS_7_0};
use reader::Reader;
use server::{Login, Server};
use versions::{Version, with_each_version};

/// The program's tables, with the page's row in place of the first one.
mod metrics {
    pub use crate::tables::{BY_COMMAND, BY_DATABASE, Metric, metrics};
    use exporter_workbook::desc::Desc;

    type Kind = fn(&str, &str) -> Desc;
    type Row = (&'static str, f64, Kind, &'static str, &'static str);
    pub const ONCE: &[Row] = &include!("../../tests/pages/rejected_connections.rs");
}

#[test]
fn a_row_of_the_table_is_all_that_a_metric_needs() {
    let redis = FakeRedis::start(Behaviour::info(REDIS_7_0));
    let address = redis.address.to_string();
    // A program without arguments, and so without a password.
    let none = Login::augment_args(clap::Command::new("test"));
    let none = none.get_matches_from(["test"]);
    let login = Login::from_arg_matches(&none).unwrap();
    let collector = RedisCollector::new(Server { address, login });
    let expected = include_str!("../../tests/pages/rejected_connections.txt");
    let names = ["redis_rejected_connections_total"];
    testutil::collect_and_compare(collector, expected, &names).unwrap();
}

with_each_version! {
    lesson_09_answers_what_the_pages_say,
    lesson_10_answers_what_the_pages_say,
    lesson_13_answers_what_the_pages_say,
}

#[cfg(feature = "tls")]
with_each_version! {
    lesson_11_answers_what_the_pages_say,
}

/// In the page's order.
fn lesson_09_answers_what_the_pages_say(version: Version) {
    let flags = "--redis.addr=127.0.0.1:6379";
    let mut reader = Reader::start("09_redis_exporter", flags, version);
    let (start, _) = reader.next("redis-server");
    make_redis_fail(&mut reader, &start);
    let redis = reader.start_redis(&start, "6379");
    let (visit, _) = reader.next("redis-cli -r");
    let client = reader.spawn(&visit);
    let _prometheus = reader.start_prometheus(
        "prometheus --config.file=prometheus.yml --storage.tsdb.path=target/prometheus \
         --web.listen-address=127.0.0.1:9090",
    );
    reader.sees("redis-cli config set", whole);
    let promtool = "promtool query instant http://127.0.0.1:9090 ";
    reader.sees_soon(&format!("{promtool}'rate("), series);
    reader.sees_soon(&format!("{promtool}'redis_m"), series);
    drop((client, redis));
    reader.sees_soon(&format!("{promtool}'redis_up"), value);
    reader.sees(&format!("{promtool}'up"), value);
    assert_eq!(reader.unseen(), [""; 0]);
}

fn make_redis_fail(reader: &mut Reader, start: &str) {
    let redis = reader.start_redis(start, "6379");
    reader.sees("redis-cli set", whole);
    drop(redis);
    reader.sees("curl -s http://127.0.0.1:9121/metrics", whole);
    let redis = reader.start_redis(start, "6379");
    redis.signal("STOP");
    reader.sees("curl -s -o /dev/null", |line| before(line, " after "));
    redis.signal("CONT");
    reader.run("redis-cli config set requirepass secret");
    reader.run("curl -s http://127.0.0.1:9121/metrics");
    reader.sees_log("cargo run", |line| {
        line[line.find(" level=").unwrap_or(0)..].to_owned()
    });
}

/// In the page's order.
fn lesson_10_answers_what_the_pages_say(version: Version) {
    let mut reader = Reader::start("10_probe", "", version);
    let _redis = ["6379", "6380"].map(|port| {
        let (start, _) = reader.next(&format!("redis-server --port {port}"));
        reader.start_redis(&start, port)
    });
    reader.sees("curl -s 'http://127.0.0.1:9121/probe", unmeasured);
    give_away_the_password(&mut reader);
    reader.sees("curl -s -w", whole);
    reader.sees("kill -STOP", whole);
    reader.sees("curl -s 'http://127.0.0.1:9121/probe", unmeasured);
    reader.sees("curl -Z", whole);
    reader.sees("kill -CONT", whole);
    let (start, _) = reader.next("prometheus --config.file=prometheus/10_probe.yml");
    let _prometheus = reader.start_prometheus(&start);
    reader.sees_soon("curl -s http://127.0.0.1:9090/api/v1/targets", whole);
    // The window of the next query is a minute long.
    thread::sleep(Duration::from_secs(55));
    let promtool = "promtool query instant http://127.0.0.1:9090 ";
    reader.sees_soon(&format!("{promtool}'sum by"), tenths);
    reader.sees("redis-cli -p 6379 shutdown", whole);
    reader.sees("kill -STOP", whole);
    reader.sees_soon(&format!("{promtool}probe_success"), value);
    reader.sees(&format!("{promtool}'up"), value);
    assert_eq!(reader.unseen(), [""; 0]);
}

/// In the page's order.
#[cfg(feature = "tls")]
fn lesson_11_answers_what_the_pages_say(version: Version) {
    let flags = "--redis.addr=127.0.0.1:6379";
    let mut reader = Reader::start("11_web_config", flags, version);
    let (start, _) = reader.next("redis-server");
    let _redis = reader.start_redis(&start, "6379");
    reader.sees("curl -sS https", whole);
    // Nobody types faster, and the exporter logs one handshake a second.
    thread::sleep(Duration::from_secs(1));
    reader.sees("curl -sS --cacert", alert);
    reader.sees("curl -s -w", whole);
    reader.sees("curl -s -u", whole);
    reader.sees("curl -sS http:", whole);
    reader.sees("cp ", whole);
    // A moment later, the file counts.
    reader.sees_soon("curl -s -u", whole);
    reader.sees_log("cargo run", |line| {
        line[line.find(" level=").unwrap_or(0)..].to_owned()
    });
    reader.sees("sed ", whole);
    reader.sees_error("11_web_config");
    reader.sees("echo ", whole);
    see_in_prometheus(&mut reader);
    assert_eq!(reader.unseen(), [""; 0]);
}

#[cfg(feature = "tls")]
fn see_in_prometheus(reader: &mut Reader) {
    let promtool = "promtool query instant http://127.0.0.1:9090 ";
    let start = "prometheus --config.file=prometheus/11_web_config.yml";
    // The key still isn't the certificate's, which changes nothing.
    let (command, _) = reader.next(start);
    let prometheus = reader.start_prometheus(&command);
    reader.sees_soon(&format!("{promtool}up"), value);
    reader.sees_soon("curl -s http://127.0.0.1:9090/api/v1/targets", whole);
    prometheus.end_with("TERM");
    let (script, _) = reader.next("prometheus/11_web_config.sh");
    reader.run(&script);
    let (command, _) = reader.next(start);
    let _prometheus = reader.start_prometheus(&command);
    reader.sees_soon(&format!("{promtool}'(redis"), |line| {
        let (series, days) = line.split_once(" => ").unwrap_or_default();
        format!("{series} {}", before(days, "."))
    });
    let (script, _) = reader.next("DAYS=-1");
    reader.run(&script);
    reader.sees_soon("curl -s http://127.0.0.1:9090/api/v1/targets", |line| {
        before(line, " current time")
    });
}

/// What the peer says, without the versions of curl and OpenSSL.
#[cfg(feature = "tls")]
fn alert(line: &str) -> String {
    let (_, alert) = line.split_once(" alert ").unwrap_or(("", line));
    before(alert, ",")
}

/// Probes the page's fake Redis, which waits for that.
fn give_away_the_password(reader: &mut Reader) {
    let exporter = reader.start_with_password("--redis.allow 127.0.0.1:7000");
    let address = exporter.address;
    let often = "target=127.0.0.1:7000&n=[1-1000]";
    let _probes = reader.spawn(&format!(
        "curl -s -o /dev/null --rate 600/m 'http://{address}/probe?{often}'"
    ));
    reader.sees("python3", whole);
}

/// In the page's order.
fn lesson_13_answers_what_the_pages_say(version: Version) {
    let mut reader = Reader::of_job("13_push", version);
    let (start, _) = reader.next("prometheus-pushgateway");
    let _gateway = reader.spawn(&format!("{start} --log.level=error"));
    reader.wait_for("9091");
    let (push, _) = reader.next(&format!("{JOB}--pushgateway"));
    assert_eq!(reader.run(&push), "");
    reader.sees("curl -s http://127.0.0.1:9091", untimed);
    let (create, _) = reader.next("mkdir");
    reader.run(&create);
    let (start, _) = reader.next("prometheus-node-exporter");
    let _node = reader.spawn(&format!("{start} --log.level=error 2>&1"));
    reader.wait_for("9100");
    let (write, _) = reader.next(&format!("{JOB}--textfile"));
    assert_eq!(reader.run(&write), "");
    reader.sees("curl -s http://127.0.0.1:9100", untimed);
    let fail = make_the_backup_fail(&mut reader);
    assert_eq!(reader.run(&push), "");
    reader.run(&fail);
    let (start, _) = reader.next("prometheus --config.file=prometheus/13_push.yml");
    let _prometheus = reader.start_prometheus(&start);
    let promtool = "promtool query instant http://127.0.0.1:9090 ";
    reader.sees_soon(&format!("{promtool}backup_success"), value);
    reader.sees_soon(&format!("{promtool}'up"), value);
    reader.sees(&format!("{promtool}'time"), series);
    reader.sees(&format!("{promtool}'absent"), value);
    reader.sees_soon(&format!("{promtool}ALERTS"), value);
    assert_eq!(reader.unseen(), [""; 0]);
}

const JOB: &str = "cargo run --bin 13_push -- ";

/// Returns the command for that.
fn make_the_backup_fail(reader: &mut Reader) -> String {
    let (fail, shown) = reader.next(&format!("{JOB}--source"));
    assert_eq!(reader.run(&fail), shown);
    reader.sees("curl -s http://127.0.0.1:9091", untimed);
    let (put, _) = reader.next("echo 'backup_success 0'");
    assert_eq!(reader.run(&put), "");
    reader.sees("curl -s http://127.0.0.1:9091", whole);
    reader.sees("echo -n", whole);
    let (delete, _) = reader.next("curl -s -X DELETE");
    assert_eq!(reader.run(&delete), "");
    fail
}

/// A sample without its value if that is a time, or what the pages make of the folder
/// `docs`.
fn untimed(line: &str) -> String {
    let measured = ["_seconds{", "backup_files{", "backup_bytes{"];
    match measured.iter().any(|part| line.contains(part)) {
        true => before(line, "} "),
        false => whole(line),
    }
}

fn whole(line: &str) -> String {
    line.to_owned()
}

/// A series without its value, which was measured.
fn series(line: &str) -> String {
    before(line, " => ")
}

/// A series and its value without the time.
fn value(line: &str) -> String {
    before(line, " @[")
}

/// The same, with its value to one decimal place.
fn tenths(line: &str) -> String {
    let line = value(line);
    let value = line
        .split_once(" => ")
        .map(|(_, value)| value.parse::<f64>());
    match value {
        Some(Ok(value)) => format!("{} => {:.1}", series(&line), value),
        _ => line,
    }
}

/// A sample, without its value if that is a duration.
fn unmeasured(line: &str) -> String {
    let is_measured = line.contains("_duration_seconds ");
    if is_measured {
        before(line, " ")
    } else {
        whole(line)
    }
}

fn before(line: &str, end: &str) -> String {
    line.split(end).next().unwrap_or_default().to_owned()
}
