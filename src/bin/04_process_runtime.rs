//! Process and runtime collectors
//!
//! Follows the section 自定义注册表, from 添加 process 和 Go 运行时指标 on.
//!
//! Run it: `cargo run --bin 04_process_runtime`
//!
//! Expect the gauge and `promhttp_*` of lesson 03 as well as `process_*` and `rust_*`
//! on <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::collectors::{
    CountingAllocator, ProcessCollector, RuntimeCollector,
};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Gauge, Opts};

// ANCHOR: allocator
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
// ANCHOR_END: allocator

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;

    let registry = Registry::new();

    let queue_length = Gauge::with_opts(
        Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo")
            .const_label("module", "http-server"),
    )?;
    queue_length.set(100.0);
    registry.must_register(queue_length.clone());

    // ANCHOR: collectors
    // Add the process and the Rust runtime to our registry.
    registry.must_register(ProcessCollector::new());
    registry.must_register(RuntimeCollector::new());
    // ANCHOR_END: collectors

    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    Server::new(listener)
        .landing(Landing::new("Process and runtime collectors"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
