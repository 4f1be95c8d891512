//! Labels
//!
//! Follows lesson 03: the requests of lesson 02b, by method and code.
//!
//! Run it: `cargo run --bin 06_labels`
//!
//! Expect four series of `magedu_mcube_demo_requests_total`, one queue, and
//! `magedu_mcube_demo_info` at 1 on <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Gauge, GaugeVec, IntCounterVec, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let registry = Registry::new();
    registry.must_register(requests_total()?);
    registry.must_register(queue_length()?);
    registry.must_register(info()?);
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .landing(Landing::new("Labels"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}

// ANCHOR: requests
/// The requests so far: the method, as the client sent it, and the response's code.
const REQUESTS: [(&str, u16); 5] = [
    ("GET", 200),
    ("GET", 200),
    ("GET", 404),
    ("BREW", 405),
    ("x7f3a", 405),
];

fn requests_total() -> Result<IntCounterVec, prometheus::Error> {
    let opts = opts("requests_total", "The total number of requests handled.");
    let requests_total = IntCounterVec::new(opts, &["method", "code"])?;
    for (method, code) in REQUESTS {
        let labels = [method_label(method), &code.to_string()];
        requests_total.with_label_values(&labels).inc();
    }
    requests_total.with_label_values(&["GET", "500"]); // 0, but served
    Ok(requests_total)
}

fn method_label(method: &str) -> &str {
    let allowed = ["GET", "HEAD", "POST"].contains(&method);
    if allowed { method } else { "other" }
}
// ANCHOR_END: requests

// ANCHOR: queues
fn queue_length() -> Result<GaugeVec, prometheus::Error> {
    let opts = opts("queue_length", "The number of items in the queue.");
    let queue_length = GaugeVec::new(opts, &["queue"])?;
    queue_length.with_label_values(&["mail"]).set(3.0);
    queue_length.with_label_values(&["sms"]).set(5.0);
    queue_length.remove_label_values(&["sms"])?; // the queue was deleted
    Ok(queue_length)
}
// ANCHOR_END: queues

// ANCHOR: info
fn info() -> Result<Gauge, prometheus::Error> {
    let opts = opts("info", "The revision that the program was built from.");
    let info = Gauge::with_opts(opts.const_label("revision", "8d2f1c7"))?;
    info.set(1.0);
    Ok(info)
}
// ANCHOR_END: info

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(name, help).namespace("magedu_mcube_demo")
}
