//! The signals that stop a program.

use super::ServeError;

/// From now on SIGINT (Ctrl-C) and SIGTERM don't end the program: the first one ends
/// the wait that is returned, a second one the program, at once. For one call in the life
/// of a program: after the first signal every further one ends it.
///
/// # Errors
///
/// When the system refuses the signal handler.
#[cfg(unix)]
pub fn stop_signal() -> Result<impl FnOnce() + Send, ServeError> {
    use std::sync::Arc;

    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag;

    let stopping = Arc::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down, and raises it.
        flag::register_conditional_shutdown(
            signal,
            128 + signal,
            Arc::clone(&stopping),
        )?;
        flag::register(signal, Arc::clone(&stopping))?;
    }
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    Ok(move || {
        signals.forever().next();
    })
}

/// Elsewhere Ctrl-C ends the program, and the wait that is returned never ends.
///
/// # Errors
///
/// Never.
#[cfg(not(unix))]
pub fn stop_signal() -> Result<impl FnOnce() + Send, ServeError> {
    Ok(|| {
        loop {
            std::thread::park();
        }
    })
}
