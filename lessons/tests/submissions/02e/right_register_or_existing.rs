//! Registration
//!
//! The solution: a path that counts every request in one counter.
//!
//! Check it: `cargo workbook check 02e`

use std::error::Error;

use exporter_workbook::promhttp::{self, Body, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use http::{Request, Response};
use prometheus::Counter;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/work", move |_: &Request<()>| work(&registry))
        .run()?;
    Ok(())
}

/// Does one job, counts it and returns the answer.
fn work(registry: &Registry) -> Response<Body> {
    match jobs_total(registry) {
        Ok(jobs_total) => {
            jobs_total.inc();
            Response::new("Done.\n".into())
        }
        Err(error) => Response::new(format!("error: {error}\n").into()),
    }
}

fn jobs_total(registry: &Registry) -> Result<Counter, Box<dyn Error>> {
    let name = "magedu_mcube_demo_jobs_total";
    let counter = Counter::new(name, "The number of jobs done.")?;
    Ok(registry.register_or_existing(counter)?)
}
