//! Families from a registry, plus the errors met while they were collected.
//!
//! The counterpart of `prometheus.Gatherer` in Go. [`Registry::gather`] of the SDK
//! returns families only: it serves what does not fit together as it is, and a collector
//! that panics takes its caller along. Here what does not fit is left out and is an error
//! of that gather, as is a panic; the rest is served, and the next gather is unharmed.

mod check;
mod error;
mod metric;
mod report;
mod sort;

pub use error::GatherError;
pub use report::report;
pub(crate) use sort::discard;

use std::panic::{AssertUnwindSafe, catch_unwind};

use prometheus::Registry;
use prometheus::proto::MetricFamily;

use crate::register::holdings;

/// How many errors of one gather are given: each is a line of an answer and of a log.
const MOST_ERRORS: usize = 100;

/// A source of metric families: a registry, several of them, or a closure.
pub trait Gatherer: Send + Sync {
    /// Collects every family once.
    fn gather(&self) -> Gathered;
}

/// What one gather brought.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The families, sorted by name, each with at least one metric.
    pub families: Vec<MetricFamily>,
    /// What went wrong; empty when all went well.
    pub errors: Vec<GatherError>,
}

impl Gathered {
    /// Merges the families of one name, sorts families, metrics and labels, and leaves
    /// out what does not fit together, with an error for each.
    ///
    /// Left out are: a name or a label that may not be, the same series twice, a second
    /// type or help text for one name, `h_count` beside a histogram `h`, a value of
    /// another type than the family's, buckets that are out of order or do not add up.
    /// Of two that contradict each other the first is kept, but a histogram or summary
    /// `h` always rather than `h_count`. At most 100 errors are given, and how many more
    /// there are.
    pub fn checked(families: Vec<MetricFamily>) -> Gathered {
        let errors = Vec::new();
        Gathered { families, errors }.check()
    }

    /// The same, with the errors there are already.
    fn check(mut self) -> Gathered {
        let (families, errors) = check::check(self.families);
        self.errors.extend(errors);
        if self.errors.len() > MOST_ERRORS {
            let further = self.errors.len() - MOST_ERRORS;
            self.errors.truncate(MOST_ERRORS);
            self.errors.push(GatherError::Further(further));
        }
        self.families = families;
        self
    }
}

/// Collects from what was registered, and checks it as [`Gathered::checked`] does. A
/// family that does not agree with its collector's descriptors is taken, if it agrees
/// with the other families.
impl Gatherer for Registry {
    fn gather(&self) -> Gathered {
        report::during(|| collect(self)).check()
    }
}

fn collect(registry: &Registry) -> Gathered {
    let mut gathered = Gathered::default();
    match holdings(registry) {
        Ok(mut holdings) => {
            gathered.families = std::mem::take(&mut holdings.families);
            for entry in std::mem::take(&mut holdings.entries) {
                let name = entry.to_string();
                // With it goes a collector that was unregistered meanwhile, and its
                // `Drop` may panic as well.
                let collect = AssertUnwindSafe(move || entry.collect());
                match catch_unwind(collect) {
                    Ok(collected) => {
                        gathered.families.extend(holdings.completed(collected));
                    }
                    Err(panic) => gathered.errors.push(panicked(name, &*panic)),
                }
            }
        }
        Err(panic) => {
            let collector = "a collector".to_owned();
            gathered.errors.push(panicked(collector, &*panic));
        }
    }
    gathered
}

/// Several sources as one; Go's `prometheus.Gatherers`. Families of one name are merged,
/// and what does not fit together is left out, as [`Gathered::checked`] says.
pub struct Gatherers(pub Vec<Box<dyn Gatherer>>);

impl Gatherer for Gatherers {
    fn gather(&self) -> Gathered {
        let (mut families, mut errors) = (Vec::new(), Vec::new());
        for gatherer in &self.0 {
            let gathered = gather_caught(&**gatherer);
            families.extend(gathered.families);
            errors.extend(gathered.errors);
        }
        let gathered = Gathered { families, errors };
        gathered.check()
    }
}

/// A closure is asked at each gather; Go's `prometheus.GathererFunc`. Its families are
/// checked as [`Gathered::checked`] says.
impl<F: Fn() -> Gathered + Send + Sync> Gatherer for F {
    fn gather(&self) -> Gathered {
        report::during(self).check()
    }
}

/// What `gatherer` gathers, or its panic as an error.
pub(crate) fn gather_caught(gatherer: &dyn Gatherer) -> Gathered {
    catch_unwind(AssertUnwindSafe(|| gatherer.gather())).unwrap_or_else(|panic| {
        Gathered {
            families: Vec::new(),
            errors: vec![panicked("a gatherer".to_owned(), &*panic)],
        }
    })
}

fn panicked(collector: String, panic: &(dyn std::any::Any + Send)) -> GatherError {
    GatherError::CollectorPanicked {
        collector,
        message: panic_message(panic),
    }
}

/// The words of a caught panic, where it has any.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
