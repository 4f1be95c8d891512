//! A custom collector
//!
//! The solution: only the queues that are there, and whether they could be read.
//!
//! Check it: `cargo workbook check 05`

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;

use exporter_workbook::const_metric::{ValueType::Gauge, must_new_const_metric};
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::register::Registerer;
use exporter_workbook::serve::{self, Server};
use prometheus::Registry;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

/// A line for each queue, its name and how many items it has, such as `mail 3`.
const SOURCE: &str = "target/queues";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    registry.must_register(vec![Box::new(QueueCollector::new()?)]);
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(registry, opts)?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

struct QueueCollector {
    up: Desc,
    length: Desc,
}

impl QueueCollector {
    fn new() -> prometheus::Result<QueueCollector> {
        let desc = |name: &str, help: &str, labels: Vec<String>| {
            let name = format!("magedu_mcube_demo_{name}");
            Desc::new(name, help.to_owned(), labels, HashMap::new())
        };
        let help = "The number of items in the queue.";
        let length = desc("queue_length", help, vec!["queue".to_owned()])?;
        let up = desc("up", "Whether the queues could be read.", vec![])?;
        Ok(QueueCollector { up, length })
    }
}

impl Collector for QueueCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.up, &self.length]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let queues = read_queues()
            .inspect_err(|error| eprintln!("cannot read {SOURCE}: {error}"));
        let up = if queues.is_ok() { 1.0 } else { 0.0 };
        let mut families = vec![must_new_const_metric(&self.up, Gauge, up, &[])];
        for (queue, length) in queues.unwrap_or_default() {
            let family = must_new_const_metric(&self.length, Gauge, length, &[&queue]);
            families.push(family);
        }
        families
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
