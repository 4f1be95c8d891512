//! The default registry
//!
//! Follows the section 使用SDK · 默认指标: metrics without a metric of our own.
//!
//! Run it: `cargo run --bin 01_default_registry`
//!
//! Expect `process_*`, which the `prometheus` crate registers by itself, and
//! `promhttp_*`, which the handler adds, on <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::promhttp;
use exporter_workbook::serve::{self, Landing, Server};

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    // Serve the crate's default registry on /metrics.
    Server::new(listener)
        .landing(Landing::new("The default registry"))
        .route("/metrics", promhttp::handler()?)
        .run()?;
    Ok(())
}
// ANCHOR_END: main
