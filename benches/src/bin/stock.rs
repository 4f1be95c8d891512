//! The same metrics served by `tiny_http::Server` and the crate's `TextEncoder` at
//! their fastest: two workers, TCP_NODELAY, one chunk.

use std::env;
use std::error::Error;
use std::net::TcpListener;
use std::thread;

use prometheus::{Encoder, Registry, TextEncoder};
use socket2::SockRef;
use tiny_http::{Header, Response, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().ok_or("expected HOST:PORT SERIES")?;
    let series = arguments.next().ok_or("expected HOST:PORT SERIES")?;
    let registry = benches::gauges(series.parse()?)?.theirs;
    let listener = TcpListener::bind(address)?;
    // The connections inherit it.
    SockRef::from(&listener).set_tcp_nodelay(true)?;
    println!("listening on http://{}/metrics", listener.local_addr()?);
    let server =
        Server::from_listener(listener, None).map_err(|error| error.to_string())?;
    thread::scope(|scope| {
        scope.spawn(|| work(&server, &registry));
        work(&server, &registry);
    });
    Ok(())
}

fn work(server: &Server, registry: &Registry) {
    let encoder = TextEncoder::new();
    let content_type = Header::from_bytes("Content-Type", encoder.format_type());
    for request in server.incoming_requests() {
        let mut page = Vec::new();
        if let Err(error) = encoder.encode(&registry.gather(), &mut page) {
            eprintln!("cannot encode: {error}");
        }
        let response = Response::from_data(page).with_chunked_threshold(usize::MAX);
        let response = match &content_type {
            Ok(header) => response.with_header(header.clone()),
            Err(()) => response,
        };
        let _ = request.respond(response);
    }
}
