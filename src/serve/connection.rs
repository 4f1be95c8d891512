//! A connection and its thread: its requests and their responses, one after the other,
//! with a deadline on every wait.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode, Version};

use super::admission::{Doing, MOMENT, Place};
use super::http::{Refusal, check, is_kept, message, parse, refusal, skip_empty_lines};
use super::routes::caught;
use super::{Limits, PeerAddr};
use crate::promhttp::BoxHandler;

/// What all connections share.
pub struct Service {
    pub handler: BoxHandler,
    pub limits: Limits,
}

/// A client's connection.
pub struct Connection {
    service: Arc<Service>,
    /// Declared before the place, so that the descriptor is closed when the place is
    /// free.
    stream: Arc<TcpStream>,
    peer: SocketAddr,
    place: Place,
    /// Bytes received but not yet handled.
    received: Vec<u8>,
}

/// Why there is no further request.
enum End {
    Refused(Refusal),
    /// The client has disconnected, or is idle between two requests.
    Silent,
}

impl Connection {
    pub fn new(
        service: Arc<Service>,
        stream: Arc<TcpStream>,
        peer: SocketAddr,
        place: Place,
    ) -> Connection {
        Connection {
            service,
            stream,
            peer,
            place,
            received: Vec::new(),
        }
    }

    pub fn run(mut self) {
        let _ = self.stream.set_nodelay(true);
        // A timed-out write says how much was sent but not when, so each write is
        // short.
        let often = (self.service.limits.write / 8).max(Duration::from_millis(1));
        let _ = self.stream.set_write_timeout(Some(often));
        loop {
            match self.next_request() {
                Ok(request) => match self.answer(&request) {
                    true => {}
                    false => return,
                },
                Err(End::Refused(refusal)) => return self.refuse(*refusal),
                Err(End::Silent) => return,
            }
        }
    }

    /// Sends the response to `request`. Returns whether the connection stays open.
    fn answer(&self, request: &Request<()>) -> bool {
        if !self.place.starts(Doing::Answering) {
            return false;
        }
        let response = caught(&self.service.handler, request);
        // What follows a refused request may be its body, whatever response a layer
        // returns.
        let mut kept = is_kept(request) && check(request).is_ok();
        let head_only = request.method() == Method::HEAD;
        kept &= self.place.starts(Doing::Sending);
        let sent = self.send(&message(response, request.version(), head_only, kept));
        kept &= self.place.starts(Doing::Waiting);
        if sent && !kept {
            self.close();
        }
        sent && kept
    }

    /// Sends the response to a request that can't be read.
    fn refuse(&self, refusal: Response<Vec<u8>>) {
        let head_only = self.received.starts_with(b"HEAD ");
        self.place.starts(Doing::Sending);
        self.send(&message(refusal, Version::HTTP_11, head_only, false));
        self.place.starts(Doing::Waiting);
        self.close();
    }

    fn next_request(&mut self) -> Result<Request<()>, End> {
        let Limits { head, idle, .. } = self.service.limits;
        let mut deadline = Instant::now() + idle;
        let mut begun = false;
        loop {
            skip_empty_lines(&mut self.received);
            if !begun && !matches!(self.received[..], [] | [b'\r']) {
                begun = true;
                deadline = Instant::now() + head;
            }
            let parsed = parse(&self.received, &self.service.limits);
            if let Some((length, mut request)) = parsed.map_err(End::Refused)? {
                self.received.drain(..length);
                let ip = self.peer.ip().to_canonical();
                let peer = PeerAddr(SocketAddr::new(ip, self.peer.port()));
                request.extensions_mut().insert(peer);
                return Ok(request);
            }
            match self.receive(deadline) {
                Ok(1..) => {}
                Err(error) if begun && error.kind() == ErrorKind::TimedOut => {
                    let late = "The request took too long to arrive.\n";
                    let refusal = refusal(StatusCode::REQUEST_TIMEOUT, late);
                    return Err(End::Refused(refusal));
                }
                Ok(0) | Err(_) => return Err(End::Silent),
            }
        }
    }

    /// Reads what has arrived, up to the longest permitted head.
    fn receive(&mut self, deadline: Instant) -> io::Result<usize> {
        let held = self.received.len();
        self.received.resize(self.service.limits.head_bytes, 0);
        let read = read_until(&self.stream, &mut self.received[held..], deadline);
        let count = *read.as_ref().unwrap_or(&0);
        self.received.truncate(held + count);
        read
    }

    fn send(&self, message: &[Vec<u8>; 2]) -> bool {
        write_within(&self.stream, message, self.service.limits.write).is_ok()
    }

    /// Closes the connection once the client has read the response, which would be lost
    /// if more bytes from the client arrived after the close.
    fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let deadline = Instant::now() + MOMENT;
        let mut chunk = [0; 8 * 1024];
        let mut left: usize = 1024 * 1024;
        while let Ok(count @ 1..) = read_until(&self.stream, &mut chunk, deadline) {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    }
}

/// Reads once; fails at `deadline` with [`ErrorKind::TimedOut`].
fn read_until(
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

/// Writes all of `message`, as long as the client reads some of it within each `limit`.
fn write_within(
    mut stream: &TcpStream,
    message: &[Vec<u8>; 2],
    limit: Duration,
) -> io::Result<()> {
    let mut slices = message.each_ref().map(|part| IoSlice::new(part));
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
