//! The server with TLS: what it serves, and what clients may do to it.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "support/encrypted.rs"]
mod encrypted;
#[path = "pages/tls.rs"]
mod page;
mod support;

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use exporter_workbook::http::{Request, Response};
use exporter_workbook::promhttp::Body;
use exporter_workbook::serve::{Limits, Server};
use rustls::version;

use encrypted::{Client, client, client_with, server_config};
use support::running::{NEVER, Running, ok_answer};
use support::{answer, connect};

const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

fn start(with: impl FnOnce(Server) -> Server) -> Running {
    let config = server_config("server");
    Running::serve(|server| with(server.tls(move || Some(Arc::clone(&config)))))
}

fn scraped(limits: Limits) -> Running {
    start(|server| server.limits(limits).route("/metrics", ok_answer))
}

/// Returns the body of the response to one scrape on a connection of its own.
fn scrape(running: &Running) -> String {
    let mut client = client(running);
    client.write_all(SCRAPE).unwrap();
    answer(&mut client).unwrap().1
}

#[test]
fn a_connection_has_several_requests_with_each_version() {
    let running = scraped(Limits::default());
    for version in [&version::TLS12, &version::TLS13] {
        let mut client = client_with(&running, &[version]);
        for _ in 0..3 {
            client.write_all(SCRAPE).unwrap();
            let (status, body) = answer(&mut client).unwrap();
            assert_eq!(
                (status.as_str(), body.as_str()),
                ("HTTP/1.1 200 OK", "a 1\n")
            );
        }
        assert_eq!(client.conn.protocol_version(), Some(version.version));
    }
    running.stop();
}

#[test]
fn a_large_response_arrives_whole_and_its_end_is_announced() {
    let large = "a 1\n".repeat(1024 * 1024);
    let body = large.clone();
    let running = start(|server| {
        server.route("/metrics", move |_: &Request<()>| {
            Response::new(body.clone().into())
        })
    });
    let mut client = client(&running);
    client
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut text = String::new();
    // It is an error if the connection is closed without an announcement.
    client.read_to_string(&mut text).unwrap();
    let (_, received) = text.split_once("\r\n\r\n").unwrap();
    assert!(received == large, "{} bytes", received.len());
    running.stop();
}

fn in_pieces(_: &Request<()>) -> Response<Body> {
    let pieces = ["a 1\n", "b 2\n"].map(|text| text.as_bytes().to_vec());
    let response = Response::builder().header("date", "today");
    response
        .body(Body::from_pieces(pieces.into_iter()))
        .unwrap()
}

#[test]
fn pieces_are_chunks_and_their_end_is_announced() {
    let running = start(|server| server.route("/metrics", in_pieces));
    for version in [&version::TLS12, &version::TLS13] {
        let mut client = client_with(&running, &[version]);
        client.write_all(SCRAPE).unwrap();
        let head = "HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n";
        let chunks = "\r\n4\r\na 1\n\r\n4\r\nb 2\n\r\n0\r\n\r\n";
        let expected = format!("{head}{chunks}");
        let mut received = vec![0; expected.len()];
        client.read_exact(&mut received).unwrap();
        assert_eq!(String::from_utf8(received).unwrap(), expected);
        // The connection is still open, and HTTP/1.0 closes it.
        client.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        let head = "HTTP/1.0 200 OK\r\nDate: today\r\nConnection: close\r\n\r\n";
        assert_eq!(text, format!("{head}a 1\nb 2\n"));
    }
    running.stop();
}

/// A client of HTTP/1.0 knows a panic from the end by this alone.
#[test]
fn a_panic_between_two_pieces_announces_no_end() {
    let running = start(|server| {
        server.route("/metrics", |request: &Request<()>| {
            let pieces = in_pieces(request).into_body().into_pieces().take(1);
            let panics = std::iter::once_with(|| panic!("on purpose"));
            Response::new(Body::from_pieces(pieces.chain(panics)))
        })
    });
    for version in ["1.0", "1.1"] {
        let mut client = client(&running);
        let request = format!("GET /metrics HTTP/{version}\r\nHost: a\r\n\r\n");
        client.write_all(request.as_bytes()).unwrap();
        let mut received = Vec::new();
        let error = client.read_to_end(&mut received).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let text = String::from_utf8(received).unwrap();
        assert!(
            text.ends_with("a 1\n") || text.ends_with("a 1\n\r\n"),
            "{text}"
        );
    }
    running.stop();
}

