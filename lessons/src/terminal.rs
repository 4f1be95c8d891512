//! The width of the learner's terminal.

use std::env;
use std::io::IsTerminal;
#[cfg(unix)]
use std::os::fd::AsFd;

/// The narrowest terminal that lines are wrapped for.
const NARROWEST: usize = 40;

/// The width of a terminal that doesn't report one.
const USUAL: usize = 80;

/// The columns of the terminal that `stream` is; `None` for a file or a pipe.
#[cfg(unix)]
pub fn columns(stream: &(impl IsTerminal + AsFd)) -> Option<usize> {
    if !stream.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(stream).ok();
    Some(usable(size.map(|size| usize::from(size.ws_col))))
}

#[cfg(not(unix))]
pub fn columns(stream: &impl IsTerminal) -> Option<usize> {
    stream.is_terminal().then(|| usable(None))
}

/// The width from the system, or else from the environment.
fn usable(said: Option<usize>) -> usize {
    let of_environment = || env::var("COLUMNS").ok()?.parse().ok();
    let columns = said.filter(|columns| *columns > 0).or_else(of_environment);
    columns.unwrap_or(USUAL).max(NARROWEST)
}
