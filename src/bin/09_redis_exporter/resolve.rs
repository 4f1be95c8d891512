//! The addresses of a server's name.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::connection::{left, too_late};

/// Returns the addresses of `name` by `deadline`. If it is an address itself, that's
/// the one.
pub fn resolve(name: &str, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = name.parse() {
        return Ok(vec![address]);
    }
    // The system's resolver knows no deadline: its thread ends when it gives up.
    let (sender, resolved) = mpsc::channel();
    let name = name.to_owned();
    let thread = thread::Builder::new().name("resolve".to_owned());
    thread.spawn(move || sender.send(name.to_socket_addrs()))?;
    let resolved = resolved.recv_timeout(left(deadline)?);
    let addresses = resolved.map_err(|_| too_late())??;
    Ok(addresses
        .filter(|address| !is_link_local(address))
        .collect())
}

/// At a link-local address, clouds have the service that hands out credentials. No name
/// must lead there.
fn is_link_local(address: &SocketAddr) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
