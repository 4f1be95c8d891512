//! A connection and its thread: its requests and their responses, one after the other,
//! with a deadline on every wait.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode, Version};

use super::admission::{Doing, MOMENT, Place};
use super::http::{
    Message, Refusal, check, is_kept, message, parse, refusal, skip_empty_lines,
};
use super::routes::caught;
use super::wire::Wire;
use super::{Limits, PeerAddr};
use crate::promhttp::{Body, BoxHandler};

/// What all connections share.
pub struct Service {
    pub handler: BoxHandler,
    pub limits: Limits,
    #[cfg(feature = "tls")]
    pub tls: Option<super::tls::TlsConfig>,
    #[cfg(feature = "tls")]
    pub failures: super::sparse_log::SparseLog,
}

/// A client's connection.
pub struct Connection {
    service: Arc<Service>,
    /// Declared before the place, so that the descriptor is closed when the place is
    /// free.
    wire: Wire,
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
            wire: Wire::new(Arc::clone(&stream)),
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
        #[cfg(feature = "tls")]
        if !self.encrypt() {
            return;
        }
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

    /// Starts TLS, if the server has it. Returns false if that fails.
    #[cfg(feature = "tls")]
    fn encrypt(&mut self) -> bool {
        let config = self.service.tls.as_ref();
        let Some(config) = config.and_then(|config| config()) else {
            return true;
        };
        let Limits { head, idle, .. } = self.service.limits;
        match first_byte(&self.stream, Instant::now() + idle) {
            // A record of TLS never begins with a letter, and a request does.
            Some(b'A'..=b'Z') => {
                let plain = "This is HTTPS: use https:// instead of http://.\n";
                self.refuse(*refusal(StatusCode::BAD_REQUEST, plain));
                false
            }
            Some(_) => {
                let encrypted = self.wire.encrypt(config, Instant::now() + head);
                if let Err(error) = &encrypted {
                    let client = self.peer.ip().to_canonical();
                    let failed =
                        format!("the TLS handshake with {client} failed: {error}");
                    self.service.failures.write(&failed);
                }
                encrypted.is_ok()
            }
            None => false,
        }
    }

    /// Sends the response to `request`. Returns whether the connection stays open.
    fn answer(&mut self, request: &Request<()>) -> bool {
        if !self.place.starts(Doing::Answering) {
            return false;
        }
        let response = caught(&self.service.handler, request);
        // What follows a refused request may be its body, whatever response a layer
        // returns.
        let mut kept = is_kept(request) && check(request).is_ok();
        let head_only = request.method() == Method::HEAD;
        kept &= self.place.starts(Doing::Sending);
        let sent = self.send(message(response, request.version(), head_only, kept));
        kept &= self.place.starts(Doing::Waiting);
        if sent && !kept {
            self.close();
        }
        sent && kept
    }

    /// Sends the response to a request that can't be read.
    fn refuse(&mut self, refusal: Response<Body>) {
        let head_only = self.received.starts_with(b"HEAD ");
        self.place.starts(Doing::Sending);
        self.send(message(refusal, Version::HTTP_11, head_only, false));
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
        let read = self.wire.read_until(&mut self.received[held..], deadline);
        let count = *read.as_ref().unwrap_or(&0);
        self.received.truncate(held + count);
        read
    }

    /// Returns whether all of `message` is sent. If the client leaves, or a piece of the
    /// body panics, what is left of it is dropped here, after the panic.
    fn send(&mut self, mut message: Message) -> bool {
        let limit = self.service.limits.write;
        while let Ok(parts) = catch_unwind(AssertUnwindSafe(|| message.next())) {
            let Some(parts) = parts else {
                return true;
            };
            if self.wire.write_within(&parts, limit).is_err() {
                return false;
            }
        }
        false
    }

    /// Closes the connection once the client has read the response, which would be lost
    /// if more bytes from the client arrived after the close.
    fn close(&mut self) {
        self.wire.finish(MOMENT);
        let deadline = Instant::now() + MOMENT;
        let mut chunk = [0; 8 * 1024];
        let mut left: usize = 1024 * 1024;
        while let Ok(count @ 1..) = self.wire.read_until(&mut chunk, deadline) {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    }
}

/// Returns the first byte, which is still to be read, or `None` if none arrives.
#[cfg(feature = "tls")]
fn first_byte(stream: &TcpStream, deadline: Instant) -> Option<u8> {
    let left = deadline.saturating_duration_since(Instant::now());
    stream.set_read_timeout(Some(left)).ok()?;
    let mut byte = [0];
    let count = stream.peek(&mut byte).ok()?;
    (count == 1).then_some(byte[0])
}
