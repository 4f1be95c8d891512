//! A custom registry
//!
//! Follows the section 自定义注册表: only the metrics that we put there.
//!
//! Run it: `cargo run --bin 03_custom_registry`
//!
//! Expect the gauge at 100 and `promhttp_metric_handler_errors_total` on
//! <http://127.0.0.1:8050/metrics>, without the `process_*` of lesson 01.

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Gauge, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    // ANCHOR: registry
    let registry = Registry::new();
    // ANCHOR_END: registry

    let queue_length = Gauge::with_opts(
        Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    queue_length.set(100.0);

    // ANCHOR: register
    // The registry owns a clone: both are the same gauge.
    registry.must_register(queue_length.clone());
    // ANCHOR_END: register

    // ANCHOR: handler
    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    // ANCHOR_END: handler

    Server::new(listener)
        .landing(Landing::new("A custom registry"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
