//! The lengths of the queues, read at each scrape, and whether that succeeded.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Instant;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

use crate::source;

pub struct QueueCollector {
    source: SocketAddr,
    up: Desc,
    duration: Desc,
    length: Desc,
}

impl QueueCollector {
    pub fn new(source: SocketAddr) -> QueueCollector {
        QueueCollector {
            source,
            up: Desc::gauge(
                "magedu_mcube_demo_up",
                "Whether the queue server answered in full.",
            ),
            duration: Desc::gauge(
                "magedu_mcube_demo_scrape_duration_seconds",
                "How long the queue server took to answer or fail.",
            ),
            length: Desc::gauge(
                "magedu_mcube_demo_queue_length",
                "The number of items in the queue.",
            )
            .label("queue"),
        }
    }
}

impl Collector for QueueCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.duration, &self.length]
    }

    // ANCHOR: collect
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let started = Instant::now();
        let lengths = source::ask(self.source, "lengths", source::limit(samples));
        let took = started.elapsed().as_secs_f64();
        samples.set(&self.duration, took, &[]);
        match lengths {
            Ok(lengths) => {
                samples.set(&self.up, 1.0, &[]);
                for (queue, length) in &lengths {
                    samples.set(&self.length, *length, &[queue]);
                }
            }
            Err(error) => {
                samples.set(&self.up, 0.0, &[]);
                // `eprintln!` would panic if standard error can't be written.
                let _ = writeln!(io::stderr(), "cannot read the lengths: {error}");
            }
        }
        Ok(())
    }
    // ANCHOR_END: collect
}
