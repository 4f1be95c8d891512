//! Responses whose body is made in pieces while the server sends it.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::{Read, Write};
use std::iter;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use exporter_workbook::promhttp::{Body, Handler};
use exporter_workbook::serve::Limits;
use http::{Request, Response};
use support::running::{NEVER, Running, SCRAPE, ok_answer};
use support::{PATIENCE, rest};

const CLOSE: &str = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// What the client gets for a request in HTTP/1.1, with the date of [`in_pieces`].
const CHUNKS: &str = "4\r\na 1\n\r\n1a\r\nb 2\n# another piece of it\n\r\n0\r\n\r\n";
const HEAD: &str =
    "HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\r\n";
const CLOSED: &str = "HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\
                      Connection: close\r\n\r\n";

fn dated(body: Body) -> Response<Body> {
    let response = Response::builder().header("date", "today");
    response.body(body).unwrap()
}

fn in_pieces(_: &Request<()>) -> Response<Body> {
    let texts = ["a 1\n", "", "b 2\n# another piece of it\n"];
    let pieces = texts.map(|text| text.as_bytes().to_vec());
    dated(Body::from_pieces(pieces.into_iter()))
}

fn piece_that_panics() -> Vec<u8> {
    panic!("on purpose")
}

/// Creates a handler that reports how many bytes of its `pieces` were taken.
fn reported<I>(pieces: fn() -> I) -> (impl Handler, Receiver<u64>)
where
    I: Iterator<Item = Vec<u8>> + Send + 'static,
{
    let (report, reports) = mpsc::channel();
    let handler = move |_: &Request<()>| {
        let report = report.clone();
        let done = move |taken| report.send(taken).unwrap();
        dated(Body::from_pieces(pieces()).finally(done))
    };
    (handler, reports)
}

#[test]
fn each_piece_is_a_chunk_and_the_connection_stays_open() {
    let running = Running::start(Limits::default(), in_pieces);
    let mut stream = running.send(SCRAPE);
    let mut received = vec![0; HEAD.len() + CHUNKS.len()];
    for _ in 0..2 {
        stream.read_exact(&mut received).unwrap();
        let text = String::from_utf8_lossy(&received);
        assert_eq!(text, format!("{HEAD}{CHUNKS}"));
        stream.write_all(SCRAPE.as_bytes()).unwrap();
    }
    stream.read_exact(&mut received).unwrap();
    stream.write_all(CLOSE.as_bytes()).unwrap();
    assert_eq!(rest(stream), format!("{CLOSED}{CHUNKS}"));
    running.stop();
}

#[test]
fn pipelined_requests_get_their_responses_in_order() {
    let running = Running::serve(|server| {
        let whole = |_: &Request<()>| dated("a 1\n".into());
        server.route("/metrics", in_pieces).route("/whole", whole)
    });
    let whole = SCRAPE.replace("/metrics", "/whole");
    let answer = running.exchange(&format!("{SCRAPE}{whole}{SCRAPE}{CLOSE}"));
    let whole = "HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 4\r\n\r\na 1\n";
    let expected = format!("{HEAD}{CHUNKS}{whole}{HEAD}{CHUNKS}{CLOSED}{CHUNKS}");
    assert_eq!(answer, expected);
    running.stop();
}

#[test]
fn http_1_0_gets_the_pieces_until_the_connection_closes() {
    let running = Running::start(Limits::default(), in_pieces);
    for headers in ["", "Connection: keep-alive\r\n"] {
        let request = format!("GET /metrics HTTP/1.0\r\n{headers}\r\n");
        assert_eq!(
            running.exchange(&request.repeat(2)),
            "HTTP/1.0 200 OK\r\nDate: today\r\nConnection: close\r\n\r\n\
             a 1\nb 2\n# another piece of it\n"
        );
    }
    running.stop();
}

#[test]
fn no_pieces_are_an_empty_body() {
    let none = |_: &Request<()>| dated(Body::from_pieces(iter::empty()));
    let running = Running::start(Limits::default(), none);
    assert_eq!(running.exchange(CLOSE), format!("{CLOSED}0\r\n\r\n"));
    assert_eq!(
        running.exchange("GET /metrics HTTP/1.0\r\n\r\n"),
        "HTTP/1.0 200 OK\r\nDate: today\r\nConnection: close\r\n\r\n"
    );
    running.stop();
}

