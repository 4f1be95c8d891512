//! How large the terminal is that somebody looks at.

use std::env;
use std::io::IsTerminal;
#[cfg(unix)]
use std::os::fd::AsFd;

/// The narrowest one that lines are broken for.
const NARROWEST: usize = 40;

/// How wide a terminal is that does not say.
const USUAL: usize = 80;

/// The columns of the terminal that `stream` is; nothing where it is a file or a pipe.
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

/// What a system says of its terminal, or else the environment.
fn usable(said: Option<usize>) -> usize {
    let of_environment = || env::var("COLUMNS").ok()?.parse().ok();
    let columns = said.filter(|columns| *columns > 0).or_else(of_environment);
    columns.unwrap_or(USUAL).max(NARROWEST)
}
