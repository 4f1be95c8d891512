//! The HTTP server: routes, limits, deadlines and a clean stop, on top of `std::net`.
//!
//! It intentionally speaks a small part of HTTP/1.x: `GET` and `HEAD`, no bodies, a
//! bounded head, a deadline on each wait, a bounded number of connections. Other
//! requests get the appropriate status, and their connection is closed.
//!
//! This file has what a program calls. `bind` opens the port; `accept.rs` has the
//! accepting thread, `admission.rs` decides which connection makes room for another,
//! `connection.rs` has the thread of each; `http` parses requests and writes responses,
//! `routes.rs` finds the handler, and `landing` is the page at `/`.

mod accept;
mod admission;
mod bind;
mod connection;
mod http;
mod landing;
mod limits;
mod routes;
mod signals;
mod sparse_log;
#[cfg(feature = "tls")]
mod tls;
mod wire;

pub use bind::{AddressError, ServeError, address_argument, inherited, listen};
pub use landing::Landing;
pub use limits::Limits;
pub use signals::stop_signal;

/// For the fuzz target, which is outside this crate.
#[cfg(fuzzing)]
#[doc(hidden)]
pub use http::{check as check_request, parse as parse_request};

use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::thread;

use ::http::{Request, Response};

use self::accept::Listeners;
use self::connection::Service;
use self::routes::Routes;
use crate::promhttp::{BoxHandler, ErrorLog, Handler, stderr_log};

/// The client's address, in a request's extensions: `127.0.0.1` rather than
/// `::ffff:127.0.0.1`. Behind a proxy, it is the proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// An HTTP server with routes, a landing page at `/` and [`Limits`].
pub struct Server {
    listeners: Vec<TcpListener>,
    routes: Routes,
    /// All layers, around `inner`.
    handler: BoxHandler,
    inner: Arc<OnceLock<Routes>>,
    limits: Limits,
    log: ErrorLog,
    #[cfg(feature = "tls")]
    tls: Option<tls::TlsConfig>,
}

