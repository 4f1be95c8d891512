//! The raw handler
//!
//! The solution: an exposition that promtool accepts.
//!
//! Check it: `cargo workbook check 00`

use std::error::Error;
use std::io::{self, Write};
use std::thread;

use exporter_workbook::serve;
use tiny_http::{Header, Request, Response, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let stop = serve::stop_signal()?;
    let address = listener.local_addr()?;
    // `println!` would panic if standard output can't be written.
    let _ = writeln!(io::stdout(), "listening on http://{address}/metrics");

    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    thread::spawn(move || server.incoming_requests().for_each(handle_metrics));
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
        // `eprintln!` would panic, too.
        let _ = writeln!(io::stderr(), "cannot answer: {error}");
    }
}

fn hello_handler(request: Request) -> io::Result<()> {
    let page = "# HELP lexporter_requests_total The number of requests, by user.\n\
                # TYPE lexporter_requests_total counter\n\
                lexporter_requests_total{user=\"admin\"} 1000\n";
    let content_type =
        Header::from_bytes("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            .map_err(|()| io::Error::other("the Content-Type is no header"))?;
    request.respond(Response::from_string(page).with_header(content_type))
}
