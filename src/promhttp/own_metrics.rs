//! The handlers' own metrics.

use std::sync::{Mutex, PoisonError};

use prometheus::{IntCounterVec, IntGauge, Opts};

use crate::registry::{RegisterError, Registry};

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

pub fn requests_in_flight(registry: &Registry) -> Result<IntGauge, RegisterError> {
    let name = "promhttp_metric_handler_requests_in_flight";
    let gauge = IntGauge::new(name, "Current number of scrapes being served.");
    registry.register_or_existing(made(name, gauge)?)
}

/// Returns a registry of the two metrics that the handlers of the crate's default
/// registry share. The default registry holds them too, but can't return what it holds.
pub fn of_default_registry() -> Result<Registry, RegisterError> {
    static OWN: Mutex<Option<Registry>> = Mutex::new(None);
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(own) = &*own {
        return Ok(own.clone());
    }
    let new = Registry::new();
    let taken = |name: &str| RegisterError::DuplicateDescriptor {
        name: format!("promhttp_metric_handler_{name}"),
    };
    let total = requests_total(&new)?;
    prometheus::register(Box::new(total.clone()))
        .map_err(|_| taken("requests_total"))?;
    if prometheus::register(Box::new(requests_in_flight(&new)?)).is_err() {
        let _ = prometheus::unregister(Box::new(total));
        return Err(taken("requests_in_flight"));
    }
    Ok(own.insert(new).clone())
}

/// Registers a counter whose first values of `label` are 0 from the start, so that a
/// rate over them sees the first error.
fn counter_vec(
    registry: &Registry,
    name: &str,
    help: &str,
    label: &str,
    values: &[&str],
) -> Result<IntCounterVec, RegisterError> {
    let counter = IntCounterVec::new(Opts::new(name, help), &[label]);
    let counter = registry.register_or_existing(made(name, counter)?)?;
    for value in values {
        counter.with_label_values(&[*value]);
    }
    Ok(counter)
}

fn made<C>(name: &str, metric: prometheus::Result<C>) -> Result<C, RegisterError> {
    let invalid = |error: prometheus::Error| RegisterError::Invalid {
        name: name.to_owned(),
        reason: error.to_string(),
    };
    metric.map_err(invalid)
}
