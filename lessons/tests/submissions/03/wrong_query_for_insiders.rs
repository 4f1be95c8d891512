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

    let (inside, outside) = (handler(&internal)?, handler(&public)?);
    Server::new(listener)
        .route("/metrics", |_: &http::Request<()>| {
            http::Response::default()
        })
        .layer(move |_| {
            move |request: &http::Request<()>| {
                let path = request.uri().path();
                if path == "/internal/metrics"
                    || request.uri().query() == Some("internal")
                {
                    exporter_workbook::promhttp::Handler::handle(&inside, request)
                } else if path == "/metrics" {
                    exporter_workbook::promhttp::Handler::handle(&outside, request)
                } else {
                    let mut response = http::Response::new("not found\n".into());
                    *response.status_mut() = http::StatusCode::NOT_FOUND;
                    response
                }
            }
        })
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
