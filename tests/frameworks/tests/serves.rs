//! Both programs serve the handler's responses unchanged, and stop when they are told to.

#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PROGRAMS: [&str; 2] = [
    env!("CARGO_BIN_EXE_on_hyper"),
    env!("CARGO_BIN_EXE_on_actix_web"),
];

/// Far beyond what a loaded machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program, which is killed when this is dropped.
struct Program {
    process: Child,
    address: String,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    fn start(path: &str) -> Program {
        let mut process = Command::new(path)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        let address = address.strip_suffix("/metrics\n").unwrap().to_owned();
        Program { process, address }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Returns the head of the response, in lower case, and its body.
    fn exchange(&self, line: &str, headers: &str) -> (String, Vec<u8>) {
        let mut stream = self.connect();
        let close = "Host: a\r\nConnection: close\r\n";
        let request = format!("{line} HTTP/1.1\r\n{close}{headers}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(answer[..end + 4].to_vec()).unwrap();
        (head.to_lowercase(), answer[end + 4..].to_vec())
    }
}

const METRICS: &str = "\
# HELP jobs_total The total number of jobs done.
# TYPE jobs_total counter
jobs_total 1
# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by the promhttp metric handler.
# TYPE promhttp_metric_handler_errors_total counter
promhttp_metric_handler_errors_total{cause=\"encoding\"} 0
promhttp_metric_handler_errors_total{cause=\"gathering\"} 0
";

#[test]
fn metrics_arrive_as_the_handler_wrote_them() {
    for path in PROGRAMS {
        let program = Program::start(path);
        let (head, body) = program.exchange("GET /metrics", "");
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        let kind = "\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n";
        assert!(head.contains(kind), "{head}");
        assert_eq!(String::from_utf8(body).unwrap(), METRICS);
        let length = format!("\r\ncontent-length: {}\r\n", METRICS.len());
        assert!(head.contains(&length), "{head}");
        // A part of it, as the query says.
        let (_, body) = program.exchange("GET /metrics?name[]=jobs_total", "");
        assert!(METRICS.as_bytes().starts_with(&body) && body.ends_with(b"total 1\n"));
    }
}

#[test]
fn head_has_the_length_and_no_body() {
    for path in PROGRAMS {
        let program = Program::start(path);
        let (head, body) = program.exchange("HEAD /metrics", "");
        assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
        let length = format!("\r\ncontent-length: {}\r\n", METRICS.len());
        assert!(head.contains(&length), "{head}");
        assert_eq!(body, b"");
    }
}

#[test]
fn headers_reach_the_handler() {
    for path in PROGRAMS {
        let program = Program::start(path);
        let (head, body) =
            program.exchange("GET /metrics", "Accept-Encoding: gzip\r\n");
        assert!(head.contains("\r\ncontent-encoding: gzip\r\n"), "{head}");
        // The magic number of gzip: it was compressed once.
        assert!(body.starts_with(&[0x1f, 0x8b]));
    }
}

#[test]
fn other_methods_and_paths_are_refused() {
    for path in PROGRAMS {
        let program = Program::start(path);
        let (head, _) = program.exchange("POST /metrics", "Content-Length: 0\r\n");
        assert!(head.starts_with("http/1.1 405 "), "{head}");
        assert!(head.contains("\r\nallow: get, head\r\n"), "{head}");
        let (head, _) = program.exchange("GET /other", "");
        assert!(head.starts_with("http/1.1 404 "), "{head}");
    }
}

#[test]
fn half_a_head_is_not_waited_for() {
    for (path, end) in PROGRAMS.into_iter().zip(["", "HTTP/1.1 408 "]) {
        let program = Program::start(path);
        let mut client = program.connect();
        client.write_all(b"GET /metrics HTTP/1.1\r\nHo").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        assert_eq!(&answer[..end.len()], end);
    }
}

#[test]
#[cfg(unix)]
fn a_signal_stops_both() {
    for path in PROGRAMS {
        for signal in ["TERM", "INT"] {
            let mut program = Program::start(path);
            // A keep-alive connection doesn't hold the stop up.
            let mut idle = program.connect();
            idle.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
                .unwrap();
            idle.read_exact(&mut [0]).unwrap();
            let id = program.process.id().to_string();
            let kill = format!("kill -s {signal} {id}");
            let kill = Command::new("sh").args(["-c", &kill]).status();
            assert!(kill.unwrap().success());
            assert_eq!(program.process.wait().unwrap().code(), Some(0), "{path}");
        }
    }
}
