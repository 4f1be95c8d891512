//! An instrumented service
//!
//! The solution: labels with few values, whatever clients send.
//!
//! Check it: `cargo workbook check 12`

use std::error::Error;
use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use exporter_workbook::promhttp::{self, Handler, HandlerOpts};
use exporter_workbook::{registry::Registry, serve};
use http::StatusCode;
use prometheus::{IntCounterVec, Opts};
use tokio::net::TcpListener;
use tokio::runtime::Builder;

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

static REQUESTS: std::sync::LazyLock<IntCounterVec> = std::sync::LazyLock::new(|| {
    let opts = Opts::new("http_requests_total", "The number of requests answered.");
    IntCounterVec::new(opts, &["method", "route", "code"]).unwrap()
});

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8080")?)?;
    listener.set_nonblocking(true)?;
    let app = app()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        axum::serve(TcpListener::from_std(listener)?, app).await?;
        Ok(())
    })
}

fn app() -> Result<Router, Box<dyn Error>> {
    let registry = Registry::new();
    registry.must_register(REQUESTS.clone());
    let metrics = promhttp::handler_for(&registry, HandlerOpts::default())?;
    let metrics = Arc::new(metrics);
    let metrics = move |request: Request| {
        let response = metrics.handle(&request.map(|_| ()));
        ready(response.map(|body| Body::from(body.into_bytes())))
    };
    Ok(Router::new()
        .nest("/api", Router::new().route("/orders/{id}", get(order)))
        .route("/metrics", get(metrics))
        .layer(from_fn(count)))
}

/// Counts each request, whatever its answer.
async fn count(request: Request, next: Next) -> Response {
    let method = request.method().as_str();
    let is_known = METHODS.contains(&method);
    let method = if is_known { method } else { "unknown" }.to_owned();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("unmatched", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let code = response.status().as_u16().to_string();
    REQUESTS.with_label_values(&[&method, &route, &code]).inc();
    response
}

async fn order(Path(id): Path<String>) -> (StatusCode, String) {
    match id.parse::<u32>() {
        Ok(id) => (StatusCode::OK, format!("order {id}\n")),
        Err(_) => (StatusCode::NOT_FOUND, "no such order\n".to_owned()),
    }
}
