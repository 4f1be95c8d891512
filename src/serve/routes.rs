//! Which handler answers a request, and what is answered where there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::{Request, Response, StatusCode, Uri};

use super::landing::landing_page;
use crate::promhttp::{BoxHandler, Handler, plain_text};

/// Paths with their handlers; of equal paths the first counts.
#[derive(Default)]
pub struct Routes(Vec<(String, BoxHandler)>);

impl Routes {
    pub fn push(&mut self, path: &str, handler: BoxHandler) {
        self.0.push((path.to_owned(), handler));
    }

    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(path, _)| path.as_str())
    }

    /// What the handler answers, or status 500 for one that panics; a page with the
    /// paths on `/`, and status 404 for any other.
    pub fn answer(&self, request: &Request<()>) -> Response<Vec<u8>> {
        let path = request.uri().path();
        match self.0.iter().find(|(route, _)| route == path) {
            Some((_, handler)) => {
                let answer = catch_unwind(AssertUnwindSafe(|| handler.handle(request)));
                answer.unwrap_or_else(|_| {
                    let message = "The handler panicked; the program's log says why.\n";
                    plain_text(StatusCode::INTERNAL_SERVER_ERROR, message)
                })
            }
            None if path == "/" => landing_page(self.paths()),
            None => {
                let paths = self.paths().collect::<Vec<_>>().join(", ");
                let message = format!("Not found. What there is: {paths}\n");
                plain_text(StatusCode::NOT_FOUND, &message)
            }
        }
    }
}

/// Whether a request can have exactly this path.
pub fn is_path(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    text.is_ascii() && text.starts_with('/') && uri.is_ok_and(|uri| uri.path() == text)
}
