//! The Rust runtime: what Go's `collectors.NewGoCollector` is to Go.
//!
//! Rust has no garbage collector and no scheduler, so most of `go_*` has no counterpart.
//! What has one bears Go's name with `rust_` in place of `go_`.

use std::collections::HashMap;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::proc_files::Lines;
use super::{Metric, counting_allocator, descs, families, os};
use crate::const_metric::ValueType::{Counter, Gauge};
use crate::const_metric::must_new_const_metric;

const METRICS: [Metric; 12] = [
    (
        "rust_threads",
        Gauge,
        "Number of OS threads that currently exist.",
    ),
    (
        "rust_sched_available_parallelism_threads",
        Gauge,
        "Default parallelism of the process.",
    ),
    (
        "rust_memstats_alloc_bytes",
        Gauge,
        "Number of bytes allocated and in use.",
    ),
    (
        "rust_memstats_alloc_bytes_total",
        Counter,
        "Number of bytes allocated until now, even if freed.",
    ),
    (
        "rust_memstats_mallocs_total",
        Counter,
        "Number of heap allocations.",
    ),
    (
        "rust_memstats_frees_total",
        Counter,
        "Number of heap frees.",
    ),
    (
        "rust_memstats_heap_objects",
        Gauge,
        "Number of live allocations.",
    ),
    (
        "rust_memstats_heap_sys_bytes",
        Gauge,
        "Heap bytes obtained from the system.",
    ),
    (
        "rust_memstats_heap_inuse_bytes",
        Gauge,
        "Heap bytes in use.",
    ),
    (
        "rust_memstats_heap_idle_bytes",
        Gauge,
        "Heap bytes free but held.",
    ),
    (
        "rust_memstats_stack_sys_bytes",
        Gauge,
        "Main thread stack bytes.",
    ),
    (
        "rust_panics_total",
        Counter,
        "Number of panics since the process started.",
    ),
];

static PANICS: AtomicU64 = AtomicU64::new(0);

/// Exports `rust_*` of the process it runs in.
///
/// The allocation counts are there only in a program that uses
/// [`CountingAllocator`](super::CountingAllocator), the heap's state only with glibc 2.33
/// or newer, and what comes from `/proc` only on Linux.
#[derive(Debug)]
pub struct RuntimeCollector {
    proc_root: PathBuf,
    info: Desc,
    descs: Vec<Desc>,
}

impl RuntimeCollector {
    /// A collector for this process. The first one puts a counter in front of the panic
    /// hook; a program that sets a hook of its own does so before, or no panic after
    /// that is counted.
    ///
    /// # Errors
    ///
    /// As [`Desc::new`], which accepts all of these names.
    pub fn new() -> prometheus::Result<RuntimeCollector> {
        count_panics();
        Ok(RuntimeCollector {
            proc_root: "/proc".into(),
            info: Desc::new(
                "rust_info".to_owned(),
                "Information about the Rust environment.".to_owned(),
                vec!["version".to_owned()],
                HashMap::new(),
            )?,
            descs: descs(&METRICS, "")?,
        })
    }

    /// The same, reading `self/status` of another tree in place of `/proc`.
    #[must_use]
    pub fn with_proc_root(mut self, proc_root: impl Into<PathBuf>) -> RuntimeCollector {
        self.proc_root = proc_root.into();
        self
    }
}

impl Collector for RuntimeCollector {
    fn desc(&self) -> Vec<&Desc> {
        std::iter::once(&self.info).chain(&self.descs).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let version = env!("RUSTC_VERSION");
        let mut all = vec![must_new_const_metric(&self.info, Gauge, 1.0, &[version])];
        all.extend(families(&METRICS, &self.descs, values(&self.proc_root)));
        all
    }
}

/// In the order of [`METRICS`].
fn values(proc_root: &Path) -> [Option<f64>; METRICS.len()] {
    let float = |number: u64| number as f64;
    let status = Lines::of(proc_root.join("self/status"));
    let status = |start| status.as_ref().ok()?.number(start).ok();
    let counts = counting_allocator::counts();
    let heap = os::heap();
    [
        status("Threads:").map(float),
        thread::available_parallelism().ok().map(|n| n.get() as f64),
        counts.map(|counts| float(counts.allocated_bytes - counts.freed_bytes)),
        counts.map(|counts| float(counts.allocated_bytes)),
        counts.map(|counts| float(counts.mallocs)),
        counts.map(|counts| float(counts.frees)),
        counts.map(|counts| float(counts.mallocs - counts.frees)),
        heap.map(|[sys, _, _]| float(sys)),
        heap.map(|[_, in_use, _]| float(in_use)),
        heap.map(|[_, _, idle]| float(idle)),
        status("VmStk:").map(|kib| float(kib * 1024)),
        Some(float(PANICS.load(Relaxed))),
    ]
}

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let hook = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.fetch_add(1, Relaxed);
            hook(info);
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(families: &[MetricFamily]) -> Vec<&str> {
        families.iter().map(MetricFamily::name).collect()
    }

    fn value(families: &[MetricFamily], name: &str) -> f64 {
        let family = families
            .iter()
            .find(|family| family.name() == name)
            .unwrap();
        let metric = &family.get_metric()[0];
        metric.get_gauge().get_value() + metric.get_counter().get_value()
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn this_process_has_every_metric() {
        let families = RuntimeCollector::new().unwrap().collect();
        let mut expected = vec!["rust_info"];
        expected.extend(METRICS.map(|(name, _, _)| name));
        assert_eq!(names(&families), expected);
    }

    #[test]
    fn a_source_that_cannot_be_read_leaves_its_metrics_out() {
        let collector = RuntimeCollector::new().unwrap();
        let families = collector.with_proc_root("/nowhere").collect();
        let names = names(&families);
        assert!(names.contains(&"rust_info"));
        assert!(!names.contains(&"rust_threads"));
        assert!(!names.contains(&"rust_memstats_stack_sys_bytes"));
    }

    #[test]
    fn each_panic_is_counted_once_however_many_collectors_there_are() {
        let collector = RuntimeCollector::new().unwrap();
        let _second = RuntimeCollector::new().unwrap();
        let before = value(&collector.collect(), "rust_panics_total");
        // Other tests panic too: only a count far from one a panic would be wrong.
        for _ in 0..100 {
            panic::catch_unwind(|| panic!("counted")).unwrap_err();
        }
        let counted = value(&collector.collect(), "rust_panics_total") - before;
        assert!((100.0..150.0).contains(&counted), "{counted}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_heap_in_use_and_the_heap_held_add_up_to_the_heap() {
        if let Some([sys, in_use, idle]) = os::heap() {
            assert_eq!(sys, in_use + idle);
        }
    }
}
