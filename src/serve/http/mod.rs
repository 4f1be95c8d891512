//! The subset of HTTP/1.x that the server speaks: parsing requests, refusing them with
//! the right status, and writing responses.

mod check;
mod request;
mod response;

pub use check::check;
pub use request::{canonical, is_kept, parse, skip_empty_lines};
pub use response::{Message, message};

use http::{Response, StatusCode};

use crate::promhttp::{Body, plain_text};

/// The response that refuses a request.
pub type Refusal = Box<Response<Body>>;

pub fn refusal(status: StatusCode, message: &str) -> Refusal {
    Box::new(plain_text(status, message))
}

fn bad_request(reason: &str) -> Refusal {
    refusal(
        StatusCode::BAD_REQUEST,
        &format!("Bad request: {reason}.\n"),
    )
}
