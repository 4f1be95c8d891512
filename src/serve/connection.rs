//! One connection: its requests, one after the other, and their answers.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, StatusCode, Version};

use super::request::{MAX_HEAD, Refusal, is_kept, parse, refusal};
use super::response::message;
use super::{Limits, MOMENT, Shared};

/// One client, from its first byte to its last.
pub struct Connection {
    shared: Arc<Shared>,
    id: u64,
    stream: Arc<TcpStream>,
    /// What has come and is not answered yet.
    received: Vec<u8>,
}

/// Why there is no further request.
enum End {
    Refused(Refusal),
    /// The client has left, or is silent between two requests.
    Silent,
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut table = self.shared.table();
        table.connections.remove(&self.id);
        table.busy_since = None;
        self.shared.changed.notify_all();
    }
}

impl Connection {
    pub fn new(shared: Arc<Shared>, id: u64, stream: Arc<TcpStream>) -> Connection {
        Connection {
            shared,
            id,
            stream,
            received: Vec::new(),
        }
    }

    pub fn run(mut self) {
        let _ = self.stream.set_nodelay(true);
        let _ = self
            .stream
            .set_write_timeout(Some(self.shared.limits.write));
        loop {
            let request = match self.next_request() {
                Ok(request) => request,
                Err(End::Refused(refusal)) => {
                    let head_only = self.received.starts_with(b"HEAD ");
                    self.send(message(*refusal, Version::HTTP_11, head_only, false));
                    return self.close();
                }
                Err(End::Silent) => return,
            };
            if !self.starts_to_answer() {
                return;
            }
            let response = self.shared.answer(&request);
            let head_only = request.method() == Method::HEAD;
            let kept = is_kept(&request) && !self.shared.table().stopping;
            let sent = self.send(message(response, request.version(), head_only, kept));
            let goes_on = self.waits();
            if !sent {
                return;
            }
            if !(kept && goes_on) {
                return self.close();
            }
        }
    }

    fn next_request(&mut self) -> Result<Request<()>, End> {
        let Limits { head, idle, .. } = self.shared.limits;
        let mut begun = !self.received.is_empty();
        let mut deadline = Instant::now() + if begun { head } else { idle };
        loop {
            if let Some((length, request)) =
                parse(&self.received).map_err(End::Refused)?
            {
                self.received.drain(..length);
                return Ok(request);
            }
            match self.receive(deadline) {
                Ok(1..) if begun => {}
                Ok(1..) => {
                    begun = true;
                    deadline = Instant::now() + head;
                }
                Err(error) if begun && error.kind() == ErrorKind::TimedOut => {
                    let late = "The request took too long to arrive.\n";
                    return Err(End::Refused(refusal(
                        StatusCode::REQUEST_TIMEOUT,
                        late,
                    )));
                }
                Ok(0) | Err(_) => return Err(End::Silent),
            }
        }
    }

    /// Reads what has come, up to the longest head there may be.
    fn receive(&mut self, deadline: Instant) -> io::Result<usize> {
        let mut chunk = [0; MAX_HEAD];
        let room = MAX_HEAD - self.received.len();
        let count = read_until(&self.stream, &mut chunk[..room], deadline)?;
        self.received.extend_from_slice(&chunk[..count]);
        Ok(count)
    }

    /// Whether an answer may still be started; from then on it is not cut off.
    fn starts_to_answer(&self) -> bool {
        let mut table = self.shared.table();
        if let Some(entry) = table.connections.get_mut(&self.id) {
            entry.waiting_since = None;
        }
        self.shared.changed.notify_all();
        !table.stopping
    }

    /// Whether a further request may be waited for; from now on it may be cut off.
    fn waits(&self) -> bool {
        let mut table = self.shared.table();
        if let Some(entry) = table.connections.get_mut(&self.id) {
            entry.waiting_since = Some(Instant::now());
        }
        table.busy_since = None;
        self.shared.changed.notify_all();
        !table.stopping
    }

    fn send(&self, message: Vec<u8>) -> bool {
        (&*self.stream).write_all(&message).is_ok()
    }

    /// Lets the client read the answer, which is lost where bytes of its own come after
    /// the close.
    fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let deadline = Instant::now() + MOMENT;
        let mut chunk = [0; MAX_HEAD];
        for _ in 0..32 {
            if !matches!(read_until(&self.stream, &mut chunk, deadline), Ok(1..)) {
                return;
            }
        }
    }
}

/// One read, given up at `deadline` with [`ErrorKind::TimedOut`].
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

/// A timeout is `WouldBlock` on Unix and `TimedOut` on Windows; the deadline decides.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
