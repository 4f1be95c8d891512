// ANCHOR: program
use std::error::Error;
use std::net::TcpListener;
use std::time::Duration;

use exporter_workbook::http::{Request, Response};
use exporter_workbook::prometheus::{IntGaugeVec, Opts};
use exporter_workbook::promhttp::{self, BoxHandler, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Limits, PeerAddr, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9100")?)?;
    server(listener)?.run()?;
    Ok(())
}

pub fn server(listener: TcpListener) -> Result<Server, Box<dyn Error>> {
    let registry = Registry::new();
    let opts = Opts::new("queue_length", "Items in the queue.");
    let length = IntGaugeVec::new(opts, &["queue"])?;
    registry.must_register(length.clone());
    length.with_label_values(&["mail"]).set(3);

    let metrics = promhttp::handler_for(&registry, HandlerOpts::default())?;
    let health = |_: &Request<()>| Response::new("ok\n".into());
    let landing = Landing::new("Queue exporter")
        .description("Reports the length of each queue.")
        .version(env!("CARGO_PKG_VERSION"));
    let limits = Limits {
        connections: 16,
        idle: Duration::from_secs(120),
        ..Limits::default()
    };
    Ok(Server::new(listener)
        .landing(landing)
        .route("/metrics", metrics)
        .route("/-/healthy", health)
        .limits(limits)
        .layer(logged))
}
// ANCHOR_END: program

// ANCHOR: layer
/// Logs each request with its client and the status of its response.
pub fn logged(inner: BoxHandler) -> impl Handler {
    let log = promhttp::stderr_log();
    move |request: &Request<()>| {
        let response = inner.handle(request);
        let (method, uri) = (request.method(), request.uri());
        let status = response.status().as_u16();
        if let Some(PeerAddr(client)) = request.extensions().get() {
            log(&format!("{client} {method} {uri} {status}"));
        }
        response
    }
}
// ANCHOR_END: layer
