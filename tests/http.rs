//! How the server handles HTTP/1.x, over real sockets; `hostile.rs` has what it
//! refuses.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use exporter_workbook::collect::{CollectError, Samples, collector_fn};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::Limits;
use http::{Request, Response};
use support::answer;
use support::running::{NEVER, Running, SCRAPE, ok_answer};

/// Returns the status line of the only response to `request`.
fn status(running: &Running, request: &str) -> String {
    let answer = running.exchange(request);
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn a_status_without_a_body_is_answered_without_a_length() {
    for code in [204_u16, 304] {
        let running = Running::start(Limits::default(), move |_: &Request<()>| {
            let mut response = Response::new("a 1\n".into());
            *response.status_mut() = code.try_into().unwrap();
            response
        });
        let close = "GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        let answers = running.exchange(&format!("{SCRAPE}{close}"));
        let (first, second) = answers.split_once("\r\n\r\n").unwrap();
        assert!(first.starts_with(&format!("HTTP/1.1 {code} ")), "{first}");
        assert!(!first.to_lowercase().contains("content-length"), "{first}");
        assert!(second.starts_with("HTTP/1.1 404 Not Found\r\n"), "{second}");
        running.stop();
    }
}

#[test]
fn a_status_below_200_is_answered_with_500() {
    let running = Running::start(Limits::default(), move |_: &Request<()>| {
        let mut response = Response::default();
        *response.status_mut() = 103.try_into().unwrap();
        response
    });
    let answer = running.exchange("GET /metrics HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 500 "), "{answer}");
    running.stop();
}

#[test]
fn http_1_1_needs_one_host_and_1_0_none() {
    let running = Running::start(Limits::default(), ok_answer);
    for (version, headers, code) in [
        ("1.1", "Host: a:9100\r\n", 200),
        ("1.1", "Host:\r\n", 200),
        ("1.1", "", 400),
        ("1.1", "Host: a\r\nHost: a\r\n", 400),
        ("1.1", "Host: a b\r\n", 400),
        ("1.1", "Host: http://a\r\n", 400),
        ("1.0", "", 200),
        ("1.0", "Host: a\r\n", 200),
        ("1.0", "Host: a\r\nHost: b\r\n", 400),
        ("1.0", "Host: u@a\r\n", 400),
    ] {
        let request = format!(
            "GET /metrics HTTP/{version}\r\n{headers}Connection: close\r\n\r\n"
        );
        let line = status(&running, &request);
        assert!(line.contains(&format!(" {code} ")), "{request:?}: {line}");
    }
    running.stop();
}

#[test]
fn empty_lines_between_requests_start_no_clock() {
    let limits = Limits {
        head: Duration::from_millis(50),
        idle: NEVER,
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let mut stream = running.send("\r\n\n");
    for lines in ["\r\n", "\n\n", "\r"] {
        stream.write_all(SCRAPE.as_bytes()).unwrap();
        assert_eq!(answer(&mut stream).unwrap().1, "a 1\n");
        stream.write_all(lines.as_bytes()).unwrap();
        // Longer than the limit for a request that has begun.
        thread::sleep(Duration::from_millis(200));
    }
    stream.write_all(b"\n").unwrap();
    stream.write_all(SCRAPE.as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).unwrap().0, "HTTP/1.1 200 OK");
    running.stop();
}

#[test]
fn endless_empty_lines_arent_a_request() {
    let limits = Limits {
        idle: Duration::from_millis(200),
        ..Limits::default()
    };
    let running = Running::start(limits, ok_answer);
    let mut stream = running.send("");
    let lines = "\r\n".repeat(1000);
    // Until the server closes the connection, which it does silently.
    while stream.write_all(lines.as_bytes()).is_ok() {}
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    assert_eq!(answer, b"");
    running.stop();
}

