//! The layer that counts requests. To copy into a service of your own, with
//! `counted_body.rs`, `http_metrics.rs` and `in_flight.rs`.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::counted_body::CountedBody;
use super::http_metrics::HttpMetrics;
use super::in_flight::InFlight;

// ANCHOR: count
pub async fn count(
    State(metrics): State<HttpMetrics>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let in_flight = InFlight::start(metrics, &method, route);
    let mut response = pin!(next.run(request));
    let response = poll_fn(|context| caught(|| response.as_mut().poll(context))).await;
    let Ok(response) = response else {
        // The panic hook has printed the message.
        in_flight.end(500);
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let (length, code) = (length(&method, &response), response.status().as_u16());
    response.map(|body| Body::new(CountedBody::new(body, length, code, in_flight)))
}
// ANCHOR_END: count

/// Returns how many bytes of body the server will send, if that is known.
fn length(method: &Method, response: &Response) -> Option<u64> {
    let code = response.status();
    let is_bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    if method == Method::HEAD || is_bodiless.contains(&code) {
        return Some(0);
    }
    let stated = response.headers().get(CONTENT_LENGTH);
    let stated = stated.and_then(|length| length.to_str().ok()?.parse().ok());
    stated.or(response.body().size_hint().exact())
}

/// Turns a panic into a result: it would end the connection without a response.
pub fn caught<T>(poll: impl FnOnce() -> Poll<T>) -> Poll<thread::Result<T>> {
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    }
}
