//! Status 405, for the handlers here and for the server, which refuses earlier.

use http::header::{ALLOW, HeaderValue};
use http::{Response, StatusCode};

use super::Body;
use super::status::plain_text;

/// Returns status 405 with the methods that a scrape may use.
pub(crate) fn method_not_allowed() -> Response<Body> {
    let mut response = plain_text(
        StatusCode::METHOD_NOT_ALLOWED,
        "Method not allowed: use GET or HEAD.\n",
    );
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}
