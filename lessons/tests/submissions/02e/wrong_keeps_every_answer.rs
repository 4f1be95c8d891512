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
    let jobs_total = jobs_total()?;
    registry.must_register(jobs_total.clone());
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .route("/metrics", handler)
        .route("/work", move |_: &Request<()>| work(&jobs_total))
        .run()?;
    Ok(())
}

/// Does one job, counts it and returns the answer.
fn work(jobs_total: &Counter) -> Response<Body> {
    jobs_total.inc();
    Vec::leak(vec![1_u8; 200 * 1024]);
    Response::new("done\n".into())
}

fn jobs_total() -> Result<Counter, prometheus::Error> {
    Counter::new("magedu_mcube_demo_jobs_total", "The number of jobs done.")
}
