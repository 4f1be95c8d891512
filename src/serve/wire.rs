//! The bytes of a connection, plain or in TLS: a deadline for each read, and a limit for
//! each time in which a client takes nothing of what is sent.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(feature = "tls")]
use super::tls::Tls;

/// The two directions of a connection.
pub struct Wire {
    stream: Arc<TcpStream>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl Wire {
    pub fn new(stream: Arc<TcpStream>) -> Wire {
        Wire {
            stream,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Agrees on a secret with the client; from then on, all bytes are encrypted.
    #[cfg(feature = "tls")]
    pub fn encrypt(
        &mut self,
        config: Arc<rustls::ServerConfig>,
        deadline: Instant,
    ) -> io::Result<()> {
        self.tls = Some(Tls::accept(&self.stream, config, deadline)?);
        Ok(())
    }

    /// Reads once; fails at `deadline` with [`ErrorKind::TimedOut`].
    pub fn read_until(
        &mut self,
        buffer: &mut [u8],
        deadline: Instant,
    ) -> io::Result<usize> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return tls.read_until(&self.stream, buffer, deadline);
        }
        read_until(&self.stream, buffer, deadline)
    }

    /// Writes all of `parts`, as long as the client reads some of them within each
    /// `limit`.
    pub fn write_within(
        &mut self,
        parts: &[Vec<u8>; 3],
        limit: Duration,
    ) -> io::Result<()> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            return tls.write_within(&self.stream, parts, limit);
        }
        write_within(&self.stream, parts, limit)
    }

    /// Says that no more is sent.
    pub fn finish(&mut self, limit: Duration) {
        #[cfg(feature = "tls")]
        if let Some(tls) = &mut self.tls {
            tls.finish(&self.stream, limit);
        }
        #[cfg(not(feature = "tls"))]
        let _ = limit;
        let _ = self.stream.shutdown(Shutdown::Write);
    }
}

/// Reads once; fails at `deadline` with [`ErrorKind::TimedOut`].
pub fn read_until(
    stream: &TcpStream,
    buffer: &mut [u8],
    deadline: Instant,
) -> io::Result<usize> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match (&*stream).read(buffer) {
            Err(error) if is_passing(error.kind()) => {}
            result => return result,
        }
    }
}

/// Writes all of `parts`, as long as the client reads some of them within each `limit`.
pub fn write_within<const N: usize>(
    mut stream: &TcpStream,
    parts: &[Vec<u8>; N],
    limit: Duration,
) -> io::Result<()> {
    let mut slices = parts.each_ref().map(|part| IoSlice::new(part));
    let (mut left, mut taken) = (&mut slices[..], Instant::now());
    // The body may be empty.
    IoSlice::advance_slices(&mut left, 0);
    while !left.is_empty() {
        match stream.write_vectored(left) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => {
                IoSlice::advance_slices(&mut left, count);
                taken = Instant::now();
            }
            Err(error) if is_passing(error.kind()) && taken.elapsed() < limit => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Returns whether to try again: a timeout is `WouldBlock` on Unix and `TimedOut` on
/// Windows, and only the deadline counts.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
