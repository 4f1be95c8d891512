//! One request as Prometheus makes it, within its deadline and a bound on what is read.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use crate::finding::Finding;
use crate::words::say;

/// The `scrape_timeout` of this repository's prometheus.yml.
const TIMEOUT: Duration = Duration::from_secs(5);

/// More than any page of a lesson, less than hurts.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What Prometheus 2.42 says that it takes.
const ACCEPT: &str = "application/openmetrics-text;version=1.0.0,\
                      application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// What came back.
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

/// The answer to one GET of Prometheus. Where the program serves OpenMetrics, which the
/// rules for names don't know, it is asked again for the text format.
///
/// # Errors
///
/// When there is no answer within the deadline, or more of it than anybody would read.
pub fn scrape(address: SocketAddr, path: &str) -> Result<Answer, Finding> {
    let answer = get(address, path, ACCEPT)?;
    let kind = answer.content_type.as_deref().unwrap_or_default();
    if kind.starts_with("application/openmetrics-text") {
        return get(address, path, "text/plain;version=0.0.4");
    }
    Ok(answer)
}

fn get(address: SocketAddr, path: &str, accept: &str) -> Result<Answer, Finding> {
    let fails = |what: String| Finding::answers(path, &what);
    let timeout = TIMEOUT.as_secs();
    let request = minreq::get(format!("http://{address}{path}"))
        .with_header("Accept", accept)
        .with_header("Accept-Encoding", "gzip")
        .with_header("X-Prometheus-Scrape-Timeout-Seconds", timeout.to_string())
        .with_header("User-Agent", "exporter-workbook")
        .with_max_headers_size(64 * 1024)
        .with_max_status_line_length(1024)
        .with_timeout(timeout);
    let mut response = request.send_lazy().map_err(|error| fails(reason(error)))?;
    // What minreq makes of an answer without a status line.
    if response.reason_phrase == "Server did not provide a status line" {
        return Err(fails(say("an answer that is not HTTP", &[])));
    }
    let is_gzip =
        header(&response, "content-encoding").is_some_and(|all| all == "gzip");
    let raw = read(&mut response).map_err(fails)?;
    let body = match is_gzip {
        true => read(MultiGzDecoder::new(raw.as_slice())).map_err(fails)?,
        false => raw,
    };
    Ok(Answer {
        status: response.status_code,
        content_type: header(&response, "content-type"),
        body,
    })
}

fn header(response: &minreq::ResponseLazy, name: &str) -> Option<String> {
    let found = response.headers.iter().find(|(all, _)| all == name);
    found.map(|(_, value)| value.clone())
}

fn reason(error: minreq::Error) -> String {
    match error {
        minreq::Error::IoError(error) => unanswered(&error),
        error => say("an answer that is not HTTP: {}", &[&error]),
    }
}

fn unanswered(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::TimedOut => {
            say("nothing that ended within {} s", &[&TIMEOUT.as_secs()])
        }
        _ => say("the connection broke: {}", &[&error]),
    }
}

fn read(from: impl Read) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let read = from.take(LARGEST + 1).read_to_end(&mut body);
    read.map_err(|error| unanswered(&error))?;
    if body.len() as u64 > LARGEST {
        let megabytes = LARGEST / (1024 * 1024);
        return Err(say("more than {} MiB, and no end", &[&megabytes]));
    }
    Ok(body)
}
