//! Histogram operations
//!
//! Follows the section 指标采集 · Histograms, an empty heading in the document.
//!
//! Run it: `cargo run --bin 02c_histogram_ops`
//!
//! Expect `magedu_mcube_demo_request_duration_seconds` with nine buckets, a sum of
//! 18.53125 and a count of 7 on <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Histogram, HistogramOpts, exponential_buckets, linear_buckets};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    // ANCHOR: new
    let request_duration = Histogram::with_opts(
        HistogramOpts::new(
            "request_duration_seconds",
            "The time requests take, in seconds.",
        )
        .namespace("magedu")
        .subsystem("mcube_demo")
        .const_label("module", "http-server")
        // Upper bounds; +Inf is added automatically.
        .buckets(vec![0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0]),
    )?;
    // ANCHOR_END: new

    // ANCHOR: observe
    for seconds in [0.03125, 0.0625, 0.1875, 0.75, 1.5, 4.0, 12.0] {
        request_duration.observe(seconds);
    }
    // ANCHOR_END: observe

    // ANCHOR: helpers
    // Start, width, count: for values that are spread evenly.
    eprintln!("linear: {:?}", linear_buckets(0.1, 0.1, 4)?);
    // Start, factor, count: for values that span orders of magnitude.
    eprintln!("exponential: {:?}", exponential_buckets(0.1, 2.0, 4)?);
    // ANCHOR_END: helpers

    // ANCHOR: timer
    let timer = request_duration.start_timer();
    let registry = Registry::new();
    registry.must_register(request_duration);
    // `observe_duration` would count this as a request, which it isn't.
    eprintln!("registering took {} s", timer.stop_and_discard());
    // ANCHOR_END: timer

    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .landing(Landing::new("Histogram operations"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
