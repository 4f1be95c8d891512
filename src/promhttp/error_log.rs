//! Where messages for the program's operator go.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Receives a message for the program's log; it may have several lines.
pub type ErrorLog = Arc<dyn Fn(&str) + Send + Sync>;

/// Creates a log that writes each message and a newline to standard error. A message that
/// cannot be written is lost; `eprintln!` would panic there, and cost the scrape.
#[must_use]
pub fn stderr_log() -> ErrorLog {
    Arc::new(|message: &str| {
        let _ = writeln!(io::stderr(), "{message}");
    })
}

/// Calls `log`, whose panic costs the message alone.
pub(crate) fn write_log(log: &ErrorLog, message: &str) {
    let _ = catch_unwind(AssertUnwindSafe(|| log(message)));
}
