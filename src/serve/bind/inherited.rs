//! A socket that the program was started with, as systemd does: `sd_listen_fds(3)`.

use std::io;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use listenfd::ListenFd;

/// The sockets that are left, from the first call on.
static INHERITED: Mutex<Option<(ListenFd, usize)>> = Mutex::new(None);

/// Takes the next inherited socket, if there is one.
///
/// # Errors
///
/// Returns an error if it doesn't listen for TCP.
pub fn inherited() -> io::Result<Option<TcpListener>> {
    let mut inherited = INHERITED.lock().unwrap_or_else(PoisonError::into_inner);
    let (sockets, next) = inherited.get_or_insert_with(|| (ListenFd::from_env(), 0));
    let Some(listener) = sockets.take_tcp_listener(*next)? else {
        return Ok(None);
    };
    *next += 1;
    listener.set_nonblocking(false)?;
    Ok(Some(listener))
}
