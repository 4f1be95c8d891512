//! What clients may do to `03_custom_registry`. Whatever it is, and however few file
//! descriptors there are, the program then answers a scrape and has released
//! everything.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::held::Held;
use support::{PATIENCE, Program, answer, connect, limited, rest};

const SLUG: &str = "03_custom_registry";
const SCRAPE: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
const HALF: &[u8] = b"GET /metrics HTTP/1.1\r\nHost: a\r\nHo";

/// All of them belong to this process, which needs more than the usual 1,024
/// descriptors.
fn allow_many_clients() {
    rlimit::increase_nofile_limit(4096).unwrap();
}

/// Applies `hazard` to programs with few file descriptors, all at once, and checks each
/// of them afterwards.
fn each_survives(hazard: impl Fn(&Program) + Sync) {
    allow_many_clients();
    thread::scope(|scope| {
        for descriptors in [24, 40, 41, 64, 1024] {
            let hazard = &hazard;
            scope.spawn(move || {
                let mut command = limited(SLUG, &format!("-n {descriptors}"));
                let mut program = Program::spawn(command.stderr(Stdio::piped()));
                // Nobody reads its log.
                drop(program.process.0.stderr.take());
                survives(program, hazard);
            });
        }
    });
}

fn survives(program: Program, hazard: impl Fn(&Program)) {
    let page = program.metrics();
    let before = Held::at_rest(&program);
    hazard(&program);
    assert_eq!(program.metrics(), page);
    before.comes_back(&program);
    assert_eq!(program.process.end_with("TERM").code(), Some(0));
}

// Refused requests.

/// Complete requests, each with the status line of its response.
const REFUSED: [(&str, &str); 37] = [
    ("\x16\x03\x01\x02\x00\x01\x00", "400 Bad Request"),
    ("GET\r\n\r\n", "400 Bad Request"),
    ("GET /metrics\r\n\r\n", "400 Bad Request"),
    (
        "GET /metrics  HTTP/1.1\r\nHost: a\r\n\r\n",
        "400 Bad Request",
    ),
    ("GET /metrics FTP/1.1\r\n\r\n", "400 Bad Request"),
    (
        "GET /m\u{e9}trics HTTP/1.1\r\nHost: a\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nA: b\r\n folded\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nA: b\r\n\tfolded\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nA: nul\0\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\n\u{e9}: b\r\n\r\n",
        "400 Bad Request",
    ),
    ("GET /metrics HTTP/1.1\r\n\r\n", "400 Bad Request"),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "400 Bad Request",
    ),
    ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    ("GET metrics HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    ("GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0, 0\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "400 Bad Request",
    ),
    (
        "POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        "405 Method Not Allowed",
    ),
    (
        "PUT /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        "405 Method Not Allowed",
    ),
    (
        "OPTIONS /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        "405 Method Not Allowed",
    ),
    (
        "BREW /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        "405 Method Not Allowed",
    ),
    (
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "405 Method Not Allowed",
    ),
    (
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\nabc",
        "405 Method Not Allowed",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n",
        "413 Payload Too Large",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "413 Payload Too Large",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "413 Payload Too Large",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "413 Payload Too Large",
    ),
    (
        "GET /metrics HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        "417 Expectation Failed",
    ),
    ("GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported"),
    (
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "505 HTTP Version Not Supported",
    ),
    ("GET / HTTP/0.9\r\n\r\n", "505 HTTP Version Not Supported"),
    (
        "\r\n\r\nGET / HTTP/3.0\r\n\r\n",
        "505 HTTP Version Not Supported",
    ),
];

