//! TLS on a connection, by rustls.
//!
//! The handshake has the deadline of a request's head, and its connection may be evicted
//! as one that waits for a request.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection};

use super::wire::{read_until, write_within};

/// Returns the settings for the next connection, or `None` for plain HTTP.
pub type TlsConfig = Box<dyn Fn() -> Option<Arc<ServerConfig>> + Send + Sync>;

/// The TLS of one connection.
pub struct Tls(Box<ServerConnection>);

/// A stream whose reads fail at a deadline.
struct Until<'a>(&'a TcpStream, Instant);

impl Read for Until<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_until(self.0, buffer, self.1)
    }
}

impl Tls {
    /// Returns an error if the handshake fails or isn't over by `deadline`.
    pub fn accept(
        stream: &TcpStream,
        config: Arc<ServerConfig>,
        deadline: Instant,
    ) -> io::Result<Tls> {
        let connection = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut tls = Tls(Box::new(connection));
        while tls.0.is_handshaking() {
            let left = deadline.saturating_duration_since(Instant::now());
            tls.flush(stream, left)?;
            if tls.0.is_handshaking() && tls.receive(stream, deadline)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(tls)
    }

    /// Reads once; fails at `deadline` with [`ErrorKind::TimedOut`]. Returns 0 once the
    /// client says that it sends no more, or closes the connection.
    pub fn read_until(
        &mut self,
        stream: &TcpStream,
        buffer: &mut [u8],
        deadline: Instant,
    ) -> io::Result<usize> {
        loop {
            match self.0.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                result => return result,
            }
            // Such as the answer to a new key.
            let left = deadline.saturating_duration_since(Instant::now());
            self.flush(stream, left)?;
            self.receive(stream, deadline)?;
        }
    }

    /// Writes all of `parts`, as long as the client reads some of them within each
    /// `limit`.
    pub fn write_within(
        &mut self,
        stream: &TcpStream,
        parts: &[Vec<u8>; 3],
        limit: Duration,
    ) -> io::Result<()> {
        let mut slices = parts.each_ref().map(|part| IoSlice::new(part));
        let mut left = &mut slices[..];
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            // Encrypts as much as fits its buffer, 64 KiB.
            let count = self.0.writer().write_vectored(left)?;
            if count == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut left, count);
            self.flush(stream, limit)?;
        }
        Ok(())
    }

    /// Says that no more is sent, so that the client knows a response from a cut one.
    pub fn finish(&mut self, stream: &TcpStream, limit: Duration) {
        self.0.send_close_notify();
        let _ = self.flush(stream, limit);
    }

    /// Reads and decrypts what has arrived. Returns the number of bytes.
    fn receive(&mut self, stream: &TcpStream, deadline: Instant) -> io::Result<usize> {
        let count = self.0.read_tls(&mut Until(stream, deadline))?;
        if let Err(error) = self.0.process_new_packets() {
            // The alert says why.
            let left = deadline.saturating_duration_since(Instant::now());
            let _ = self.flush(stream, left);
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(count)
    }

    fn flush(&mut self, stream: &TcpStream, limit: Duration) -> io::Result<()> {
        let mut sent = Vec::new();
        while self.0.wants_write() {
            self.0.write_tls(&mut sent)?;
        }
        write_within(stream, &[sent], limit)
    }
}
