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
    let login = server.login.command()?;
    if let Some(words) = &login {
        connection.send(words)?;
        reply(&mut replies)?.map_err(|error| code(&error))?;
    }
    connection.send(&["INFO".to_owned(), "ALL".to_owned()])?;
    let info = reply(&mut replies)?;
    let info = info.map_err(|error| match login {
        Some(_) => code(&error),
        None => error,
    })?;
    if !info.contains(':') {
        return Err("the reply has no fields".into());
    }
    Ok(info)
}
// ANCHOR_END: info

/// Returns what the log may have of an error once the password is sent: the first word,
/// such as WRONGPASS, because a server that doesn't know AUTH repeats its arguments.
fn code(error: &str) -> String {
    let code = error.split(' ').next().unwrap_or_default();
    let is_code = code.chars().all(|c| c.is_ascii_uppercase());
    let code = if is_code { code } else { "an error" };
    format!("Redis replied {code} (the rest may have the password in it)")
}

// ANCHOR: reply
/// Reads one reply: a line, or a line with the length of the text that follows it. The
/// inner error is what Redis replied.
fn reply(replies: &mut impl BufRead) -> Result<Result<String, String>, CollectError> {
    let mut line = Vec::new();
    replies.take(MAX_LINE).read_until(b'\n', &mut line)?;
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_suffix("\r\n").ok_or("the reply has no end")?;
    match line.split_at_checked(1) {
        Some(("+", text)) => Ok(Ok(text.to_owned())),
        Some(("-", error)) => Ok(Err(error.to_owned())),
        Some(("$", length)) => Ok(Ok(text(replies, length)?)),
        _ => Err("the reply isn't in Redis's protocol".into()),
    }
}
// ANCHOR_END: reply

fn text(replies: &mut impl BufRead, length: &str) -> Result<String, CollectError> {
    let length: Option<u64> = length.parse().ok();
    let length = length.filter(|length| *length <= MAX_BYTES);
    let length = length.ok_or("the reply has no length, or more than 1 MiB")?;
    let mut text = Vec::new();
    replies.take(length + 2).read_to_end(&mut text)?;
    match text.strip_suffix(b"\r\n") {
        Some(text) if text.len() as u64 == length => {
            Ok(String::from_utf8_lossy(text).into_owned())
        }
        _ => Err("the reply has another length than it says".into()),
    }
}
