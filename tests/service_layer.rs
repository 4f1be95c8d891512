//! The layer of lesson 12 around other routes: each request is counted once, with the
//! right labels, however it ends.

#![cfg(feature = "axum")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../src/bin/12_service/counted_body.rs"]
mod counted_body;
#[path = "../src/bin/12_service/http_metrics.rs"]
mod http_metrics;
#[path = "../src/bin/12_service/in_flight.rs"]
mod in_flight;
#[path = "../src/bin/12_service/layer.rs"]
mod layer;
#[path = "../src/bin/12_service/scrape.rs"]
mod scrape;
#[path = "../src/bin/12_service/server.rs"]
mod server;
mod service;
mod support;

use std::future::pending;
use std::io::{Read, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use exporter_workbook::collect::collector_fn;
use exporter_workbook::registry::Registry;
use hyper::body::Frame;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use http_metrics::HttpMetrics;
use service::Service;
use support::PATIENCE;

/// What a body does next.
enum Part {
    Data(&'static str),
    Fail,
    Panic,
}

/// A body without a known length, whose parts the test sends.
struct Parts(UnboundedReceiver<Part>);

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        self.0.poll_recv(context).map(|part| match part? {
            Part::Data(text) => Some(Ok(Frame::data(text.into()))),
            Part::Fail => Some(Err("the source is gone")),
            Part::Panic => panic!("a body that panics"),
        })
    }

    /// A body may know its end without being asked for one more part.
    fn is_end_stream(&self) -> bool {
        self.0.is_closed() && self.0.is_empty()
    }
}

/// Serves one response with a body on `/stream`, and sends what the test sends.
fn streaming(
    head: &[(&'static str, &'static str)],
) -> (Service, UnboundedSender<Part>) {
    let (sender, parts) = unbounded_channel();
    let mut response = Response::new(Body::new(Parts(parts)));
    for (name, value) in head {
        let headers = response.headers_mut();
        headers.insert(*name, value.parse().unwrap());
    }
    let response = Mutex::new(Some(response));
    let handler = move || {
        let response = response.lock().unwrap().take().unwrap();
        async { response }
    };
    let handler = Arc::new(handler);
    let handler = move || handler();
    (
        Service::start(Router::new().route("/stream", get(handler))),
        sender,
    )
}

const GET_STREAM: &str = "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n";

/// Reads until `end` has arrived.
fn read_until(stream: &mut impl Read, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        text.push(byte[0].into());
    }
    text
}

fn send(parts: &UnboundedSender<Part>, part: Part) {
    assert!(parts.send(part).is_ok());
}

fn many_routes() -> Router {
    let inner = Router::new()
        .route("/", get(|| async {}))
        .route("/{id}", get(|| async {}));
    let with_fallback = Router::new()
        .route("/{id}", get(|| async {}))
        .fallback(|| async { StatusCode::NOT_FOUND });
    Router::new()
        .route("/files/{*path}", get(|| async {}))
        .nest("/shops/{shop}/orders", inner)
        .nest("/inner", with_fallback)
        .nest_service("/service", get(|| async {}))
        .fallback(|| async { StatusCode::IM_A_TEAPOT })
}

#[test]
fn a_request_counts_with_its_route_and_never_with_its_path() {
    let service = Service::start(many_routes());
    for path in [
        "/files/a",
        "/files/a/b/c",
        "/shops/1/orders",
        "/shops/2/orders/9?a=b",
        "/shops/2/orders/%C3%A9",
        "/shops/2/orders/9/9",
        "/inner/1",
        "/inner/1/2",
        "/service/1",
        "/",
        "/x7f3a",
    ] {
        service.exchange("GET", path);
    }
    service.assert_counted(&[
        "GET /files/{*path} 200 2",
        "GET /inner/{id} 200 1",
        "GET /shops/{shop}/orders 200 1",
        "GET /shops/{shop}/orders/{id} 200 2",
        "GET unmatched 200 1",
        "GET unmatched 404 1",
        "GET unmatched 418 3",
    ]);
    service.stop();
}

#[test]
fn a_layer_of_a_nested_router_sees_the_whole_route() {
    let service = Service::with(|registry| {
        let metrics = HttpMetrics::new(registry).unwrap();
        let counted = Router::new()
            .route("/{id}", get(|| async {}))
            .layer(from_fn_with_state(metrics, layer::count));
        Router::new().nest("/orders", counted)
    });
    service.exchange("GET", "/orders/1");
    service.exchange("GET", "/other");
    service.assert_counted(&["GET /orders/{id} 200 1"]);
    service.stop();
}

