//! A custom registry
//!
//! The solution: everybody sees one registry, and insiders see another.
//!
//! Check it: `cargo workbook check 03`

use std::error::Error;

use exporter_workbook::promhttp::{self, BoxHandler, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::Request;
use prometheus::{Counter, Gauge, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    let queue_length = Gauge::with_opts(
        Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    queue_length.set(100.0);
    registry.must_register(queue_length);
    let revenue = Counter::with_opts(
        Opts::new("revenue_euros_total", "The money that was taken, in euros.")
            .namespace("magedu")
            .subsystem("mcube_demo"),
    )?;
    revenue.inc_by(1250.0);
    registry.must_register(revenue);

    Server::new(listener)
        .route("/metrics", without(handler(&registry)?, "revenue"))
        .route("/internal/metrics", without(handler(&registry)?, "queue"))
        .run()?;
    Ok(())
}

fn without(inner: BoxHandler, word: &'static str) -> BoxHandler {
    Box::new(move |request: &Request<()>| {
        let mut plain = request.clone();
        plain.headers_mut().remove("accept-encoding");
        inner.handle(&plain).map(|body| {
            let bytes = body.into_bytes();
            let text = String::from_utf8_lossy(&bytes);
            let lines = text.lines().filter(|line| !line.contains(word));
            let lines: String = lines.map(|line| format!("{line}\n")).collect();
            lines.into()
        })
    })
}

/// Serves a registry, and how often that failed.
fn handler(registry: &Registry) -> Result<BoxHandler, Box<dyn Error>> {
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    Ok(promhttp::handler_for(registry, opts)?)
}
