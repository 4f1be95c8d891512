//! Counter operations
//!
//! The solution: requests that are counted whether or not they fail.
//!
//! Check it: `cargo workbook check 02b`

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::{Counter, Opts};

/// The requests so far.
const REQUESTED: [&str; 6] = ["/", "/queue", "/old", "/queue", "/missing", "/"];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let requests_total = Counter::with_opts(
        Opts::new("requests_total", "The total number of requests handled.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    for path in REQUESTED {
        requests_total.inc();
        if let Err(error) = answer(path) {
            eprintln!("{error}");
        }
    }

    let registry = Registry::new();
    registry.must_register(requests_total);
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

/// The text of a page.
fn answer(path: &str) -> Result<String, String> {
    match path {
        "/" => Ok("Welcome.\n".to_owned()),
        "/queue" => Ok("Nothing is queued.\n".to_owned()),
        _ => Err(format!("there is no page {path}")),
    }
}
