//! Metrics on hyper 1.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use exporter_workbook::promhttp::{self, Body, BoxHandler, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use prometheus::IntCounter;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let stop = serve::stop_signal()?;
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8080")?)?;
    let registry = Registry::new();
    let jobs = IntCounter::new("jobs_total", "The total number of jobs done.")?;
    registry.must_register(jobs.clone());
    jobs.inc();
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        max_requests_in_flight: 40,
        timeout: Some(Duration::from_secs(10)),
        ..HandlerOpts::default()
    };
    let handler = Arc::new(promhttp::handler_for(&registry, opts)?);

    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    let _ = writeln!(io::stdout(), "listening on http://{address}/metrics");
    let connections = GracefulShutdown::new();
    tokio::select! {
        never = accept(listener, handler, &connections) => match never {},
        _ = spawn_blocking(stop) => {}
    }
    let _ = timeout(Duration::from_secs(10), connections.shutdown()).await;
    Ok(())
}

// ANCHOR: respond
async fn respond(
    handler: Arc<BoxHandler>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let request = request.map(|_| ());
    let response = match request.uri().path() {
        // A collector may block.
        "/metrics" => spawn_blocking(move || handler.handle(&request).map(whole))
            .await
            .unwrap_or_else(|_| {
                let code = StatusCode::INTERNAL_SERVER_ERROR;
                promhttp::plain_text(code, "The scrape panicked.\n").map(whole)
            }),
        _ => {
            let text = "Not found: use /metrics.\n";
            promhttp::plain_text(StatusCode::NOT_FOUND, text).map(whole)
        }
    };
    Ok(response)
}

fn whole(body: Body) -> Full<Bytes> {
    Full::new(body.into_bytes().into())
}
// ANCHOR_END: respond

// ANCHOR: accept
async fn accept(
    listener: TcpListener,
    handler: Arc<BoxHandler>,
    connections: &GracefulShutdown,
) -> Infallible {
    let mut http = http1::Builder::new();
    // Without a timer, hyper waits for ever for a head.
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Such as: no file descriptor is left.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let handler = Arc::clone(&handler);
        let service = service_fn(move |request| respond(Arc::clone(&handler), request));
        let connection = http.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connections.watch(connection));
    }
}
// ANCHOR_END: accept