#[test]
fn a_header_may_have_non_ascii_bytes_but_no_controls() {
    let running = Running::start(Limits::default(), ok_answer);
    let ask = |bytes: &[u8]| {
        let mut stream = running.send("GET /metrics HTTP/1.1\r\nHost: a\r\nA: ");
        stream.write_all(bytes).unwrap();
        stream.write_all(b"\r\nConnection: close\r\n\r\n").unwrap();
        let mut code = [0; 12];
        stream.read_exact(&mut code).unwrap();
        String::from_utf8(code[9..].to_vec()).unwrap()
    };
    let opaque: Vec<u8> = (0x80..=0xff).collect();
    assert_eq!(ask(&opaque), "200");
    assert_eq!(ask("M\u{fc}nchen".as_bytes()), "200");
    assert_eq!(ask(b"a\tb"), "200");
    for control in (0x00..0x20).chain([0x7f]).filter(|byte| *byte != b'\t') {
        // A line break ends the value, and what follows isn't a header.
        assert_eq!(ask(&[b'a', control, b'b']), "400", "{control:#x}");
    }
    running.stop();
}

#[test]
fn a_later_version_of_http_1_is_treated_as_1_1() {
    let running = Running::start(Limits::default(), ok_answer);
    for version in ["1.2", "1.9"] {
        let request = format!(
            "GET /metrics HTTP/{version}\r\nHost: a\r\n\r\nGET /metrics \
             HTTP/{version}\r\nHost: a\r\nConnection: close\r\n\r\n"
        );
        let answers = running.exchange(&request);
        // The first one keeps the connection open.
        assert_eq!(
            answers.matches("HTTP/1.1 200 OK\r\n").count(),
            2,
            "{answers}"
        );
    }
    let request = "GET /metrics HTTP/2.1\r\nHost: a\r\n\r\n";
    assert_eq!(
        status(&running, request),
        "HTTP/1.1 505 HTTP Version Not Supported"
    );
    running.stop();
}

#[test]
fn an_expectation_in_http_1_0_is_ignored() {
    let running = Running::start(Limits::default(), ok_answer);
    let request = "GET /metrics HTTP/1.0\r\nExpect: 100-continue\r\n\r\n";
    assert_eq!(status(&running, request), "HTTP/1.0 200 OK");
    running.stop();
}

#[test]
fn a_percent_encoded_path_is_the_path_it_encodes() {
    let running = Running::serve(|server| {
        server
            .route("/metrics", ok_answer)
            .route("/m%C3%BCnchen", ok_answer)
    });
    for (path, code) in [
        ("/%6detrics", 200),
        ("/%6D%65%74%72%69%63%73?a=%2F", 200),
        ("/m%c3%bcnchen", 200),
        ("http://a/%6detrics", 200),
        ("/%2Fmetrics", 404),
        ("/metrics%00", 404),
        ("/metrics%", 404),
        ("/%FF", 404),
        ("/Metrics", 404),
    ] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let line = status(&running, &request);
        assert!(line.contains(&format!(" {code} ")), "{path}: {line}");
    }
    running.stop();
}

#[test]
fn a_target_that_isnt_a_path_is_refused() {
    let running = Running::start(Limits::default(), ok_answer);
    for target in ["*", "metrics", "a:80", "metrics?a", "ftp://a/metrics"] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(status(&running, &request), "HTTP/1.1 400 Bad Request");
    }
    running.stop();
}

#[test]
fn a_log_that_panics_costs_no_scrape() {
    let registry = Registry::new();
    let desc = Desc::gauge("a", "Never there.");
    let fails = |_: &mut Samples<'_>| Err(CollectError::from("the source is gone"));
    registry.must_register(collector_fn(vec![desc], fails));
    let opts = HandlerOpts {
        error_log: Some(Arc::new(|_: &str| panic!("on purpose"))),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts).unwrap();
    let running = Running::start(Limits::default(), handler);
    for _ in 0..2 {
        let answer = running.scrape();
        assert!(answer.contains("the source is gone"), "{answer}");
    }
    running.stop();
}

/// A request without the bytes of its body, then another one, which isn't a request.
#[test]
fn nothing_after_a_refused_request_is_read_as_a_request() {
    let running = Running::start(Limits::default(), ok_answer);
    for head in [
        "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nContent-Length: 40\r\n\r\n",
    ] {
        let mut stream: TcpStream = running.send(head);
        let _ = stream.write_all(SCRAPE.as_bytes());
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
        assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    }
    running.stop();
}
