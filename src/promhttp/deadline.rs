//! The time limit of one scrape, and the response when it is over.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};

use super::status::unavailable;
use super::{Body, HandlerOpts};

impl HandlerOpts {
    /// Returns how long the scrape of `request` may take: the shorter of
    /// [`HandlerOpts::timeout`] and 95% of its `X-Prometheus-Scrape-Timeout-Seconds`,
    /// or `None` without either. For handlers that work before they have a registry,
    /// such as a probe.
    #[must_use]
    pub fn time_for(&self, request: &Request<()>) -> Option<Duration> {
        let own = self.timeout.filter(|timeout| !timeout.is_zero());
        let waits = scrape_timeout(request.headers());
        // The rest of the time is for the response to arrive.
        let clients = waits.map(|timeout| timeout.mul_f64(0.95));
        own.into_iter().chain(clients).min()
    }
}

/// Returns how long Prometheus waits for this scrape, if it says so.
fn scrape_timeout(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get("x-prometheus-scrape-timeout-seconds")?;
    let seconds: f64 = seconds.to_str().ok()?.trim().parse().ok()?;
    let timeout = Duration::try_from_secs_f64(seconds).ok()?;
    (!timeout.is_zero()).then_some(timeout)
}

/// Returns the response of `scrape`, which is passed its deadline, or status 503 once
/// `limit` is over. The scrape continues to its end on its own thread, since nothing
/// can stop a collector.
pub fn within(
    limit: Duration,
    scrape: impl FnOnce(Option<Instant>) -> Response<Body> + Send + 'static,
) -> Response<Body> {
    let (sender, answer) = mpsc::sync_channel(1);
    // A limit beyond what an `Instant` can represent is no limit.
    let deadline = Instant::now().checked_add(limit);
    let scrape = move || {
        let _ = sender.send(scrape(deadline));
    };
    let name = "scrape".to_owned();
    let thread = match thread::Builder::new().name(name).spawn(scrape) {
        Ok(thread) => thread,
        Err(error) => {
            let reason = format!("Cannot start a thread for the scrape: {error}.\n");
            return unavailable(&reason);
        }
    };
    match answer.recv_timeout(limit) {
        Ok(response) => response,
        Err(RecvTimeoutError::Timeout) => unavailable(&format!(
            "Exceeded configured timeout of {}.\n",
            GoDuration(limit)
        )),
        // It panicked because of `PanicOnError`: panic here, where the server sees it.
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => resume_unwind(panic),
            Ok(()) => unavailable("The scrape ended without a response.\n"),
        },
    }
}

/// A duration as Go's `time.Duration` prints it: `50ms`, `9.5s`, `1m30s`.
struct GoDuration(Duration);

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
