//! The listener: routes, limits, deadlines and a clean stop, over `std::net`.
//!
//! It takes a small part of HTTP/1.x on purpose: `GET` and `HEAD`, no bodies, a bounded
//! head, a deadline on each wait, a bounded number of connections. Anything else gets
//! the right status, and its connection is closed.
//!
//! Here is the thread that accepts, and the table of connections that bounds them; a
//! connection is a thread of its own, in `connection.rs`.

mod connection;
mod program;
mod request;
mod response;

pub use program::{ServeError, address_argument, listen, stop_signal};

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http::{Request, Response, StatusCode, Uri, Version};

use self::connection::Connection;
use self::request::MAX_HEAD;
use self::response::{landing_page, message};
use crate::promhttp::{Handler, plain_text};

/// What clients may use up. Each wait for one of them ends at one of these.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once. To make room for a further one, the connection that has
    /// waited longest for its request is closed; where none waits, it gets status 503.
    pub connections: usize,
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// Without a byte, on a connection that is new or kept.
    pub idle: Duration,
    /// For each part of an answer that the client does not take.
    pub write: Duration,
    /// For the answers in progress when the server stops.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 64,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(10),
            stop: Duration::from_secs(5),
        }
    }
}

/// How long a further connection waits for room, and a refused client for its answer.
const MOMENT: Duration = Duration::from_secs(1);

/// Answers requests to its routes, and on `/` names them, within its [`Limits`].
pub struct Server {
    listener: TcpListener,
    routes: Vec<(String, Handler)>,
    limits: Limits,
}

