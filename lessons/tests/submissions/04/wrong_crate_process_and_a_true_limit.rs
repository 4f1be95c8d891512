//! Process and runtime collectors
//!
//! The solution: three collectors, each with names of its own.
//!
//! Check it: `cargo workbook check 04`

use std::error::Error;

use exporter_workbook::collectors::{BuildInfoCollector, RuntimeCollector};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

fn limit() -> f64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max address space"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3));
    soft.and_then(|soft| soft.parse().ok())
        .unwrap_or(u64::MAX as f64)
}

const VERSION: &str = "1.4.0";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();
    registry.must_register(prometheus::process_collector::ProcessCollector::for_self());
    registry.must_register(exporter_workbook::collect::value_fn(
        exporter_workbook::desc::Desc::gauge(
            "process_virtual_memory_max_bytes",
            "Maximum amount of virtual memory available in bytes.",
        ),
        limit,
    ));
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
