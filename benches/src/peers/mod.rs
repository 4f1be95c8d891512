//! Metric families of four libraries behind one trait, each used as its documentation
//! shows: the labels are a struct of the program, or values in order.
//!
//! All serve the text format 0.0.4. The peers write it into a new `String` or `Vec` at
//! each scrape, which a server would take away; ours is in pieces, each of which is
//! dropped before the next one, as the server does.

mod client;
mod fast;
mod ours;
mod the_crate;

pub use ours::served;

use std::error::Error;
use std::sync::atomic::AtomicU64;

use exporter_workbook::registry::Registry;
use exporter_workbook::vector;
use fastmetrics::metrics as fast_metrics;
use prometheus_client::metrics as client_metrics;

use crate::{labels, observed, value};

/// A library that has metric families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// This library and its vectors.
    Ours,
    /// The `prometheus` crate.
    Crate,
    /// `prometheus-client`.
    Client,
    /// `fastmetrics`.
    Fast,
}

impl Library {
    /// All of them.
    pub const ALL: [Library; 4] = [
        Library::Ours,
        Library::Crate,
        Library::Client,
        Library::Fast,
    ];
}

/// The type of a family's metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Gauges of an `f64`.
    Gauges,
    /// Counters of a `u64`.
    Counters,
    /// Histograms with 10 bounds, which are 13 lines each.
    Histograms,
}

impl Kind {
    /// Returns its name, as a noun in the plural.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Gauges => "gauges",
            Kind::Counters => "counters",
            Kind::Histograms => "histograms",
        }
    }
}

/// Changes a child through its handle, so many times.
pub type Change = Box<dyn Fn(u32) + Send + Sync>;

/// A metric family of one library, with a registry of that library.
pub trait Family {
    /// Creates the child with these labels and gives it the value of `number`.
    fn make(&self, module: &str, shard: &str, number: usize);

    /// Removes the child. Returns false if the library can't.
    fn remove(&self, module: &str, shard: &str) -> bool;

    /// Returns what adds 1 to a child, or observes.
    fn change(&self, module: &str, shard: &str) -> Change;

    /// Serves the family. Returns the number of bytes.
    fn scrape(&self) -> usize;

    /// Returns what it serves.
    fn text(&self) -> String;

    /// Returns the registry, if it is this library's.
    fn registry(&self) -> Option<Registry> {
        None
    }
}

/// What the children of all libraries can do.
trait Child: Clone + Send + Sync + 'static {
    fn put(&self, number: usize);
    fn step(&self);
}

macro_rules! child {
    ($($type:ty),*: $put:ident($value:path), |$child:ident| $step:expr) => {$(
        impl Child for $type {
            fn put(&self, number: usize) {
                let _ = self.$put($value(number));
            }

            #[inline]
            fn step(&self) {
                let $child = self;
                let _ = $step;
            }
        }
    )*};
}

child!(vector::Gauge, prometheus::Gauge, ClientGauge, FastGauge:
    set(value), |child| child.inc());
child!(vector::IntCounter, prometheus::IntCounter, ClientCounter, FastCounter:
    inc_by(count), |child| child.inc());
child!(vector::Histogram, prometheus::Histogram, ClientHistogram, FastHistogram:
    observe(observed), |child| child.observe(0.3));

type ClientGauge = client_metrics::gauge::Gauge<f64, AtomicU64>;
type ClientCounter = client_metrics::counter::Counter;
type ClientHistogram = client_metrics::histogram::Histogram;
type FastGauge = fast_metrics::gauge::Gauge<f64>;
type FastCounter = fast_metrics::counter::Counter<u64>;
type FastHistogram = fast_metrics::histogram::Histogram;

fn count(number: usize) -> u64 {
    number as u64
}

/// A family, or why a library refuses to create it.
pub type Made = Result<Box<dyn Family>, Box<dyn Error>>;

/// Creates a family without children.
///
/// # Errors
///
/// Returns an error if the library refuses the name.
pub fn empty(library: Library, kind: Kind) -> Made {
    match library {
        Library::Ours => ours::empty(kind),
        Library::Crate => the_crate::empty(kind),
        Library::Client => Ok(client::empty(kind)),
        Library::Fast => fast::empty(kind),
    }
}

/// Creates a family with so many children.
///
/// # Errors
///
/// Returns an error if the library refuses the name.
pub fn family(library: Library, kind: Kind, series: usize) -> Made {
    let family = empty(library, kind)?;
    for number in 0..series {
        let (module, shard) = labels(number);
        family.make(&module, &shard, number);
    }
    Ok(family)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::plain::Plain;

    /// Returns the value of each series. Libraries write 1 as 1 or 1.0, in `le` too.
    fn series(text: &str) -> BTreeMap<String, f64> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let split = lines.map(|line| line.rsplit_once(' ').unwrap());
        split
            .map(|(name, value)| (name.replace(".0\"", "\""), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn all_libraries_and_the_plain_write_serve_the_same_series() {
        for (kind, lines) in [
            (Kind::Gauges, 1),
            (Kind::Counters, 1),
            (Kind::Histograms, 13),
        ] {
            let plain = series(&Plain::new(kind, 20).text());
            assert_eq!(plain.len(), 20 * lines);
            for library in Library::ALL {
                let text = family(library, kind, 20).unwrap().text();
                assert_eq!(series(&text), plain, "{library:?}");
            }
        }
    }

    #[test]
    fn the_plain_write_has_the_order_of_ours() {
        let names = |text: &str| -> Vec<String> {
            let lines = text.lines().map(|line| line.rsplit_once(' ').unwrap().0);
            lines.map(str::to_owned).collect()
        };
        for kind in [Kind::Gauges, Kind::Counters, Kind::Histograms] {
            let ours = family(Library::Ours, kind, 20).unwrap().text();
            assert_eq!(names(&Plain::new(kind, 20).text()), names(&ours));
        }
    }

    #[test]
    fn all_libraries_but_fastmetrics_remove_a_child() {
        for library in Library::ALL {
            let family = family(library, Kind::Counters, 20).unwrap();
            let (module, shard) = labels(7);
            let is_removed = family.remove(&module, &shard);
            assert_eq!(is_removed, library != Library::Fast);
            let left = series(&family.text()).len();
            assert_eq!(left, 20 - usize::from(is_removed), "{library:?}");
        }
    }

    #[test]
    fn a_handle_changes_the_child_that_is_served() {
        for library in Library::ALL {
            let family = family(library, Kind::Counters, 2).unwrap();
            let (module, shard) = labels(1);
            family.change(&module, &shard)(5);
            let values: Vec<f64> = series(&family.text()).into_values().collect();
            assert_eq!(values, [0.0, 6.0], "{library:?}");
        }
    }
}
