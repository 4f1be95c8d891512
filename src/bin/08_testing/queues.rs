//! The lengths of the queues, from any source.

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

use crate::source::Lengths;

// ANCHOR: struct
pub struct QueueCollector<S> {
    source: S,
    up: Desc,
    length: Desc,
}

impl<S> QueueCollector<S>
where
    S: Fn() -> Result<Lengths, CollectError>,
{
    /// Creates a collector that calls `source` at each scrape.
    pub fn new(source: S) -> QueueCollector<S> {
        QueueCollector {
            source,
            up: Desc::gauge(
                "magedu_mcube_demo_up",
                "Whether the queues could be read.",
            ),
            length: Desc::gauge(
                "magedu_mcube_demo_queue_length",
                "The number of items in the queue.",
            )
            .label("queue"),
        }
    }
}
// ANCHOR_END: struct

impl<S> Collector for QueueCollector<S>
where
    S: Fn() -> Result<Lengths, CollectError> + Send + Sync + 'static,
{
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.length]
    }

    // ANCHOR: collect
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let lengths = (self.source)();
        samples.set(&self.up, f64::from(lengths.is_ok()), &[]);
        for (queue, length) in lengths.iter().flatten() {
            samples.set(&self.length, *length, &[queue]);
        }
        Ok(())
    }
    // ANCHOR_END: collect
}
