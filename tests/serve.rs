//! The server from outside: a newcomer's mistakes, what a client sees, what a program
//! may set, and how it stops. What clients may do to it is in `hostile.rs`.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use exporter_workbook::collect::{Samples, collector_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, Body, BoxHandler, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Limits, Server};
use http::{Request, Response};
use support::running::{NEVER, Running, SCRAPE, ok_answer};
use support::{PATIENCE, Process, Program, answer, connect, rest};

/// Splits a response into its status line, its header lines in lower case, and its
/// body.
fn parts(answer: &str) -> (&str, Vec<String>, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let (status, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.split("\r\n").map(str::to_lowercase).collect();
    (status, headers, body)
}

fn assert_closed_with(answer: &str, status: &str) {
    let (line, headers, body) = parts(answer);
    assert_eq!(line, format!("HTTP/1.1 {status}"));
    assert!(
        headers.contains(&"connection: close".to_owned()),
        "{headers:?}"
    );
    assert!(headers.contains(&format!("content-length: {}", body.len())));
    assert!(body.ends_with('\n'), "{body:?}");
}

// A newcomer's mistakes; `bind.rs` has more.

#[test]
fn a_taken_port_ends_each_program_with_one_line_and_code_1() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let port = holder.local_addr().unwrap().port();
    for slug in support::built() {
        let output = support::command(slug).arg(&address).output().unwrap();
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "Error: cannot listen on {address}: port {port} is in use; stop the \
                 program that holds it (`ss -ltnp sport = :{port}` names it), or listen \
                 on another address\n"
            )
        );
        assert_eq!(output.stdout, b"");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_sigterm_end_each_program_with_code_0() {
    for slug in support::built() {
        for signal in ["INT", "TERM"] {
            let program = Program::start(slug);
            // A keep-alive connection doesn't delay the stop.
            let mut kept = connect(program.address);
            kept.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
                .unwrap();
            kept.read_exact(&mut [0; 64]).unwrap();
            assert_eq!(
                program.process.end_with(signal).code(),
                Some(0),
                "{slug} on {signal}"
            );
        }
    }
}

// What a client sees.

