//! Registration
//!
//! The exercise: a path that answers the first request, and no other.
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
    match jobs_total() {
        Ok(jobs_total) => {
            let counter = jobs_total.clone();
            let _ = std::panic::catch_unwind(|| {
                registry.must_register(counter);
            });
            jobs_total.inc();
            Response::new("done\n".into())
        }
        Err(error) => Response::new(format!("not counted: {error}\n").into()),
    }
}

static JOBS: std::sync::OnceLock<Counter> = std::sync::OnceLock::new();

fn jobs_total() -> Result<Counter, prometheus::Error> {
    let counter =
        Counter::new("magedu_mcube_demo_jobs_total", "The number of jobs done.")?;
    Ok(JOBS.get_or_init(|| counter).clone())
}
