//! Counter operations
//!
//! The solution: requests that are counted, whatever becomes of them.
//!
//! Check it: `cargo workbook check 02b`

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::{Counter, Opts};

/// What was asked for until now.
const REQUESTED: [&str; 6] = ["/", "/queue", "/old", "/queue", "/missing", "/"];

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let requests_total = Counter::with_opts(
        Opts::new("total", "The total number of requests handled.")
            .const_label("module", "http-server"),
    )?;
    let threads = REQUESTED.map(|path| {
        let requests_total = requests_total.clone();
        std::thread::spawn(move || {
            let answered =
                answer(path).inspect_err(|error| eprintln!("error: {error}!"));
            requests_total.inc();
            println!("{path}: {answered:?}");
        })
    });
    for thread in threads {
        thread.join().map_err(|_| "a request panicked")?;
    }

    let registry = Registry::new().with_prefix("magedu_mcube_demo_requests_");
    registry.must_register(requests_total);
    let own = Registry::new();
    own.must_register(exporter_workbook::collectors::ProcessCollector::new());
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
