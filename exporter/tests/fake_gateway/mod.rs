//! A Pushgateway that keeps what arrives, and answers as a test wants.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::support::PATIENCE;

/// What it does with a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Responds with this status and body.
    Status(u16, &'static str),
    /// Responds with status 307 and this place.
    Redirect(String),
    /// Reads it and doesn't respond.
    Hang,
    /// Reads it, and then sends a byte now and then that is never a whole response.
    Trickle,
    /// Closes the connection instead.
    Close,
    /// Closes it within the status.
    Cut,
}

/// A request, without the headers that differ from port to port.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The method and the path.
    pub line: String,
    /// In alphabetical order.
    pub headers: Vec<String>,
    pub body: String,
}

pub struct FakeGateway {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
}

impl FakeGateway {
    /// Gives these answers, and then status 200 to all that follow.
    pub fn start(answers: &[Answer]) -> FakeGateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (seen, mut answers) =
            (Arc::clone(&received), VecDeque::from(answers.to_vec()));
        thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                seen.lock().unwrap().push(request(&stream));
                match answers.pop_front().unwrap_or(Answer::Status(200, "")) {
                    Answer::Status(code, body) => {
                        let length = body.len();
                        let head =
                            format!("HTTP/1.1 {code} x\r\nContent-Length: {length}");
                        let _ = write!(stream, "{head}\r\n\r\n{body}");
                    }
                    Answer::Redirect(place) => {
                        let head = "HTTP/1.1 307 x\r\nContent-Length: 0\r\nLocation: ";
                        let _ = write!(stream, "{head}{place}\r\n\r\n");
                    }
                    Answer::Hang => open.push(stream),
                    Answer::Trickle => drop(thread::spawn(|| trickle(stream))),
                    Answer::Close => {}
                    Answer::Cut => drop(write!(stream, "HTTP/1.1 20")),
                }
            }
        });
        FakeGateway { address, received }
    }

    /// Returns the flag that names it.
    pub fn flag(&self) -> String {
        format!("--pushgateway.url=http://{}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Returns the methods and paths of what arrived.
    pub fn lines(&self) -> Vec<String> {
        let received = self.received();
        received.into_iter().map(|request| request.line).collect()
    }
}

/// Sends until the other side has closed the connection.
fn trickle(mut stream: TcpStream) {
    while stream.write_all(b"H").is_ok() {
        thread::sleep(Duration::from_millis(100));
    }
}

fn request(stream: &TcpStream) -> Received {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let first = line();
    let mut headers: Vec<String> = std::iter::repeat_with(line)
        .take_while(|line| !line.is_empty())
        .collect();
    headers.sort();
    let length = headers
        .iter()
        .find_map(|all| all.strip_prefix("Content-Length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    headers.retain(|header| !header.starts_with("Host: "));
    Received {
        line: first.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body: String::from_utf8(body).unwrap(),
    }
}
