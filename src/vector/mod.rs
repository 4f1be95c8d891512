//! Gauges, counters and histograms, alone and by label, for programs with many series.
//!
//! The types and methods are named like those of the `prometheus` crate, whose `Opts`
//! they accept: often, only a `use` line changes. The crate's vectors copy every name and
//! value at each scrape. These render the labels of a child once, when it is created,
//! and keep them in the order in which they are written: a scrape copies the labels and
//! formats the values. [`MetricVec::limit`] bounds the number of children. A scrape that is
//! still being sent keeps the pages of labels that have been rewritten since it began.

mod children;
mod counter;
mod error;
mod extras;
mod gauge;
mod histogram;
mod labels;
mod limit;
mod merge;
mod metric;
mod number;
mod page;
mod pages;
mod single;
mod snapshot;
mod vec;

pub use counter::GenericCounter;
pub use error::VectorError;
pub use gauge::GenericGauge;
pub use histogram::{Histogram, HistogramTimer};
pub use limit::OnLimit;
pub use metric::Metric;
pub use number::Number;
pub use vec::MetricVec;

pub(crate) use metric::OfVector;
pub(crate) use single::described;
pub(crate) use snapshot::Snapshot;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A gauge of an `f64`.
pub type Gauge = GenericGauge<f64>;
/// A gauge of an `i64`.
pub type IntGauge = GenericGauge<i64>;
/// A counter of an `f64`.
pub type Counter = GenericCounter<f64>;
/// A counter of a `u64`.
pub type IntCounter = GenericCounter<u64>;

/// A vector of [`Gauge`]s.
pub type GaugeVec = MetricVec<Gauge>;
/// A vector of [`IntGauge`]s.
pub type IntGaugeVec = MetricVec<IntGauge>;
/// A vector of [`Counter`]s.
pub type CounterVec = MetricVec<Counter>;
/// A vector of [`IntCounter`]s.
pub type IntCounterVec = MetricVec<IntCounter>;
/// A vector of [`Histogram`]s.
pub type HistogramVec = MetricVec<Histogram>;

/// Returns the current time as Unix time.
fn since_epoch() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}
