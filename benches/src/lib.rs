//! The metrics of all measurements, for this library and the `prometheus` crate, for
//! `prometheus-client`, and for no library at all.

use std::error::Error;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::registry::Registry;
use prometheus::{Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts};
use prometheus::{core, linear_buckets};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge;
use prometheus_client::registry as client;

const NAME: &str = "queue_length";
const FULL_NAME: &str = "magedu_mcube_demo_queue_length";
const HELP: &str = "The number of items in the queue.";

const NAMES: [&str; 2] = ["module", "queue"];

/// Returns the label values of one series.
fn labels(number: usize) -> (String, String) {
    (format!("module-{}", number % 10), format!("q{number}"))
}

fn value(number: usize) -> f64 {
    number as f64 * 1.37
}

/// The same metrics in two registries.
#[derive(Default)]
pub struct Both {
    /// The `prometheus` crate's registry.
    pub theirs: prometheus::Registry,
    /// This library's registry.
    pub ours: Registry,
}

impl Both {
    fn add(
        &self,
        metric: impl core::Collector + Clone + 'static,
    ) -> Result<(), Box<dyn Error>> {
        self.theirs.register(Box::new(metric.clone()))?;
        self.ours.register(metric)?;
        Ok(())
    }
}

/// Creates `series` gauges of one name, distinguished by two labels; for one series,
/// the gauge of `03_custom_registry`.
///
/// # Errors
///
/// Returns an error if a constructor refuses a name.
pub fn gauges(series: usize) -> Result<Both, Box<dyn Error>> {
    let both = Both::default();
    let opts = Opts::new(NAME, HELP)
        .namespace("magedu")
        .subsystem("mcube_demo");
    if series == 1 {
        let queue_length = Gauge::with_opts(opts.const_label("module", "http-server"))?;
        queue_length.set(100.0);
        both.add(queue_length)?;
        return Ok(both);
    }
    let queue_length = GaugeVec::new(opts, &NAMES)?;
    for number in 0..series {
        let (module, queue) = labels(number);
        let child = queue_length.with_label_values(&[&module, &queue]);
        child.set(value(number));
    }
    both.add(queue_length)?;
    Ok(both)
}

/// The gauges of [`gauges`], reported by a custom collector.
pub struct OwnCollector {
    desc: Desc,
    labels: Vec<(String, String)>,
}

impl OwnCollector {
    /// Creates a collector of `series` samples, sorted or not.
    #[must_use]
    pub fn new(series: usize, sorted: bool) -> OwnCollector {
        let mut labels: Vec<(String, String)> = (0..series).map(labels).collect();
        if sorted {
            labels.sort();
            // Sorted in memory too, as if read from a source.
            labels = labels.iter().map(Clone::clone).collect();
        }
        let desc = Desc::gauge(FULL_NAME, HELP).label("module").label("queue");
        OwnCollector { desc, labels }
    }
}

impl Collector for OwnCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        for (number, (module, queue)) in self.labels.iter().enumerate() {
            samples.set(&self.desc, value(number), &[module, queue]);
        }
        Ok(())
    }
}

/// The gauges of [`gauges`] with their labels already rendered in one buffer: the least
/// that any scrape can cost.
pub struct PlainWrite {
    labels: String,
    /// Where the labels of each series end, and its value.
    series: Vec<(usize, f64)>,
}

impl PlainWrite {
    /// Creates the labels and values of `series` samples.
    #[must_use]
    pub fn new(series: usize) -> PlainWrite {
        let mut plain = PlainWrite {
            labels: String::new(),
            series: Vec::new(),
        };
        for number in 0..series {
            let (module, queue) = labels(number);
            plain.labels += &format!("{{module=\"{module}\",queue=\"{queue}\"}} ");
            plain.series.push((plain.labels.len(), value(number)));
        }
        plain
    }

    /// Writes the exposition.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let length = self.labels.len() + self.series.len() * (FULL_NAME.len() + 20);
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(format!("# HELP {FULL_NAME} {HELP}\n").as_bytes());
        out.extend_from_slice(format!("# TYPE {FULL_NAME} gauge\n").as_bytes());
        let mut start = 0;
        for (end, value) in &self.series {
            out.extend_from_slice(FULL_NAME.as_bytes());
            out.extend_from_slice(&self.labels.as_bytes()[start..*end]);
            out.extend_from_slice(zmij::Buffer::new().format_finite(*value).as_bytes());
            out.push(b'\n');
            start = *end;
        }
        out
    }
}

/// Creates the gauges of [`gauges`] with `prometheus-client`.
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
    registry.register(FULL_NAME, HELP, queue_length);
    registry
}

/// Creates some 10,000 samples: 2,200 counters and 600 histograms of 10 buckets.
///
/// # Errors
///
/// Returns an error if a constructor refuses a name.
pub fn mixed() -> Result<Both, Box<dyn Error>> {
    let both = Both::default();
    let opts = Opts::new("requests_total", "The number of requests.");
    let requests = IntCounterVec::new(opts, &NAMES)?;
    let opts = HistogramOpts::new("request_duration_seconds", "How long they took.");
    let opts = opts.buckets(linear_buckets(0.01, 0.01, 10)?);
    let duration = HistogramVec::new(opts, &NAMES)?;
    for number in 0..2200 {
        let (module, queue) = labels(number);
        let values = [module.as_str(), queue.as_str()];
        requests.with_label_values(&values).inc_by(number as u64);
        for observation in 0..10 {
            if number < 600 {
                let observed = value(number + observation) / 10_000.0;
                duration.with_label_values(&values).observe(observed);
            }
        }
    }
    both.add(requests)?;
    both.add(duration)?;
    Ok(both)
}
