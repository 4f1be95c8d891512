//! Process and runtime collectors
//!
//! The solution: three collectors, each with its own names.
//!
//! Check it: `cargo workbook check 04`

use std::error::Error;

use exporter_workbook::collectors::{
    BuildInfoCollector, ProcessCollector, RuntimeCollector,
};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

const VERSION: &str = "1.4.0";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    registry.must_register(ProcessCollector::new());
    registry.must_register(RuntimeCollector::new());
    registry.must_register(BuildInfoCollector::new("queue_exporter", VERSION));

    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}
