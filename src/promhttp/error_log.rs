//! Where messages for the program's operator go.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread;

/// Receives a message for the program's log; it may have several lines.
pub type ErrorLog = Arc<dyn Fn(&str) + Send + Sync>;

/// Creates a log that writes each message and a newline to standard error. A message is
/// lost if it cannot be written, or if nobody reads the messages before it: a full disk or
/// a full pipe costs no scrape, as it would with `eprintln!`, which panics or waits.
#[must_use]
pub fn stderr_log() -> ErrorLog {
    /// The messages that may wait to be written.
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

/// Calls `log`, whose panic costs the message alone.
pub(crate) fn write_log(log: &ErrorLog, message: &str) {
    let _ = catch_unwind(AssertUnwindSafe(|| log(message)));
}
