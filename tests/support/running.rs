//! A server with the test's own handlers and limits, in the test's own process.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use exporter_workbook::http::{Request, Response};
use exporter_workbook::promhttp::{Body, Handler};
use exporter_workbook::serve::{self, Limits, ServeError, Server};

use super::{PATIENCE, connect, rest};

/// A limit that a test must not reach.
pub const NEVER: Duration = Duration::from_secs(3600);

pub const SCRAPE: &str = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";

pub fn ok_answer(_: &Request<()>) -> Response<Body> {
    Response::new("a 1\n".into())
}

/// A server on a thread of this process, until it is stopped.
pub struct Running {
    pub address: SocketAddr,
    stop: Sender<()>,
    stopped: Receiver<Result<(), ServeError>>,
}

impl Running {
    pub fn start(limits: Limits, handler: impl Handler + 'static) -> Running {
        Running::serve(|server| server.limits(limits).route("/metrics", handler))
    }

    /// Starts the server that `with` returns, on a free port.
    pub fn serve(with: impl FnOnce(Server) -> Server) -> Running {
        let listener = serve::listen("127.0.0.1:0").unwrap();
        Running::on(listener, with)
    }

    /// Starts the server that `with` returns, on `listener`.
    pub fn on(listener: TcpListener, with: impl FnOnce(Server) -> Server) -> Running {
        let address = listener.local_addr().unwrap();
        let (stop, stopping) = mpsc::channel();
        let (end, stopped) = mpsc::channel();
        let server = with(Server::new(listener));
        thread::spawn(move || {
            let result = server.run_until(|| stopping.recv().unwrap());
            end.send(result).unwrap();
        });
        Running {
            address,
            stop,
            stopped,
        }
    }

    /// Opens a connection and sends `bytes`.
    pub fn send(&self, bytes: &str) -> TcpStream {
        let mut stream = connect(self.address);
        stream.write_all(bytes.as_bytes()).unwrap();
        stream
    }

    /// Returns all that comes back for `request` until the server closes the
    /// connection.
    pub fn exchange(&self, request: &str) -> String {
        rest(self.send(request))
    }

    /// Returns the response to a scrape.
    pub fn scrape(&self) -> String {
        rest(self.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
    }

    /// Starts a stop.
    pub fn tell_to_stop(&self) {
        self.stop.send(()).unwrap();
    }

    /// Starts a stop, and returns when no further connection is accepted.
    pub fn begin_to_stop(&self) {
        self.tell_to_stop();
        let started = Instant::now();
        while TcpStream::connect(self.address).is_ok() {
            assert!(started.elapsed() < PATIENCE, "connections are still taken");
        }
    }

    /// Stops, and returns when the server has stopped.
    pub fn stop(self) {
        self.tell_to_stop();
        self.wait();
    }

    /// Returns when a stop that has started is over.
    pub fn wait(self) {
        self.stopped.recv_timeout(PATIENCE).unwrap().unwrap();
    }
}
