//! Which handler answers a request, and what is answered where there is none.

use std::panic::{AssertUnwindSafe, catch_unwind};

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode, Uri};

use crate::promhttp::{Handler, plain_text};

/// Paths with their handlers; of equal paths the first counts.
#[derive(Default)]
pub struct Routes(Vec<(String, Handler)>);

impl Routes {
    pub fn push(&mut self, path: &str, handler: Handler) {
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
                let answer = catch_unwind(AssertUnwindSafe(|| handler(request)));
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

/// What a person who opens the port in a browser sees: links to `paths`.
fn landing_page<'a>(paths: impl Iterator<Item = &'a str>) -> Response<Vec<u8>> {
    let links: String = paths
        .map(|path| {
            path.replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('"', "&quot;")
        })
        .map(|path| format!("<li><a href=\"{path}\">{path}</a></li>\n"))
        .collect();
    let page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <title>Exporter</title>\n<h1>Exporter</h1>\n<ul>\n{links}</ul>\n</html>\n"
    );
    let mut response = Response::new(page.into_bytes());
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_break_the_landing_page() {
        let page = landing_page(["/a&b\"<i>"].into_iter()).into_body();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("<a href=\"/a&amp;b&quot;&lt;i>\">"), "{page}");
    }
}