#[test]
fn a_head_has_the_same_head_and_no_piece_is_made() {
    let (handler, reports) = reported(|| iter::once_with(piece_that_panics));
    let running = Running::start(Limits::default(), handler);
    let [head, last] = [SCRAPE, CLOSE].map(|text| text.replace("GET", "HEAD"));
    assert_eq!(
        running.exchange(&format!("{head}{last}")),
        format!("{HEAD}{CLOSED}")
    );
    assert_eq!(
        running.exchange("HEAD /metrics HTTP/1.0\r\n\r\n"),
        "HTTP/1.0 200 OK\r\nDate: today\r\nConnection: close\r\n\r\n"
    );
    running.stop();
    assert_eq!(reports.iter().take(3).collect::<Vec<_>>(), [0, 0, 0]);
}

#[test]
fn a_status_without_a_body_has_no_piece() {
    for (code, line) in [(204_u16, "204 No Content"), (304, "304 Not Modified")] {
        let running = Running::start(Limits::default(), move |_: &Request<()>| {
            let pieces = iter::once_with(piece_that_panics);
            let mut response = dated(Body::from_pieces(pieces));
            *response.status_mut() = code.try_into().unwrap();
            response
        });
        let head = format!("HTTP/1.1 {line}\r\nDate: today\r\n");
        assert_eq!(
            running.exchange(&format!("{SCRAPE}{CLOSE}")),
            format!("{head}\r\n{head}Connection: close\r\n\r\n")
        );
        running.stop();
    }
}

#[test]
fn a_panic_in_the_middle_closes_the_connection_without_the_last_chunk() {
    let (handler, reports) = reported(|| {
        let first = iter::once(b"a 1\n".to_vec());
        first.chain(iter::once_with(piece_that_panics))
    });
    let running = Running::serve(|server| {
        let server = server.route("/metrics", handler);
        server.route("/whole", ok_answer)
    });
    let received = running.exchange(SCRAPE);
    assert_eq!(received, format!("{HEAD}4\r\na 1\n\r\n"));
    assert_eq!(
        running.exchange("GET /metrics HTTP/1.0\r\n\r\n"),
        "HTTP/1.0 200 OK\r\nDate: today\r\nConnection: close\r\n\r\na 1\n"
    );
    assert_eq!(reports.iter().take(2).collect::<Vec<_>>(), [4, 4]);
    let whole = running.exchange(&CLOSE.replace("/metrics", "/whole"));
    assert!(whole.ends_with("\r\n\r\na 1\n"), "{whole}");
    running.stop();
}

#[test]
fn a_panic_in_the_first_piece_closes_the_connection_without_a_head() {
    let (handler, reports) = reported(|| iter::once_with(piece_that_panics));
    let running = Running::start(Limits::default(), handler);
    assert_eq!(running.exchange(SCRAPE), "");
    assert_eq!(reports.recv_timeout(PATIENCE).unwrap(), 0);
    running.stop();
}

