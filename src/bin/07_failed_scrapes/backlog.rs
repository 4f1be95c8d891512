//! The backlog, which the queue server needs long to count: read now and then, and
//! served with its age.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;

use crate::source;

// ANCHOR: ages
/// A younger value isn't read again.
const FRESH: Duration = Duration::from_secs(10);
/// An older value isn't served.
const USABLE: Duration = Duration::from_secs(60);
// ANCHOR_END: ages

pub struct BacklogCollector {
    source: SocketAddr,
    bytes: Desc,
    age: Desc,
    /// The last value and when it was asked for.
    last: Mutex<Last>,
}

type Last = Option<(Instant, f64)>;

impl BacklogCollector {
    pub fn new(source: SocketAddr) -> BacklogCollector {
        BacklogCollector {
            source,
            bytes: Desc::gauge(
                "magedu_mcube_demo_backlog_bytes",
                "The size of all waiting items, cached for 10 s or more.",
            ),
            age: Desc::gauge(
                "magedu_mcube_demo_backlog_age_seconds",
                "The age of the cached size.",
            ),
            last: Mutex::new(None),
        }
    }

    fn ask(&self, limit: Duration) -> Result<f64, CollectError> {
        let answer = source::ask(self.source, "backlog", limit)?;
        Ok(*answer.get("bytes").ok_or("the answer has no `bytes`")?)
    }
}

impl Collector for BacklogCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.bytes, &self.age]
    }

    // ANCHOR: collect
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        // Locked while it asks, so that concurrent scrapes ask once.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old =
            |last: Last, age| last.is_none_or(|(read, _)| read.elapsed() > age);
        if is_old(*last, FRESH) {
            let now = Instant::now();
            match self.ask(source::limit(samples)) {
                Ok(bytes) => *last = Some((now, bytes)),
                Err(error) if is_old(*last, USABLE) => return Err(error),
                Err(_) => {} // The age tells.
            }
        }
        if let Some((read, bytes)) = *last {
            samples.set(&self.bytes, bytes, &[]);
            samples.set(&self.age, read.elapsed().as_secs_f64(), &[]);
        }
        Ok(())
    }
    // ANCHOR_END: collect
}
