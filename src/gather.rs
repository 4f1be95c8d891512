//! Families from a registry, plus the errors met while they were collected.
//!
//! The counterpart of `prometheus.Gatherer` in Go. [`Registry::gather`] of the SDK
//! returns families only, and a collector that panics takes its caller along. Here the
//! panic is an error of that gather, and the next gather is unharmed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use prometheus::Registry;
use prometheus::proto::MetricFamily;

/// A source of metric families.
pub trait Gatherer: Send + Sync {
    /// Collects every family once.
    fn gather(&self) -> Gathered;
}

/// What one gather brought.
#[derive(Debug, Default)]
pub struct Gathered {
    /// The families, sorted by name, each with at least one metric.
    pub families: Vec<MetricFamily>,
    /// What went wrong; empty when all went well.
    pub errors: Vec<GatherError>,
}

/// Why a gather is incomplete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// A collector panicked. The SDK collects in one go, so no family of that registry
    /// is left.
    #[error("a collector panicked: {0} (the program's log says where)")]
    CollectorPanicked(String),
}

impl Gatherer for Registry {
    fn gather(&self) -> Gathered {
        // The registry is not left broken: its lock is released as the panic unwinds,
        // and a gather changes nothing in it.
        match catch_unwind(AssertUnwindSafe(|| Registry::gather(self))) {
            Ok(families) => Gathered {
                families,
                errors: Vec::new(),
            },
            Err(panic) => Gathered {
                families: Vec::new(),
                errors: vec![GatherError::CollectorPanicked(panic_message(&*panic))],
            },
        }
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

#[cfg(test)]
mod tests {
    use prometheus::core::{Collector, Desc};

    use super::*;

    struct Panics(&'static str);

    impl Collector for Panics {
        fn desc(&self) -> Vec<&Desc> {
            Vec::new()
        }

        fn collect(&self) -> Vec<MetricFamily> {
            panic!("cannot read {}", self.0)
        }
    }

    #[test]
    fn a_panic_in_a_collector_is_an_error_of_each_gather() {
        let registry = Registry::new();
        registry.register(Box::new(Panics("/dev/sensor"))).unwrap();
        for _ in 0..2 {
            let gathered = Gatherer::gather(&registry);
            assert_eq!(gathered.families, []);
            assert_eq!(
                gathered.errors,
                [GatherError::CollectorPanicked(
                    "cannot read /dev/sensor".to_owned()
                )]
            );
        }
    }

    #[test]
    fn a_registry_gathers_its_families_without_errors() {
        let registry = Registry::new();
        let gauge = prometheus::Gauge::new("queue_length", "Items.").unwrap();
        registry.register(Box::new(gauge.clone())).unwrap();
        let gathered = Gatherer::gather(&registry);
        assert_eq!(gathered.families, gauge.collect());
        assert_eq!(gathered.errors, []);
    }
}
