//! Histogram operations
//!
//! The solution: a promise of 300 ms, and a histogram that says if it is kept.
//!
//! Check it: `cargo workbook check 02c`

use std::error::Error;

use exporter_workbook::collect::collector_fn;
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

/// The time that each of twenty requests took, in seconds.
const TOOK: [f64; 20] = [
    0.03125, 0.28125, 0.0625, 0.125, 0.296875, 0.1875, 0.09375, 0.28125, 0.21875,
    0.4375, 0.046875, 0.15625, 0.25, 0.296875, 0.078125, 0.109375, 0.28125, 0.171875,
    0.140625, 0.234375,
];

const BOUNDS: [f64; 7] = [0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let desc = Desc::histogram(
        "magedu_mcube_demo_request_duration_seconds",
        "The time requests take, in seconds.",
    )
    .const_label("module", "http-server");
    let registry = Registry::new();
    let own = desc.clone();
    registry.must_register(collector_fn(vec![desc], move |samples| {
        let at_most =
            |bound: f64| TOOK.iter().filter(|all| **all <= bound).count() as u64;
        let buckets: Vec<(f64, u64)> =
            BOUNDS.iter().map(|all| (*all, at_most(*all))).collect();
        samples.histogram(&own, TOOK.len() as u64, TOOK.iter().sum(), &buckets, &[]);
        Ok(())
    }));
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