/// Requests that are too long, in the same form.
fn too_long() -> [(String, &'static str); 4] {
    let start = "GET /metrics HTTP/1.1\r\nHost: a\r\n";
    [
        (
            format!("GET /{}", "a".repeat(8 * 1024 - 5)),
            "414 URI Too Long",
        ),
        (
            format!("{start}A: {}", "a".repeat(8 * 1024 - 35)),
            "431 Request Header Fields Too Large",
        ),
        (
            format!("{start}{}\r\n", "A: b\r\n".repeat(65)),
            "431 Request Header Fields Too Large",
        ),
        (
            format!("{start}{}", "A: b\r\n".repeat(8 * 1024 / 6)),
            "431 Request Header Fields Too Large",
        ),
    ]
}

fn assert_refused(answer: &str, status: &str, request: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines.retain(|line| !line.starts_with("Date: "));
    let length = format!("Content-Length: {}", body.len());
    let line = format!("HTTP/1.1 {status}");
    let mut expected = vec![
        &*line,
        "Content-Type: text/plain; charset=utf-8",
        "X-Content-Type-Options: nosniff",
    ];
    if status.starts_with("405") {
        expected.push("Allow: GET, HEAD");
    }
    expected.extend([&*length, "Connection: close"]);
    assert_eq!(lines, expected, "{request:?}");
    assert!(body.ends_with('\n') && body.len() < 200, "{body:?}");
}

#[test]
fn what_isnt_accepted_is_refused_and_closed() {
    each_survives(|program| {
        for (request, status) in REFUSED {
            assert_refused(&program.exchange(request.as_bytes()), status, request);
        }
        for (request, status) in &too_long() {
            assert_refused(&program.exchange(request.as_bytes()), status, request);
        }
    });
}

#[test]
fn a_refusal_is_the_same_for_a_request_that_comes_byte_by_byte() {
    survives(Program::start(SLUG), |program| {
        for (request, status) in REFUSED {
            let mut stream = connect(program.address);
            stream.set_nodelay(true).unwrap();
            for byte in request.bytes() {
                // The program refuses it before its end, and doesn't read the rest.
                if stream.write_all(&[byte]).is_err() {
                    break;
                }
            }
            let mut answer = String::new();
            match stream.read_to_string(&mut answer) {
                Ok(_) => assert_refused(&answer, status, request),
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            }
        }
    });
}

#[test]
fn a_refusal_reaches_a_client_that_still_sends() {
    each_survives(|program| {
        let head =
            "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n";
        let request = format!("{head}{}", "a".repeat(200_000));
        for _ in 0..20 {
            let answer = program.exchange(request.as_bytes());
            assert_refused(&answer, "405 Method Not Allowed", head);
        }
    });
}

// Requests without end.

/// Sends `start`, and then more and more.
fn each_cuts_off(start: &str) {
    each_survives(|program| {
        let mut stream = connect(program.address);
        stream.write_all(start.as_bytes()).unwrap();
        let sent = (0..100_000).take_while(|_| stream.write_all(&[b'a'; 1024]).is_ok());
        assert!(sent.count() < 100_000, "100 MB after {start:?} were taken");
    });
}

#[test]
fn a_header_without_end_is_cut_off() {
    each_cuts_off("GET /metrics HTTP/1.1\r\nHost: a\r\nA: ");
}

#[test]
fn a_body_that_nobody_reads_is_cut_off() {
    each_cuts_off(
        "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n",
    );
}

#[test]
fn an_answer_that_nobody_reads_ends_with_its_client() {
    each_survives(|program| {
        let mut stream = connect(program.address);
        stream
            .set_write_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        // Until the responses fill both sides' buffers and the program stops reading.
        let requests = SCRAPE.repeat(1000);
        let taken = (0..1000).take_while(|_| stream.write_all(&requests).is_ok());
        assert!(taken.count() < 1000, "a million answers were left unread");
        program.metrics();
    });
}

// Many clients.

#[test]
fn half_requests_hold_up_no_scrape() {
    each_survives(|program| {
        let open = |_| {
            let mut stream = connect(program.address);
            stream.write_all(HALF).unwrap();
            stream
        };
        let clients: Vec<TcpStream> = (0..80).map(open).collect();
        for _ in 0..3 {
            program.metrics();
        }
        drop(clients);
    });
}

#[test]
fn silent_clients_hold_up_no_scrape_and_no_stop() {
    each_survives(|program| {
        let clients: Vec<TcpStream> =
            (0..80).map(|_| connect(program.address)).collect();
        for _ in 0..3 {
            program.metrics();
        }
        drop(clients);
    });
    for descriptors in [24, 40, 41, 64] {
        let ulimit = format!("-n {descriptors}");
        let program = Program::spawn(limited(SLUG, &ulimit).stderr(Stdio::null()));
        let _clients: Vec<TcpStream> =
            (0..80).map(|_| connect(program.address)).collect();
        assert_eq!(program.process.end_with("TERM").code(), Some(0));
    }
}

/// Sends a scrape on each connection. Returns for each whether the response is `page`.
fn ask_all(clients: &mut [TcpStream], page: &str) -> Vec<bool> {
    for client in &mut *clients {
        let _ = client.write_all(SCRAPE);
    }
    let answered = |client| match answer(client) {
        Ok((status, body)) => status == "HTTP/1.1 200 OK" && body == page,
        Err(_) => false,
    };
    clients.iter_mut().map(answered).collect()
}

#[test]
fn a_burst_of_keep_alive_connections_is_answered() {
    each_survives(|program| {
        let page = program.metrics();
        let mut clients: Vec<TcpStream> =
            (0..12).map(|_| connect(program.address)).collect();
        for _ in 0..5 {
            assert_eq!(ask_all(&mut clients, &page), [true; 12]);
        }
    });
}

#[test]
fn a_burst_beyond_all_limits_ends_with_an_answer_for_the_scrape() {
    each_survives(|program| {
        let page = program.metrics();
        // More than the limit, but no more than can wait to be accepted.
        let mut clients: Vec<TcpStream> =
            (0..140).map(|_| connect(program.address)).collect();
        let answered = ask_all(&mut clients, &page);
        assert!(answered.contains(&true));
        assert_eq!(program.metrics(), page);
    });
}

#[test]
fn clients_that_leave_at_once_cost_nothing() {
    each_survives(|program| {
        for turn in 0..300 {
            let mut stream = connect(program.address);
            match turn % 4 {
                0 => {}
                1 => stream.write_all(HALF).unwrap(),
                // Leaves the response unread, so that the connection is reset.
                2 => stream.write_all(SCRAPE).unwrap(),
                _ => stream.shutdown(Shutdown::Both).unwrap(),
            }
            if turn % 100 == 0 {
                program.metrics();
            }
        }
    });
}

#[test]
fn hundreds_of_half_requests_and_silent_clients_do_no_harm() {
    allow_many_clients();
    survives(Program::start(SLUG), |program| {
        let before = Held::at_rest(program);
        let open = |client| {
            let mut stream = connect(program.address);
            if client < 500 {
                stream.write_all(HALF).unwrap();
            }
            stream
        };
        let mut clients: Vec<TcpStream> = Vec::new();
        for hundred in 0..8 {
            clients.extend((hundred * 100..(hundred + 1) * 100).map(open));
            let asked = Instant::now();
            program.metrics();
            // The scrape didn't wait for the half requests' own limit of 10 s.
            assert!(asked.elapsed() < Duration::from_secs(10));
        }
        let held = Held::by(program);
        assert!(held.threads < 100, "{held:?}");
        assert!(held.kibibytes < before.kibibytes + 16 * 1024, "{held:?}");
        drop(clients);
    });
}

// A system that runs out of resources.

#[test]
fn a_thread_that_cannot_be_started_is_waited_for() {
    // Memory for about ten stacks; with one arena, a thread needs no more than its
    // stack.
    let mut command = limited(SLUG, "-v 30000");
    let log = tempfile::NamedTempFile::new().unwrap();
    command.env("MALLOC_ARENA_MAX", "1");
    command.stderr(log.reopen().unwrap());
    survives(Program::spawn(&mut command), |program| {
        let clients: Vec<TcpStream> =
            (0..40).map(|_| connect(program.address)).collect();
        program.metrics();
        drop(clients);
    });
    let log = std::fs::read_to_string(log).unwrap();
    assert!(
        log.contains("serve: cannot start a thread, continuing with"),
        "{log}"
    );
}

/// Changes the limit on file descriptors of `program` while it runs.
fn allow(program: &Program, descriptors: u64) {
    let id = program.process.0.id().try_into().unwrap();
    let limits = Some((descriptors, 1024));
    rlimit::prlimit(id, rlimit::Resource::NOFILE, limits, None).unwrap();
}

#[test]
fn a_lack_of_descriptors_is_waited_out_and_logged_once_a_second_at_most() {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new(support::command(SLUG).get_program());
    command.arg("127.0.0.1:0").stderr(log.reopen().unwrap());
    let program = Program::spawn(&mut command);
    let page = program.metrics();
    // No further one, except for the pending accept, which has its own.
    allow(&program, 1);
    let started = Instant::now();
    let mut clients = [connect(program.address), connect(program.address)];
    for client in &mut clients {
        client.write_all(SCRAPE).unwrap();
    }
    thread::sleep(Duration::from_millis(1500));
    allow(&program, 1024);
    for mut client in clients {
        assert_eq!(answer(&mut client).unwrap().1, page);
    }
    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(!lines.is_empty() && lines.len() as u64 <= 1 + started.elapsed().as_secs());
    let shown =
        std::fs::read_to_string("snapshots/recorded/listener_busy.txt").unwrap();
    for line in lines {
        assert_eq!(format!("{line}\n"), shown);
    }
}

#[test]
fn a_scrape_has_descriptors_for_the_files_it_reads() {
    let mut command = limited("04_process_runtime", "-n 30");
    command.stderr(Stdio::null());
    let program = Program::spawn(&mut command);
    let names = |page: String| {
        let types = page.lines().filter(|line| line.starts_with("# TYPE "));
        types.map(ToOwned::to_owned).collect::<Vec<String>>()
    };
    let before = names(program.metrics());
    let clients: Vec<TcpStream> = (0..40).map(|_| connect(program.address)).collect();
    for _ in 0..10 {
        assert_eq!(names(program.metrics()), before);
    }
    drop(clients);
}

// Slow tests.

#[test]
#[ignore = "takes half a minute: the limits that a program has"]
fn silence_ends_when_its_limit_says_so() {
    survives(Program::start(SLUG), |program| {
        let timed = |bytes: &'static [u8]| {
            let mut stream = connect(program.address);
            stream.write_all(bytes).unwrap();
            thread::spawn(move || {
                let started = Instant::now();
                (rest(stream), started.elapsed().as_secs())
            })
        };
        let (half, idle, kept) = (timed(HALF), timed(b""), timed(SCRAPE));
        let (answer, seconds) = half.join().unwrap();
        assert_refused(&answer, "408 Request Timeout", "half a request");
        assert!((10..PATIENCE.as_secs()).contains(&seconds), "{seconds} s");
        let (answer, seconds) = idle.join().unwrap();
        assert_eq!(answer, "");
        assert!((30..PATIENCE.as_secs()).contains(&seconds), "{seconds} s");
        let (answer, seconds) = kept.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!((30..PATIENCE.as_secs()).contains(&seconds), "{seconds} s");
    });
}

#[test]
#[ignore = "takes half a minute: the limits that a program has"]
fn an_answer_that_nobody_reads_ends_when_its_limit_says_so() {
    survives(Program::start(SLUG), |program| {
        let before = Held::at_rest(program);
        let mut stream = connect(program.address);
        stream
            .set_write_timeout(Some(Duration::from_secs(1)))
            .unwrap();
        let requests = SCRAPE.repeat(1000);
        // Until the program stops reading for a while, and not only because the machine
        // is busy.
        let (mut sent, mut refused) = (0, 0);
        while refused < 3 {
            match stream.write(&requests[sent % requests.len()..]) {
                Ok(count) => (sent, refused) = (sent + count, 0),
                Err(_) => refused += 1,
            }
        }
        let started = Instant::now();
        assert!(Held::by(program).threads > before.threads);
        // Its client is still connected.
        before.comes_back(program);
        let seconds = started.elapsed().as_secs();
        assert!((5..20).contains(&seconds), "{seconds} s");
        drop(stream);
    });
}
