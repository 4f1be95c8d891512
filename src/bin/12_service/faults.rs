//! Faults on demand, to see how the metrics show them: `?delay=0.4` waits that many
//! seconds, `?fault=error` responds with status 500, and `?fault=panic` panics. A real
//! service has nothing like this.

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// No request may wait longer.
const LONGEST: f64 = 10.0;

pub async fn inject(request: Request, next: Next) -> Response {
    if let Some(seconds) = parameter(&request, "delay").and_then(|it| it.parse().ok()) {
        // Of a NaN, `clamp` leaves a NaN, which is no duration either.
        let seconds = f64::clamp(seconds, 0.0, LONGEST);
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        tokio::time::sleep(delay).await;
    }
    match parameter(&request, "fault").as_deref() {
        Some("error") => {
            (StatusCode::INTERNAL_SERVER_ERROR, "An error on demand.\n").into_response()
        }
        Some("panic") => panic!("a panic on demand"),
        _ => next.run(request).await,
    }
}

/// Returns the value of a parameter of the query.
fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value.into_owned())
}
