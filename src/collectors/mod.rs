//! Ready-made collectors, one a file: the process, the Rust runtime, the program's
//! version.
//!
//! They know nothing of HTTP, keep no state between scrapes, and omit a metric whose
//! source can't be read: a missing series is noticed, a made-up value is believed.

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

use crate::collect::Samples;
use crate::desc::{Desc, MetricKind};

/// A metric without labels: its name, type and help text.
type Metric = (&'static str, MetricKind, &'static str);

fn descs(metrics: &[Metric], namespace: &str) -> Vec<Desc> {
    let desc = |(name, kind, help): &Metric| {
        Desc::new(name, help, Some(*kind)).namespace(namespace)
    };
    metrics.iter().map(desc).collect()
}

/// Adds each metric that has a value.
fn set_all(
    samples: &mut Samples<'_>,
    descs: &[Desc],
    values: impl IntoIterator<Item = Option<f64>>,
) {
    for (desc, value) in descs.iter().zip(values) {
        if let Some(value) = value {
            samples.set(desc, value, &[]);
        }
    }
}

/// On other systems than Linux, metrics without a source are omitted.
#[cfg(not(target_os = "linux"))]
mod os {
    use super::proc_files::Unavailable;

    fn unavailable<T>(what: &str) -> Result<T, Unavailable> {
        let system = std::env::consts::OS;
        Err(Unavailable(format!("{what} is unavailable on {system}")))
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
