//! The metrics of all measurements: for this library and three others, and for no
//! library at all.

pub mod memory;
pub mod peers;
pub mod plain;
pub mod turns;

use std::error::Error;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::registry::Registry;
use prometheus::{Gauge, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts};
use prometheus::{core, linear_buckets};

const GAUGES: &str = "magedu_mcube_demo_queue_length";
const COUNTERS: &str = "magedu_mcube_demo_requests_total";
const HISTOGRAMS: &str = "magedu_mcube_demo_request_duration_seconds";
const HELP: &str = "What the module measures in one of its shards.";

const LABELS: [&str; 2] = ["module", "shard"];

/// The upper bounds of the histograms.
const BOUNDS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.5, 2.5, 5.5];

/// Returns the label values of one series, such as `http-server` and `99999`.
#[must_use]
pub fn labels(number: usize) -> (String, String) {
    ("http-server".to_owned(), number.to_string())
}

fn value(number: usize) -> f64 {
    number as f64 * 1.37
}

/// Returns what the histogram of this number observes.
fn observed(number: usize) -> f64 {
    (number % 13) as f64 * 0.5
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
    let opts = Opts::new(GAUGES, HELP);
    if series == 1 {
        let queue_length = Gauge::with_opts(opts.const_label("module", "http-server"))?;
        queue_length.set(100.0);
        both.add(queue_length)?;
        return Ok(both);
    }
    let queue_length = GaugeVec::new(opts, &LABELS)?;
    for number in 0..series {
        let (module, shard) = labels(number);
        let child = queue_length.with_label_values(&[&module, &shard]);
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
        let desc = Desc::gauge(GAUGES, HELP).label("module").label("shard");
        OwnCollector { desc, labels }
    }
}

impl Collector for OwnCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        for (number, (module, shard)) in self.labels.iter().enumerate() {
            samples.set(&self.desc, value(number), &[module, shard]);
        }
        Ok(())
    }
}

/// Creates some 10,000 samples: 2,200 counters and 600 histograms of 10 buckets.
///
/// # Errors
///
/// Returns an error if a constructor refuses a name.
pub fn mixed() -> Result<Both, Box<dyn Error>> {
    let both = Both::default();
    let opts = Opts::new("requests_total", "The number of requests.");
    let requests = IntCounterVec::new(opts, &LABELS)?;
    let opts = HistogramOpts::new("request_duration_seconds", "How long they took.");
    let opts = opts.buckets(linear_buckets(0.01, 0.01, 10)?);
    let duration = HistogramVec::new(opts, &LABELS)?;
    for number in 0..2200 {
        let (module, shard) = labels(number);
        let values = [module.as_str(), shard.as_str()];
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
