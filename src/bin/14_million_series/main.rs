//! A million series
//!
//! Follows lesson 06: what a label with a million values costs, and how to limit one.
//!
//! Run it: `cargo run --bin 14_million_series`
//!
//! Expect a million lines of `queue_length` on <http://127.0.0.1:9000/metrics>, and
//! `jobs_total{user="ada"} 1` after <http://127.0.0.1:9000/work?user=ada>. With
//! `--release` it is faster; with `-- 127.0.0.1:9000 1000` it has a thousand.

mod arguments;

use std::error::Error;

use exporter_workbook::collectors::ProcessCollector;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use exporter_workbook::vector::{IntCounterVec, IntGaugeVec, OnLimit, VectorError};
use http::{Request, Response};
use prometheus::Opts;

fn main() -> Result<(), Box<dyn Error>> {
    let (address, series) = arguments::parse()?;
    let listener = serve::listen(&address)?;
    let registry = Registry::new();
    let queue_length = queue_length(series)?;
    let jobs_total = jobs_total()?;
    registry.must_register(ProcessCollector::new());
    registry.must_register(queue_length.clone());
    registry.must_register(jobs_total.clone());
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    // ANCHOR: work
    let first_queue = queue_length.with_label_values(&["0"]);
    let work = move |request: &Request<()>| {
        first_queue.inc(); // nothing is looked up
        jobs_total.with_label_values(&[&*user_of(request)]).inc();
        first_queue.dec();
        Response::new(promhttp::Body::from("done\n"))
    };
    // ANCHOR_END: work
    Server::new(listener)
        .landing(Landing::new("A million series"))
        .route("/metrics", handler)
        .route("/work", work)
        .run()?;
    Ok(())
}

// ANCHOR: queues
fn queue_length(series: u32) -> Result<IntGaugeVec, VectorError> {
    let opts = Opts::new("queue_length", "The number of items in the queue.");
    let opts = opts.const_label("module", "http-server");
    let queue_length = IntGaugeVec::new(opts, &["shard"])?;
    for shard in 0..series {
        let child = queue_length.with_label_values(&[shard.to_string()]);
        child.set(i64::from(shard % 100));
    }
    Ok(queue_length)
}
// ANCHOR_END: queues

// ANCHOR: jobs
const MOST_USERS: usize = 10;

fn jobs_total() -> Result<IntCounterVec, VectorError> {
    let opts = Opts::new("jobs_total", "The total number of jobs done, by user.");
    let jobs_total = IntCounterVec::new(opts, &["user"])?;
    Ok(jobs_total.limit(MOST_USERS, OnLimit::Other))
}
// ANCHOR_END: jobs

fn user_of(request: &Request<()>) -> String {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let user = pairs.find(|(name, _)| name == "user");
    user.map_or_else(String::new, |(_, user)| user.into_owned())
}
