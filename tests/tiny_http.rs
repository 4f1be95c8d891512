//! How tiny_http 0.12's own server behaves when clients misbehave, observed on
//! `00_raw_handler`. `docs/en/reference/listener.md` describes it, and `hostile.rs` and
//! `http.rs` do the same to our server. If a test here fails, the news is good, and the
//! page must be updated.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use support::held::Held;
use support::{PATIENCE, Program, connect, limited};

const SLUG: &str = "00_raw_handler";
const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

/// How long to wait for a response that must not come, or for more of one.
const NO_ANSWER: Duration = Duration::from_millis(300);

/// Returns the response so far, when the server closes the connection or pauses, and
/// whether it closed. The start of a response may take any time.
fn ask(program: &Program, request: &[u8]) -> (String, bool) {
    let mut stream = connect(program.address);
    stream.write_all(request).unwrap();
    let mut answer = vec![0];
    let started = stream.read(&mut answer).unwrap();
    answer.truncate(started);
    stream.set_read_timeout(Some(NO_ANSWER)).unwrap();
    let closed = stream.read_to_end(&mut answer).is_ok();
    (String::from_utf8(answer).unwrap(), closed)
}

/// Returns whether no response comes for a while and the connection stays open.
fn is_left_waiting(program: &Program, request: &[u8]) -> bool {
    let mut stream = connect(program.address);
    stream.set_read_timeout(Some(NO_ANSWER)).unwrap();
    stream.write_all(request).unwrap();
    let error = stream.read(&mut [0]).err();
    error.is_some_and(|error| is_timeout(error.kind()))
}

/// Returns whether an error is a timeout, whose kind depends on the system.
fn is_timeout(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Returns whether a scrape on a new connection is answered within `time`.
fn serves_within(program: &Program, time: Duration) -> bool {
    let answered = || {
        let mut stream = TcpStream::connect(program.address)?;
        stream.set_read_timeout(Some(time))?;
        stream.write_all(SCRAPE)?;
        stream.read_exact(&mut [0; 15])
    };
    answered().is_ok()
}

#[test]
fn a_huge_content_length_ends_the_process() {
    let mut command = support::command(SLUG);
    let mut program = Program::spawn(
        command
            .arg("127.0.0.1:0")
            .env_remove("RUST_BACKTRACE")
            .stderr(Stdio::piped()),
    );
    let request = b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n";
    let (answer, _) = ask(&program, request);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    let child = &mut program.process.0;
    assert_eq!(child.wait().unwrap().signal(), Some(6));
    let mut log = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut log)
        .unwrap();
    let line = "memory allocation of 99999999999999 bytes failed";
    assert!(log.starts_with(line), "{log}");
}

#[test]
fn http_2_0_leaks_a_thread_and_two_descriptors() {
    let program = Program::start(SLUG);
    let before = Held::at_rest(&program);
    for _ in 0..4 {
        assert!(is_left_waiting(&program, b"GET / HTTP/2.0\r\n\r\n"));
    }
    // The clients have left.
    let after = Held::at_rest(&program);
    assert_eq!(after.descriptors, before.descriptors + 8);
    assert!(after.threads >= 4 + 3, "{after:?}");
    assert!(serves_within(&program, PATIENCE));
}

#[test]
fn a_lack_of_descriptors_ends_the_listener_and_not_the_process() {
    for descriptors in [24, 41] {
        let mut command = limited(SLUG, &format!("-n {descriptors}"));
        let mut program = Program::spawn(command.stderr(Stdio::null()));
        assert!(serves_within(&program, PATIENCE));
        let connect = |_| TcpStream::connect(program.address).ok();
        let clients: Vec<TcpStream> = (0..80).map_while(connect).collect();
        drop(clients);
        let started = Instant::now();
        let refused = || {
            let error = TcpStream::connect(program.address).err();
            error.is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused)
        };
        while !refused() {
            assert!(started.elapsed() < PATIENCE, "it still listens");
        }
        // The process keeps running, and nobody is told.
        assert!(program.process.0.try_wait().unwrap().is_none());
    }
}

#[test]
fn an_endless_header_is_buffered_whole() {
    let program = Program::start(SLUG);
    let before = Held::by(&program);
    let mut stream = connect(program.address);
    stream.write_all(b"GET /metrics HTTP/1.1\r\nA: ").unwrap();
    for _ in 0..16 {
        stream.write_all(&vec![b'a'; 1 << 20]).unwrap();
    }
    let started = Instant::now();
    while Held::by(&program).kibibytes < before.kibibytes + 15 * 1024 {
        assert!(started.elapsed() < PATIENCE, "{:?}", Held::by(&program));
    }
}

