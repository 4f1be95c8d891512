//! Summary operations
//!
//! Follows the section 指标采集 · Summaries, an empty heading in the document.
//!
//! Run it: `cargo run --bin 02d_summary_ops`
//!
//! Expect `magedu_mcube_demo_response_size_bytes` with three quantiles, a sum of 500500
//! and a count of 1000 on <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use exporter_workbook::summary::{Summary, SummaryOpts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    // ANCHOR: new
    let response_size = Summary::with_opts(
        SummaryOpts::new("response_size_bytes", "The size of responses, in bytes.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server")
            // The quantile, and its allowed error as a fraction of all ranks.
            .objective(0.5, 0.05)
            .objective(0.9, 0.01)
            .objective(0.99, 0.001),
    )?;
    // ANCHOR_END: new

    // ANCHOR: observe
    for bytes in 1..=1000 {
        response_size.observe(f64::from(bytes));
    }
    // ANCHOR_END: observe

    let registry = Registry::new();
    registry.must_register(response_size);
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .landing(Landing::new("Summary operations"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
