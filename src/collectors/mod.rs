//! Ready collectors, one a file: the process and the Rust runtime.
//!
//! They know nothing of HTTP, keep no state between scrapes, and leave a metric out when
//! its source cannot be read: a missing series is seen, an invented value is believed.

mod counting_allocator;
#[cfg(target_os = "linux")]
mod os;
mod proc_files;
mod process;
mod runtime;

pub use counting_allocator::CountingAllocator;
pub use process::ProcessCollector;
pub use runtime::RuntimeCollector;

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::MetricFamily;

use crate::const_metric::{ValueType, must_new_const_metric};

/// A metric without labels: name, type, help.
type Metric = (&'static str, ValueType, &'static str);

fn descs(metrics: &[Metric]) -> prometheus::Result<Vec<Desc>> {
    metrics
        .iter()
        .map(|(name, _, help)| {
            Desc::new(
                (*name).to_owned(),
                (*help).to_owned(),
                Vec::new(),
                HashMap::new(),
            )
        })
        .collect()
}

/// One family for each metric that has a value.
fn families(
    metrics: &[Metric],
    descs: &[Desc],
    values: &[Option<f64>],
) -> Vec<MetricFamily> {
    metrics
        .iter()
        .zip(descs)
        .zip(values)
        .filter_map(|(((_, value_type, _), desc), value)| {
            value.map(|value| must_new_const_metric(desc, *value_type, value, &[]))
        })
        .collect()
}

/// Other systems than Linux: what has no source is left out.
#[cfg(not(target_os = "linux"))]
mod os {
    pub fn ticks_per_second() -> Option<f64> {
        None
    }

    pub fn page_size() -> Option<u64> {
        None
    }

    pub fn cpu_seconds() -> Option<f64> {
        None
    }

    pub fn heap() -> Option<[u64; 3]> {
        None
    }
}
