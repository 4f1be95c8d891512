//! The raw handler
//!
//! The solution: a page with one line, which promtool takes without a word.
//!
//! Check it: `cargo workbook check 00`

use std::error::Error;
use std::io::{self, Write};
use std::thread;

use exporter_workbook::serve;
use prometheus::{Encoder, IntCounterVec, Opts, Registry, TextEncoder};
use tiny_http::{Header, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let stop = serve::stop_signal()?;
    let address = listener.local_addr()?;
    // Served all the same if nobody can read it; `println!` would panic.
    let _ = writeln!(io::stdout(), "listening on http://{address}/metrics");

    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    let server = std::sync::Arc::new(server);
    for _ in 0..4 {
        let server = server.clone();
        thread::spawn(move || {
            while let Ok(request) = server.recv() {
                println!("{} {}", request.method(), request.url());
                handle_metrics(request);
            }
        });
    }
    stop();
    Ok(())
}

fn handle_metrics(request: Request) {
    let answered = match request.url().split('?').next() {
        Some("/metrics") => hello_handler(request),
        _ => {
            request.respond(Response::from_string("not found\n").with_status_code(404))
        }
    };
    if let Err(error) = answered {
        // `eprintln!` would panic as well.
        let _ = writeln!(io::stderr(), "cannot answer: {error}");
    }
}

fn hello_handler(request: Request) -> io::Result<()> {
    let text = page().map_err(io::Error::other)?;
    let kind = format!("{}; charset=utf-8", TextEncoder::new().format_type());
    let content_type = Header::from_bytes("content-type", kind)
        .map_err(|()| io::Error::other("no header"))?;
    request.respond(Response::from_data(text).with_header(content_type))
}

fn page() -> prometheus::Result<Vec<u8>> {
    let registry = Registry::new();
    let requests = IntCounterVec::new(
        Opts::new(
            "lexporter_requests_total",
            "How many requests each user sent.",
        ),
        &["user"],
    )?;
    registry.register(Box::new(requests.clone()))?;
    requests.with_label_values(&["admin"]).inc_by(1000);
    let mut text = Vec::new();
    TextEncoder::new().encode(&registry.gather(), &mut text)?;
    Ok(text)
}
