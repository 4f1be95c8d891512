//! A custom collector
//!
//! Follows the section 采集器 and the second document's `HelloCollector`.
//!
//! Run it: `cargo run --bin 05_custom_collector`
//!
//! Expect `a 1` and `b{hello="world",hostname="Hi"} 2`, created anew at each scrape, on
//! <http://127.0.0.1:9000/metrics>.

use std::error::Error;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    registry.must_register(HelloCollector::new());

    let handler = promhttp::handler_for(
        &registry,
        HandlerOpts {
            registry: Some(registry.clone()),
            ..HandlerOpts::default()
        },
    )?;
    Server::new(listener)
        .landing(Landing::new("A custom collector"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}
// ANCHOR_END: main

// ANCHOR: struct
struct HelloCollector {
    a_metric: Desc,
    b_metric: Desc,
}
// ANCHOR_END: struct

// ANCHOR: new
impl HelloCollector {
    fn new() -> HelloCollector {
        HelloCollector {
            a_metric: Desc::gauge("a", "Display a."),
            b_metric: Desc::counter("b", "Display b.")
                .label("hostname")
                .const_label("hello", "world"),
        }
    }
}
// ANCHOR_END: new

// ANCHOR: collector
impl Collector for HelloCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.a_metric, &self.b_metric]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.set(&self.a_metric, 1.0, &[]);
        samples.set(&self.b_metric, 2.0, &["Hi"]);
        Ok(())
    }
}
// ANCHOR_END: collector
