//! Failed scrapes
//!
//! Follows lesson 05: the other system may be slow or gone, or hang up halfway.
//!
//! Run it: `cargo run --bin 07_failed_scrapes`
//!
//! Expect two queues and `magedu_mcube_demo_up 1` on <http://127.0.0.1:9000/metrics>.
//! After `echo gone > target/source`, expect `magedu_mcube_demo_up 0` and no queue.

mod backlog;
mod fake;
mod queues;
mod source;

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerErrorHandling, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};

use backlog::BacklogCollector;
use queues::QueueCollector;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    let source = fake::start()?;

    let registry = Registry::new();
    registry.must_register(QueueCollector::new(source));
    registry.must_register(BacklogCollector::new(source));

    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            error_handling: HandlerErrorHandling::ContinueOnError,
            error_log: Some(promhttp::stderr_log()),
            ..HandlerOpts::default()
        },
    )?;
    Server::new(listener)
        .landing(Landing::new("Failed scrapes"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