#[test]
fn methods_that_clients_make_up_count_as_one() {
    let service = Service::start(Router::new().route("/any", any(|| async {})));
    for method in [
        "GET", "PATCH", "OPTIONS", "BREW", "get", "x7f3a", "TRACE", "Get",
    ] {
        service.exchange(method, "/any");
    }
    service.assert_counted(&[
        "GET /any 200 1",
        "OPTIONS /any 200 1",
        "PATCH /any 200 1",
        "unknown /any 200 5",
    ]);
    service.stop();
}

#[test]
fn a_method_that_a_route_lacks_counts_with_the_route() {
    let service = Service::start(Router::new().route("/orders/{id}", get(|| async {})));
    let answer = service.exchange("DELETE", "/orders/7");
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    service.exchange("BREW", "/orders/7");
    service
        .assert_counted(&["DELETE /orders/{id} 405 1", "unknown /orders/{id} 405 1"]);
    service.stop();
}

#[test]
fn a_client_that_leaves_a_slow_handler_counts_as_499() {
    let service = Service::start(Router::new().route("/slow", get(pending::<()>)));
    let client = service.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    service.wait_in_flight(1);
    drop(client);
    service.assert_counted(&["GET /slow 499 1"]);
    service.stop();
}

#[test]
fn a_request_ends_with_its_body() {
    let (service, parts) = streaming(&[]);
    let mut client = service.send(GET_STREAM);
    send(&parts, Part::Data("one\n"));
    read_until(&mut client, "one\n\r\n");
    assert_eq!(service.samples("http_requests_total"), [""; 0]);
    assert_eq!(service.samples("http_request_duration_seconds"), [""; 0]);
    service.wait_in_flight(1);
    send(&parts, Part::Data("two\n"));
    drop(parts);
    read_until(&mut client, "4\r\ntwo\n\r\n0\r\n\r\n");
    service.assert_counted(&["GET /stream 200 1"]);
    service.stop();
}

#[test]
fn a_client_that_leaves_a_body_counts_as_499() {
    let (service, parts) = streaming(&[]);
    let mut client = service.send(GET_STREAM);
    send(&parts, Part::Data("one\n"));
    read_until(&mut client, "one\n\r\n");
    drop(client);
    service.assert_counted(&["GET /stream 499 1"]);
    service.stop();
}

