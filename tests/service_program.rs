//! The program of lesson 12 as it runs: what it serves, counts, refuses and finishes.

#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;
mod tables;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use support::{PATIENCE, Program, connect, rest};

const SLUG: &str = "12_service";

/// Returns each sample of the requests, without those that are 0.
fn counted(program: &Program) -> Vec<String> {
    let metrics = program.metrics();
    let lines = metrics.lines().filter(|line| {
        line.starts_with("http_requests_total{") && !line.ends_with(" 0")
    });
    lines
        .map(|line| line.trim_start_matches("http_requests_total").to_owned())
        .collect()
}

/// Returns how many requests were counted.
fn total(program: &Program) -> u64 {
    let values = counted(program).into_iter();
    values
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap())
        .sum()
}

fn wait_until_idle(program: &Program) {
    let started = Instant::now();
    while !program.metrics().contains("\nhttp_requests_in_flight 0\n") {
        assert!(started.elapsed() < PATIENCE);
        thread::sleep(Duration::from_millis(20));
    }
}

/// Reads a response with a length from a keep-alive connection, and returns its code.
fn code_of_next(stream: &mut TcpStream) -> u16 {
    let mut received = Vec::new();
    let mut byte = [0];
    while !received.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        received.push(byte[0]);
    }
    let head = String::from_utf8(received).unwrap().to_lowercase();
    let (_, length) = head.split_once("content-length: ").unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    stream.read_exact(&mut vec![0; length]).unwrap();
    head[9..12].parse().unwrap()
}

