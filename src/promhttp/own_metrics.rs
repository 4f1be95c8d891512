//! The metrics of the handlers themselves.

use prometheus::{IntCounterVec, IntGauge, Opts, Registry};

use crate::register::{RegisterError, register_or_existing};

pub fn errors_total(registry: &Registry) -> Result<IntCounterVec, RegisterError> {
    counter_vec(
        registry,
        "promhttp_metric_handler_errors_total",
        "Total number of internal errors encountered by the promhttp metric handler.",
        "cause",
        &["encoding", "gathering"],
    )
}

pub fn requests_total(registry: &Registry) -> Result<IntCounterVec, RegisterError> {
    counter_vec(
        registry,
        "promhttp_metric_handler_requests_total",
        "Total number of scrapes by HTTP status code.",
        "code",
        &["200", "500", "503"],
    )
}

/// A counter in `registry` whose first values of `label` are there at 0 from the start,
/// so that a rate over them sees the first error.
fn counter_vec(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: &[&str],
) -> Result<IntCounterVec, RegisterError> {
    let counter = IntCounterVec::new(Opts::new(name, help), &[label])
        .map_err(|error| RegisterError::new(format!("`{name}`"), error))?;
    let counter = register_or_existing(registry, counter)?;
    for value in values {
        counter.with_label_values(&[*value]);
    }
    Ok(counter)
}

/// Counts the scrapes being served.
#[derive(Clone)]
pub struct InFlight(IntGauge);

impl InFlight {
    pub fn in_registry(registry: &Registry) -> Result<InFlight, RegisterError> {
        let name = "promhttp_metric_handler_requests_in_flight";
        let gauge = IntGauge::new(name, "Current number of scrapes being served.")
            .map_err(|error| RegisterError::new(format!("`{name}`"), error))?;
        Ok(InFlight(register_or_existing(registry, gauge)?))
    }

    /// Counts one for as long as what is returned lives, even if its handler panics.
    pub fn one(&self) -> One<'_> {
        self.0.inc();
        One(&self.0)
    }
}

pub struct One<'a>(&'a IntGauge);

impl Drop for One<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
