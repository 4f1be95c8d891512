//! Gauge operations
//!
//! Follows the section 指标采集 · Gauges: a value that goes up and down.
//!
//! Run it: `cargo run --bin 02a_gauge_ops`
//!
//! Expect `magedu_mcube_demo_queue_length{module="http-server"} -19` on
//! <http://127.0.0.1:8050/metrics>, and nothing else.

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Gauge, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    // ANCHOR: new
    let queue_length = Gauge::with_opts(
        // Namespace, subsystem and name are joined to form the metric's name:
        // magedu_mcube_demo_queue_length.
        Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    // ANCHOR_END: new

    // ANCHOR: ops
    queue_length.set(0.0);
    queue_length.inc(); // 1
    queue_length.dec(); // 0
    queue_length.add(23.0); // 23
    queue_length.sub(42.0); // -19
    // ANCHOR_END: ops

    // ANCHOR: serve
    // A registry with this gauge alone; lesson 03 explains it.
    let registry = Registry::new();
    registry.must_register(queue_length);
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .landing(Landing::new("Gauge operations"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
    // ANCHOR_END: serve
}
