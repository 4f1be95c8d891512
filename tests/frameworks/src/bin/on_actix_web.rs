//! Metrics on actix-web 4.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::System;
use actix_web::web::{self, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use exporter_workbook::http::{self, Request};
use exporter_workbook::promhttp::{self, Body, BoxHandler, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve;
use prometheus::IntCounter;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8080")?)?;
    let address = listener.local_addr()?;
    let registry = Registry::new();
    let jobs = IntCounter::new("jobs_total", "The total number of jobs done.")?;
    registry.must_register(jobs.clone());
    jobs.inc();
    // ANCHOR: app
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        max_requests_in_flight: 40,
        timeout: Some(Duration::from_secs(10)),
        ..HandlerOpts::default()
    };
    // One handler for all of actix's workers.
    let handler = Data::new(promhttp::handler_for(&registry, opts)?);
    let app = move || {
        // Every method: the handler itself refuses all but GET and HEAD.
        let metrics = web::resource("/metrics").to(metrics);
        App::new().app_data(handler.clone()).service(metrics)
    };
    let server = HttpServer::new(app).listen(listener)?.shutdown_timeout(10);
    // ANCHOR_END: app
    let _ = writeln!(io::stdout(), "listening on http://{address}/metrics");
    System::new().block_on(server.run())?;
    Ok(())
}

// ANCHOR: metrics
async fn metrics(
    handler: Data<BoxHandler>,
    request: HttpRequest,
) -> Result<HttpResponse, Box<dyn Error>> {
    let request = converted(&request)?;
    // A collector may block.
    let handle = move || handler.handle(&request).map(Body::into_bytes);
    let response = web::block(handle).await?;
    let code = StatusCode::from_u16(response.status().as_u16())?;
    let mut converted = HttpResponse::build(code);
    for (name, value) in response.headers() {
        converted.insert_header((name.as_str(), value.as_bytes()));
    }
    Ok(converted.body(response.into_body()))
}

/// actix-web has the types of version 0.2 of the crate `http`.
fn converted(request: &HttpRequest) -> Result<Request<()>, http::Error> {
    let uri = request.uri().to_string();
    let mut converted = Request::builder()
        .method(request.method().as_str())
        .uri(uri);
    for (name, value) in request.headers() {
        converted = converted.header(name.as_str(), value.as_bytes());
    }
    converted.body(())
}
// ANCHOR_END: metrics
