//! A custom collector
//!
//! The exercise: deleted queues that are still served.
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

/// One line per queue: its name and its number of items, such as `mail 3`.
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
}

impl QueueCollector {
    fn new() -> prometheus::Result<QueueCollector> {
        let opts = Opts::new("queue_length", "The number of items in the queue.")
            .namespace("magedu")
            .subsystem("mcube_demo");
        let queue_length = GaugeVec::new(opts, &["queue"])?;
        Ok(QueueCollector { queue_length })
    }
}

impl Collector for QueueCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.queue_length.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let queues = match read_queues() {
            Ok(queues) => queues,
            Err(error) => panic!("cannot read {SOURCE}: {error}"),
        };
        for (queue, length) in queues {
            let gauge = self.queue_length.with_label_values(&[&queue]);
            gauge.set(length);
        }
        self.queue_length.collect()
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
