//! `/metrics`: the handler of the other lessons as a route of axum.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use tokio::task::spawn_blocking;

// ANCHOR: route
pub fn route(registry: &Registry) -> Result<MethodRouter, Box<dyn Error>> {
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        max_requests_in_flight: 40,
        timeout: Some(Duration::from_secs(10)),
        enable_open_metrics: true,
        ..HandlerOpts::default()
    };
    let handler = Arc::new(promhttp::handler_for(registry, opts)?);
    Ok(get(move |request| respond(Arc::clone(&handler), request)))
}

async fn respond(handler: Arc<promhttp::BoxHandler>, request: Request) -> Response {
    let request = request.map(|_| ());
    // A collector may block, and axum's threads serve other requests meanwhile.
    let handle = move || {
        let response = promhttp::Handler::handle(&handler, &request);
        response.map(promhttp::Body::into_bytes)
    };
    match spawn_blocking(handle).await {
        Ok(response) => response.map(Body::from),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
// ANCHOR_END: route
