//! By hand.

use std::error::Error;
use std::thread;

use exporter_workbook::serve;
use prometheus::{Encoder, IntCounterVec, TextEncoder, register_int_counter_vec};
use tiny_http::{Header, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    println!("listening on {}", listener.local_addr()?);
    let scrapes = register_int_counter_vec!(
        "promhttp_metric_handler_requests_total",
        "Total number of scrapes by HTTP status code.",
        &["code"]
    )?;
    scrapes.with_label_values(&["200"]);
    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    for request in server.incoming_requests() {
        let scrapes = scrapes.clone();
        thread::spawn(move || {
            let _ = answer(request, &scrapes);
        });
    }
    Ok(())
}

fn header(name: &str, value: &str) -> Result<Header, Box<dyn Error>> {
    Header::from_bytes(name, value).map_err(|()| "no header".into())
}

fn answer(request: Request, scrapes: &IntCounterVec) -> Result<(), Box<dyn Error>> {
    let path = request
        .url()
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned();
    match path.as_str() {
        "/internal/metrics" => {
            let mut text = Vec::new();
            TextEncoder::new().encode(&prometheus::gather(), &mut text)?;
            let kind = header("Content-Type", "text/plain; version=0.0.4")?;
            request.respond(Response::from_data(text).with_header(kind))?;
            scrapes.with_label_values(&["200"]).inc();
        }
        "/" | "/index.html" => {
            let page = "<a title='>' HREF='internal/metrics'>M</a>";
            let kind = header("Content-Type", "text/html")?;
            request.respond(Response::from_string(page).with_header(kind))?;
        }
        _ => request.respond(Response::empty(404))?,
    }
    Ok(())
}
