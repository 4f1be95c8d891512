//! The signals that stop a program.

use super::ServeError;

/// Handles SIGINT (Ctrl-C) and SIGTERM. The first signal ends the wait that is
/// returned; a later one ends the program at once. Signals within 100 ms of the first
/// are ignored, since some senders signal a process and its group. Call it once per
/// program.
///
/// # Errors
///
/// Returns an error if the system refuses the signal handler or its thread.
#[cfg(unix)]
pub fn stop_signal() -> Result<impl FnOnce() + Send, ServeError> {
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::exit;

    const SAME: Duration = Duration::from_millis(100);

    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let (stop, stopping) = mpsc::channel();
    let thread = thread::Builder::new().name("signals".to_owned());
    thread.spawn(move || {
        let mut first: Option<Instant> = None;
        for signal in signals.forever() {
            match first {
                None => {
                    first = Some(Instant::now());
                    // Nobody waits if the program has stopped by itself.
                    let _ = stop.send(());
                }
                Some(first) if first.elapsed() > SAME => exit(128 + signal),
                Some(_) => {}
            }
        }
    })?;
    Ok(move || {
        let _ = stopping.recv();
    })
}

/// Returns a wait that never ends: Ctrl-C ends the program.
///
/// # Errors
///
/// Never returns an error.
#[cfg(not(unix))]
pub fn stop_signal() -> Result<impl FnOnce() + Send, ServeError> {
    Ok(|| {
        loop {
            std::thread::park();
        }
    })
}
