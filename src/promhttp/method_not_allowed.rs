//! Status 405, for the handlers here and for the listener, which refuses sooner.

use http::header::{ALLOW, HeaderValue};
use http::{Response, StatusCode};

use super::status::plain_text;

/// Status 405 with the methods that a scrape may have.
pub(crate) fn method_not_allowed() -> Response<Vec<u8>> {
    let mut response = plain_text(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed: use GET or HEAD.\n",
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
