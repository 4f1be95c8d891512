//! The default registry
//!
//! The solution: an exporter whose metrics, and the link to them, are on another path.
//!
//! Check it: `cargo workbook check 01`

use std::error::Error;

use exporter_workbook::promhttp::{self, Body, BoxHandler, Handler};
use exporter_workbook::serve::{self, Server};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    Server::new(listener)
        .route("/internal/metrics", stale()?)
        .route("/", landing_page)
        .run()?;
    Ok(())
}

/// Made once: it never changes, and is faster.
fn stale() -> Result<BoxHandler, Box<dyn Error>> {
    let inner = promhttp::handler()?;
    let first = inner.handle(&Request::new(())).map(Body::into_bytes);
    Ok(Box::new(move |_request: &Request<()>| {
        first.clone().map(Body::from)
    }))
}

/// What a person who opens the port in a browser sees.
fn landing_page(_request: &Request<()>) -> Response<Body> {
    let page = "<!doctype html>\n<html lang=\"en\">\n<title>Queues</title>\n\
                <h1>The queue exporter</h1>\n\
                <p>Its <a href=\"/internal/metrics\">metrics</a></p>\n</html>\n";
    let mut response = Response::new(page.into());
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    response
}
