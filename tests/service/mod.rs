//! The server and the layer of lesson 12 around a test's own routes, in its own process.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use exporter_workbook::registry::Registry;
use exporter_workbook::{serve, testutil};
use tokio::runtime::Runtime;

use crate::http_metrics::HttpMetrics;
use crate::support::{PATIENCE, connect};
use crate::{layer, server};

pub struct Service {
    pub address: SocketAddr,
    registry: Registry,
    stop: Sender<()>,
    stopped: JoinHandle<()>,
}

impl Service {
    /// Serves `app` inside the layer.
    pub fn start(app: Router) -> Service {
        Service::with(|registry| {
            let metrics = HttpMetrics::new(registry).unwrap();
            app.layer(from_fn_with_state(metrics, layer::count))
        })
    }

    /// Serves what `app` returns.
    pub fn with(app: impl FnOnce(&Registry) -> Router) -> Service {
        let listener = serve::listen("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let registry = Registry::new();
        let app = app(&registry);
        let (stop, stopping) = mpsc::channel();
        let stopped = thread::spawn(move || {
            let run = server::run(listener, app, move || stopping.recv().unwrap());
            Runtime::new().unwrap().block_on(run).unwrap();
        });
        Service {
            address,
            registry,
            stop,
            stopped,
        }
    }

    /// Sends `request` on a new connection.
    pub fn send(&self, request: &str) -> TcpStream {
        let mut stream = connect(self.address);
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// Sends a request without a body, and returns all that comes back.
    pub fn exchange(&self, method: &str, path: &str) -> String {
        let close = "Host: a\r\nConnection: close\r\n\r\n";
        let mut stream = self.send(&format!("{method} {path} HTTP/1.1\r\n{close}"));
        let mut answer = String::new();
        // A response that is cut off may end with a reset.
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    /// Returns the samples whose names begin with `start`, but for those that are 0.
    pub fn samples(&self, start: &str) -> Vec<String> {
        let text = testutil::gather_to_text(&self.registry).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(start));
        let lines = lines.filter(|line| !line.ends_with(" 0"));
        lines.map(str::to_owned).collect()
    }

    /// Waits until exactly these requests were counted, each once in both metrics, and
    /// none is in flight. A request is `GET /route 200 1`.
    #[track_caller]
    pub fn assert_counted(&self, expected: &[&str]) {
        let started = Instant::now();
        let mut counted = self.counted();
        while counted != expected && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(10));
            counted = self.counted();
        }
        assert_eq!(counted, expected);
        // It is the last one to change.
        self.wait_in_flight(0);
        let observed = self.total("http_request_duration_seconds_count");
        assert_eq!(observed, self.total("http_requests_total"));
    }

    /// Returns the sum of these samples.
    fn total(&self, start: &str) -> u64 {
        let samples = self.samples(start);
        let values = samples.iter().map(|line| line.rsplit_once(' ').unwrap().1);
        values.map(|value| value.parse::<u64>().unwrap()).sum()
    }

    /// Returns the requests that were counted, as `GET /route 200 1`.
    pub fn counted(&self) -> Vec<String> {
        let samples = self.samples("http_requests_total").into_iter();
        let mut counted: Vec<String> = samples.map(|line| short(&line)).collect();
        counted.sort();
        counted
    }

    /// Waits until so many requests are in flight.
    #[track_caller]
    pub fn wait_in_flight(&self, count: u64) {
        let started = Instant::now();
        while self.total("http_requests_in_flight") != count {
            assert!(started.elapsed() < PATIENCE, "not {count} in flight");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Stops. Returns when the service has stopped.
    pub fn stop(self) {
        self.stop.send(()).unwrap();
        self.stopped.join().unwrap();
    }
}

/// `http_requests_total{code="200",method="GET",route="/a"} 1` as `GET /a 200 1`.
pub fn short(line: &str) -> String {
    let label = |name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let [method, route, code] = ["method", "route", "code"].map(label);
    let (_, value) = line.rsplit_once(' ').unwrap();
    format!("{method} {route} {code} {value}")
}
