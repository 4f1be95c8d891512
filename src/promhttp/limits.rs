//! How many scrapes may run at once, how long one may take, and sharing one gather.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use http::{Response, StatusCode};

use super::plain_text;
use crate::gather::{Gathered, Gatherer, gather_caught};

/// At most so many at once.
pub struct Places {
    taken: AtomicUsize,
    limit: usize,
}

/// One of them, given back when it goes out of scope.
pub struct Place(Arc<Places>);

impl Places {
    pub fn new(limit: usize) -> Arc<Places> {
        let taken = AtomicUsize::new(0);
        Arc::new(Places { taken, limit })
    }

    /// One place, if there is one.
    pub fn take(self: &Arc<Places>) -> Option<Place> {
        let one_more = |taken| (taken < self.limit).then_some(taken + 1);
        let order = Ordering::Relaxed;
        let taken = self.taken.fetch_update(order, order, one_more);
        taken.is_ok().then(|| Place(Arc::clone(self)))
    }

    /// The answer to a scrape that gets none.
    pub fn none_left(&self) -> Response<Vec<u8>> {
        unavailable(&format!(
            "Limit of concurrent requests reached ({}), try again later.\n",
            self.limit
        ))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What `scrape` answers, or status 503 once `limit` is over. The scrape goes on to its
/// end on a thread of its own, since nothing can stop a collector.
pub fn within(
    limit: Duration,
    scrape: impl FnOnce() -> Response<Vec<u8>> + Send + 'static,
) -> Response<Vec<u8>> {
    let (sender, answer) = mpsc::sync_channel(1);
    let scrape = move || {
        let _ = sender.send(scrape());
    };
    let name = "scrape".to_owned();
    let thread = match thread::Builder::new().name(name).spawn(scrape) {
        Ok(thread) => thread,
        Err(error) => {
            let reason = format!("Cannot start a thread to gather on: {error}.\n");
            return unavailable(&reason);
        }
    };
    match answer.recv_timeout(limit) {
        Ok(response) => response,
        Err(RecvTimeoutError::Timeout) => unavailable(&format!(
            "Exceeded configured timeout of {}.\n",
            GoDuration(limit)
        )),
        // It panicked, as `PanicOnError` wants it: here, where the server sees it.
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => unavailable("The scrape ended without an answer.\n"),
        },
    }
}

fn unavailable(message: &str) -> Response<Vec<u8>> {
    plain_text(StatusCode::SERVICE_UNAVAILABLE, message)
}

/// A duration as Go's `time.Duration` prints it: `50ms`, `9.5s`, `1m30s`.
struct GoDuration(Duration);

impl std::fmt::Display for GoDuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (minutes, seconds) = (self.0.as_secs() / 60, self.0.as_secs() % 60);
        if minutes == 0 {
            return write!(f, "{:?}", self.0);
        }
        if minutes >= 60 {
            write!(f, "{}h", minutes / 60)?;
        }
        let rest = Duration::new(seconds, self.0.subsec_nanos());
        write!(f, "{}m{}s", minutes % 60, rest.as_secs_f64())
    }
}

/// Lets the scrapes that come during a gather have what that one brings.
pub struct Coalesced<G> {
    gatherer: G,
    current: Mutex<Flight>,
}

type Flight = Arc<OnceLock<Arc<Gathered>>>;

impl<G: Gatherer> Coalesced<G> {
    pub fn new(gatherer: G) -> Coalesced<G> {
        let current = Mutex::default();
        Coalesced { gatherer, current }
    }

    /// What the gather in progress brings, or one of its own where there is none.
    pub fn gather(&self) -> Arc<Gathered> {
        let flight = Arc::clone(&self.current());
        // The first to come gathers, the others wait for it.
        let gathered = flight.get_or_init(|| Arc::new(self.gather_alone()));
        let mut current = self.current();
        if Arc::ptr_eq(&current, &flight) {
            *current = Flight::default();
        }
        Arc::clone(gathered)
    }

    /// What a gather of its own brings.
    pub fn gather_alone(&self) -> Gathered {
        gather_caught(&self.gatherer)
    }

    fn current(&self) -> MutexGuard<'_, Flight> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        for (milliseconds, expected) in [
            (50, "50ms"),
            (950, "950ms"),
            (1000, "1s"),
            (9500, "9.5s"),
            (60_000, "1m0s"),
            (90_500, "1m30.5s"),
            (3_600_000, "1h0m0s"),
            (5_430_000, "1h30m30s"),
        ] {
            let duration = GoDuration(Duration::from_millis(milliseconds));
            assert_eq!(duration.to_string(), expected);
        }
    }
}
