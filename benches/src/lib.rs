//! The metrics that every measurement is made on, for our library and the SDK, and the same
//! for `prometheus-client`.

use exporter_workbook::register::Registerer;
use exporter_workbook::summary::{SummaryOpts, SummaryVec};
use prometheus::{Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts};
use prometheus::{Registry, linear_buckets};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge;
use prometheus_client::registry as client;

const NAME: &str = "queue_length";
const HELP: &str = "The number of items in the queue.";

const NAMES: [&str; 2] = ["module", "queue"];

/// What sets one series apart.
fn labels(number: usize) -> (String, String) {
    (format!("module-{}", number % 10), format!("q{number}"))
}

fn value(number: usize) -> f64 {
    number as f64 * 1.37
}

/// A registry with `series` gauges of one name, told apart by two labels; for one series,
/// the gauge of `03_custom_registry`.
///
/// # Errors
///
/// Those of the SDK's constructors, for names that are wrong here.
pub fn gauges(series: usize) -> Result<Registry, prometheus::Error> {
    let registry = Registry::new();
    let opts = Opts::new(NAME, HELP)
        .namespace("magedu")
        .subsystem("mcube_demo");
    if series == 1 {
        let queue_length = Gauge::with_opts(opts.const_label("module", "http-server"))?;
        queue_length.set(100.0);
        registry.must_register(vec![Box::new(queue_length)]);
        return Ok(registry);
    }
    let queue_length = GaugeVec::new(opts, &NAMES)?;
    for number in 0..series {
        let (module, queue) = labels(number);
        let child = queue_length.with_label_values(&[&module, &queue]);
        child.set(value(number));
    }
    registry.must_register(vec![Box::new(queue_length)]);
    Ok(registry)
}

/// The gauges of [`gauges`], by `prometheus-client`.
#[must_use]
pub fn client_gauges(series: usize) -> client::Registry {
    type Gauge = gauge::Gauge<f64, std::sync::atomic::AtomicU64>;
    let queue_length = Family::<Vec<(&'static str, String)>, Gauge>::default();
    for number in 0..series {
        let (module, queue) = labels(number);
        let child =
            queue_length.get_or_create(&vec![("module", module), ("queue", queue)]);
        child.set(value(number));
    }
    let mut registry = client::Registry::default();
    registry.register(format!("magedu_mcube_demo_{NAME}"), HELP, queue_length);
    registry
}

/// A registry with some 10,000 samples: 2,000 counters, 500 histograms of 10 buckets and
/// 300 summaries of 3 quantiles.
///
/// # Errors
///
/// Those of the constructors, for names that are wrong here.
pub fn mixed() -> Result<Registry, Box<dyn std::error::Error>> {
    let registry = Registry::new();
    let opts = Opts::new("requests_total", "The number of requests.");
    let requests = IntCounterVec::new(opts, &NAMES)?;
    let opts = HistogramOpts::new("request_duration_seconds", "How long they took.");
    let opts = opts.buckets(linear_buckets(0.01, 0.01, 10)?);
    let duration = HistogramVec::new(opts, &NAMES)?;
    let opts = SummaryOpts::new("response_size_bytes", "How large the answers were.");
    let opts = opts.objective(0.5, 0.05).objective(0.9, 0.01);
    let size = SummaryVec::new(opts.objective(0.99, 0.001), &NAMES)?;
    for number in 0..2000 {
        let (module, queue) = labels(number);
        let values = [module.as_str(), queue.as_str()];
        requests.with_label_values(&values).inc_by(number as u64);
        for observation in 0..10 {
            let observed = value(number + observation);
            if number < 500 {
                let child = duration.with_label_values(&values);
                child.observe(observed / 10_000.0);
            }
            if number < 300 {
                size.with_label_values(&values).observe(observed);
            }
        }
    }
    registry.must_register(vec![
        Box::new(requests),
        Box::new(duration),
        Box::new(size),
    ]);
    Ok(registry)
}
