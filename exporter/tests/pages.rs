//! What the page of lesson 09 shows: the program with one more metric, and what the page's
//! commands print with a real Redis and a real Prometheus.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../src/bin/09_redis_exporter/collector.rs"]
mod collector;
#[path = "../../src/bin/09_redis_exporter/connection.rs"]
mod connection;
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

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use clap::{Args, FromArgMatches};
use exporter_workbook::testutil;

use collector::RedisCollector;
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
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let redis = thread::spawn(move || {
        let info = include_bytes!("../../tests/redis/redis-7.0.txt");
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1000]).unwrap();
        write!(stream, "${}\r\n", info.len()).unwrap();
        stream.write_all(info).unwrap();
        stream.write_all(b"\r\n").unwrap();
    });
    // A program without arguments, and so without a password.
    let none = Login::augment_args(clap::Command::new("test"));
    let none = none.get_matches_from(["test"]);
    let login = Login::from_arg_matches(&none).unwrap();
    let collector = RedisCollector::new(Server { address, login });
    let expected = include_str!("../../tests/pages/rejected_connections.txt");
    let names = ["redis_rejected_connections_total"];
    testutil::collect_and_compare(collector, expected, &names).unwrap();
    redis.join().unwrap();
}

with_each_version!(a_real_redis_and_prometheus_answer_what_the_page_says);

/// In the page's order.
fn a_real_redis_and_prometheus_answer_what_the_page_says(version: Version) {
    let mut reader = Reader::start("../docs/en/09_redis_exporter.md", version);
    make_redis_fail(&mut reader);
    let redis = reader.start_redis();
    let client = reader.spawn("redis-cli -r -1 -i 0.1 incr visits");
    reader.sees("redis-cli config set", whole);
    // Long enough for a rate over 20 s.
    thread::sleep(Duration::from_secs(32));
    reader.sees(
        "promtool query instant http://127.0.0.1:9090 'rate(",
        series,
    );
    reader.sees(
        "promtool query instant http://127.0.0.1:9090 'redis_m",
        series,
    );
    drop((client, redis));
    // The next scrape sees that.
    thread::sleep(Duration::from_secs(6));
    reader.sees(
        "promtool query instant http://127.0.0.1:9090 'redis_up",
        value,
    );
    reader.sees("promtool query instant http://127.0.0.1:9090 'up", value);
    assert_eq!(reader.unseen(), [""; 0]);
}

fn make_redis_fail(reader: &mut Reader) {
    let redis = reader.start_redis();
    reader.sees("redis-cli set", whole);
    drop(redis);
    reader.sees("curl -s http://127.0.0.1:9121/metrics", whole);
    let redis = reader.start_redis();
    redis.signal("STOP");
    reader.sees("curl -s -o /dev/null", |line| before(line, " after "));
    redis.signal("CONT");
    reader.run("redis-cli config set requirepass secret");
    reader.run("curl -s http://127.0.0.1:9121/metrics");
    reader.sees_log("cargo run", |line| {
        line.split_at(line.find(" level=").unwrap_or(0)).1
    });
}

fn whole(line: &str) -> &str {
    line
}

/// A series without its value, which was measured.
fn series(line: &str) -> &str {
    before(line, " => ")
}

/// A series and its value without the time.
fn value(line: &str) -> &str {
    before(line, " @[")
}

fn before<'a>(line: &'a str, end: &str) -> &'a str {
    line.split(end).next().unwrap_or_default()
}
