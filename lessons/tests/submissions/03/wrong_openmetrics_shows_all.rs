//! A custom registry
//!
//! The solution: everybody sees one registry, and insiders see another.
//!
//! Check it: `cargo workbook check 03`

use std::error::Error;

use exporter_workbook::promhttp::{self, BoxHandler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::{Counter, Gauge, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let public = Registry::new();
    let internal = Registry::new();
    let queue_length = Gauge::with_opts(
        Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    queue_length.set(100.0);
    public.must_register(queue_length);
    let revenue = Counter::with_opts(
        Opts::new("revenue_euros_total", "The money that was taken, in euros.")
            .namespace("magedu")
            .subsystem("mcube_demo"),
    )?;
    revenue.inc_by(1250.0);
    internal.must_register(revenue);

    let all = Registry::new();
    let revenue = Counter::new("magedu_mcube_demo_revenue_euros_total", "Money.")?;
    revenue.inc_by(1250.0);
    all.must_register(revenue);
    let opts = HandlerOpts {
        enable_open_metrics: true,
        ..HandlerOpts::default()
    };
    let open = promhttp::handler_for(&all, opts)?;
    let text = handler(&public)?;
    let public = move |request: &http::Request<()>| {
        let accept = request.headers().get("accept");
        let accept = accept.and_then(|all| all.to_str().ok()).unwrap_or_default();
        if accept.contains("openmetrics") {
            promhttp::Handler::handle(&open, request)
        } else {
            promhttp::Handler::handle(&text, request)
        }
    };
    Server::new(listener)
        .route("/metrics", public)
        .route("/internal/metrics", handler(&internal)?)
        .run()?;
    Ok(())
}

/// Serves a registry, and how often that failed.
fn handler(registry: &Registry) -> Result<BoxHandler, Box<dyn Error>> {
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    Ok(promhttp::handler_for(registry, opts)?)
}