/// While a panic unwinds, another one would end the process.
#[test]
fn a_report_that_panics_after_a_panic_costs_its_connection_only() {
    let running = Running::serve(|server| {
        let panics = |_: &Request<()>| {
            let pieces = iter::once_with(piece_that_panics);
            dated(Body::from_pieces(pieces).finally(|_| panic!("on purpose")))
        };
        server.route("/panics", panics).route("/metrics", in_pieces)
    });
    for method in ["GET", "HEAD"] {
        let request = format!("{method} /panics HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(running.exchange(&request), "");
    }
    assert_eq!(running.exchange(CLOSE), format!("{CLOSED}{CHUNKS}"));
    running.stop();
}

fn endless() -> impl Iterator<Item = Vec<u8>> + Send {
    iter::repeat_with(|| vec![b'a'; 64 * 1024])
}

#[test]
fn a_client_that_stops_reading_ends_the_pieces() {
    let limits = Limits {
        write: Duration::from_millis(50),
        stop: NEVER,
        ..Limits::default()
    };
    let (handler, reports) = reported(endless);
    let running = Running::start(limits, handler);
    let mut stream = running.send(SCRAPE);
    stream.read_exact(&mut [0; 1]).unwrap();
    let taken = reports.recv_timeout(PATIENCE).unwrap();
    assert_eq!(taken % (64 * 1024), 0);
    // The stop waits for all responses, also if none of them ends.
    running.stop();
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    assert!(!received.ends_with(b"0\r\n\r\n"));
}

#[test]
fn a_client_that_leaves_ends_the_pieces() {
    let limits = Limits {
        write: NEVER,
        stop: NEVER,
        ..Limits::default()
    };
    let (handler, reports) = reported(endless);
    let running = Running::start(limits, handler);
    for request in [SCRAPE, "GET /metrics HTTP/1.0\r\n\r\n"] {
        let mut stream = running.send(request);
        stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
        drop(stream);
        assert!(reports.recv_timeout(PATIENCE).unwrap() >= 1 << 20);
    }
    running.stop();
}

/// Creates a handler of two pieces, the second of which is made when it is told to.
fn slow_pieces() -> (impl Handler, Receiver<()>, Sender<()>) {
    let (started, starts) = mpsc::channel();
    let (finish, finishes) = mpsc::channel::<()>();
    let finishes = std::sync::Arc::new(std::sync::Mutex::new(finishes));
    let handler = move |_: &Request<()>| {
        let (started, finishes) = (started.clone(), finishes.clone());
        let second = move || {
            started.send(()).unwrap();
            let _ = finishes.lock().unwrap().recv();
            b"b 2\n# another piece of it\n".to_vec()
        };
        let first = iter::once(b"a 1\n".to_vec());
        dated(Body::from_pieces(first.chain(iter::once_with(second))))
    };
    (handler, starts, finish)
}

#[test]
fn a_piece_is_sent_before_the_next_one_is_made() {
    let (handler, starts, finish) = slow_pieces();
    let running = Running::start(Limits::default(), handler);
    let mut stream = running.send(CLOSE);
    let mut received = vec![0; CLOSED.len() + 9];
    stream.read_exact(&mut received).unwrap();
    let text = String::from_utf8(received).unwrap();
    assert_eq!(text, format!("{CLOSED}4\r\na 1\n\r\n"));
    starts.recv_timeout(PATIENCE).unwrap();
    finish.send(()).unwrap();
    assert_eq!(
        format!("{text}{}", rest(stream)),
        format!("{CLOSED}{CHUNKS}")
    );
    running.stop();
}

#[test]
fn a_stop_waits_for_the_pieces_that_are_still_to_be_made() {
    let (handler, starts, finish) = slow_pieces();
    let limits = Limits {
        stop: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, handler);
    let stream = running.send(&SCRAPE.repeat(2));
    starts.recv_timeout(PATIENCE).unwrap();
    running.begin_to_stop();
    finish.send(()).unwrap();
    // The head has promised to keep the connection open, and the stop forbids it.
    assert_eq!(rest(stream), format!("{HEAD}{CHUNKS}"));
    running.wait();
}

#[test]
fn a_stop_does_not_wait_for_endless_pieces() {
    let limits = Limits {
        stop: Duration::from_millis(50),
        write: NEVER,
        ..Limits::default()
    };
    let (handler, reports) = reported(endless);
    let running = Running::start(limits, handler);
    let stream = running.send(SCRAPE);
    let mut reading = stream.try_clone().unwrap();
    thread::spawn(move || std::io::copy(&mut reading, &mut std::io::sink()));
    running.stop();
    stream.shutdown(std::net::Shutdown::Both).unwrap();
    reports.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn endless_pieces_make_room_for_a_scrape() {
    let limits = Limits {
        connections: 1,
        write: Duration::from_millis(50),
        ..Limits::default()
    };
    let (handler, reports) = reported(endless);
    let running = Running::serve(|server| {
        let server = server.limits(limits).route("/metrics", in_pieces);
        server.route("/endless", handler)
    });
    let mut greedy = running.send(&SCRAPE.replace("/metrics", "/endless"));
    greedy.read_exact(&mut [0; 1]).unwrap();
    thread::spawn(move || std::io::copy(&mut greedy, &mut std::io::sink()));
    // Longer than the limit for a response that is being sent.
    thread::sleep(Duration::from_millis(100));
    assert_eq!(running.exchange(CLOSE), format!("{CLOSED}{CHUNKS}"));
    reports.recv_timeout(PATIENCE).unwrap();
    running.stop();
}
