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
        .route(
            "/metrics",
            only(handler(&registry)?, "magedu_mcube_demo_queue_length"),
        )
        .route(
            "/internal/metrics",
            only(handler(&registry)?, "magedu_mcube_demo_revenue_euros_total"),
        )
        .run()?;
    Ok(())
}

/// Asks for the families of a page, unless the client asks for some itself.
fn only(inner: BoxHandler, name: &'static str) -> BoxHandler {
    Box::new(move |request: &Request<()>| {
        if request.uri().query().is_some() {
            return inner.handle(request);
        }
        let mut named = request.clone();
        let uri = format!(
            "/metrics?name[]={name}&name[]=promhttp_metric_handler_errors_total"
        );
        if let Ok(uri) = uri.parse() {
            *named.uri_mut() = uri;
        }
        inner.handle(&named)
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
