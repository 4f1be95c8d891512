//! Which handler answers a request, and what is answered if there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::{Request, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use super::http::{Refused, path};
use super::{Landing, ServeError};
use crate::promhttp::{BoxHandler, Handler, plain_text};

/// Handlers by path, with the landing page unless `/` has a handler.
#[derive(Default)]
pub struct Routes {
    pub of: Vec<(String, BoxHandler)>,
    pub landing: Landing,
}

impl Routes {
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.of.iter().map(|(path, _)| path.as_str())
    }

    /// Returns an error for a route that no request reaches.
    pub fn check(&self) -> Result<(), ServeError> {
        let mut seen = Vec::new();
        for route in self.paths() {
            if !is_path(route) {
                return Err(ServeError::Route(route.to_owned()));
            }
            let decoded: Vec<u8> = percent_decode_str(route).collect();
            if seen.contains(&decoded) {
                return Err(ServeError::DuplicateRoute(route.to_owned()));
            }
            seen.push(decoded);
        }
        Ok(())
    }

    fn not_found(&self) -> Response<Vec<u8>> {
        let paths = self.paths().collect::<Vec<_>>().join(", ");
        let message = format!("Not found. What there is: {paths}\n");
        plain_text(StatusCode::NOT_FOUND, &message)
    }
}

impl Handler for Routes {
    fn handle(&self, request: &Request<()>) -> Response<Vec<u8>> {
        if let Some(Refused(response)) = request.extensions().get() {
            return response.clone();
        }
        let path = path(request);
        let is_route = |route: &str| percent_decode_str(route).eq(path.iter().copied());
        match self.of.iter().find(|(route, _)| is_route(route)) {
            Some((_, handler)) => caught(handler, request),
            None => {
                let page = self.landing.answer(&path, self.paths());
                page.unwrap_or_else(|| self.not_found())
            }
        }
    }
}

/// What `handler` answers, or status 500 if it panics.
pub fn caught(handler: &BoxHandler, request: &Request<()>) -> Response<Vec<u8>> {
    let answer = catch_unwind(AssertUnwindSafe(|| handler.handle(request)));
    answer.unwrap_or_else(|_| {
        let message = "The handler panicked; the program's log says why.\n";
        plain_text(StatusCode::INTERNAL_SERVER_ERROR, message)
    })
}

/// Whether a request can have exactly this path.
fn is_path(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    text.is_ascii() && text.starts_with('/') && uri.is_ok_and(|uri| uri.path() == text)
}
