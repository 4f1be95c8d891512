//! Registration
//!
//! Follows the section 指标注册 · 默认注册表: what a registry answers.
//!
//! Run it: `cargo run --bin 02e_registration`
//!
//! Expect nine answers, and then the gauge at 100 among the metrics of lesson 01 on
//! <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::promhttp;
use exporter_workbook::register::{Registerer, register_or_existing};
use exporter_workbook::serve::{self, Server};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, Opts, Registry, default_registry};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    print_answers(&Registry::new())?;

    // ANCHOR: default
    let queue_length = new_gauge("The number of items in the queue.", "module")?;
    default_registry().must_register(vec![Box::new(queue_length.clone())]);
    queue_length.set(100.0);
    // ANCHOR_END: default
    let handler = promhttp::handler()?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

fn new_gauge(help: &str, label: &str) -> Result<Gauge, prometheus::Error> {
    let opts = Opts::new("queue_length", help).const_label(label, "http-server");
    Gauge::with_opts(opts.namespace("magedu").subsystem("mcube_demo"))
}

fn print_answers(registry: &Registry) -> Result<(), Box<dyn Error>> {
    // ANCHOR: ask
    let registerer: &dyn Registerer = registry;
    let register = |case: &str, gauge: &Gauge| {
        let answer = registerer.register(Box::new(gauge.clone()));
        eprintln!("{case}: {answer:?}");
    };
    let unregister = |case: &str, collector: &dyn Collector| {
        eprintln!("{case}: {}", registerer.unregister(collector));
    };
    // ANCHOR_END: ask
    // ANCHOR: cases
    let first = new_gauge("Items.", "module")?;
    register("register", &first);
    register("an equal one", &new_gauge("Items.", "module")?);
    register("another help", &new_gauge("Jobs.", "module")?);
    register("a bad label", &new_gauge("Items.", "__module")?);
    unregister("unregister", &first);
    unregister("unregister again", &first);
    register("another help again", &new_gauge("Jobs.", "module")?);
    registerer.must_register(vec![Box::new(Unchecked), Box::new(Unchecked)]);
    unregister("unregister an unchecked one", &Unchecked);
    register_or_existing(registry, first)?.set(23.0);
    let existing = register_or_existing(registry, new_gauge("Items.", "module")?)?;
    eprintln!("the existing one: {}", existing.get());
    // ANCHOR_END: cases
    Ok(())
}

// ANCHOR: describes
/// Describes nothing, so there is nothing to check.
struct Unchecked;

impl Collector for Unchecked {
    fn desc(&self) -> Vec<&Desc> {
        Vec::new()
    }
    fn collect(&self) -> Vec<MetricFamily> {
        Vec::new()
    }
}
// ANCHOR_END: describes
