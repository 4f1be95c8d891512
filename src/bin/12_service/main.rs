//! An instrumented service
//!
//! Follows lesson 06: real requests, whose labels a layer of the web framework sets.
//!
//! Run it: `cargo run --features axum --bin 12_service`
//!
//! Expect `http_requests_total{code="200",method="GET",route="/orders/{id}"} 1` on
//! <http://127.0.0.1:8080/metrics> after a visit to <http://127.0.0.1:8080/orders/7>.

mod app;
mod counted_body;
mod faults;
mod http_metrics;
mod in_flight;
mod layer;
mod orders;
mod scrape;
mod server;

use std::error::Error;

use exporter_workbook::collectors::{BuildInfoCollector, ProcessCollector};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve;

// ANCHOR: main
#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stop = serve::stop_signal()?;
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8080")?)?;
    let registry = Registry::new();
    let revision = option_env!("GIT_REVISION").unwrap_or_default();
    let build_info = BuildInfoCollector::new("service", env!("CARGO_PKG_VERSION"));
    registry.must_register(build_info.revision(revision));
    registry.must_register(ProcessCollector::new());
    let app = app::app(&registry)?;
    server::run(listener, app, stop).await?;
    Ok(())
}
// ANCHOR_END: main