impl Server {
    /// Creates a server on the port that `listener` holds.
    #[must_use]
    pub fn new(listener: TcpListener) -> Server {
        let inner = Arc::new(OnceLock::<Routes>::new());
        let routes = Arc::clone(&inner);
        let handler = move |request: &Request<()>| match routes.get() {
            Some(routes) => routes.handle(request),
            None => Response::default(),
        };
        Server {
            listeners: vec![listener],
            routes: Routes::default(),
            handler: Box::new(handler),
            inner,
            limits: Limits::default(),
            log: stderr_log(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Serves on one more port. The limits are for all ports together.
    #[must_use]
    pub fn listener(mut self, listener: TcpListener) -> Server {
        self.listeners.push(listener);
        self
    }

    /// Adds a route: `handler` handles requests for exactly `path`, which requests may
    /// percent-encode. If the handler panics, the response is status 500. A closure
    /// must state the type of its argument: `|_: &Request<()>|
    /// Response::new("ok\n".into())`.
    #[must_use]
    pub fn route(mut self, path: &str, handler: impl Handler + 'static) -> Server {
        self.routes.push(path, Box::new(handler));
        self
    }

    /// Wraps every response of the server, regardless of the route and of the order of
    /// calls. Included are the landing page and refusals such as 404 and 405, but not
    /// the responses to requests that can't be parsed. The last layer is the outermost.
    /// For one route, wrap its handler.
    #[must_use]
    pub fn layer<H>(mut self, wrap: impl FnOnce(BoxHandler) -> H) -> Server
    where
        H: Handler + 'static,
    {
        self.handler = Box::new(wrap(self.handler));
        self
    }

    /// Wraps every response in a layer that may fail, such as
    /// [`instrument_handler_counter`](crate::promhttp::instrument_handler_counter).
    ///
    /// # Errors
    ///
    /// Returns an error if `layer` returns one.
    pub fn try_layer<H, E>(
        mut self,
        wrap: impl FnOnce(BoxHandler) -> Result<H, E>,
    ) -> Result<Server, E>
    where
        H: Handler + 'static,
    {
        self.handler = Box::new(wrap(self.handler)?);
        Ok(self)
    }

    /// Replaces the page at `/`, whose default title is the name of the program's file.
    /// A route for `/` takes precedence.
    #[must_use]
    pub fn landing(mut self, landing: Landing) -> Server {
        self.routes.landing = landing;
        self
    }

    /// Replaces the default limits. Values outside these bounds are clamped: at least 1
    /// connection, 256 bytes to 64 KiB of head, 1 to 1024 headers, 1 ms to 1 day.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Server {
        self.limits = limits.within_bounds();
        self
    }

    /// Replaces the log for the server's own messages, by default standard error. A
    /// message says, for example, that no file descriptor is left for a connection.
    /// Write `.log(Arc::new(|message: &str| …))`.
    #[must_use]
    pub fn log(mut self, log: ErrorLog) -> Server {
        self.log = log;
        self
    }

    /// Serves HTTPS instead of HTTP. `config` is called for each connection, so that a
    /// new certificate needs no restart; if it returns `None`, the connection has plain
    /// HTTP. The handshake has the time of [`Limits::head`]. One that fails is logged,
    /// once a second at most.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(
        mut self,
        config: impl Fn() -> Option<Arc<rustls::ServerConfig>> + Send + Sync + 'static,
    ) -> Server {
        self.tls = Some(Box::new(config));
        self
    }

    /// Prints `listening on http://…` with the first route for each port, and serves
    /// until SIGINT or SIGTERM arrives and the responses in progress are sent.
    ///
    /// # Errors
    ///
    /// Returns an error if no request can match a route, if two routes are equal, or if
    /// the system refuses a thread or the signal handlers.
    pub fn run(self) -> Result<(), ServeError> {
        let stop = stop_signal()?;
        self.run_with(stop)
    }

    /// Does the same until `stop` returns: for programs that call [`stop_signal`] before
    /// they open the port, so that a signal in between ends them cleanly too.
    ///
    /// # Errors
    ///
    /// Returns an error if no request can match a route, if two routes are equal, or if
    /// the system refuses a thread.
    pub fn run_with(self, stop: impl FnOnce()) -> Result<(), ServeError> {
        let path = self.routes.paths().next().unwrap_or("/");
        #[cfg(feature = "tls")]
        let scheme = match self.tls.as_ref().and_then(|config| config()) {
            Some(_) => "https",
            None => "http",
        };
        #[cfg(not(feature = "tls"))]
        let scheme = "http";
        let mut lines = String::new();
        for listener in &self.listeners {
            let address = listener.local_addr()?;
            lines += &format!("listening on {scheme}://{address}{path}\n");
        }
        self.run_until(|| {
            // If nobody reads the lines, the program serves and stops all the same.
            thread::spawn(move || write!(io::stdout(), "{lines}"));
            stop();
        })
    }

    /// Serves until `stop` returns and the responses in progress are sent: for programs
    /// that handle signals themselves. Closes the ports first, unless the process is out
    /// of file descriptors.
    ///
    /// # Errors
    ///
    /// Returns an error if no request can match a route, if two routes are equal, or if
    /// the system refuses a thread.
    pub fn run_until(self, stop: impl FnOnce()) -> Result<(), ServeError> {
        self.routes.check()?;
        self.inner.get_or_init(|| self.routes);
        let service = Service {
            handler: self.handler,
            limits: self.limits,
            #[cfg(feature = "tls")]
            tls: self.tls,
            #[cfg(feature = "tls")]
            failures: sparse_log::SparseLog::new(&self.log),
        };
        let listeners = Listeners::start(self.listeners, service, &self.log)?;
        stop();
        listeners.stop();
        Ok(())
    }
}
