//! As much of Redis's protocol as an exporter needs: log in, and ask for `INFO ALL`.

use std::io::{BufRead, BufReader, Read};
use std::time::Instant;

use exporter_workbook::collect::CollectError;

use crate::connection::Connection;
use crate::server::Server;

/// More than any true reply has: `INFO ALL` is some 10 KiB long.
const MAX_BYTES: u64 = 1024 * 1024;
const MAX_LINE: u64 = 4 * 1024;

// ANCHOR: info
/// Returns the reply of `server` to `INFO ALL`, or an error by `deadline`.
pub fn info(server: &Server, deadline: Instant) -> Result<String, CollectError> {
    let connection = Connection::open(&server.address, deadline)?;
    let mut replies = BufReader::new(&connection);
    if let Some(words) = server.login.command()? {
        connection.send(&command(&words))?;
        let password = words.last().map_or("", String::as_str);
        reply(&mut replies).map_err(|error| without(password, error))?;
    }
    connection.send(&command(&["INFO".to_owned(), "ALL".to_owned()]))?;
    reply(&mut replies)
}
// ANCHOR_END: info

/// Returns `error`, unless it has the password in it: a server that doesn't know AUTH
/// repeats its words, and errors go to the log.
fn without(password: &str, error: CollectError) -> CollectError {
    // Redis cuts off what it repeats.
    let start: String = password.chars().take(8).collect();
    match error.to_string().contains(&start) {
        true => "AUTH failed, with an error that may have the password in it".into(),
        false => error,
    }
}

/// Returns a command as it is sent: the number of its words, then each with its length.
fn command(words: &[String]) -> String {
    let words = words
        .iter()
        .map(|word| format!("${}\r\n{word}\r\n", word.len()));
    let words: Vec<String> = words.collect();
    format!("*{}\r\n{}", words.len(), words.concat())
}

// ANCHOR: reply
/// Reads one reply: a line, or a line with the length of the text that follows it.
fn reply(replies: &mut impl BufRead) -> Result<String, CollectError> {
    let mut line = Vec::new();
    replies.take(MAX_LINE).read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_suffix("\r\n").ok_or("the reply has no end")?;
    match line.split_at_checked(1) {
        Some(("+", text)) => Ok(text.to_owned()),
        Some(("-", error)) => Err(error.into()),
        Some(("$", length)) => text(replies, length.parse()?),
        _ => Err("the reply isn't in Redis's protocol".into()),
    }
}
// ANCHOR_END: reply

fn text(replies: &mut impl BufRead, length: u64) -> Result<String, CollectError> {
    if length > MAX_BYTES {
        return Err(format!("the reply has {length} bytes, which is too long").into());
    }
    let mut text = Vec::new();
    replies.take(length).read_to_end(&mut text)?;
    if (text.len() as u64) < length {
        return Err("the reply ends too early".into());
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}
