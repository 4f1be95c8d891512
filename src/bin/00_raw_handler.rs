//! The raw handler
//!
//! Follows the section 简单粗暴: one line of metrics, written by hand.
//!
//! Run it: `cargo run --bin 00_raw_handler`
//!
//! Expect `lexporter_request_count{user="admin"} 1000` on
//! <http://127.0.0.1:8050/metrics>, without a trailing newline.

use std::error::Error;
use std::io::{self, Write};
use std::thread;

use exporter_workbook::serve;
use tiny_http::{Request, Response, Server};

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    let stop = serve::stop_signal()?;
    let address = listener.local_addr()?;
    // If nobody can read it, serve all the same; `println!` would panic.
    let _ = writeln!(io::stdout(), "listening on http://{address}/metrics");

    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    thread::spawn(move || server.incoming_requests().for_each(handle_metrics));
    stop();
    Ok(())
}
// ANCHOR_END: main

// ANCHOR: route
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
// ANCHOR_END: route

// ANCHOR: handler
fn hello_handler(request: Request) -> io::Result<()> {
    let line = "lexporter_request_count{user=\"admin\"} 1000";
    request.respond(Response::from_string(line))
}
// ANCHOR_END: handler
