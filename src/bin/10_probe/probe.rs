//! The collector of one probe: that of lesson 09, and whether it succeeded.

use std::time::Instant;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

use crate::collector::RedisCollector;
use crate::server::Server;

pub struct Probe {
    redis: RedisCollector,
    success: Desc,
    duration: Desc,
}

impl Probe {
    pub fn new(server: Server) -> Probe {
        Probe {
            redis: RedisCollector::new(server),
            success: Desc::gauge("probe_success", "Whether the target answered."),
            duration: Desc::gauge(
                "probe_duration_seconds",
                "How long the target took to answer or fail.",
            ),
        }
    }
}

impl Collector for Probe {
    fn describe(&self) -> Vec<&Desc> {
        let own = [&self.success, &self.duration];
        self.redis.describe().into_iter().chain(own).collect()
    }

    // ANCHOR: collect
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let started = Instant::now();
        let is_up = self.redis.scrape(samples);
        let took = started.elapsed().as_secs_f64();
        samples.set(&self.success, f64::from(is_up), &[]);
        samples.set(&self.duration, took, &[]);
        Ok(())
    }
    // ANCHOR_END: collect
}