#[test]
fn a_body_that_fails_counts_as_500_and_is_cut_off() {
    for end in [Part::Fail, Part::Panic] {
        let (service, parts) = streaming(&[]);
        let mut client = service.send(GET_STREAM);
        send(&parts, Part::Data("one\n"));
        let answer = read_until(&mut client, "4\r\none\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        send(&parts, end);
        let mut rest = String::new();
        let _ = client.read_to_string(&mut rest);
        assert_eq!(rest, "");
        service.assert_counted(&["GET /stream 500 1"]);
        service.stop();
    }
}

/// hyper drops such a body without asking for its end.
#[test]
fn a_body_with_a_stated_length_is_complete_with_its_last_byte() {
    let (service, parts) = streaming(&[("content-length", "8")]);
    let mut client = service.send(GET_STREAM);
    send(&parts, Part::Data("one\n"));
    read_until(&mut client, "\r\n\r\none\n");
    assert_eq!(service.samples("http_requests_total"), [""; 0]);
    send(&parts, Part::Data("two\n"));
    read_until(&mut client, "two\n");
    service.assert_counted(&["GET /stream 200 1"]);
    service.stop();
}

#[test]
fn a_body_that_is_shorter_than_it_says_counts_as_it_ends() {
    let (service, parts) = streaming(&[("content-length", "8")]);
    let mut client = service.send(GET_STREAM);
    send(&parts, Part::Data("one\n"));
    read_until(&mut client, "\r\n\r\none\n");
    drop(client);
    service.assert_counted(&["GET /stream 499 1"]);
    service.stop();
}

/// The client waits in vain for the rest.
#[test]
fn a_body_that_ends_before_its_stated_length_counts_as_500() {
    let (service, parts) = streaming(&[("content-length", "8")]);
    let mut client = service.send(GET_STREAM);
    send(&parts, Part::Data("one\n"));
    read_until(&mut client, "\r\n\r\none\n");
    drop(parts);
    let mut rest = String::new();
    let _ = client.read_to_string(&mut rest);
    assert_eq!(rest, "");
    service.assert_counted(&["GET /stream 500 1"]);
    service.stop();
}

#[test]
fn a_text_that_is_shorter_than_its_stated_length_counts_as_500() {
    let stated = || async { ([("content-length", "8")], "one\n") };
    let empty = || async { ([("content-length", "8")], "") };
    let routes = Router::new().route("/text", get(stated));
    let service = Service::start(routes.route("/empty", get(empty)));
    for path in ["/text", "/empty"] {
        // What arrives, and whether more can, depends on hyper.
        let mut client =
            service.send(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        read_until(&mut client, "\r\n\r\n");
    }
    service.exchange("HEAD", "/text");
    service.assert_counted(&[
        "GET /empty 500 1",
        "GET /text 500 1",
        "HEAD /text 200 1",
    ]);
    service.stop();
}

/// `CountedBody` doesn't learn what becomes of a part that hyper has.
#[test]
fn a_response_in_one_part_counts_though_its_client_leaves() {
    let large = || async { "x".repeat(50_000_000) };
    let service = Service::start(Router::new().route("/large", get(large)));
    let client = service.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    service.assert_counted(&["GET /large 200 1"]);
    drop(client);
    service.assert_counted(&["GET /large 200 1"]);
    service.stop();
}

#[test]
fn the_length_of_a_body_is_still_known() {
    let text = || async { "twelve bytes" };
    let service = Service::start(Router::new().route("/text", get(text)));
    for method in ["GET", "HEAD"] {
        let answer = service.exchange(method, "/text").to_lowercase();
        assert!(answer.contains("\r\ncontent-length: 12\r\n"), "{answer}");
        assert!(!answer.contains("chunked"), "{answer}");
        assert_eq!(answer.ends_with("twelve bytes"), method == "GET");
    }
    service.assert_counted(&["GET /text 200 1", "HEAD /text 200 1"]);
    service.stop();
}

/// Returns a response whose body has no end.
fn endless(code: StatusCode) -> Response {
    let (sender, parts) = unbounded_channel();
    let mut response = Response::new(Body::new(Parts(parts)));
    *response.status_mut() = code;
    // It lives as long as the response.
    response.extensions_mut().insert(sender);
    response
}

#[test]
fn responses_without_a_body_are_complete() {
    let with = |code| get(move || async move { endless(code) });
    let service = Service::start(
        Router::new()
            .route("/200", with(StatusCode::OK))
            .route("/204", with(StatusCode::NO_CONTENT))
            .route("/304", with(StatusCode::NOT_MODIFIED))
            .route("/empty", get(|| async {})),
    );
    service.exchange("HEAD", "/200");
    for path in ["/204", "/304", "/empty"] {
        service.exchange("GET", path);
    }
    service.assert_counted(&[
        "GET /204 204 1",
        "GET /304 304 1",
        "GET /empty 200 1",
        "HEAD /200 200 1",
    ]);
    service.stop();
}

#[test]
fn a_body_that_knows_its_end_is_complete_and_an_empty_one_is_not_chunked() {
    let (service, parts) = streaming(&[]);
    drop(parts);
    let answer = service.exchange("GET", "/stream").to_lowercase();
    assert!(answer.contains("\r\ncontent-length: 0\r\n"), "{answer}");
    service.assert_counted(&["GET /stream 200 1"]);
    service.stop();
    let (service, parts) = streaming(&[]);
    send(&parts, Part::Data("all\n"));
    drop(parts);
    let answer = service.exchange("GET", "/stream");
    assert!(answer.ends_with("4\r\nall\n\r\n0\r\n\r\n"), "{answer}");
    service.assert_counted(&["GET /stream 200 1"]);
    service.stop();
}

async fn panics_later() -> StatusCode {
    tokio::task::yield_now().await;
    panic!("a handler that panics later")
}

#[test]
fn a_panic_is_a_500_that_counts_and_the_connection_lives() {
    let panics_at_once =
        || -> std::future::Ready<()> { panic!("a handler that panics") };
    let service = Service::start(
        Router::new()
            .route("/at_once", get(panics_at_once))
            .route("/later", get(panics_later))
            .route("/works", get(|| async { "works" })),
    );
    let mut client = service.send("GET /at_once HTTP/1.1\r\nHost: a\r\n\r\n");
    for next in ["/later", "/works"] {
        let head = read_until(&mut client, "\r\n\r\n");
        assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
        let request = format!("GET {next} HTTP/1.1\r\nHost: a\r\n\r\n");
        client.write_all(request.as_bytes()).unwrap();
    }
    read_until(&mut client, "works");
    service.assert_counted(&[
        "GET /at_once 500 1",
        "GET /later 500 1",
        "GET /works 200 1",
    ]);
    service.stop();
}

#[test]
fn errors_are_served_as_0_before_the_first() {
    let registry = Registry::new();
    let metrics = HttpMetrics::new(&registry).unwrap();
    let method = axum::http::Method::GET;
    let request = in_flight::InFlight::start(metrics.clone(), &method, None);
    let text = exporter_workbook::testutil::gather_to_text(&registry).unwrap();
    let line = r#"http_requests_total{code="500",method="GET",route="unmatched"} 0"#;
    assert!(text.lines().any(|all| all == line), "{text}");
    request.end(500);
    let labels = ["GET", "unmatched", "500"];
    assert_eq!(metrics.requests.with_label_values(&labels).get(), 1);
}

/// Scrapes that take until the test ends them.
#[derive(Clone, Default)]
struct Scrapes {
    started: Arc<AtomicUsize>,
    end: Arc<(Mutex<bool>, Condvar)>,
}

impl Scrapes {
    fn collect(&self) {
        self.started.fetch_add(1, Ordering::SeqCst);
        let (is_over, changed) = &*self.end;
        let is_over = is_over.lock().unwrap();
        drop(changed.wait_while(is_over, |is_over| !*is_over).unwrap());
    }

    fn wait_until_started(&self, count: usize) {
        let started = Instant::now();
        while self.started.load(Ordering::SeqCst) < count {
            assert!(started.elapsed() < PATIENCE);
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&self) {
        *self.end.0.lock().unwrap() = true;
        self.end.1.notify_all();
    }
}

#[test]
fn scrapes_that_block_are_limited_and_leave_the_service_alone() {
    let scrapes = Scrapes::default();
    let collector = scrapes.clone();
    let collector = collector_fn(Vec::new(), move |_| {
        collector.collect();
        Ok(())
    });
    let service = Service::with(|registry| {
        registry.must_register(collector);
        Router::new()
            .route("/metrics", scrape::route(registry).unwrap())
            .route("/works", get(|| async { "works" }))
    });
    let request = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let slow: Vec<_> = (0..40).map(|_| service.send(request)).collect();
    scrapes.wait_until_started(40);
    let refused = service.exchange("GET", "/metrics");
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(
        refused.ends_with(
            "\r\n\r\nLimit of concurrent requests reached (40), try again later.\n"
        ),
        "{refused}"
    );
    assert!(service.exchange("GET", "/works").ends_with("works"));
    scrapes.end();
    for client in slow {
        let answer = support::rest(client);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    service.stop();
}

/// A response whose body takes a while.
async fn trickle() -> Response {
    let (sender, parts) = unbounded_channel();
    tokio::spawn(async move {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(1)).await;
            if sender.send(Part::Data("part\n")).is_err() {
                return;
            }
        }
    });
    Body::new(Parts(parts)).into_response()
}

fn request_everything(service: &Service, client: u64) {
    for round in 0..25 {
        for path in ["/works", "/trickle", "/panics", "/none"] {
            service.exchange("GET", path);
        }
        let slow = service.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
        // Some leave before the handler runs, others after.
        thread::sleep(Duration::from_micros(100 * (client + round)));
        drop(slow);
    }
}

#[test]
fn every_request_counts_once_however_it_ends() {
    let service = Service::start(
        Router::new()
            .route("/works", get(|| async { "works" }))
            .route("/trickle", get(trickle))
            .route("/panics", get(panics_later))
            .route("/slow", get(pending::<()>)),
    );
    thread::scope(|scope| {
        for client in 0..8 {
            let service = &service;
            scope.spawn(move || request_everything(service, client));
        }
    });
    service.wait_in_flight(0);
    // How many of these hyper saw before they left isn't known.
    let slow = service.counted().into_iter();
    let slow: Vec<String> = slow.filter(|line| line.contains(" /slow ")).collect();
    let [slow] = &*slow else { panic!("{slow:?}") };
    assert!(slow.starts_with("GET /slow 499 "), "{slow}");
    service.assert_counted(&[
        "GET /panics 500 200",
        slow,
        "GET /trickle 200 200",
        "GET /works 200 200",
        "GET unmatched 404 200",
    ]);
    service.stop();
}
