//! A connection that ends at its deadline, whatever the other side does.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::resolve::resolve;

pub struct Connection {
    stream: TcpStream,
    deadline: Instant,
}

impl Connection {
    /// Connects to the first of the name's addresses that accepts.
    pub fn open(name: &str, deadline: Instant) -> io::Result<Connection> {
        let addresses = resolve(name, deadline)?;
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

    /// Sends a command: the number of its words, then each with its length.
    pub fn send(&self, words: &[String]) -> io::Result<()> {
        let mut command = format!("*{}\r\n", words.len());
        for word in words {
            command += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.stream.set_write_timeout(Some(left(self.deadline)?))?;
        in_time((&self.stream).write_all(command.as_bytes()))
    }
}

// ANCHOR: read
/// The time for each read is what is left: with a fixed one, a byte now and then would
/// hold the scrape for ever.
impl Read for &Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(left(self.deadline)?))?;
        in_time((&self.stream).read(buffer))
    }
}
// ANCHOR_END: read

/// An error of a timeout is that the time is over.
fn in_time<T>(done: io::Result<T>) -> io::Result<T> {
    done.map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => too_late(),
        _ => error,
    })
}

/// Returns the time until `deadline`, or an error if it is over.
pub fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    match left.is_zero() {
        true => Err(too_late()),
        false => Ok(left),
    }
}

pub fn too_late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "no answer in time")
}
