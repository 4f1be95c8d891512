//! One attempt to send a request, and why it failed.

use std::fmt::{self, Display, Formatter};
use std::io::Read;
use std::ops::Range;

use minreq::Request;

/// Nobody reads more of a refusal.
const MAX_WORDS: u64 = 1024;

#[derive(Debug)]
pub enum Failure {
    Http(minreq::Error),
    /// The server refused, with its words.
    Status(u16, String),
}

/// Of a status that the end of the connection has cut off, `minreq` returns the first
/// digits.
const CUT: Range<u16> = 0..100;

// ANCHOR: attempt
/// Sends a request. Any status but 2xx is a failure, a redirect too.
pub fn attempt(request: Request) -> Result<(), Failure> {
    let request = request.with_follow_redirects(false);
    let response = request.send_lazy().map_err(Failure::Http)?;
    let status = response.status_code;
    if (200..300).contains(&status) {
        return Ok(());
    }
    let mut words = Vec::new();
    // If they don't arrive, the status says enough.
    let _ = response.take(MAX_WORDS).read_to_end(&mut words);
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    Err(Failure::Status(status, words))
}

impl Failure {
    /// Returns whether a second attempt may succeed. What the server calls the client's
    /// mistake, it refuses again.
    pub fn may_pass(&self) -> bool {
        !matches!(self, Failure::Status(100..500, _))
    }
}
// ANCHOR_END: attempt

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Http(error) => write!(f, "{error}"),
            Failure::Status(status, _) if CUT.contains(status) => {
                write!(f, "the server's response ends too early")
            }
            Failure::Status(status, words) if words.is_empty() => {
                write!(f, "the server answered {status}")
            }
            Failure::Status(status, words) => {
                write!(f, "the server answered {status}: {}", printable(words))
            }
        }
    }
}

/// Replaces the characters that control a terminal, end a line or turn text around.
pub fn printable(text: &str) -> String {
    let turns = |c| {
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace(|c: char| c.is_control() || turns(c), " ")
}
