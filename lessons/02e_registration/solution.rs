//! Registration
//!
//! The solution: a path that counts every request in one counter.
//!
//! Check it: `cargo workbook check 02e`

use std::error::Error;

use exporter_workbook::promhttp;
use exporter_workbook::register::Registerer;
use exporter_workbook::serve::{self, Server};
use http::Response;
use prometheus::{Counter, Opts, default_registry};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let jobs_total = jobs_total()?;
    default_registry().must_register(vec![Box::new(jobs_total.clone())]);
    Server::new(listener)
        .route("/metrics", promhttp::handler()?)
        .route(
            "/work",
            Box::new(move |_request| Response::new(work(&jobs_total))),
        )
        .run()?;
    Ok(())
}

/// Does one job, counts it, and gives the text of the answer.
fn work(jobs_total: &Counter) -> Vec<u8> {
    jobs_total.inc();
    b"done\n".to_vec()
}

fn jobs_total() -> Result<Counter, prometheus::Error> {
    Counter::with_opts(
        Opts::new("jobs_total", "The number of jobs done.")
            .namespace("magedu")
            .subsystem("mcube_demo"),
    )
}
