//! What collects metrics: a [`Collector`] describes them once, and at each scrape pushes
//! samples into a sink, [`Samples`]; Go's `Describe` and `Collect(ch)`.
//!
//! The collector writes to a buffer of its own, which joins the scrape whole or not at
//! all: an error, a panic or a sample that it didn't describe costs its own samples only.

mod described;
mod functions;
mod samples;
mod wrap;

pub use functions::{collector_fn, value_fn};
pub use samples::{Added, Samples};

pub(crate) use described::Described;
pub(crate) use samples::{Collected, Failure, Size, negative_time};
pub(crate) use wrap::Wrap;

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::desc::Desc;

/// Why a collector has no samples; `?` makes it from any error.
pub type CollectError = Box<dyn Error + Send + Sync>;

/// Something that reports metrics at each scrape; Go's `prometheus.Collector`.
pub trait Collector: Send + Sync {
    /// Describes every metric that [`collect`](Collector::collect) may report. A collector
    /// that describes none is unchecked: it may report anything.
    fn describe(&self) -> Vec<&Desc>;

    /// Reports the current samples, in the order in which they are to be served: if they
    /// come from a `HashMap`, sort them. Several scrapes may call it at once.
    ///
    /// # Errors
    ///
    /// Returns an error if the source cannot be read. The scrape then has an error, and
    /// none of this collector's samples.
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

/// What a collector may know of the scrape that it collects for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scrape {
    /// When whoever scrapes gives up; `None` if that isn't known.
    pub deadline: Option<Instant>,
}

impl Scrape {
    /// How much time is left, `None` if there is no deadline.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }
}
