//! What the page of lesson 09 shows of a changed program: its collector with one more
//! metric.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../src/bin/09_redis_exporter/collector.rs"]
mod collector;
#[path = "../../src/bin/09_redis_exporter/connection.rs"]
mod connection;
#[path = "../../src/bin/09_redis_exporter/info.rs"]
mod info;
#[path = "../../src/bin/09_redis_exporter/protocol.rs"]
mod protocol;
#[path = "../../src/bin/09_redis_exporter/server.rs"]
mod server;
#[path = "../../src/bin/09_redis_exporter/metrics.rs"]
#[allow(dead_code, reason = "the first table is replaced")]
mod tables;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use clap::{Args, Command, FromArgMatches};
use exporter_workbook::testutil;

use collector::RedisCollector;
use server::{Login, Server};

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
    let none = Login::augment_args(Command::new("test")).get_matches_from(["test"]);
    let login = Login::from_arg_matches(&none).unwrap();
    let collector = RedisCollector::new(Server { address, login });
    let expected = include_str!("../../tests/pages/rejected_connections.txt");
    let names = ["redis_rejected_connections_total"];
    testutil::collect_and_compare(collector, expected, &names).unwrap();
    redis.join().unwrap();
}
