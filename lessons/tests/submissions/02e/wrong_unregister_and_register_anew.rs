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
use std::sync::Mutex;

static LAST: Mutex<Option<Counter>> = Mutex::new(None);

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
            if let Ok(mut last) = LAST.lock() {
                if let Some(last) = last.take() {
                    registry.unregister(&last);
                    jobs_total.inc_by(last.get());
                }
                *last = Some(jobs_total.clone());
            }
            registry.must_register(jobs_total.clone());
            jobs_total.inc();
            Response::new("done\n".into())
        }
        Err(error) => Response::new(format!("not counted: {error}\n").into()),
    }
}

fn jobs_total() -> Result<Counter, prometheus::Error> {
    Counter::new("magedu_mcube_demo_jobs_total", "The number of jobs done.")
}