#[test]
fn ten_thousand_unknown_paths_make_no_new_series() {
    let program = Program::start(SLUG);
    program.get("/x");
    let series = program.metrics().lines().count();
    let mut client = connect(program.address);
    for path in 1..10_000 {
        let request = format!("GET /x{path}/y?z={path} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.write_all(request.as_bytes()).unwrap();
        assert_eq!(code_of_next(&mut client), 404);
    }
    assert_eq!(program.metrics().lines().count(), series);
    assert_eq!(
        counted(&program),
        [r#"{code="404",method="GET",route="unmatched"} 10000"#]
    );
}

fn visit(program: &Program) {
    assert_eq!(
        program.get("/orders/7").as_str().unwrap(),
        "order 7: 8 items\n"
    );
    assert_eq!(program.get("/orders").status_code, 200);
    assert_eq!(program.get("/orders/101").status_code, 404);
    assert_eq!(program.get("/orders/seven").status_code, 400);
    let paid = program.exchange(
        b"POST /orders/7/payment HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    );
    assert!(paid.ends_with("order 7 is paid\n"), "{paid}");
}

#[test]
fn the_service_counts_its_users_and_not_its_scrapes() {
    let program = Program::start(SLUG);
    visit(&program);
    for _ in 0..2 {
        assert_eq!(program.get("/-/healthy").status_code, 200);
        let post = program.exchange(
            b"POST /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        );
        assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
    }
    assert_eq!(
        counted(&program),
        [
            r#"{code="200",method="GET",route="/orders"} 1"#,
            r#"{code="200",method="GET",route="/orders/{id}"} 1"#,
            r#"{code="200",method="POST",route="/orders/{id}/payment"} 1"#,
            r#"{code="400",method="GET",route="/orders/{id}"} 1"#,
            r#"{code="404",method="GET",route="/orders/{id}"} 1"#,
        ]
    );
    let metrics = program.metrics();
    assert!(
        metrics.contains("\nhttp_requests_in_flight 0\n"),
        "{metrics}"
    );
}

#[test]
fn faults_happen_on_demand() {
    let program = Program::start(SLUG);
    for (query, code) in [
        ("delay=0.01", 200),
        ("delay=-1", 200),
        ("delay=NaN", 200),
        ("delay=soon", 200),
        ("fault=error", 500),
        ("fault=panic", 500),
        ("fault=none", 200),
    ] {
        let answer = program.get(&format!("/orders/7?{query}"));
        assert_eq!(answer.status_code, code, "{query}");
    }
}

#[test]
fn a_client_that_leaves_counts_once() {
    let program = Program::start(SLUG);
    let mut client = connect(program.address);
    client
        .write_all(b"GET /orders/7?delay=10 HTTP/1.1\r\nHost: a\r\n\r\n")
        .unwrap();
    let in_flight = || program.metrics().contains("\nhttp_requests_in_flight 1\n");
    let started = Instant::now();
    while !in_flight() {
        assert!(started.elapsed() < PATIENCE);
    }
    drop(client);
    wait_until_idle(&program);
    assert_eq!(
        counted(&program),
        [r#"{code="499",method="GET",route="/orders/{id}"} 1"#]
    );
}

#[test]
fn metrics_are_served_as_by_the_other_lessons() {
    let program = Program::start(SLUG);
    let scrape = |headers: &str| {
        let line = "HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
        let head = program.exchange(format!("{line}{headers}\r\n").as_bytes());
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.ends_with("\r\n\r\n"), "{head}");
        head.to_lowercase()
    };
    assert!(scrape("").contains("\r\ncontent-type: text/plain; version=0.0.4"));
    assert!(scrape("").contains("\r\ncontent-length: "));
    let open = scrape("Accept: application/openmetrics-text;version=1.0.0\r\n");
    assert!(open.contains("\r\ncontent-type: application/openmetrics-text"));
    let gzip = scrape("Accept-Encoding: gzip\r\n");
    assert!(gzip.contains("\r\ncontent-encoding: gzip\r\n"));
    let selected = program.get("/metrics?name[]=http_requests_in_flight");
    let expected = "# HELP http_requests_in_flight The number of requests whose \
                    response isn't produced yet.\n\
                    # TYPE http_requests_in_flight gauge\nhttp_requests_in_flight 0\n";
    assert_eq!(selected.as_str().unwrap(), expected);
}

#[test]
#[cfg(unix)]
fn a_stop_finishes_what_runs() {
    for signal in ["TERM", "INT"] {
        let program = Program::start(SLUG);
        let address = program.address;
        // Two connections, of which one waits for its next request.
        let mut idle = connect(address);
        idle.write_all(b"GET /orders/7 HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        assert_eq!(code_of_next(&mut idle), 200);
        let mut slow = connect(address);
        slow.write_all(b"GET /orders/7?delay=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            .unwrap();
        while !program.metrics().contains("\nhttp_requests_in_flight 1\n") {}
        program.process.signal(signal);
        assert_eq!(rest(idle), "");
        let started = Instant::now();
        while TcpStream::connect(address).is_ok() {
            assert!(started.elapsed() < PATIENCE);
        }
        let answer = rest(slow);
        assert!(answer.ends_with("\r\n\r\norder 7: 8 items\n"), "{answer}");
        let Program { mut process, .. } = program;
        assert_eq!(process.0.wait().unwrap().code(), Some(0));
    }
}

#[test]
#[cfg(unix)]
#[ignore = "waits for a deadline of 10 seconds"]
fn a_stop_waits_for_no_client_for_ever() {
    let program = Program::start(SLUG);
    let mut half = connect(program.address);
    half.write_all(b"GET /orders/7 HTTP/1.1\r\nHo").unwrap();
    program.get("/orders/7");
    assert_eq!(program.process.end_with("TERM").code(), Some(0));
}

#[test]
#[ignore = "waits for a deadline of 30 seconds"]
fn a_client_that_sends_half_a_head_is_disconnected() {
    let program = Program::start(SLUG);
    let half = |text: &str| {
        let mut client = connect(program.address);
        client.write_all(text.as_bytes()).unwrap();
        client
    };
    let clients = ["", "GET /orders/7 HTTP/1.1\r\nHo"].map(half);
    let answered = half("GET /orders/7 HTTP/1.1\r\nHost: a\r\n\r\n");
    for client in clients {
        let end = rest(client);
        assert!(!end.contains("200 OK"), "{end}");
    }
    assert!(rest(answered).ends_with("order 7: 8 items\n"));
}

#[test]
fn further_connections_wait_for_one_of_512_to_end() {
    let program = Program::start(SLUG);
    let request = b"GET /orders/7 HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut clients: Vec<_> = (0..512).map(|_| connect(program.address)).collect();
    for client in &mut clients {
        client.write_all(request).unwrap();
        assert_eq!(code_of_next(client), 200);
    }
    let mut waiting = connect(program.address);
    waiting.write_all(request).unwrap();
    waiting.set_nonblocking(true).unwrap();
    // Nothing tells that a response never comes: the others get theirs meanwhile.
    for client in &mut clients {
        client.write_all(request).unwrap();
        assert_eq!(code_of_next(client), 200);
        assert!(waiting.peek(&mut [0]).is_err());
    }
    waiting.set_nonblocking(false).unwrap();
    clients.pop();
    assert_eq!(code_of_next(&mut waiting), 200);
}

/// Starts wrk with a script, and returns what it prints.
fn wrk(program: &Program, arguments: &str, script: &str) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), script).unwrap();
    let output = Command::new("wrk")
        .args(arguments.split(' '))
        .arg("-s")
        .arg(file.path())
        .arg(format!("http://{}/orders/7", program.address))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What a script of wrk prints at its end: the responses that it got, and its errors.
const REPORT: &str = "
function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  print(string.format('\\nreport %d %d %d', summary.requests, errors.status, failed))
end
";

/// Returns the responses, those of them with a status of 400 or more, and the failed.
fn report(printed: &str) -> [u64; 3] {
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("report "));
    let numbers: Vec<u64> = line
        .unwrap_or_else(|| panic!("{printed}"))
        .split(' ')
        .map(|number| number.parse().unwrap())
        .collect();
    numbers.try_into().unwrap()
}

/// With one connection a thread, wrk has no request in flight when a thread stops.
#[test]
#[ignore = "needs wrk"]
fn counters_equal_what_wrk_got() {
    let script = "
local responses = 0
function response()
  responses = responses + 1
  if responses == 500 then wrk.thread:stop() end
end
local paths = {'/orders/7', '/orders/1000', '/orders/7?fault=error', '/x7f3a'}
local sent = 0
function request()
  sent = sent + 1
  return wrk.format('GET', paths[sent % 4 + 1])
end
";
    let program = Program::start(SLUG);
    let printed = wrk(&program, "-t4 -c4 -d10s", &format!("{script}{REPORT}"));
    assert_eq!(report(&printed), [2000, 1500, 0]);
    wait_until_idle(&program);
    let expected = [
        r#"{code="200",method="GET",route="/orders/{id}"} 500"#,
        r#"{code="404",method="GET",route="/orders/{id}"} 500"#,
        r#"{code="404",method="GET",route="unmatched"} 500"#,
        r#"{code="500",method="GET",route="/orders/{id}"} 500"#,
    ];
    assert_eq!(counted(&program), expected);
}

/// Of many connections, each may have a request in flight when wrk ends, which wrk
/// doesn't count and the service does, as complete or with code 499.
#[test]
#[ignore = "needs wrk, and promtool"]
fn scrapes_under_load_are_expositions_and_no_request_is_lost() {
    const CONNECTIONS: u64 = 64;
    let program = Program::start(SLUG);
    let printed = thread::scope(|scope| {
        let arguments = format!("-t2 -c{CONNECTIONS} -d4s");
        let wrk = scope.spawn(|| {
            let arguments = arguments;
            wrk(&program, &arguments, REPORT)
        });
        while !wrk.is_finished() {
            let promtool = Command::new("promtool");
            let output = tables::check_metrics(promtool, program.metrics());
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        }
        wrk.join().unwrap()
    });
    let [responses, errors, failed] = report(&printed);
    assert_eq!((errors, failed), (0, 0));
    wait_until_idle(&program);
    let total = total(&program);
    println!("wrk got {responses} responses, and {total} requests were counted");
    assert!((responses..=responses + CONNECTIONS).contains(&total));
}
