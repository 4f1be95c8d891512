//! What a collector leaves out, told to the gather that asks it.

use std::cell::RefCell;
use std::fmt::Display;

use super::{GatherError, Gathered};

thread_local! {
    /// What was reported to the gather in progress on this thread.
    static REPORTED: RefCell<Option<Vec<GatherError>>> = const { RefCell::new(None) };
}

/// Tells the gather in progress on this thread that `metric` could not be collected, and
/// why: its errors then say so. For a collector that leaves out what it cannot read, and
/// would have that noticed; Go's `prometheus.NewInvalidMetric`.
///
/// Without a gather of this library in progress, such as under `Registry::gather` of the
/// SDK, it does nothing.
pub fn report(metric: &str, problem: &dyn Display) {
    REPORTED.with_borrow_mut(|reported| {
        if let Some(reported) = reported {
            reported.push(GatherError::NotCollected {
                name: metric.to_owned(),
                problem: problem.to_string(),
            });
        }
    });
}

/// What `gather` gives, with what was reported on its way among its errors.
pub(super) fn during(gather: impl FnOnce() -> Gathered) -> Gathered {
    let _outer = Outer(REPORTED.replace(Some(Vec::new())));
    let mut gathered = gather();
    gathered.errors.extend(REPORTED.take().unwrap_or_default());
    gathered
}

/// What was reported before to a gather around this one, put back at the end, also when
/// that is a panic.
struct Outer(Option<Vec<GatherError>>);

impl Drop for Outer {
    fn drop(&mut self) {
        REPORTED.replace(self.0.take());
    }
}
