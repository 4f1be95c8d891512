//! Finds the handler for a request, and responds if there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::{Request, Response, StatusCode, Uri};

use super::http::{canonical, check};
use super::{Landing, ServeError};
use crate::promhttp::{Body, BoxHandler, Handler, plain_text};

/// Handlers by path, with the landing page unless `/` has a handler.
#[derive(Default)]
pub struct Routes {
    /// Each path in the form that requests have.
    of: Vec<(String, BoxHandler)>,
    pub landing: Landing,
}

impl Routes {
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.of.iter().map(|(path, _)| path.as_str())
    }

    /// Adds a route, which `check` checks later.
    pub fn push(&mut self, path: &str, handler: BoxHandler) {
        // An invalid path stays as it is, for the error to quote.
        let path = match is_path(path) {
            true => canonical(path).into_owned(),
            false => path.to_owned(),
        };
        self.of.push((path, handler));
    }

    /// Returns an error if no request can reach one of the routes.
    pub fn check(&self) -> Result<(), ServeError> {
        for (at, route) in self.paths().enumerate() {
            if !is_path(route) {
                return Err(ServeError::Route(route.to_owned()));
            }
            if self.paths().take(at).any(|earlier| earlier == route) {
                return Err(ServeError::DuplicateRoute(route.to_owned()));
            }
        }
        Ok(())
    }

    fn not_found(&self) -> Response<Body> {
        let paths = self.paths().collect::<Vec<_>>().join(", ");
        let message = format!("Not found. Available paths: {paths}\n");
        plain_text(StatusCode::NOT_FOUND, &message)
    }
}

impl Handler for Routes {
    fn handle(&self, request: &Request<()>) -> Response<Body> {
        if let Err(refusal) = check(request) {
            return *refusal;
        }
        let path = request.uri().path();
        match self.of.iter().find(|(route, _)| route == path) {
            Some((_, handler)) => caught(handler, request),
            None => {
                let page = self.landing.answer(path, self.paths());
                page.unwrap_or_else(|| self.not_found())
            }
        }
    }
}

/// Returns the response of `handler`, or status 500 if it panics.
pub fn caught(handler: &BoxHandler, request: &Request<()>) -> Response<Body> {
    let answer = catch_unwind(AssertUnwindSafe(|| handler.handle(request)));
    let failed = |what| plain_text(StatusCode::INTERNAL_SERVER_ERROR, what);
    match answer {
        Err(_) => failed("The handler panicked; the program's log says why.\n"),
        // A client would take the next request's response for the one to this request.
        Ok(response) if response.status().is_informational() => failed(
            "The handler returned a status below 200, which isn't a final response.\n",
        ),
        Ok(response) => response,
    }
}

/// Returns whether a request can have exactly this path.
fn is_path(text: &str) -> bool {
    let uri = text.parse::<Uri>();
    text.is_ascii() && text.starts_with('/') && uri.is_ok_and(|uri| uri.path() == text)
}
