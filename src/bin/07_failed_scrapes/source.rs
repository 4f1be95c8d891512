//! The queue server's protocol: one line asks, and each line of the answer is a name
//! and a number, until the line `end`.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use exporter_workbook::collect::{CollectError, Samples};

/// More than any true answer has.
const MAX_BYTES: usize = 64 * 1024;

// ANCHOR: limit
/// A source that needs longer than this counts as down.
const LIMIT: Duration = Duration::from_secs(1);

/// Returns how long a question may take: what comes after it needs time too.
pub fn limit(samples: &Samples<'_>) -> Duration {
    let left = samples.time_left();
    left.map_or(LIMIT, |left| LIMIT.min(left / 2))
}
// ANCHOR_END: limit

// ANCHOR: ask
/// Asks for numbers by name, and returns all of them or an error.
pub fn ask(
    source: SocketAddr,
    question: &str,
    limit: Duration,
) -> Result<BTreeMap<String, f64>, CollectError> {
    let deadline = Instant::now() + limit;
    let mut stream = TcpStream::connect_timeout(&source, limit)?;
    writeln!(stream, "{question}")?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"end\n") {
        if read_more(&mut stream, &mut answer, deadline)? == 0 {
            return Err("the answer ends too early".into());
        }
        if answer.len() > MAX_BYTES {
            return Err("the answer is too long".into());
        }
    }
    let answer = String::from_utf8(answer)?;
    let lines = answer.lines().take_while(|line| *line != "end");
    lines.map(read_line).collect()
}
// ANCHOR_END: ask

/// Returns the number of bytes, 0 at the end.
fn read_more(
    stream: &mut TcpStream,
    answer: &mut Vec<u8>,
    deadline: Instant,
) -> Result<usize, CollectError> {
    // The time for each read is what is left: with a fixed one, a byte now and then
    // would hold the scrape for ever.
    let left = deadline.saturating_duration_since(Instant::now());
    let mut chunk = [0; 1024];
    let too_late = "the answer takes too long";
    if left.is_zero() {
        return Err(too_late.into());
    }
    stream.set_read_timeout(Some(left))?;
    let count = stream
        .read(&mut chunk)
        .map_err(|error| match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => too_late.into(),
            _ => CollectError::from(error),
        })?;
    answer.extend_from_slice(&chunk[..count]);
    Ok(count)
}

fn read_line(line: &str) -> Result<(String, f64), CollectError> {
    let (name, number) = line.split_once(' ').ok_or("a line has no number")?;
    Ok((name.to_owned(), number.parse::<u32>()?.into()))
}
