//! A response of any size costs the server one piece of memory. This test has a process
//! of its own, whose peak it measures.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

#[cfg(feature = "tls")]
#[path = "support/encrypted.rs"]
mod encrypted;
mod support;

use std::fs;
use std::io::{Read, Write};
use std::iter;

use exporter_workbook::promhttp::Body;
use exporter_workbook::serve::Server;
use http::{Request, Response};
use support::connect;
use support::running::Running;

const PIECE: usize = 64 * 1024;
const PIECES: usize = 1600;
const HTTP_1_1: &str = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const HTTP_1_0: &str = "GET /metrics HTTP/1.0\r\n\r\n";

/// Answers with 100 MiB.
fn large(_: &Request<()>) -> Response<Body> {
    let pieces = iter::repeat_with(|| vec![b'a'; PIECE]).take(PIECES);
    let response = Response::builder().header("date", "today");
    response.body(Body::from_pieces(pieces)).unwrap()
}

/// Returns the most memory that this process has had, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let value = line.unwrap().split_ascii_whitespace().nth(1);
    value.unwrap().parse().unwrap()
}

/// Sends `request`, and reads the response. Returns its number of bytes.
fn received(mut stream: impl Read + Write, request: &str) -> usize {
    stream.write_all(request.as_bytes()).unwrap();
    let mut buffer = vec![0; PIECE];
    let counts = iter::from_fn(|| match stream.read(&mut buffer).unwrap() {
        0 => None,
        count => Some(count),
    });
    counts.sum()
}

fn serving_large(with: impl FnOnce(Server) -> Server) -> Running {
    Running::serve(|server| with(server.route("/metrics", large)))
}

#[test]
fn a_hundred_megabytes_cost_the_server_one_piece() {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nDate: today\r\nConnection: close\r\n";
    const CHUNKED: &str = "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    let in_chunks =
        HEAD.len() + CHUNKED.len() + PIECES * (PIECE + "10000\r\n\r\n".len());
    let until_closed = HEAD.len() + "\r\n".len() + PIECES * PIECE;
    let before = peak();
    let running = serving_large(|server| server);
    let plain = || connect(running.address);
    assert_eq!(received(plain(), HTTP_1_1), in_chunks);
    assert_eq!(received(plain(), HTTP_1_0), until_closed);
    running.stop();
    #[cfg(feature = "tls")]
    {
        let config = encrypted::server_config("server");
        let tls = move || Some(std::sync::Arc::clone(&config));
        let running = serving_large(|server| server.tls(tls));
        let client = || encrypted::client(&running);
        assert_eq!(received(client(), HTTP_1_1), in_chunks);
        assert_eq!(received(client(), HTTP_1_0), until_closed);
        running.stop();
    }
    let more = peak() - before;
    assert!(more < 4 * 1024, "{more} KiB");
}
