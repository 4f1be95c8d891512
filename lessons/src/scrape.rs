//! A request as Prometheus or a person makes it, within Prometheus's deadline and with a
//! limit on the response's size.

use std::io::Read;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;

use crate::finding::Finding;
use crate::messages as m;
use crate::words::say;

/// The `scrape_timeout` of this repository's prometheus.yml.
const TIMEOUT: Duration = Duration::from_secs(5);

/// More than any lesson serves, less than would hurt.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The `Accept` header of Prometheus 2.42.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0,\
                      application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// The client that a request imitates.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Client {
    Prometheus,
    /// One that accepts anything, uncompressed.
    Curl,
    /// A Prometheus from outside, behind the proxy that guards the program; its response
    /// may have any format.
    Proxied,
}

/// A request of a client.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    /// Besides the client's own.
    pub headers: &'a [(String, String)],
    pub client: Client,
}

/// A response.
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    /// All headers, with names in lowercase.
    pub headers: Vec<(String, String)>,
    /// The target of a redirect, which is not followed.
    pub location: Option<String>,
    pub body: Vec<u8>,
    pub took: Duration,
}

impl Answer {
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// A request in messages: its path, or another method than GET and its path.
pub fn line(method: &str, path: &str) -> String {
    match method {
        "GET" => path.to_owned(),
        method => format!("{method} {path}"),
    }
}

/// How messages call it: `GET /metrics`, `POST /metrics`. The file of a program that has
/// ended keeps its name.
pub fn named(line: &str) -> String {
    match line.starts_with('/') {
        true => format!("GET {line}"),
        false => line.to_owned(),
    }
}

/// Sends one request. If the program serves OpenMetrics, which the naming rules don't cover,
/// the text format is requested again.
///
/// # Errors
///
/// Returns an error if there is no response within the deadline, or it is too large.
pub fn scrape(address: SocketAddr, request: &Request) -> Result<Answer, Finding> {
    if request.client == Client::Curl {
        return send(
            address,
            request,
            &[("Accept", "*/*"), ("User-Agent", "curl/7.88.1")],
        );
    }
    if request.client == Client::Proxied {
        let headers = [
            ("Accept", ACCEPT),
            ("X-Forwarded-For", "203.0.113.7"),
            ("X-Forwarded-Proto", "https"),
            ("X-Real-IP", "203.0.113.7"),
            ("Via", "1.1 proxy"),
        ];
        return send(address, request, &headers);
    }
    let of_prometheus = |accept| {
        let timeout = TIMEOUT.as_secs().to_string();
        send(
            address,
            request,
            &[
                ("Accept", accept),
                ("Accept-Encoding", "gzip"),
                ("User-Agent", "Prometheus/2.42.0"),
                ("X-Prometheus-Scrape-Timeout-Seconds", &timeout),
            ],
        )
    };
    let answer = of_prometheus(ACCEPT)?;
    let kind = answer.content_type.as_deref().unwrap_or_default();
    if kind.starts_with("application/openmetrics-text") {
        return of_prometheus("text/plain;version=0.0.4");
    }
    Ok(answer)
}

fn send(
    address: SocketAddr,
    request: &Request,
    headers: &[(&str, &str)],
) -> Result<Answer, Finding> {
    let line = line(request.method, request.path);
    let fails = |what: String| Finding::answers(&line, &what);
    let began = Instant::now();
    let sent = prepared(address, request, headers).send_lazy();
    let mut response = sent.map_err(|error| fails(reason(error)))?;
    // minreq's error for a response without a status line.
    if response.reason_phrase == "Server did not provide a status line" {
        return Err(fails(say(m::NOT_HTTP, [])));
    }
    let body = match request.method {
        "HEAD" => Vec::new(),
        _ => body(&mut response).map_err(fails)?,
    };
    Ok(Answer {
        status: response.status_code,
        content_type: header(&response, "content-type"),
        location: header(&response, "location"),
        headers: response.headers,
        body,
        took: began.elapsed(),
    })
}

fn prepared(
    address: SocketAddr,
    request: &Request,
    headers: &[(&str, &str)],
) -> minreq::Request {
    let method = minreq::Method::Custom(request.method.to_owned());
    let url = format!("http://{address}{}", request.path);
    minreq::Request::new(method, url)
        .with_follow_redirects(false)
        .with_max_headers_size(64 * 1024)
        .with_max_status_line_length(1024)
        .with_timeout(TIMEOUT.as_secs())
        .with_headers(headers.iter().copied())
        .with_headers(request.headers.iter().cloned())
}

fn body(response: &mut minreq::ResponseLazy) -> Result<Vec<u8>, String> {
    let is_gzip = header(response, "content-encoding").is_some_and(|all| all == "gzip");
    let raw = read(response, unanswered)?;
    match is_gzip {
        true => read(MultiGzDecoder::new(raw.as_slice()), not_gzip),
        false => Ok(raw),
    }
}

fn header(response: &minreq::ResponseLazy, name: &str) -> Option<String> {
    let found = response.headers.iter().find(|(all, _)| all == name);
    found.map(|(_, value)| value.clone())
}

fn reason(error: minreq::Error) -> String {
    match error {
        minreq::Error::IoError(error) => unanswered(&error),
        error => say(m::NOT_HTTP_BECAUSE, [&error]),
    }
}

fn unanswered(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::TimedOut => say(m::NO_ANSWER_IN_TIME, [&TIMEOUT.as_secs()]),
        _ => say(m::CONNECTION_BROKE, [&error]),
    }
}

fn not_gzip(error: &std::io::Error) -> String {
    let what = format!("Content-Encoding: gzip, {error}");
    say(m::NOT_HTTP_BECAUSE, [&what])
}

fn read(
    from: impl Read,
    reason: fn(&std::io::Error) -> String,
) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let read = from.take(LARGEST + 1).read_to_end(&mut body);
    read.map_err(|error| reason(&error))?;
    if body.len() as u64 > LARGEST {
        let megabytes = LARGEST / (1024 * 1024);
        return Err(say(m::ANSWER_WITHOUT_END, [&megabytes]));
    }
    Ok(body)
}
