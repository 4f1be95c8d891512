//! Histogram operations
//!
//! The exercise: a promise of 300 ms, and a histogram that can't tell whether it holds.
//!
//! Check it: `cargo workbook check 02c`

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::{Histogram, HistogramOpts};

/// How long each of twenty requests took, in seconds.
const TOOK: [f64; 20] = [
    0.03125, 0.28125, 0.0625, 0.125, 0.296875, 0.1875, 0.09375, 0.28125, 0.21875,
    0.4375, 0.046875, 0.15625, 0.25, 0.296875, 0.078125, 0.109375, 0.28125, 0.171875,
    0.140625, 0.234375,
];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let request_duration = Histogram::with_opts(
        HistogramOpts::new(
            "request_duration_seconds",
            "The time requests take, in seconds.",
        )
        .namespace("magedu")
        .subsystem("mcube_demo")
        .const_label("module", "http-server")
        .buckets(vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5]),
    )?;
    for seconds in TOOK {
        request_duration.observe(seconds);
    }

    let registry = Registry::new();
    registry.must_register(request_duration);
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