impl Server {
    /// A server on the port that `listener` holds.
    #[must_use]
    pub fn new(listener: TcpListener) -> Server {
        Server {
            listener,
            routes: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// Answers requests for exactly `path` with `handler`; of equal routes the first
    /// counts. Where a handler panics, the answer is status 500.
    #[must_use]
    pub fn route(mut self, path: &str, handler: Handler) -> Server {
        self.routes.push((path.to_owned(), handler));
        self
    }

    /// Replaces the default limits. What is outside of 1 ms to 1 day, or 0 connections, is
    /// taken as the nearest that is not.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Server {
        let within = |duration: Duration| {
            duration.clamp(Duration::from_millis(1), Duration::from_secs(24 * 60 * 60))
        };
        self.limits = Limits {
            connections: limits.connections.max(1),
            head: within(limits.head),
            idle: within(limits.idle),
            write: within(limits.write),
            stop: within(limits.stop),
        };
        self
    }

    /// Prints `listening on http://…` with the first route, and serves until SIGINT or
    /// SIGTERM comes and the answers in progress are out.
    ///
    /// # Errors
    ///
    /// When a route matches no request, or the system refuses a thread or the signals.
    pub fn run(self) -> Result<(), ServeError> {
        let stop = stop_signal()?;
        let address = self.listener.local_addr()?;
        let path = self.routes.first().map_or("/", |(path, _)| path);
        let line = format!("listening on http://{address}{path}");
        self.run_until(|| {
            // Served all the same when nobody reads the line.
            let _ = writeln!(io::stdout(), "{line}");
            stop();
        })
    }

    /// Serves until `stop` returns and the answers in progress are out: for a program
    /// that minds the signals itself. The port is free again afterwards, unless the
    /// process is out of file descriptors.
    ///
    /// # Errors
    ///
    /// When a route matches no request, or the system refuses a thread.
    pub fn run_until(self, stop: impl FnOnce()) -> Result<(), ServeError> {
        let listener = self.listener;
        let address = listener.local_addr()?;
        if let Some((path, _)) = self.routes.iter().find(|(path, _)| !is_path(path)) {
            return Err(ServeError::Route(path.clone()));
        }
        let shared = Arc::new(Shared {
            routes: self.routes,
            limits: self.limits,
            table: Mutex::default(),
            changed: Condvar::new(),
        });
        let acceptor = Arc::clone(&shared);
        let accepting = thread::Builder::new()
            .name("accept".to_owned())
            .spawn(move || acceptor.accept(&listener))?;
        stop();
        shared.stop();
        // The accept in progress ends with one more connection. Where that can't be
        // made, the port stays taken until the process ends.
        if TcpStream::connect_timeout(&reachable(address), MOMENT).is_ok() {
            let _ = accepting.join();
        }
        shared.wait_for_answers();
        Ok(())
    }
}

/// Whether a request can have exactly this path.
fn is_path(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    text.is_ascii() && text.starts_with('/') && uri.is_ok_and(|uri| uri.path() == text)
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

/// What the connections of one server have in common.
struct Shared {
    routes: Vec<(String, Handler)>,
    limits: Limits,
    table: Mutex<Table>,
    /// Told when a connection has left the table, starts to answer, or waits again.
    changed: Condvar,
}

#[derive(Default)]
struct Table {
    connections: BTreeMap<u64, Entry>,
    next_id: u64,
    stopping: bool,
    /// Since when no connection has waited, as far as one that came has seen.
    busy_since: Option<Instant>,
}

impl Table {
    /// Makes the connection that has waited longest read no more than has come already.
    /// False where none waits.
    fn end_longest_waiting(&self) -> bool {
        let waiting = self.connections.values();
        let waiting = waiting.filter(|entry| entry.waiting_since.is_some());
        let longest = waiting.min_by_key(|entry| entry.waiting_since);
        longest.is_some_and(|entry| entry.stream.shutdown(Shutdown::Read).is_ok())
    }
}

struct Entry {
    stream: Arc<TcpStream>,
    /// `None` while a request is being answered.
    waiting_since: Option<Instant>,
}

impl Shared {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        const SHORTEST: Duration = Duration::from_millis(5);
        let mut pause = SHORTEST;
        loop {
            let accepted = listener.accept();
            if self.table().stopping {
                return;
            }
            match accepted {
                Ok((stream, _)) => {
                    pause = SHORTEST;
                    self.admit(stream);
                }
                // The client has left again.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                // Out of file descriptors, as a rule: a connection that waits holds one.
                Err(error) => {
                    log(&format!("cannot accept a connection, trying on: {error}"));
                    self.table().end_longest_waiting();
                    thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, stream: TcpStream) {
        let stream = Arc::new(stream);
        let Some(id) = self.make_room(&stream) else {
            let busy = "No connection is free, try again later.\n";
            let response = plain_text(StatusCode::SERVICE_UNAVAILABLE, busy);
            // The thread that accepts waits for no client. What has come is read,
            // because a socket closed with bytes unread takes the answer back.
            let _ = stream.set_nonblocking(true);
            let _ = (&*stream).read(&mut [0; MAX_HEAD]);
            let _ =
                (&*stream).write(&message(response, Version::HTTP_11, false, false));
            return;
        };
        let connection = Connection::new(Arc::clone(self), id, stream);
        let thread = thread::Builder::new().name("connection".to_owned());
        // Without a thread the connection is dropped, and so closed.
        if let Err(error) = thread.spawn(move || connection.run()) {
            log(&format!(
                "closed a connection, cannot start a thread: {error}"
            ));
        }
    }

    /// A place in the table, if need be that of the longest waiting connection; `None`
    /// when all have been busy for a moment.
    fn make_room(&self, stream: &Arc<TcpStream>) -> Option<u64> {
        let came = Instant::now();
        let mut table = self.table();
        while table.connections.len() >= self.limits.connections {
            // Not a moment for each that comes: the last of many would wait for minutes.
            let since = match table.end_longest_waiting() {
                true => came,
                false => *table.busy_since.get_or_insert(came),
            };
            let left = (since + MOMENT).saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let waited = self.changed.wait_timeout(table, left);
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if table.stopping {
            return None;
        }
        let id = table.next_id;
        table.next_id += 1;
        let entry = Entry {
            stream: Arc::clone(stream),
            waiting_since: Some(Instant::now()),
        };
        table.connections.insert(id, entry);
        Some(id)
    }

    fn stop(&self) {
        let mut table = self.table();
        table.stopping = true;
        for entry in table.connections.values() {
            if entry.waiting_since.is_some() {
                let _ = entry.stream.shutdown(Shutdown::Both);
            }
        }
    }

    fn wait_for_answers(&self) {
        let busy = |table: &mut Table| !table.connections.is_empty();
        let stop = self.limits.stop;
        drop(self.changed.wait_timeout_while(self.table(), stop, busy));
    }

    fn answer(&self, request: &Request<()>) -> Response<Vec<u8>> {
        let path = request.uri().path();
        match self.routes.iter().find(|(route, _)| route == path) {
            Some((_, handler)) => {
                let answer = catch_unwind(AssertUnwindSafe(|| handler(request)));
                answer.unwrap_or_else(|_| {
                    let message = "The handler panicked; the program's log says why.\n";
                    plain_text(StatusCode::INTERNAL_SERVER_ERROR, message)
                })
            }
            None if path == "/" => landing_page(self.paths()),
            None => {
                let paths = self.paths().collect::<Vec<_>>().join(", ");
                let message = format!("Not found. What there is: {paths}\n");
                plain_text(StatusCode::NOT_FOUND, &message)
            }
        }
    }

    fn paths(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|(path, _)| path.as_str())
    }
}

/// To standard error, if that is still there.
fn log(message: &str) {
    let _ = writeln!(io::stderr(), "serve: {message}");
}
