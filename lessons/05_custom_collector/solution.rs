//! A custom collector
//!
//! The solution: only the queues that exist, and whether they could be read.
//!
//! Check it: `cargo workbook check 05`

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Server};

/// One line per queue: its name and its number of items, such as `mail 3`.
const SOURCE: &str = "target/queues";

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;

    let registry = Registry::new();
    registry.must_register(QueueCollector::new());
    let opts = HandlerOpts {
        registry: Some(registry.clone()),
        ..HandlerOpts::default()
    };
    let handler = promhttp::handler_for(&registry, opts)?;
    Server::new(listener).route("/metrics", handler).run()?;
    Ok(())
}

struct QueueCollector {
    up: Desc,
    length: Desc,
}

impl QueueCollector {
    fn new() -> QueueCollector {
        let up = Desc::gauge("up", "Whether the queues could be read.");
        let length = Desc::gauge("queue_length", "The number of items in the queue.");
        QueueCollector {
            up: up.namespace("magedu_mcube_demo"),
            length: length.namespace("magedu_mcube_demo").label("queue"),
        }
    }
}

impl Collector for QueueCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.length]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let queues = read_queues().inspect_err(|error| {
            // `eprintln!` would panic if standard error can't be written.
            let _ = writeln!(io::stderr(), "cannot read {SOURCE}: {error}");
        });
        let up = if queues.is_ok() { 1.0 } else { 0.0 };
        samples.set(&self.up, up, &[]);
        for (queue, length) in queues.unwrap_or_default() {
            samples.set(&self.length, length, &[&queue]);
        }
        Ok(())
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