#[test]
fn each_half_request_holds_a_thread_and_two_descriptors() {
    let program = Program::start(SLUG);
    let before = Held::at_rest(&program);
    let open = |count: usize| {
        let mut stream = connect(program.address);
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHo").unwrap();
        // One after the other, so that each gets a thread.
        let started = Instant::now();
        while Held::by(&program).descriptors < before.descriptors + 2 * count {
            assert!(started.elapsed() < PATIENCE, "{count} clients");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(2));
        stream
    };
    let clients: Vec<TcpStream> = (1..=100).map(open).collect();
    let held = Held::at_rest(&program);
    assert_eq!(held.descriptors, before.descriptors + 200);
    assert!(held.threads >= before.threads + 80, "{held:?}");
    drop(clients);
}

#[test]
fn some_connections_of_a_burst_are_never_answered() {
    let unanswered = (0..20).any(|_| {
        let program = Program::start(SLUG);
        let clients = (0..12).map(|_| connect(program.address));
        let mut clients: Vec<TcpStream> = clients.collect();
        for client in &mut clients {
            client.set_read_timeout(Some(NO_ANSWER)).unwrap();
            client.write_all(SCRAPE).unwrap();
        }
        let answered = |client: &mut TcpStream| client.read_exact(&mut [0; 15]).is_ok();
        !clients.iter_mut().all(answered)
    });
    assert!(unanswered);
}

#[test]
fn a_missing_body_blocks_the_next_request() {
    let program = Program::start(SLUG);
    let request = b"GET /metrics HTTP/1.1\r\nContent-Length: 100\r\n\r\n";
    assert!(is_left_waiting(&program, request));
}

#[test]
fn a_client_that_does_not_read_blocks_all_others() {
    let program = Program::start(SLUG);
    let before = Held::by(&program);
    let mut stream = connect(program.address);
    let requests = SCRAPE.repeat(1000);
    // It reads all of them, however long that takes.
    for _ in 0..200 {
        stream.write_all(&requests).unwrap();
    }
    let started = Instant::now();
    while serves_within(&program, NO_ANSWER) {
        assert!(started.elapsed() < PATIENCE, "others are answered");
    }
    for _ in 0..2 {
        assert!(!serves_within(&program, NO_ANSWER));
    }
    // What was requested is all read, and waits in memory.
    while Held::by(&program).kibibytes < before.kibibytes + 50 * 1024 {
        assert!(started.elapsed() < PATIENCE, "{:?}", Held::by(&program));
    }
}

#[test]
fn ambiguous_requests_are_answered() {
    let program = Program::start(SLUG);
    for (headers, further) in [
        ("Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", false),
        ("Content-Length: -1\r\n\r\n", false),
        // The chunks are parsed as the next request.
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            true,
        ),
        ("A: nul\0\r\n\r\n", false),
    ] {
        let request = format!("GET /metrics HTTP/1.1\r\n{headers}");
        let (answer, _) = ask(&program, request.as_bytes());
        let first = answer.starts_with("HTTP/1.1 200 OK\r\n");
        let second = answer.contains("HTTP/1.1 400 Bad Request\r\n");
        assert!(first && second == further, "{headers:?}: {answer}");
    }
}

#[test]
fn what_ours_refuses_is_answered_except_for_folding_and_non_ascii_bytes() {
    let program = Program::start(SLUG);
    for request in [
        "POST /metrics HTTP/1.1\r\n\r\n".to_owned(),
        format!("GET /metrics?{} HTTP/1.1\r\n\r\n", "a".repeat(9000)),
        format!("GET /metrics HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(65)),
    ] {
        let (answer, _) = ask(&program, request.as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n"),
            "{request:?}: {answer}"
        );
    }
    let folded = "GET /metrics HTTP/1.1\r\nA: b\r\n folded\r\n\r\n";
    let (answer, _) = ask(&program, folded.as_bytes());
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    // A non-ASCII byte closes the connection silently.
    let request = "GET /metrics HTTP/1.1\r\nA: \u{e9}\r\n\r\n";
    assert_eq!(ask(&program, request.as_bytes()), (String::new(), true));
}

#[test]
fn a_missing_or_a_second_host_is_answered() {
    let program = Program::start(SLUG);
    for headers in ["", "Host: a\r\nHost: a\r\n"] {
        let request = format!("GET /metrics HTTP/1.1\r\n{headers}\r\n");
        let (answer, _) = ask(&program, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

#[test]
fn an_empty_line_and_a_later_version_are_refused() {
    let program = Program::start(SLUG);
    for request in [
        "\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /metrics HTTP/1.2\r\nHost: a\r\n\r\n",
    ] {
        let (answer, _) = ask(&program, request.as_bytes());
        let refused = answer.starts_with("HTTP/1.1 400 Bad Request\r\n");
        assert!(refused, "{request:?}: {answer}");
    }
}
