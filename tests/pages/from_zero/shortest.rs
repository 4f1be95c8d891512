//! The shortest exporter.

use std::error::Error;

use exporter_workbook::prometheus::IntCounter;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let address = serve::address_argument("127.0.0.1:9000")?;
    // ANCHOR: five
    let registry = Registry::new();
    let jobs = IntCounter::new("jobs_total", "Jobs done.")?;
    registry.must_register(jobs.clone());
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(serve::listen(&address)?).route("/metrics", handler).run()?;
    // ANCHOR_END: five
    Ok(())
}
