//! A custom collector
//!
//! The exercise: queues that are gone, and are still served.
//!
//! Check it: `cargo workbook check 05`

use std::error::Error;
use std::fs;

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{GaugeVec, Opts};

/// A line for each queue, its name and how many items it has, such as `mail 3`.
const SOURCE: &str = "target/queues";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    registry.must_register(QueueCollector::new()?);
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts)?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

struct QueueCollector {
    queue_length: GaugeVec,
    up: prometheus::Gauge,
    read: prometheus::IntCounter,
    lock: std::sync::Mutex<()>,
}

impl QueueCollector {
    fn new() -> prometheus::Result<QueueCollector> {
        let opts = Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo");
        let queue_length = GaugeVec::new(opts, &["queue"])?;
        let up = prometheus::Gauge::new(
            "magedu_mcube_demo_up",
            "Whether the file was read.",
        )?;
        let read =
            prometheus::IntCounter::new("magedu_mcube_demo_reads_total", "How often.")?;
        Ok(QueueCollector {
            queue_length,
            up,
            read,
            lock: std::sync::Mutex::new(()),
        })
    }
}

impl Collector for QueueCollector {
    fn desc(&self) -> Vec<&Desc> {
        let mut desc = self.queue_length.desc();
        desc.extend(self.up.desc());
        desc.extend(self.read.desc());
        desc
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _one = self
            .lock
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        self.queue_length.reset();
        match read_queues() {
            Ok(queues) => {
                self.up.set(1.0);
                self.read.inc();
                for (queue, length) in queues {
                    self.queue_length.with_label_values(&[&queue]).set(length);
                }
            }
            Err(error) => {
                eprintln!("cannot read {SOURCE}: {error}");
                self.up.set(0.0);
            }
        }
        let mut families = self.up.collect();
        families.extend(self.queue_length.collect());
        families.extend(self.read.collect());
        families
    }
}

fn read_queues() -> Result<Vec<(String, f64)>, Box<dyn Error>> {
    let text = fs::read_to_string(SOURCE)?;
    text.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Result<(String, f64), Box<dyn Error>> {
    let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
    Ok((queue.to_owned(), length.parse::<u32>()?.into()))
}