#[test]
fn the_pages_server_has_tls() {
    let file = |kind: &str| format!("tests/certificates/server.{kind}");
    let (certificate, key) = (file("crt"), file("key"));
    let running = Running::serve(|server| {
        let server = page::with_tls(server, certificate.as_ref(), key.as_ref());
        server.unwrap().route("/metrics", ok_answer)
    });
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn plain_http_gets_a_clear_end() {
    let running = scraped(Limits::default());
    let answer = running.exchange("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    let text = "\r\n\r\nThis is HTTPS: use https:// instead of http://.\n";
    assert!(answer.ends_with(text), "{answer}");
    assert!(!answer.contains("a 1"), "{answer}");
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn what_is_no_handshake_ends_its_connection() {
    let running = scraped(Limits::default());
    for garbage in [
        &b"\0\0\0\0\0\0"[..],
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xff",
        &[0x16; 70_000],
        b"\x80\x2e\x01\x03\x01",
    ] {
        let mut stream = connect(running.address);
        let _ = stream.write_all(garbage);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut end = Vec::new();
        // Perhaps an alert, and no metric.
        let _ = stream.read_to_end(&mut end);
        assert!(!end.windows(3).any(|bytes| bytes == b"a 1"));
        assert_eq!(scrape(&running), "a 1\n");
    }
    running.stop();
}

#[test]
fn a_handshake_that_fails_is_logged_once_a_second_at_most() {
    let (sender, lines) = std::sync::mpsc::channel();
    let running = start(|server| {
        let log = move |line: &str| sender.send(line.to_owned()).unwrap();
        server.log(Arc::new(log)).route("/metrics", ok_answer)
    });
    for _ in 0..20 {
        let mut stream = connect(running.address);
        let _ = stream.write_all(b"\0\0\0\0\0\0");
        let _ = stream.read_to_end(&mut Vec::new());
    }
    running.stop();
    let lines: Vec<String> = lines.iter().collect();
    let expected = "the TLS handshake with 127.0.0.1 failed: ";
    assert!(lines[0].starts_with(expected), "{lines:?}");
    assert!(lines.len() < 20, "{lines:?}");
}

#[test]
fn a_handshake_that_takes_too_long_is_cut_off() {
    let limits = Limits {
        head: Duration::from_millis(200),
        idle: NEVER,
        ..Limits::default()
    };
    let running = scraped(limits);
    // A part of one, and one that trickles in.
    let mut half = connect(running.address);
    half.write_all(b"\x16\x03\x01\x02\x00").unwrap();
    let mut end = Vec::new();
    let _ = half.read_to_end(&mut end);
    let mut slow = connect(running.address);
    slow.write_all(b"\x16\x03\x01\x40\x00").unwrap();
    while slow.write_all(b"\x01").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn a_scrape_has_room_though_every_connection_is_held() {
    let limits = Limits {
        connections: 4,
        head: NEVER,
        idle: NEVER,
        ..Limits::default()
    };
    let running = scraped(limits);
    let silent: Vec<_> = (0..4).map(|_| connect(running.address)).collect();
    assert_eq!(scrape(&running), "a 1\n");
    let half = (0..4).map(|_| {
        let mut stream = connect(running.address);
        stream.write_all(b"\x16\x03\x01\x02\x00").unwrap();
        stream
    });
    let half: Vec<_> = half.collect();
    assert_eq!(scrape(&running), "a 1\n");
    let idle = (0..4).map(|_| {
        let mut client = client(&running);
        client.write_all(SCRAPE).unwrap();
        answer(&mut client).unwrap();
        client
    });
    let idle: Vec<_> = idle.collect();
    assert_eq!(scrape(&running), "a 1\n");
    drop((silent, half, idle));
    running.stop();
}

#[test]
fn three_hundred_idle_clients_leave_room_for_a_scrape() {
    let running = scraped(Limits::default());
    let idle = (0..300).map(|_| {
        let mut client = client(&running);
        client.write_all(SCRAPE).unwrap();
        assert_eq!(answer(&mut client).unwrap().1, "a 1\n");
        client
    });
    let idle: Vec<_> = idle.collect();
    assert_eq!(scrape(&running), "a 1\n");
    drop(idle);
    running.stop();
}

#[test]
fn a_stop_waits_for_no_handshake() {
    let limits = Limits {
        head: NEVER,
        idle: NEVER,
        ..Limits::default()
    };
    let running = scraped(limits);
    let mut half = connect(running.address);
    half.write_all(b"\x16\x03\x01\x02\x00").unwrap();
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn the_settings_are_those_of_the_moment() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (config, counted) = (server_config("server"), Arc::clone(&calls));
    let running = Running::serve(|server| {
        let config = move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Some(Arc::clone(&config))
        };
        server.tls(config).route("/metrics", ok_answer)
    });
    for count in 1..4 {
        assert_eq!(scrape(&running), "a 1\n");
        assert_eq!(calls.load(Ordering::Relaxed), count);
    }
    running.stop();
}

/// A client that waits for the end, and the server's short deadline for a request.
fn waiting_client(running: &Running) -> Client {
    let mut client = client(running);
    client.write_all(SCRAPE).unwrap();
    assert_eq!(answer(&mut client).unwrap().1, "a 1\n");
    client
}

fn short_deadline() -> Running {
    scraped(Limits {
        head: Duration::from_millis(200),
        idle: NEVER,
        ..Limits::default()
    })
}

#[test]
fn a_request_that_arrives_in_slow_records_is_cut_off() {
    let running = short_deadline();
    let mut slow = waiting_client(&running);
    let mut ended = String::new();
    for byte in SCRAPE.iter().cycle().filter(|byte| **byte != b'\n') {
        if slow.write_all(&[*byte]).is_err() || slow.flush().is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
        slow.sock.set_nonblocking(true).unwrap();
        let read = slow.read_to_string(&mut ended);
        slow.sock.set_nonblocking(false).unwrap();
        if read.is_ok() || !ended.is_empty() {
            break;
        }
    }
    let late = "HTTP/1.1 408 Request Timeout\r\n";
    assert!(ended.starts_with(late), "{ended}");
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn a_record_whose_end_never_arrives_is_cut_off() {
    let running = scraped(Limits {
        head: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        ..Limits::default()
    });
    let mut half = waiting_client(&running);
    half.sock.write_all(b"\x17\x03\x03\x40\x00").unwrap();
    let mut slow = waiting_client(&running);
    slow.sock.write_all(b"\x17\x03\x03\x40\x00").unwrap();
    while slow.sock.write_all(b"\x01").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = half.sock.read_to_end(&mut Vec::new());
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn what_is_no_record_ends_its_connection() {
    let running = scraped(Limits::default());
    for garbage in [
        &b"GET /metrics HTTP/1.1\r\n\r\n"[..],
        b"\x17\x03\x03\xff\xff",
        b"\x17\x03\x03\x00\x00\x17\x03\x03\x00\x00",
        &[0x17; 70_000],
        b"\x15\x03\x03\x00\x02\x02\x00",
    ] {
        let mut client = waiting_client(&running);
        let _ = client.sock.write_all(garbage);
        let _ = client.sock.shutdown(std::net::Shutdown::Write);
        let mut end = Vec::new();
        let _ = client.sock.read_to_end(&mut end);
        assert!(end.len() < 100, "{} bytes", end.len());
        assert_eq!(scrape(&running), "a 1\n");
    }
    running.stop();
}

/// Each costs the server a key; few connections need one, and none needs many.
#[test]
fn a_flood_of_new_keys_ends_its_connection() {
    let running = scraped(Limits::default());
    let mut client = client_with(&running, &[&version::TLS13]);
    client.write_all(SCRAPE).unwrap();
    answer(&mut client).unwrap();
    let sent = (0..10_000).take_while(|_| {
        let new = client.conn.refresh_traffic_keys();
        new.is_ok() && client.flush().is_ok()
    });
    assert!(sent.count() < 10_000);
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}

#[test]
fn a_response_that_nobody_reads_ends_with_its_client() {
    let large = "a 1\n".repeat(8 * 1024 * 1024).into_bytes();
    let limits = Limits {
        write: Duration::from_millis(200),
        ..Limits::default()
    };
    let running = start(|server| {
        let large = move |_: &Request<()>| Response::new(large.clone().into());
        let server = server.limits(limits).route("/metrics", ok_answer);
        server.route("/large", large)
    });
    let mut client = client(&running);
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    // Time to encrypt what the system's buffers hold, and then to give up.
    thread::sleep(Duration::from_secs(3));
    let mut received = Vec::new();
    assert!(client.read_to_end(&mut received).is_err());
    assert!(received.len() < 32 * 1024 * 1024);
    assert_eq!(scrape(&running), "a 1\n");
    running.stop();
}
