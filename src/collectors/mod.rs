//! Ready collectors, one a file: the process, the Rust runtime, the program's version.
//!
//! They know nothing of HTTP, keep no state between scrapes, and leave a metric out when
//! its source cannot be read: a missing series is seen, an invented value is believed.

mod build_info;
mod counting_allocator;
#[cfg(target_os = "linux")]
mod os;
mod proc_files;
mod process;
mod runtime;

pub use build_info::BuildInfoCollector;
pub use counting_allocator::CountingAllocator;
pub use process::{PidFn, ProcessCollector, ProcessCollectorOpts, pid_file};
pub use runtime::RuntimeCollector;

use std::collections::HashMap;

use prometheus::core::Desc;
use prometheus::proto::MetricFamily;

use crate::const_metric::{ValueType, must_new_const_metric};

/// A metric without labels: name, type, help.
type Metric = (&'static str, ValueType, &'static str);

fn descs(metrics: &[Metric], namespace: &str) -> prometheus::Result<Vec<Desc>> {
    let desc = |(name, _, help): &Metric| {
        let name = match namespace {
            "" => (*name).to_owned(),
            _ => format!("{namespace}_{name}"),
        };
        Desc::new(name, (*help).to_owned(), Vec::new(), HashMap::new())
    };
    metrics.iter().map(desc).collect()
}

/// One family for each metric that has a value.
fn families(
    metrics: &[Metric],
    descs: &[Desc],
    values: impl IntoIterator<Item = Option<f64>>,
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
    use super::proc_files::Unavailable;

    fn unavailable<T>(what: &str) -> Result<T, Unavailable> {
        let system = std::env::consts::OS;
        Err(Unavailable(format!(
            "on {system} there is no source for {what}"
        )))
    }

    pub fn ticks_as_seconds(_ticks: u64) -> Result<f64, Unavailable> {
        unavailable("clock ticks")
    }

    pub fn page_size() -> Result<u64, Unavailable> {
        unavailable("the size of a page")
    }

    pub fn cpu_seconds() -> Result<f64, Unavailable> {
        unavailable("the CPU time")
    }

    pub fn heap() -> Option<[u64; 3]> {
        None
    }
}
