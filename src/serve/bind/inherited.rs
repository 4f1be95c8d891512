//! A socket that the program inherits, as from systemd: `sd_listen_fds(3)`.

use std::env;
use std::io::{self, Error};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use listenfd::ListenFd;

/// The remaining sockets, initialized by the first call.
static INHERITED: Mutex<Option<(ListenFd, usize)>> = Mutex::new(None);

/// More than anybody passes.
const MOST: usize = 1024;

/// Returns the next inherited socket, if there is one.
///
/// # Errors
///
/// Returns an error if it isn't a listening TCP socket.
pub fn next() -> io::Result<Option<TcpListener>> {
    let mut inherited = INHERITED.lock().unwrap_or_else(PoisonError::into_inner);
    let (sockets, next) = match &mut *inherited {
        Some(inherited) => inherited,
        None => inherited.insert((sockets()?, 0)),
    };
    let Some(listener) = sockets.take_tcp_listener(*next)? else {
        return Ok(None);
    };
    *next += 1;
    let stream = TcpStream::from(OwnedFd::from(listener.try_clone()?));
    if stream.peer_addr().is_ok() {
        return Err(Error::other(
            "it is a connection, as with Accept=yes: use Accept=no",
        ));
    }
    listener.set_nonblocking(false)?;
    Ok(Some(listener))
}

/// Returns the sockets passed to this process; listenfd doesn't check `LISTEN_PID`.
fn sockets() -> io::Result<ListenFd> {
    let is_ours =
        env::var("LISTEN_PID").is_ok_and(|id| id == std::process::id().to_string());
    let count = env::var("LISTEN_FDS").unwrap_or_default();
    match count.parse::<usize>() {
        _ if !is_ours => Ok(ListenFd::empty()),
        Ok(0..=MOST) => Ok(ListenFd::from_env()),
        _ => Err(Error::other(format!(
            "{count:?} isn't a number up to {MOST}"
        ))),
    }
}
