//! The collector: asks Redis at each scrape.

use std::time::{Duration, Instant};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

use crate::info::{Info, Numbers};
use crate::metrics::{BY_COMMAND, BY_DATABASE, Metric, ONCE, metrics};
use crate::protocol;
use crate::server::Server;

const LIMIT: Duration = Duration::from_secs(5); // A slower server counts as down.

pub struct RedisCollector {
    redis: Server,
    up: Desc,
    once: Vec<Metric>,
    by_command: Vec<Metric>,
    by_database: Vec<Metric>,
}

impl RedisCollector {
    pub fn new(redis: Server) -> RedisCollector {
        RedisCollector {
            redis,
            up: Desc::gauge("redis_up", "Whether Redis answered."),
            once: metrics(ONCE, &[]),
            by_command: metrics(BY_COMMAND, &["cmd"]),
            by_database: metrics(BY_DATABASE, &["db"]),
        }
    }

    // ANCHOR: scrape
    /// Asks Redis, and returns whether it answered. (Lesson 10 needs to know.)
    pub fn scrape(&self, samples: &mut Samples<'_>) -> bool {
        // The response needs some of the time that is left.
        let left = samples.time_left().map_or(LIMIT, |left| left.mul_f64(0.8));
        let reply = protocol::info(&self.redis, Instant::now() + left.min(LIMIT));
        let info = reply.as_deref().map(Info::parse);
        samples.set(&self.up, f64::from(info.is_ok()), &[]);
        match &info {
            Ok(info) => self.set_all(info, samples),
            Err(error) => log::warn!("cannot read {}: {error}", self.redis.address),
        }
        info.is_ok()
    }
    // ANCHOR_END: scrape

    fn set_all(&self, info: &Info<'_>, samples: &mut Samples<'_>) {
        set(&self.once, info.numbers(), &[], samples);
        for (command, numbers) in info.commands() {
            set(&self.by_command, &numbers, &[command], samples);
        }
        for (database, numbers) in info.databases() {
            set(&self.by_database, &numbers, &[database], samples);
        }
    }
}

fn set(all: &[Metric], of: &Numbers<'_>, labels: &[&str], samples: &mut Samples<'_>) {
    for metric in all {
        if let Some(number) = of.get(metric.field) {
            samples.set(&metric.desc, number / metric.divisor, labels);
        }
    }
}

impl Collector for RedisCollector {
    fn describe(&self) -> Vec<&Desc> {
        let tables = [&self.once, &self.by_command, &self.by_database];
        let descs = tables.into_iter().flatten().map(|metric| &metric.desc);
        descs.chain([&self.up]).collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        self.scrape(samples);
        Ok(())
    }
}
