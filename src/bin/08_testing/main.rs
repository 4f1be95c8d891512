//! Testing
//!
//! Follows lesson 05: a collector whose source is a parameter that tests can fake.
//!
//! Run it: `cargo run --bin 08_testing`
//!
//! Expect the queues of `target/lengths` on <http://127.0.0.1:9000/metrics>.
//! Test it: `cargo test --bin 08_testing`

mod queues;
mod source;
#[cfg(test)]
mod tests;

use std::error::Error;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};

use queues::QueueCollector;

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    source::create()?;

    let registry = Registry::new();
    registry.must_register(QueueCollector::new(source::read));

    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    Server::new(listener)
        .landing(Landing::new("Testing"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
