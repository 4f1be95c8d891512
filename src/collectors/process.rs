//! The process as the kernel reports it: Go's `collectors.NewProcessCollector`.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::proc_files::{self, Lines, Stat, Unavailable};
use super::{Metric, descs, os, set_all};
use crate::collect::{CollectError, Collector, Samples};
use crate::desc::Desc;
use crate::desc::MetricKind::{Counter, Gauge};

/// Names, types and help texts are Go's, except for `process_threads`, which the
/// `prometheus` crate adds.
const METRICS: [Metric; 10] = [
    (
        "process_cpu_seconds_total",
        Counter,
        "Total user and system CPU time spent in seconds.",
    ),
    (
        "process_open_fds",
        Gauge,
        "Number of open file descriptors.",
    ),
    (
        "process_max_fds",
        Gauge,
        "Maximum number of open file descriptors.",
    ),
    (
        "process_virtual_memory_bytes",
        Gauge,
        "Virtual memory size in bytes.",
    ),
    (
        "process_virtual_memory_max_bytes",
        Gauge,
        "Maximum amount of virtual memory available in bytes.",
    ),
    (
        "process_resident_memory_bytes",
        Gauge,
        "Resident memory size in bytes.",
    ),
    (
        "process_start_time_seconds",
        Gauge,
        "Start time of the process since unix epoch in seconds.",
    ),
    (
        "process_network_receive_bytes_total",
        Counter,
        "Number of bytes received by the process over the network.",
    ),
    (
        "process_network_transmit_bytes_total",
        Counter,
        "Number of bytes sent by the process over the network.",
    ),
    (
        "process_threads",
        Gauge,
        "Number of OS threads in the process.",
    ),
];

/// Returns the id of the process to report on.
pub type PidFn = Box<dyn Fn() -> io::Result<u32> + Send + Sync>;

/// The process that a [`ProcessCollector`] reports on, and the names it uses.
pub struct ProcessCollectorOpts {
    /// Called at each scrape, such as [`pid_file`]; `None` selects the current process.
    pub pid_fn: Option<PidFn>,
    /// A prefix for each name, followed by `_`, unless it is empty.
    pub namespace: String,
    /// Whether an omitted metric is [an error](Samples::left_out) of the scrape, which
    /// then fails or continues as its `error_handling` says.
    pub report_errors: bool,
    /// A replacement for `/proc`: the host's, mounted into a container, or a test's.
    pub proc_root: PathBuf,
}

impl Default for ProcessCollectorOpts {
    fn default() -> ProcessCollectorOpts {
        ProcessCollectorOpts {
            pid_fn: None,
            namespace: String::new(),
            report_errors: false,
            proc_root: "/proc".into(),
        }
    }
}

/// Returns a function that reads a process id from the file at `path` at each scrape;
/// Go's `NewPidFileFn`.
#[must_use]
pub fn pid_file(path: impl Into<PathBuf>) -> PidFn {
    let path = path.into();
    Box::new(move || {
        let text = fs::read_to_string(&path).map_err(|error| {
            let message = format!("cannot read pid file {}: {error}", path.display());
            io::Error::new(error.kind(), message)
        })?;
        text.trim().parse().map_err(|_| {
            let message = format!("pid file {} holds no pid", path.display());
            io::Error::new(ErrorKind::InvalidData, message)
        })
    })
}

/// Exports `process_*` of one process, read from `/proc` at each scrape.
///
/// A metric whose source can't be read is omitted. Only Linux has these sources.
pub struct ProcessCollector {
    opts: ProcessCollectorOpts,
    descs: Vec<Desc>,
}

impl ProcessCollector {
    /// Creates a collector for the current process.
    #[must_use]
    pub fn new() -> ProcessCollector {
        ProcessCollector::with_opts(ProcessCollectorOpts::default())
    }

    /// Creates a collector for process `pid`. For the current process use
    /// [`ProcessCollector::new`]: it reports the CPU time to the nanosecond, and
    /// doesn't count the file descriptor that lists the others. Only root can list the
    /// file descriptors of another user's process.
    #[must_use]
    pub fn for_pid(pid: u32) -> ProcessCollector {
        ProcessCollector::with_opts(ProcessCollectorOpts {
            pid_fn: Some(Box::new(move || Ok(pid))),
            ..ProcessCollectorOpts::default()
        })
    }

    /// Creates a collector with `opts`.
    #[must_use]
    pub fn with_opts(opts: ProcessCollectorOpts) -> ProcessCollector {
        let descs = descs(&METRICS, &opts.namespace);
        ProcessCollector { opts, descs }
    }

    /// Returns the values in the order of [`METRICS`].
    fn values(&self) -> Values {
        let root = &self.opts.proc_root;
        match self.opts.pid_fn.as_ref().map(|pid_fn| pid_fn()) {
            None => values(root, &root.join("self"), true),
            Some(Ok(pid)) => values(root, &root.join(pid.to_string()), false),
            Some(Err(error)) => METRICS.map(|_| Err(Unavailable(error.to_string()))),
        }
    }
}

impl fmt::Debug for ProcessCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessCollector")
            .field("proc_root", &self.opts.proc_root)
            .finish_non_exhaustive()
    }
}

impl Default for ProcessCollector {
    fn default() -> ProcessCollector {
        ProcessCollector::new()
    }
}

