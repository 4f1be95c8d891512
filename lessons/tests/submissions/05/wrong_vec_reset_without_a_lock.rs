//! A custom collector
//!
//! The solution: only the queues that are there, and whether they could be read.
//!
//! Check it: `cargo workbook check 05`

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};

use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, Opts};

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
    up: Gauge,
    length: GaugeVec,
}

impl QueueCollector {
    fn new() -> prometheus::Result<QueueCollector> {
        let up =
            Gauge::new("magedu_mcube_demo_up", "Whether the queues could be read.")?;
        let opts = Opts::new(
            "magedu_mcube_demo_queue_length",
            "The number of items in the queue.",
        );
        let length = GaugeVec::new(opts, &["queue"])?;
        Ok(QueueCollector { up, length })
    }
}

impl Collector for QueueCollector {
    fn desc(&self) -> Vec<&Desc> {
        let mut all = self.up.desc();
        all.extend(self.length.desc());
        all
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.length.reset();
        match read_queues() {
            Ok(queues) => {
                self.up.set(1.0);
                for (queue, length) in queues {
                    self.length.with_label_values(&[&queue]).set(length);
                }
            }
            Err(error) => {
                self.up.set(0.0);
                let _ = writeln!(io::stderr(), "cannot read {SOURCE}: {error}");
            }
        }
        let mut all = self.up.collect();
        all.extend(self.length.collect());
        all
    }
}

fn read_queues() -> Result<BTreeMap<String, f64>, Box<dyn Error>> {
    let text = fs::read_to_string(SOURCE)?;
    text.lines().map(read_line).collect()
}

fn read_line(line: &str) -> Result<(String, f64), Box<dyn Error>> {
    let (queue, length) = line.split_once(' ').ok_or("a line has no length")?;
    Ok((queue.to_owned(), length.parse::<u32>()?.into()))
}
