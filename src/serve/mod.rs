//! The listener: routes, limits, deadlines and a clean stop, over `std::net`.
//!
//! It takes a small part of HTTP/1.x on purpose: `GET` and `HEAD`, no bodies, a bounded
//! head, a deadline on each wait, a bounded number of connections. Anything else gets
//! the right status, and its connection is closed.
//!
//! Here is what a program says; `listener.rs` has the threads, one that accepts and one
//! a connection; `table.rs` decides which connection makes room for another;
//! `request.rs` what is taken of HTTP, and `response.rs` writes an answer.

mod bind;
mod landing;
mod listener;
mod request;
mod response;
mod routes;
mod signals;
mod table;

pub use bind::{ServeError, address_argument, listen};
/// For the fuzz target, which stands outside of this crate.
#[cfg(fuzzing)]
#[doc(hidden)]
pub use request::parse as parse_request;
pub use signals::stop_signal;

use std::io::{self, Write};
use std::net::TcpListener;
use std::time::Duration;

use self::listener::Listener;
use self::routes::{Routes, is_path};
use crate::promhttp::Handler;

/// What clients may use up. Each wait for one of them ends at one of these.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once: 64. Room for a further one is made by the connection that
    /// has waited longest for its request, one whose answer is out just then, or one
    /// that has been taking its answer for longer than [`write`](Limits::write). Where
    /// there is none of these for a second, the further one gets status 503.
    pub connections: usize,
    /// Bytes of a request line with its headers: 8 KiB. Status 414 or 431 beyond.
    pub head_bytes: usize,
    /// Headers of a request: 64. Status 431 beyond.
    pub headers: usize,
    /// From the first byte of a request to the end of its head: 10 s, then status 408.
    pub head: Duration,
    /// Without a byte, on a connection that is new or kept: 30 s.
    pub idle: Duration,
    /// Without any more of an answer being taken: 10 s.
    pub write: Duration,
    /// For the answers in progress when the server stops: 5 s.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 64,
            head_bytes: 8 * 1024,
            headers: 64,
            head: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            write: Duration::from_secs(10),
            stop: Duration::from_secs(5),
        }
    }
}

impl Limits {
    /// The nearest that can be held to: a duration past the end of time cannot.
    fn within_bounds(self) -> Limits {
        let within = |duration: Duration| {
            duration.clamp(Duration::from_millis(1), Duration::from_secs(24 * 60 * 60))
        };
        Limits {
            connections: self.connections.max(1),
            head_bytes: self.head_bytes.clamp(256, 64 * 1024),
            headers: self.headers.clamp(1, 1024),
            head: within(self.head),
            idle: within(self.idle),
            write: within(self.write),
            stop: within(self.stop),
        }
    }
}

/// Answers requests to its routes, and on `/` names them, within its [`Limits`].
pub struct Server {
    listener: TcpListener,
    routes: Routes,
    limits: Limits,
}

impl Server {
    /// A server on the port that `listener` holds.
    #[must_use]
    pub fn new(listener: TcpListener) -> Server {
        Server {
            listener,
            routes: Routes::default(),
            limits: Limits::default(),
        }
    }

    /// Answers requests for exactly `path` with `handler`; of equal routes the first
    /// counts. If a handler panics, the response is status 500. A closure states the type
    /// of its argument: `|_: &Request<()>| Response::new("ok\n".into())`.
    #[must_use]
    pub fn route(mut self, path: &str, handler: impl Handler + 'static) -> Server {
        self.routes.push(path, Box::new(handler));
        self
    }

    /// Replaces the default limits. What is outside of these bounds is taken as the
    /// nearest within: at least 1 connection, 256 bytes to 64 KiB of head, 1 to 1024
    /// headers, 1 ms to 1 day.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Server {
        self.limits = limits.within_bounds();
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
        let path = self.routes.paths().next().unwrap_or("/");
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
        if let Some(path) = self.routes.paths().find(|path| !is_path(path)) {
            return Err(ServeError::Route(path.to_owned()));
        }
        let listener = Listener::start(self.listener, self.routes, self.limits)?;
        stop();
        listener.stop();
        Ok(())
    }
}