impl Collector for ProcessCollector {
    fn describe(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let values = self.values();
        if self.opts.report_errors {
            for (desc, value) in self.descs.iter().zip(&values) {
                if let Err(problem) = value {
                    samples.left_out(desc, problem);
                }
            }
        }
        set_all(samples, &self.descs, values.into_iter().map(Result::ok));
        Ok(())
    }
}

type Values = [Result<f64, Unavailable>; METRICS.len()];

fn values(root: &Path, process: &Path, is_this: bool) -> Values {
    let stat = proc_files::stat(process);
    if stat.as_ref().is_ok_and(|stat| stat.has_ended) {
        let problem = format!("process {} has ended", process.display());
        return METRICS.map(|_| Err(Unavailable(problem.clone())));
    }
    values_of(root, process, is_this, &stat)
}

fn values_of(
    root: &Path,
    process: &Path,
    is_this: bool,
    stat: &Result<Stat, Unavailable>,
) -> Values {
    let float = |number: u64| number as f64;
    let stat = || stat.as_ref().map_err(Clone::clone);
    let limits = Lines::of(process.join("limits"));
    let limit = |name| limits.as_ref().map_err(Clone::clone)?.soft_limit(name);
    let network = Lines::of(process.join("net/netstat"));
    let octets = |name| {
        let network = network.as_ref().map_err(Clone::clone)?;
        network.column("IpExt: ", name)
    };
    [
        // The clock is the current process's, whatever another tree says.
        match is_this && root == Path::new("/proc") {
            true => os::cpu_seconds(),
            false => stat().and_then(|stat| os::ticks_as_seconds(stat.cpu_ticks)),
        },
        open_fds(process, is_this),
        limit("Max open files ").map(float),
        stat().map(|stat| float(stat.virtual_bytes)),
        limit("Max address space ").map(float),
        stat()
            .and_then(|stat| Ok(float(stat.resident_pages) * float(os::page_size()?))),
        stat().and_then(|stat| {
            let boot = Lines::of(root.join("stat"))?.number("btime ")?;
            Ok(float(boot) + os::ticks_as_seconds(stat.start_ticks)?)
        }),
        octets("InOctets").map(float),
        octets("OutOctets").map(float),
        stat().map(|stat| float(stat.threads)),
    ]
}

fn open_fds(process: &Path, is_this: bool) -> Result<f64, Unavailable> {
    let path = process.join("fd");
    let mut listing = fs::read_dir(&path).map_err(|error| {
        Unavailable(format!("cannot list {}: {error}", path.display()))
    })?;
    let open: Vec<PathBuf> = listing
        .by_ref()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    // The list of our own process contains the file descriptor that it is read through,
    // usually as the last one.
    let path = fs::canonicalize(&path).ok();
    let is_listing = |entry: &PathBuf| is_this && fs::read_link(entry).ok() == path;
    let own = open.iter().rev().any(is_listing);
    Ok((open.len() - usize::from(own)) as f64)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::exposition::Value;
    use crate::registry::Registry;

    fn this_process() -> Vec<(String, f64)> {
        let registry = Registry::new();
        registry.must_register(ProcessCollector::new());
        let gathered = registry.gather();
        assert_eq!(gathered.errors(), []);
        let families = gathered.families().iter();
        families
            .map(|family| match family.samples().next().unwrap().value() {
                Value::Number(value) => (family.name().to_owned(), *value),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn this_process_has_every_metric() {
        let mut expected = METRICS.map(|(name, _, _)| name);
        expected.sort_unstable();
        let names: Vec<String> =
            this_process().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn the_cpu_time_of_this_process_is_finer_than_a_tick() {
        let (name, seconds) = this_process().swap_remove(0);
        assert_eq!(name, "process_cpu_seconds_total");
        let ticks = seconds / os::ticks_as_seconds(1).unwrap();
        assert!(ticks > 0.0 && ticks.fract() != 0.0, "{seconds} s");
    }

    #[test]
    fn the_descriptor_that_counts_the_descriptors_is_not_counted() {
        let process = Path::new("/proc/self");
        // Other tests open and close files meanwhile: ask until both saw the same.
        let agree = (0..1000).any(|_| {
            open_fds(process, true) == open_fds(process, false).map(|n| n - 1.0)
        });
        assert!(agree);
    }

    #[test]
    fn under_a_root_that_is_not_live_the_cpu_time_is_that_of_the_tree() {
        let root = tempfile::tempdir().unwrap();
        let value = || values(root.path(), &root.path().join("self"), true)[0].clone();
        value().unwrap_err();
        let normal =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proc/normal/42/stat");
        fs::create_dir(root.path().join("self")).unwrap();
        fs::copy(normal, root.path().join("self/stat")).unwrap();
        assert_eq!(value().unwrap(), os::ticks_as_seconds(225).unwrap());
    }

    #[test]
    fn under_a_root_that_is_not_live_all_descriptors_are_counted() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("self/fd")).unwrap();
        let process = root.path().join("self");
        assert_eq!(open_fds(&process, true).unwrap(), 0.0);
        fs::write(process.join("fd/7"), "").unwrap();
        assert_eq!(open_fds(&process, true).unwrap(), 1.0);
    }
}
