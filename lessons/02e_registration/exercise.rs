//! Registration
//!
//! The exercise: a path that answers the first request, and no other.
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

    Server::new(listener)
        .route("/metrics", promhttp::handler()?)
        .route("/work", Box::new(|_request| Response::new(work())))
        .run()?;
    Ok(())
}

/// Does one job, counts it, and gives the text of the answer.
fn work() -> Vec<u8> {
    match jobs_total() {
        Ok(jobs_total) => {
            default_registry().must_register(vec![Box::new(jobs_total.clone())]);
            jobs_total.inc();
            b"done\n".to_vec()
        }
        Err(error) => format!("not counted: {error}\n").into_bytes(),
    }
}

fn jobs_total() -> Result<Counter, prometheus::Error> {
    Counter::with_opts(
        Opts::new("jobs_total", "The number of jobs done.")
            .namespace("magedu")
            .subsystem("mcube_demo"),
    )
}
