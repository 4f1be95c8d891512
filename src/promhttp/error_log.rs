//! The log for messages to the program's operator.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Receives a message for the program's log; it may have several lines.
pub type ErrorLog = Arc<dyn Fn(&str) + Send + Sync>;

/// Creates a log that writes each message and a newline to standard error. A message is
/// lost if it can't be written or if too many are waiting to be read. A full disk or a
/// full pipe therefore costs no scrape, whereas `eprintln!` would panic or wait.
#[must_use]
pub fn stderr_log() -> ErrorLog {
    /// How many messages may wait to be written.
    const WAITING: usize = 256;
    static WRITER: OnceLock<Option<SyncSender<String>>> = OnceLock::new();

    let writer = WRITER.get_or_init(|| {
        let (sender, messages) = mpsc::sync_channel(WAITING);
        let write = move || messages.iter().for_each(|message: String| write(&message));
        let thread = thread::Builder::new().name("log".to_owned());
        thread.spawn(write).ok().map(|_| sender)
    });
    Arc::new(move |message: &str| match writer {
        Some(writer) => drop(writer.try_send(message.to_owned())),
        None => write(message),
    })
}

fn write(message: &str) {
    let _ = writeln!(io::stderr(), "{message}");
}

/// Calls `log`; a panic in it costs only the message.
pub(crate) fn write_log(log: &ErrorLog, message: &str) {
    let _ = catch_unwind(AssertUnwindSafe(|| log(message)));
}
