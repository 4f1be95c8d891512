//! The Rust runtime: the counterpart of Go's `collectors.NewGoCollector`.
//!
//! Rust has no garbage collector and no scheduler, so most of `go_*` has no
//! counterpart. The metrics that do have Go's names with `rust_` in place of `go_`.

use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use super::proc_files::Lines;
use super::{Metric, counting_allocator, descs, os, set_all};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::Desc;
use crate::desc::MetricKind::{Counter, Gauge};

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

/// Exports `rust_*` of the current process.
///
/// The allocation counts need a program that uses
/// [`CountingAllocator`](super::CountingAllocator), the heap's state needs glibc 2.33
/// or newer, and what `/proc` reports needs Linux.
#[derive(Debug)]
pub struct RuntimeCollector {
    proc_root: PathBuf,
    info: Desc,
    descs: Vec<Desc>,
}

impl RuntimeCollector {
    /// Creates a collector for the current process. The first one wraps the panic hook
    /// in a counter; a program that sets its own hook must do so before, or later
    /// panics aren't counted.
    #[must_use]
    pub fn new() -> RuntimeCollector {
        count_panics();
        let info = Desc::info("rust_info", "Information about the Rust environment.");
        RuntimeCollector {
            proc_root: "/proc".into(),
            info: info.label("version"),
            descs: descs(&METRICS, ""),
        }
    }

    /// Reads `self/status` in another tree than `/proc`.
    #[must_use]
    pub fn with_proc_root(mut self, proc_root: impl Into<PathBuf>) -> RuntimeCollector {
        self.proc_root = proc_root.into();
        self
    }
}

impl Default for RuntimeCollector {
    fn default() -> RuntimeCollector {
        RuntimeCollector::new()
    }
}

impl Collector for RuntimeCollector {
    fn describe(&self) -> Vec<&Desc> {
        std::iter::once(&self.info).chain(&self.descs).collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.info(&self.info, &[env!("RUSTC_VERSION")]);
        set_all(samples, &self.descs, values(&self.proc_root));
        Ok(())
    }
}

/// Returns the values in the order of [`METRICS`].
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
    use crate::exposition::{Family, Value};
    use crate::registry::{Gathered, Registry};

    fn gather(collector: RuntimeCollector) -> Gathered {
        let registry = Registry::new();
        registry.must_register(collector);
        registry.gather()
    }

    fn names(gathered: &Gathered) -> Vec<&str> {
        gathered.families().iter().map(Family::name).collect()
    }

    fn panics() -> f64 {
        let gathered = gather(RuntimeCollector::new());
        let mut families = gathered.families().iter();
        let family = families.find(|family| family.name() == "rust_panics_total");
        match family.unwrap().samples().next().unwrap().value() {
            Value::Number(value) => *value,
            other => panic!("{other:?}"),
        }
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn this_process_has_every_metric() {
        let mut expected = vec!["rust_info"];
        expected.extend(METRICS.map(|(name, _, _)| name));
        expected.sort_unstable();
        assert_eq!(names(&gather(RuntimeCollector::new())), expected);
    }

    #[test]
    fn a_source_that_cannot_be_read_leaves_its_metrics_out() {
        let gathered = gather(RuntimeCollector::new().with_proc_root("/nowhere"));
        let names = names(&gathered);
        assert!(names.contains(&"rust_info"));
        assert!(!names.contains(&"rust_threads"));
        assert!(!names.contains(&"rust_memstats_stack_sys_bytes"));
    }

    #[test]
    fn each_panic_is_counted_once_however_many_collectors_there_are() {
        let before = panics();
        // Other tests panic too, so only a large difference is an error.
        for _ in 0..100 {
            panic::catch_unwind(|| panic!("counted")).unwrap_err();
        }
        let counted = panics() - before;
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
