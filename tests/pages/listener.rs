// ANCHOR: program
use std::error::Error;
use std::net::TcpListener;
use std::time::Duration;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Limits, Server};
use http::{Request, Response};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9100")?)?;
    server(listener)?.run()?;
    Ok(())
}

pub fn server(listener: TcpListener) -> Result<Server, Box<dyn Error>> {
    let registry = Registry::new();
    // Your collectors go into it here.
    let metrics = promhttp::handler_for(&registry, HandlerOpts::default())?;
    let health = |_: &Request<()>| Response::new(b"ok\n".to_vec());
    let limits = Limits {
        connections: 16,
        idle: Duration::from_secs(120),
        ..Limits::default()
    };
    Ok(Server::new(listener)
        .route("/metrics", metrics)
        .route("/-/healthy", health)
        .limits(limits))
}
// ANCHOR_END: program
