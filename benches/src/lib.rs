//! The metrics that every measurement is made on.

use exporter_workbook::register::Registerer;
use prometheus::{Gauge, GaugeVec, Opts, Registry};

/// A registry with `series` gauges of one name, told apart by two labels; for one series,
/// the gauge of `03_custom_registry`.
///
/// # Errors
///
/// Those of the SDK's constructors, for names that are wrong here.
pub fn gauges(series: usize) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let opts = Opts::new("queue_length", "The number of items in the queue.")
        .namespace("magedu")
        .subsystem("mcube_demo");
    if series == 1 {
        let queue_length = Gauge::with_opts(opts.const_label("module", "http-server"))?;
        queue_length.set(100.0);
        registry.must_register(vec![Box::new(queue_length)]);
        return Ok(registry);
    }
    let queue_length = GaugeVec::new(opts, &["module", "queue"])?;
    for number in 0..series {
        let (module, queue) = (format!("module-{}", number % 10), format!("q{number}"));
        let value = number as f64 * 1.37;
        queue_length
            .with_label_values(&[&module, &queue])
            .set(value);
    }
    registry.must_register(vec![Box::new(queue_length)]);
    Ok(registry)
}
