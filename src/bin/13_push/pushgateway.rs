//! A client of the Pushgateway. If you copy it, copy `attempt.rs`, `grouping.rs` and
//! `url.rs` too. `minreq` asks no proxy unless its feature `proxy` is enabled.

use std::thread;
use std::time::{Duration, Instant};

use minreq::{Method, Request};

use crate::attempt::{Failure, attempt};
use crate::grouping::Grouping;
use crate::url::checked;

#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("the URL of the Pushgateway {0}")]
    Url(&'static str),
    #[error("{0}: {1}")]
    Failed(String, Failure),
}

pub struct Pushgateway {
    url: String,
    /// Seconds for each of two attempts: `minreq` has no shorter unit.
    limit: u64,
}

impl Pushgateway {
    /// A push takes at most `timeout`, of 2 seconds or more.
    pub fn new(url: &str, timeout: Duration) -> Result<Pushgateway, PushError> {
        let url = checked(url).map_err(PushError::Url)?.to_owned();
        let limit = (timeout.as_secs() / 2).max(1);
        Ok(Pushgateway { url, limit })
    }

    /// Replaces all metrics of the group.
    pub fn put(&self, group: &Grouping, text: &str) -> Result<(), PushError> {
        self.push(Method::Put, group, text)
    }

    /// Replaces those metrics of the group that `text` has too.
    pub fn post(&self, group: &Grouping, text: &str) -> Result<(), PushError> {
        self.push(Method::Post, group, text)
    }

    /// Deletes the group, and none that has more labels.
    pub fn delete(&self, group: &Grouping) -> Result<(), PushError> {
        self.push(Method::Delete, group, "")
    }

    // ANCHOR: push
    fn push(&self, method: Method, to: &Grouping, text: &str) -> Result<(), PushError> {
        let url = format!("{}{}", self.url, to.path());
        let name = format!("{method} {url}");
        let request = Request::new(method, url)
            .with_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            .with_body(text)
            .with_timeout(self.limit);
        let started = Instant::now();
        let mut result = attempt(request.clone());
        if result.as_ref().is_err_and(Failure::may_pass) {
            // It may be restarting.
            let pause = Duration::from_secs(1);
            let half = Duration::from_secs(self.limit);
            thread::sleep(pause.min(half.saturating_sub(started.elapsed())));
            result = attempt(request);
        }
        result.map_err(|failure| PushError::Failed(name, failure))
    }
    // ANCHOR_END: push
}
