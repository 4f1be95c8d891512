//! A connection that ends at its deadline, whatever the other side does.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

pub struct Connection {
    stream: TcpStream,
    deadline: Instant,
}

impl Connection {
    /// Connects to the first of the name's addresses that accepts.
    pub fn open(name: &str, deadline: Instant) -> io::Result<Connection> {
        let addresses = resolve(name)?;
        let mut failed = io::Error::other("the name has no usable address");
        // One that doesn't answer leaves time for the others.
        for (address, waiting) in addresses.iter().zip((1..=addresses.len()).rev()) {
            let limit = left(deadline)?.div_f64(waiting as f64);
            match TcpStream::connect_timeout(address, limit) {
                Ok(stream) => return Ok(Connection { stream, deadline }),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    pub fn send(&self, text: &str) -> io::Result<()> {
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        (&self.stream).write_all(text.as_bytes())
    }
}

// ANCHOR: read
/// The time for each read is what is left: with a fixed one, a byte now and then would
/// hold the scrape for ever.
impl Read for &Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        let read = (&self.stream).read(buffer);
        read.map_err(|error| match error.kind() {
            ErrorKind::WouldBlock => too_late(),
            _ => error,
        })
    }
}
// ANCHOR_END: read

/// Returns the addresses of a name, but no link-local one: there, clouds have the
/// service that hands out credentials.
fn resolve(name: &str) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = name.parse() {
        return Ok(vec![address]);
    }
    let is_link_local = |address: &SocketAddr| match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    let addresses = name.to_socket_addrs()?;
    Ok(addresses.filter(|all| !is_link_local(all)).collect())
}

/// Returns the time until `deadline`, or an error if it is over.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(too_late())
    } else {
        Ok(left)
    }
}

fn too_late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "no answer in time")
}
