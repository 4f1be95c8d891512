//! Counter operations
//!
//! Follows the section 指标采集 · Counters, an empty heading in the document.
//!
//! Run it: `cargo run --bin 02b_counter_ops`
//!
//! Expect `magedu_mcube_demo_requests_total{module="http-server"} 42` on
//! <http://127.0.0.1:8050/metrics>, and on standard error a line about a refused
//! amount.

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Counter, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    // ANCHOR: new
    let requests_total = Counter::with_opts(
        Opts::new("requests_total", "The total number of requests handled.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    // ANCHOR_END: new

    // ANCHOR: ops
    requests_total.inc(); // 1
    requests_total.inc_by(41.0); // 42
    if let Err(refused) = add(&requests_total, -1.0) {
        eprintln!("{refused}"); // still 42
    }
    // ANCHOR_END: ops

    let registry = Registry::new();
    registry.must_register(requests_total);

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .landing(Landing::new("Counter operations"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}

// ANCHOR: guard
/// Adds an amount from another source: a difference, or a field of a response.
fn add(counter: &Counter, amount: f64) -> Result<(), String> {
    if amount.is_finite() && amount >= 0.0 {
        counter.inc_by(amount);
        return Ok(());
    }
    Err(format!("a counter only grows: did not add {amount}"))
}
// ANCHOR_END: guard
