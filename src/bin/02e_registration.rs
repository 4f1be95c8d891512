//! Registration
//!
//! Follows the section 指标注册 · 默认注册表: how a registry responds.
//!
//! Run it: `cargo run --bin 02e_registration`
//!
//! Expect nine results on standard error, and the gauge at 100 among the metrics of
//! lesson 01 on <http://127.0.0.1:8050/metrics>.

use std::error::Error;

use exporter_workbook::collect::collector_fn;
use exporter_workbook::promhttp;
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};
use prometheus::{Gauge, Opts};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:8050")?)?;
    print_answers(&Registry::new())?;

    // ANCHOR: default
    let queue_length = new_gauge("The number of items in the queue.", "module")?;
    prometheus::register(Box::new(queue_length.clone()))?;
    queue_length.set(100.0);
    // ANCHOR_END: default
    let handler = promhttp::handler()?;
    Server::new(listener)
        .landing(Landing::new("Registration"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}

fn new_gauge(help: &str, label: &str) -> Result<Gauge, prometheus::Error> {
    let opts = Opts::new("queue_length", help).const_label(label, "http-server");
    Gauge::with_opts(opts.namespace("magedu").subsystem("mcube_demo"))
}

fn print_answers(registry: &Registry) -> Result<(), Box<dyn Error>> {
    // ANCHOR: ask
    let register = |case: &str, gauge: &Gauge| {
        eprintln!("{case}: {:?}", registry.register(gauge.clone()));
    };
    let unregister = |case: &str, gauge: &Gauge| {
        eprintln!("{case}: {}", registry.unregister(gauge));
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
    // ANCHOR_END: cases
    // ANCHOR: unchecked
    // Describes nothing, so there is nothing to check.
    let unchecked = || collector_fn(Vec::new(), |_| Ok(()));
    registry.must_register(unchecked());
    registry.must_register(unchecked());
    let answer = registry.unregister(&unchecked());
    eprintln!("unregister an unchecked one: {answer}");
    // ANCHOR_END: unchecked
    // ANCHOR: existing
    registry.register_or_existing(first)?.set(23.0);
    let existing = registry.register_or_existing(new_gauge("Items.", "module")?)?;
    eprintln!("the existing one: {}", existing.get());
    // ANCHOR_END: existing
    Ok(())
}
