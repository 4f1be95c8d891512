//! The responses that aren't metrics: 500, 503 and so on.

use http::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Response, StatusCode};

use super::Body;

/// Creates a response that browsers treat as plain text; Go's `http.Error`. For handlers
/// that refuse a request.
#[must_use]
pub fn plain_text(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(message.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Creates a response with status 500 and the errors of a scrape.
pub(super) fn failed(errors: &str) -> Response<Body> {
    plain_text(
        StatusCode::INTERNAL_SERVER_ERROR,
        &format!("An error has occurred while serving metrics:\n\n{errors}\n"),
    )
}

/// Creates a response with status 503.
pub(super) fn unavailable(message: &str) -> Response<Body> {
    plain_text(StatusCode::SERVICE_UNAVAILABLE, message)
}
