//! Process and runtime collectors
//!
//! The exercise: four collectors, some of which use the same names.
//!
//! Check it: `cargo workbook check 04`

use std::error::Error;

use exporter_workbook::collectors::{ProcessCollector, RuntimeCollector};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
#[cfg(target_os = "linux")]
use prometheus::process_collector::ProcessCollector as CrateProcessCollector;
use prometheus::{Gauge, Opts};

const VERSION: &str = "1.4.0";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    // The crate has it on Linux only.
    #[cfg(target_os = "linux")]
    registry.must_register(CrateProcessCollector::for_self());
    registry.must_register(ProcessCollector::new());
    registry.must_register(build_info()?);
    registry.must_register(RuntimeCollector::new());

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

/// The version of the queue exporter.
fn build_info() -> Result<Gauge, prometheus::Error> {
    let info = Gauge::with_opts(
        Opts::new("rust_info", "The queue exporter's version.")
            .const_label("program", "queue_exporter")
            .const_label("version", VERSION),
    )?;
    info.set(1.0);
    Ok(info)
}