#[test]
fn the_landing_page_links_to_the_metrics() {
    let program = Program::start("03_custom_registry");
    let page = program.get("/");
    assert_eq!(page.status_code, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(
        page.as_str()
            .unwrap()
            .contains("<a href=\"./metrics\">/metrics</a>")
    );
}

#[test]
fn an_unknown_path_gets_404_and_the_paths_there_are() {
    let page = Program::start("03_custom_registry").get("/metric");
    assert_eq!(page.status_code, 404);
    assert_eq!(
        page.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(
        page.as_str().unwrap(),
        "Not found. Available paths: /metrics\n"
    );
}

#[test]
fn a_query_does_not_change_the_path() {
    assert_eq!(
        Program::start("03_custom_registry")
            .get("/metrics?a=b")
            .status_code,
        200
    );
}

#[test]
fn a_head_has_the_headers_of_a_get_and_no_body() {
    let program = Program::start("03_custom_registry");
    let ask = |method| {
        let request = format!(
            "{method} /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answer = program.exchange(request.as_bytes());
        let (status, mut headers, body) = parts(&answer);
        headers.retain(|line| !line.starts_with("date: "));
        (status.to_owned(), headers, body.to_owned())
    };
    let (head, get) = (ask("HEAD"), ask("GET"));
    assert_eq!((head.0, &head.1), (get.0, &get.1));
    assert!(get.1.contains(&format!("content-length: {}", get.2.len())));
    assert_eq!(head.2, "");
}

#[test]
fn a_connection_stays_open_for_the_next_request() {
    let program = Program::start("03_custom_registry");
    // Two at once, then one that closes: all three are answered, in order.
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut stream = connect(program.address);
    stream
        .write_all((get("/metrics") + &get("/nothing")).as_bytes())
        .unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let answers = rest(stream);
    let statuses: Vec<&str> = answers
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1.1 "))
        .collect();
    assert_eq!(statuses, ["200 OK", "404 Not Found", "200 OK"]);
    assert!(answers.ends_with("</html>\n"));
}

#[test]
fn http_1_0_is_answered_in_kind_and_closed() {
    let program = Program::start("03_custom_registry");
    let answer = program.exchange(b"GET /metrics HTTP/1.0\r\n\r\n");
    let (status, headers, body) = parts(&answer);
    assert_eq!(status, "HTTP/1.0 200 OK");
    assert!(headers.contains(&"connection: close".to_owned()));
    assert!(headers.contains(&format!("content-length: {}", body.len())));
}

#[test]
fn a_refused_head_has_no_body_either() {
    let program = Program::start("03_custom_registry");
    for before in ["", "\r\n"] {
        let request =
            format!("{before}HEAD /metrics HTTP/1.1\r\nHost: a\r\nExpect: a\r\n\r\n");
        let answer = program.exchange(request.as_bytes());
        let (status, headers, body) = parts(&answer);
        assert_eq!(status, "HTTP/1.1 417 Expectation Failed");
        assert!(headers.contains(&"connection: close".to_owned()));
        assert_eq!(body, "");
    }
}

// What a program may build on: the same server with the test's own handlers and limits.

/// More bytes than the socket buffers of both sides hold.
const LARGE: usize = 64 << 20;

fn large_answer(_: &Request<()>) -> Response<Body> {
    let mut body = vec![b'a'; LARGE];
    body.extend_from_slice(b"a 1\n");
    Response::new(body.into())
}

/// Creates a handler that reports each request, and answers when it is told to.
fn slow_handler() -> (BoxHandler, Receiver<()>, Sender<()>) {
    let (started, starts) = mpsc::channel();
    let (finish, finishes) = mpsc::channel();
    let finishes = std::sync::Mutex::new(finishes);
    let handler = move |request: &Request<()>| {
        started.send(()).unwrap();
        finishes.lock().unwrap().recv().unwrap();
        ok_answer(request)
    };
    (Box::new(handler), starts, finish)
}

#[test]
fn a_panic_in_a_handler_is_answered_with_500() {
    let panics = |_: &Request<()>| -> Response<Body> { panic!("on purpose") };
    let running = Running::start(Limits::default(), panics);
    for _ in 0..2 {
        let answer = running.scrape();
        let (status, _, body) = parts(&answer);
        assert_eq!(status, "HTTP/1.1 500 Internal Server Error");
        assert_eq!(body, "The handler panicked; the program's log says why.\n");
    }
    running.stop();
}

#[test]
fn a_request_that_takes_too_long_to_arrive_gets_408() {
    let limits = Limits {
        head: Duration::from_millis(50),
        idle: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let half = "GET /metrics HTTP/1.1\r\nHost: a\r\nHo";
    assert_closed_with(&rest(running.send(half)), "408 Request Timeout");
    // Half of the second one, which arrived together with the first.
    let answers = rest(running.send(&format!("{SCRAPE}{half}")));
    let (first, second) = answers.split_once("a 1\n").unwrap();
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_closed_with(second, "408 Request Timeout");
    running.stop();
}

#[test]
fn a_request_that_trickles_in_gets_no_more_time() {
    let limits = Limits {
        head: Duration::from_millis(100),
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let stream = running.send("GET /metrics HTTP/1.1\r\nHost: a\r\nA: ");
    let mut trickle = stream.try_clone().unwrap();
    let trickling = thread::spawn(move || {
        while trickle.write_all(b"a").is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
    });
    let mut status = [0; 12];
    (&stream).read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 408");
    drop(stream);
    trickling.join().unwrap();
    running.stop();
}

#[test]
fn a_request_on_its_way_is_waited_for_before_it_makes_room() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    // Each second one finds the first waiting for its request, which comes soon after.
    // Not all do, since this thread may be delayed.
    let answered = (0..20).filter(|_| {
        let mut first = connect(running.address);
        let _second = connect(running.address);
        thread::sleep(Duration::from_millis(3));
        first.write_all(SCRAPE.as_bytes()).is_ok() && answer(&mut first).is_ok()
    });
    let answered = answered.count();
    assert!(answered > 10, "{answered} of 20");
    running.stop();
}

#[test]
fn a_connection_without_a_request_is_closed_silently() {
    let limits = Limits {
        idle: Duration::from_millis(50),
        head: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    assert_eq!(rest(connect(running.address)), "");
    running.stop();
}

#[test]
fn a_scrape_has_room_though_every_connection_is_held() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let oldest = running.send("GET /metr");
    let newer = running.send("GET /metr");
    assert!(running.scrape().starts_with("HTTP/1.1 200"));
    assert_eq!(rest(oldest), "");
    let mut newer = newer;
    newer
        .write_all(b"ics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    assert!(rest(newer).starts_with("HTTP/1.1 200"));
    running.stop();
}

#[test]
fn a_request_that_has_come_is_answered_before_it_makes_room() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    // More at once than there is room for: each is answered or refused.
    for _ in 0..50 {
        let asked: Vec<TcpStream> = (0..10).map(|_| running.send(SCRAPE)).collect();
        for mut stream in asked {
            let mut status = [0; 12];
            stream.read_exact(&mut status).unwrap();
            assert!([b"HTTP/1.1 200", b"HTTP/1.1 503"].contains(&&status));
        }
    }
    running.stop();
}

#[test]
fn a_keep_alive_connection_makes_room_after_its_response() {
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let mut kept = running.send(SCRAPE);
    kept.read_exact(&mut [0; 64]).unwrap();
    assert!(running.scrape().starts_with("HTTP/1.1 200"));
    assert!(rest(kept).ends_with("a 1\n"));
    running.stop();
}

/// Creates a handler that reports each request, and whose first response is large.
fn large_once() -> (impl Handler, Receiver<()>) {
    let (started, starts) = mpsc::channel();
    let is_answered = AtomicBool::new(false);
    let handler = move |request: &Request<()>| {
        started.send(()).unwrap();
        match is_answered.swap(true, SeqCst) {
            false => large_answer(request),
            true => ok_answer(request),
        }
    };
    (handler, starts)
}

#[test]
fn a_client_that_reads_too_slowly_makes_room() {
    let limits = Limits {
        connections: 1,
        write: Duration::from_millis(200),
        ..Limits::default()
    };
    let (handler, starts) = large_once();
    let running = Running::start(limits, handler);
    let mut slow = running.send(SCRAPE);
    starts.recv_timeout(PATIENCE).unwrap();
    // It reads all the time, so no write ever fails.
    let reader = thread::spawn(move || {
        let mut chunk = vec![0; 64 * 1024];
        let mut received = 0;
        while let Ok(count @ 1..) = slow.read(&mut chunk) {
            received += count;
            thread::sleep(Duration::from_millis(2));
        }
        received
    });
    let began = Instant::now();
    while !running.scrape().starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < PATIENCE, "still no room");
    }
    assert!(reader.join().unwrap() < LARGE);
    running.stop();
}

#[test]
fn a_sent_response_makes_room_although_another_request_has_arrived() {
    let (handler, starts, finish) = slow_handler();
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let running = Running::start(limits, handler);
    // Until the other one was already waiting when the first response was sent.
    let began = Instant::now();
    loop {
        let first = running.send(&SCRAPE.repeat(2));
        starts.recv_timeout(PATIENCE).unwrap();
        let other = running.send(SCRAPE);
        thread::sleep(Duration::from_millis(200));
        finish.send(()).unwrap();
        // The other one's, or else the first one's second request.
        starts.recv_timeout(PATIENCE).unwrap();
        finish.send(()).unwrap();
        drop(other);
        let answers = rest(first);
        if answers.matches("a 1\n").count() == 1 {
            assert_closed_with(&answers, "200 OK");
            break;
        }
        assert!(began.elapsed() < PATIENCE, "it never made room: {answers}");
    }
    running.stop();
}

#[test]
fn busy_clients_make_room_between_two_responses() {
    let limits = Limits {
        connections: 2,
        // For the one that doesn't make room, after its last response.
        idle: Duration::from_secs(1),
        ..Limits::default()
    };
    let running = Running::start(limits, |_: &Request<()>| {
        Response::new(vec![b'a'; 1 << 20].into())
    });
    let greedy: Vec<_> = (0..2)
        .map(|_| running.send(&SCRAPE.repeat(300)))
        .map(|mut stream| {
            thread::spawn(move || {
                let mut chunk = vec![0; 64 * 1024];
                let mut received = 0;
                // Until the connection ends, one way or the other.
                while let Ok(count @ 1..) = stream.read(&mut chunk) {
                    received += count;
                    thread::sleep(Duration::from_micros(500));
                }
                received
            })
        })
        .collect();
    let began = Instant::now();
    while !running.scrape().starts_with("HTTP/1.1 200") {
        assert!(began.elapsed() < PATIENCE, "still no room");
    }
    let received = greedy.into_iter().map(|client| client.join().unwrap());
    // One made room for the scrape, the other one wasn't asked to.
    assert!(received.min() < Some(250 << 20));
    running.stop();
}

#[test]
fn the_bounds_of_a_head_can_be_changed() {
    let limits = Limits {
        head_bytes: 300,
        headers: 3,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let ask = |path: &str, headers: &str| {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n"
        );
        rest(running.send(&request))
    };
    assert_eq!(parts(&ask("/metrics", "A: b\r\n")).0, "HTTP/1.1 200 OK");
    let refused = ask("/metrics", "A: b\r\nC: d\r\n");
    assert_closed_with(&refused, "431 Request Header Fields Too Large");
    assert_eq!(parts(&refused).2, "The request has more than 3 headers.\n");
    let refused = ask("/metrics", &format!("A: {}\r\n", "a".repeat(300)));
    assert_closed_with(&refused, "431 Request Header Fields Too Large");
    let refused = ask(&format!("/{}", "a".repeat(300)), "");
    assert_closed_with(&refused, "414 URI Too Long");
    assert_eq!(
        parts(&refused).2,
        "The request line is longer than 300 bytes.\n"
    );
    running.stop();
}

#[test]
fn a_connection_without_room_gets_503() {
    let (handler, starts, finish) = slow_handler();
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let running = Running::start(limits, handler);
    let mut busy = running.send(SCRAPE);
    starts.recv_timeout(PATIENCE).unwrap();
    // Requested or not, the response isn't lost because of what the client has sent.
    assert_closed_with(&rest(running.send(SCRAPE)), "503 Service Unavailable");
    let further: Vec<TcpStream> = (0..70).map(|_| connect(running.address)).collect();
    let asked = Instant::now();
    for refused in further {
        assert_closed_with(&rest(refused), "503 Service Unavailable");
    }
    // All of them waited for the same moment, not one after the other.
    assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
    finish.send(()).unwrap();
    busy.read_exact(&mut [0; 64]).unwrap();
    // From here on there is room: the connection stays open and waits.
    let started = Instant::now();
    finish.send(()).unwrap();
    while !running.scrape().starts_with("HTTP/1.1 200") {
        assert!(started.elapsed() < PATIENCE, "still no room");
    }
    running.stop();
}

#[test]
fn a_stop_frees_the_port_and_finishes_the_response_in_progress() {
    let (handler, starts, finish) = slow_handler();
    let limits = Limits {
        stop: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, handler);
    let address = running.address;
    let answer = running.send(SCRAPE);
    starts.recv_timeout(PATIENCE).unwrap();
    running.tell_to_stop();
    // A successor can bind it before the last response is sent.
    drop(support::listen_again(&address.to_string()));
    finish.send(()).unwrap();
    let answer = rest(answer);
    assert_closed_with(&answer, "200 OK");
    assert!(answer.ends_with("a 1\n"));
    running.wait();
}

#[test]
fn a_stop_closes_a_connection_that_waits() {
    let limits = Limits {
        idle: NEVER,
        head: NEVER,
        stop: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let mut half = running.send(SCRAPE);
    half.read_exact(&mut [0; 64]).unwrap();
    half.write_all(b"GET /metr").unwrap();
    running.stop();
}

#[test]
fn a_stop_does_not_cut_a_response_that_another_request_follows() {
    let running = Running::start(Limits::default(), large_answer);
    let mut kept = running.send(&format!("{SCRAPE}{SCRAPE}"));
    kept.read_exact(&mut [0; 1]).unwrap();
    // A third one that stays unread in the server's socket.
    kept.write_all(SCRAPE.as_bytes()).unwrap();
    running.begin_to_stop();
    let received = rest(kept);
    assert!(received.ends_with("a 1\n") && received.len() > LARGE);
    running.wait();
}

#[test]
fn a_limit_out_of_bounds_is_clamped() {
    let limits = Limits {
        connections: 0,
        head_bytes: 0,
        headers: usize::MAX,
        head: Duration::MAX,
        idle: Duration::MAX,
        write: Duration::ZERO,
        stop: Duration::MAX,
    };
    let running = Running::start(limits, ok_answer);
    assert!(running.scrape().starts_with("HTTP/1.1 200"));
    running.stop();
}

#[test]
fn a_stop_in_the_middle_of_an_answer_waits_for_no_further_request() {
    let limits = Limits {
        idle: NEVER,
        stop: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, large_answer);
    let mut kept = running.send(SCRAPE);
    // The response is on its way, and promises to keep the connection open.
    kept.read_exact(&mut [0; 1]).unwrap();
    running.begin_to_stop();
    let received = rest(kept);
    assert!(received.ends_with("a 1\n") && received.len() > LARGE);
    running.wait();
}

#[test]
fn a_stop_does_not_wait_for_an_endless_response() {
    let (handler, starts, finish) = slow_handler();
    let limits = Limits {
        stop: Duration::from_millis(50),
        ..Limits::default()
    };
    let running = Running::start(limits, handler);
    let _answer = running.send(SCRAPE);
    starts.recv_timeout(PATIENCE).unwrap();
    running.stop();
    drop(finish);
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    let limits = Limits {
        write: Duration::from_millis(50),
        stop: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, large_answer);
    let mut stream = running.send(SCRAPE);
    stream.read_exact(&mut [0; 1]).unwrap();
    // The stop waits for the end of the response, which without a reader comes when the
    // limit is over.
    running.stop();
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    assert!(received.len() < LARGE, "{} bytes", received.len());
}

// Programs whose output nobody reads.

/// Starts a program that listens, with its output in pipes that nobody reads any
/// further.
fn listening(command: &mut Command) -> (Process, SocketAddr) {
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut process = Process(child.unwrap());
    let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
    let mut lines = stdout.by_ref().lines().map(Result::unwrap);
    let start = "listening on http://";
    let line = lines.find_map(|line| line.strip_prefix(start).map(str::to_owned));
    process.0.stdout = Some(stdout.into_inner());
    let address = line.unwrap();
    let address = address.strip_suffix("/metrics").unwrap().parse().unwrap();
    (process, address)
}

/// Starts a program and drops the readers of its output.
fn unread(command: &mut Command) -> (Process, SocketAddr) {
    let (mut process, address) = listening(command);
    drop((process.0.stdout.take(), process.0.stderr.take()));
    (process, address)
}

#[test]
fn output_that_nobody_reads_costs_no_scrape() {
    for slug in support::built() {
        let mut command = support::command(slug);
        let (_process, address) = unread(command.args(support::free(slug)));
        for path in ["/metrics", "/nothing", "/metrics"] {
            let mut stream = connect(address);
            let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            let (status, _) = answer(&mut stream).unwrap();
            let expected = if path == "/metrics" { "200" } else { "404" };
            assert!(status.contains(expected), "{slug}: {status}");
        }
    }
}

/// This test is also the program that it scrapes: one whose scrapes fail.
#[test]
fn a_log_line_that_cannot_be_written_costs_no_scrape() {
    let name = "a_log_line_that_cannot_be_written_costs_no_scrape";
    if std::env::var_os("SCRAPES_FAIL").is_some() {
        return serve_failures();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]);
    let command = command.env("SCRAPES_FAIL", "1");
    // First the readers are gone; then they exist but don't read.
    let (_process, address) = unread(command);
    scrapes_fail(address, 2);
    let (process, address) = listening(command);
    // Far more than a pipe holds.
    scrapes_fail(address, 3000);
    assert_eq!(process.end_with("TERM").code(), Some(0));
}

fn scrapes_fail(address: SocketAddr, count: usize) {
    let mut stream = connect(address);
    for _ in 0..count {
        stream.write_all(SCRAPE.as_bytes()).unwrap();
        let (status, body) = answer(&mut stream).unwrap();
        assert_eq!(status, "HTTP/1.1 500 Internal Server Error");
        assert!(body.contains("the source is gone"), "{body}");
    }
}

fn serve_failures() {
    let registry = Registry::new();
    let fails = |_: &mut Samples<'_>| Err("the source is gone".into());
    registry.must_register(collector_fn(vec![Desc::gauge("a", "Not there.")], fails));
    let opts = HandlerOpts {
        error_log: Some(promhttp::stderr_log()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts).unwrap();
    let logged = |inner: BoxHandler| {
        let log = promhttp::stderr_log();
        move |request: &Request<()>| {
            log("asked");
            inner.handle(request)
        }
    };
    let server = Server::new(serve::listen("127.0.0.1:0").unwrap());
    let server = server.layer(logged).route("/metrics", handler);
    server.run().unwrap();
}

#[test]
fn a_request_that_is_on_its_way_when_the_server_stops_is_answered() {
    let limits = Limits {
        idle: NEVER,
        stop: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let mut client = connect(running.address);
    running.tell_to_stop();
    // Once the port is free, and without connections that would make it leave.
    drop(support::listen_again(&running.address.to_string()));
    client.write_all(SCRAPE.as_bytes()).unwrap();
    let (status, body) = answer(&mut client).unwrap();
    assert_eq!((&*status, &*body), ("HTTP/1.1 200 OK", "a 1\n"));
    // And no further one.
    assert_eq!(rest(client), "");
    running.wait();
}

/// As systemd keeps the socket that it passes, and starts the program again for a
/// connection that is left there.
#[test]
fn a_stop_leaves_no_connection_in_a_socket_that_it_shares() {
    for _ in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let kept = listener.try_clone().unwrap();
        let running =
            Running::on(listener, |server| server.route("/metrics", ok_answer));
        // The accept that is pending gets the first of these.
        let clients = [(); 4].map(|()| connect(running.address));
        running.stop();
        kept.set_nonblocking(true).unwrap();
        let error = kept.accept().map(|(_, peer)| peer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        drop(clients);
    }
}

/// Many more than may be connected: those without room are told so.
#[test]
fn a_stop_answers_all_that_wait_to_be_accepted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let kept = listener.try_clone().unwrap();
    let address = listener.local_addr().unwrap();
    let clients = [(); 100].map(|()| {
        let mut client = connect(address);
        client.write_all(SCRAPE.as_bytes()).unwrap();
        client
    });
    let running = Running::on(listener, |server| {
        let limits = Limits {
            connections: 4,
            ..Limits::default()
        };
        server.limits(limits).route("/metrics", ok_answer)
    });
    running.stop();
    for mut client in clients {
        let (status, _) = answer(&mut client).unwrap();
        let expected = ["HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable"];
        assert!(expected.contains(&&*status), "{status}");
    }
    // As it was, for another process that shares it.
    let (sender, accepted) = std::sync::mpsc::channel();
    thread::spawn(move || sender.send(kept.accept().is_ok()));
    let waits = accepted.recv_timeout(Duration::from_millis(50));
    assert!(waits.is_err(), "{waits:?}");
    drop(connect(address));
    assert_eq!(accepted.recv_timeout(support::PATIENCE), Ok(true));
}
