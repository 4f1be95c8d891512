//! The [`Collector`] trait: a collector describes its metrics once and, at each scrape,
//! pushes samples into [`Samples`]; Go's `Describe` and `Collect(ch)`.
//!
//! A collector writes to its own buffer, which joins the scrape whole or not at all. An
//! error, a panic or an undescribed sample therefore costs only that collector's
//! samples.

mod added;
mod described;
mod failure;
mod functions;
mod samples;
mod wrap;

pub use added::Added;
pub use functions::{collector_fn, value_fn};
pub use samples::Samples;

pub(crate) use described::Described;
pub(crate) use failure::{Failure, negative_time};
pub(crate) use samples::{Collected, Size};
pub(crate) use wrap::Wrap;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::desc::Desc;

/// The error of a collector; `?` converts any error to it.
pub type CollectError = Box<dyn Error + Send + Sync>;

/// Something that reports metrics at each scrape; Go's `prometheus.Collector`.
pub trait Collector: Send + Sync {
    /// Returns a descriptor for every metric that [`collect`](Collector::collect) may
    /// report. A collector that returns none is unchecked: it may report anything.
    fn describe(&self) -> Vec<&Desc>;

    /// Pushes the current samples in the order in which they are served; sort them if
    /// they come from a `HashMap`. Concurrent scrapes call it concurrently.
    ///
    /// # Errors
    ///
    /// Returns an error if the source can't be read. The scrape then reports that error
    /// and serves none of this collector's samples.
    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError>;
}

impl<C: Collector + ?Sized> Collector for Arc<C> {
    fn describe(&self) -> Vec<&Desc> {
        (**self).describe()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        (**self).collect(samples)
    }
}

impl<C: Collector + ?Sized> Collector for Box<C> {
    fn describe(&self) -> Vec<&Desc> {
        (**self).describe()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        (**self).collect(samples)
    }
}

/// The context of one scrape, as a collector may see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrape {
    /// When the client gives up; `None` if unknown.
    pub deadline: Option<Instant>,
}

impl Scrape {
    /// Returns how much time is left, or `None` without a deadline.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }
}
