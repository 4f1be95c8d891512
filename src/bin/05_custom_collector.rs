//! A custom collector
//!
//! Follows the section 采集器 and the second document's `HelloCollector`.
//!
//! Run it: `cargo run --bin 05_custom_collector`
//!
//! Expect `a 1` and `b{hello="world",hostname="Hi"} 2`, made anew at each scrape, on
//! <http://127.0.0.1:9000/metrics>.

use std::collections::HashMap;
use std::error::Error;

use exporter_workbook::const_metric::{ValueType, must_new_const_metric};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::register::Registerer;
use exporter_workbook::serve::{self, Server};
use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

// ANCHOR: main
fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    registry.must_register(vec![Box::new(HelloCollector::new()?)]);

    let handler = promhttp::handler_for(
        registry.clone(),
        HandlerOpts {
            registry: Some(registry),
            ..HandlerOpts::default()
        },
    )?;
    Server::new(listener).route("/metrics", handler).run()?;
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
    fn new() -> prometheus::Result<HelloCollector> {
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let labels = vec!["hostname".to_owned()];
        let hello = HashMap::from([("hello".to_owned(), "world".to_owned())]);
        Ok(HelloCollector {
            a_metric: Desc::new(a, "Display a.".to_owned(), vec![], HashMap::new())?,
            b_metric: Desc::new(b, "Display b.".to_owned(), labels, hello)?,
        })
    }
}
// ANCHOR_END: new

// ANCHOR: collector
impl Collector for HelloCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.a_metric, &self.b_metric]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        vec![
            must_new_const_metric(&self.a_metric, ValueType::Gauge, 1.0, &[]),
            must_new_const_metric(&self.b_metric, ValueType::Counter, 2.0, &["Hi"]),
        ]
    }
}
// ANCHOR_END: collector
