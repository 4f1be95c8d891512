use std::error::Error;

use exporter_workbook::promhttp::{self, Body, Handler};
use exporter_workbook::serve::{self, Server};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let metrics = promhttp::handler()?;
    let router = move |request: &Request<()>| match request.uri().path() {
        "/" => landing_page(request),
        "/metrics" => not_found(),
        path if path.ends_with("/metrics") || path.ends_with("/metrics/") => {
            metrics.handle(request)
        }
        _ => not_found(),
    };
    Server::new(listener)
        .route("/internal/metrics", not_used)
        .layer(move |_| router)
        .run()?;
    Ok(())
}

fn not_used(_: &Request<()>) -> Response<Body> {
    not_found()
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

fn not_found() -> Response<Body> {
    let mut response = Response::new("not found\n".into());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
