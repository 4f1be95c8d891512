//! A custom registry
//!
//! The solution: everybody sees one registry, and insiders see another.
//!
//! Check it: `cargo workbook check 03`

use std::error::Error;

use exporter_workbook::promhttp::{self, Handler, HandlerOpts};
use exporter_workbook::register::{RegisterError, Registerer};
use exporter_workbook::serve::{self, Server};
use prometheus::{Counter, Gauge, Opts, Registry};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let queue_length = Gauge::with_opts(
        Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    queue_length.set(100.0);
    let revenue = Counter::with_opts(
        Opts::new("revenue_euros_total", "The money that was taken, in euros.")
            .namespace("magedu")
            .subsystem("mcube_demo"),
    )?;
    revenue.inc_by(1250.0);

    let public = Registry::new();
    public.must_register(vec![Box::new(queue_length)]);
    let internal = Registry::new();
    internal.must_register(vec![Box::new(revenue)]);

    Server::new(listener)
        .route("/metrics", handler(&public)?)
        .route("/internal/metrics", handler(&internal)?)
        .run()?;
    Ok(())
}

/// Serves a registry, and how often that failed.
fn handler(registry: &Registry) -> Result<Handler, RegisterError> {
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    promhttp::handler_for(registry.clone(), opts)
}
