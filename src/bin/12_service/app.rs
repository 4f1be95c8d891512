//! The routes of the service, and the layers around them.

use std::error::Error;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use exporter_workbook::registry::Registry;

use crate::http_metrics::HttpMetrics;
use crate::{faults, layer, orders, scrape};

/// Returns the service. Its metrics are registered with `registry`, which it serves.
// ANCHOR: app
pub fn app(registry: &Registry) -> Result<Router, Box<dyn Error>> {
    let metrics = HttpMetrics::new(registry)?;
    let app = Router::new()
        .nest("/orders", orders::routes())
        .fallback(not_found)
        .layer(from_fn(faults::inject))
        // The outermost layer, so that it counts what the others do.
        .layer(from_fn_with_state(metrics, layer::count))
        // Routes after the layers aren't counted: Prometheus isn't a user.
        .route("/metrics", scrape::route(registry)?)
        .route("/-/healthy", get(|| async { "The service is healthy.\n" }));
    Ok(app)
}
// ANCHOR_END: app

async fn not_found() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is no such page.\n")
}
