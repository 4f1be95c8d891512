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
        .filter(|address| !is_of_a_cloud(address))
        .collect())
}

/// Clouds have the service that hands out credentials at a link-local address, or at
/// fd00:ec2::254. No name must lead there.
fn is_of_a_cloud(address: &SocketAddr) -> bool {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => {
            ip.is_unicast_link_local() || ip.segments()[..2] == [0xfd00, 0xec2]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_a_cloud_are_told_from_others() {
        for (address, expected) in [
            ("169.254.169.254:80", true),
            ("[::ffff:169.254.169.254]:80", true),
            ("[fe80::1]:6379", true),
            ("[fd00:ec2::254]:80", true),
            ("10.0.0.7:6379", false),
            ("127.0.0.1:6379", false),
            ("[::1]:6379", false),
            ("[fd00:1::254]:6379", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(is_of_a_cloud(&address), expected, "{address}");
        }
    }
}
