//! The thread that accepts connections, and the thread that each of them is: its
//! requests and their answers, one after the other, with a deadline on every wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode, Version};

use super::Limits;
use super::request::{Refusal, is_head, is_kept, parse, refusal};
use super::response::message;
use super::routes::Routes;
use super::table::{Doing, MOMENT, Place, Table};
use crate::promhttp::plain_text;

/// A port that is being served.
pub struct Listener {
    address: SocketAddr,
    table: Arc<Table>,
    accepting: JoinHandle<()>,
}

impl Listener {
    pub fn start(
        listener: TcpListener,
        routes: Routes,
        limits: Limits,
    ) -> io::Result<Listener> {
        let address = listener.local_addr()?;
        let table = Arc::new(Table::new(limits.clone()));
        let mut acceptor = Acceptor {
            listener,
            table: Arc::clone(&table),
            service: Arc::new(Service { routes, limits }),
            pause: Acceptor::SHORTEST_PAUSE,
            logged: None,
        };
        let thread = thread::Builder::new().name("accept".to_owned());
        Ok(Listener {
            address,
            table,
            accepting: thread.spawn(move || acceptor.run())?,
        })
    }

    /// Takes no further connection or request, and waits until the answers in progress
    /// are out.
    pub fn stop(self) {
        self.table.stop();
        self.table.wait_until_empty();
        // The accept in progress ends with one more connection, if no client has made it.
        let ended = match TcpStream::connect_timeout(&reachable(self.address), MOMENT) {
            Ok(_) => true,
            Err(error) => error.kind() == ErrorKind::ConnectionRefused,
        };
        if ended {
            let _ = self.accepting.join();
        }
    }
}

/// Where to reach a listener on `address`, which may stand for every address.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// What is the same for every connection.
struct Service {
    routes: Routes,
    limits: Limits,
}

/// The thread that accepts. It waits for no client, and ends only with the listener.
struct Acceptor {
    listener: TcpListener,
    table: Arc<Table>,
    service: Arc<Service>,
    /// After the next failure.
    pause: Duration,
    logged: Option<Instant>,
}

impl Acceptor {
    const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

    fn run(&mut self) {
        loop {
            let accepted = self.listener.accept();
            if self.table.is_stopping() {
                return;
            }
            match accepted {
                Ok((stream, _)) => self.admit(Arc::new(stream)),
                // The client has left again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => self.wait_out("accept a connection", &error),
            }
        }
    }

    /// Gives `stream` a place and a thread, or the answer that there is none for it.
    fn admit(&mut self, stream: Arc<TcpStream>) {
        let came = Instant::now();
        while let Some(place) = self.table.enter(&stream) {
            let connection = Connection {
                service: Arc::clone(&self.service),
                stream: Arc::clone(&stream),
                place,
                received: Vec::new(),
            };
            let thread = thread::Builder::new().name("connection".to_owned());
            match thread.spawn(move || connection.run()) {
                Ok(_) => {
                    self.pause = Acceptor::SHORTEST_PAUSE;
                    return;
                }
                Err(error) => self.wait_out("start a thread", &error),
            }
            if came.elapsed() > MOMENT {
                break;
            }
        }
        let busy = "No connection is free, try again later.\n";
        let response = plain_text(StatusCode::SERVICE_UNAVAILABLE, busy);
        // What has come is read, because a socket closed with bytes unread takes the
        // answer back.
        let _ = stream.set_nonblocking(true);
        let _ = (&*stream).read(&mut vec![0; self.service.limits.head_bytes]);
        let _ = (&*stream).write(&message(response, Version::HTTP_11, false, false));
    }

    /// Lets a connection go for the descriptor and the thread that it holds, and gives
    /// the system some time.
    fn wait_out(&mut self, what: &str, error: &io::Error) {
        let most = self.table.shrink();
        if self.logged.is_none_or(|logged| logged.elapsed() > MOMENT) {
            self.logged = Some(Instant::now());
            // If standard error is still there.
            let _ = writeln!(
                io::stderr(),
                "serve: cannot {what}, trying on with {most} at once: {error}"
            );
        }
        thread::sleep(self.pause);
        self.pause = (self.pause * 2).min(MOMENT);
    }
}

/// One client, from its first byte to its last.
struct Connection {
    service: Arc<Service>,
    /// Before the place: who waits for that finds the descriptor closed.
    stream: Arc<TcpStream>,
    place: Place,
    /// What has come and is not answered yet.
    received: Vec<u8>,
}

/// Why there is no further request.
enum End {
    Refused(Refusal),
    /// The client has left, or is silent between two requests.
    Silent,
}

impl Connection {
    fn run(mut self) {
        let _ = self.stream.set_nodelay(true);
        // A write that times out tells what was taken, and not when: so it is asked often.
        let often = (self.service.limits.write / 8).max(Duration::from_millis(1));
        let _ = self.stream.set_write_timeout(Some(often));
        loop {
            let request = match self.next_request() {
                Ok(request) => request,
                Err(End::Refused(refusal)) => {
                    let head_only = is_head(&self.received);
                    self.place.starts(Doing::Sending);
                    self.send(&message(*refusal, Version::HTTP_11, head_only, false));
                    self.place.starts(Doing::Waiting);
                    return self.close();
                }
                Err(End::Silent) => return,
            };
            if !self.place.starts(Doing::Answering) {
                return;
            }
            let response = self.service.routes.answer(&request);
            let head_only = request.method() == Method::HEAD;
            let kept = self.place.starts(Doing::Sending) && is_kept(&request);
            let sent =
                self.send(&message(response, request.version(), head_only, kept));
            if !sent {
                return;
            }
            if !(self.place.starts(Doing::Waiting) && kept) {
                return self.close();
            }
        }
    }

    fn next_request(&mut self) -> Result<Request<()>, End> {
        let Limits { head, idle, .. } = self.service.limits;
        let mut begun = !self.received.is_empty();
        let mut deadline = Instant::now() + if begun { head } else { idle };
        loop {
            let parsed = parse(&self.received, &self.service.limits);
            if let Some((length, request)) = parsed.map_err(End::Refused)? {
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
                    let refusal = refusal(StatusCode::REQUEST_TIMEOUT, late);
                    return Err(End::Refused(refusal));
                }
                Ok(0) | Err(_) => return Err(End::Silent),
            }
        }
    }

    /// Reads what has come, up to the longest head there may be.
    fn receive(&mut self, deadline: Instant) -> io::Result<usize> {
        let held = self.received.len();
        self.received.resize(self.service.limits.head_bytes, 0);
        let read = read_until(&self.stream, &mut self.received[held..], deadline);
        let count = *read.as_ref().unwrap_or(&0);
        self.received.truncate(held + count);
        read
    }

    fn send(&self, message: &[u8]) -> bool {
        write_within(&self.stream, message, self.service.limits.write).is_ok()
    }

    /// Lets the client read the answer, which is lost where bytes of its own come after
    /// the close.
    fn close(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let deadline = Instant::now() + MOMENT;
        let mut chunk = [0; 8 * 1024];
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

/// Writes all of `bytes`, as long as some are taken within `limit`.
fn write_within(
    mut stream: &TcpStream,
    bytes: &[u8],
    limit: Duration,
) -> io::Result<()> {
    let (mut left, mut taken) = (bytes, Instant::now());
    while !left.is_empty() {
        match stream.write(left) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => {
                left = &left[count..];
                taken = Instant::now();
            }
            Err(error) if is_passing(error.kind()) && taken.elapsed() < limit => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A timeout is `WouldBlock` on Unix and `TimedOut` on Windows; the deadline decides.
fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
