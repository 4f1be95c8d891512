//! The process as the kernel sees it: Go's `collectors.NewProcessCollector`.

use std::path::{Path, PathBuf};

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::{Metric, descs, families, os, proc_files};
use crate::const_metric::ValueType::{Counter, Gauge};

/// Names, types and help texts are Go's; `process_threads` is the SDK's own addition.
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

/// Exports `process_*` of one process, read from `/proc` at each scrape.
///
/// Where there is no `/proc`, it exports nothing but the CPU time, and that on Linux.
#[derive(Debug)]
pub struct ProcessCollector {
    proc_root: PathBuf,
    /// `None` is the process that asks.
    pid: Option<u32>,
    descs: Vec<Desc>,
}

impl ProcessCollector {
    /// A collector for the process it runs in.
    ///
    /// # Errors
    ///
    /// As [`Desc::new`], which accepts all of these names.
    pub fn new() -> prometheus::Result<ProcessCollector> {
        Ok(ProcessCollector {
            proc_root: "/proc".into(),
            pid: None,
            descs: descs(&METRICS)?,
        })
    }

    /// A collector for process `pid` of another tree than `/proc`: the host's, mounted
    /// into a container, or a test's.
    ///
    /// # Errors
    ///
    /// As [`ProcessCollector::new`].
    pub fn with_proc_root(
        proc_root: impl Into<PathBuf>,
        pid: u32,
    ) -> prometheus::Result<ProcessCollector> {
        Ok(ProcessCollector {
            proc_root: proc_root.into(),
            pid: Some(pid),
            descs: descs(&METRICS)?,
        })
    }
}

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        families(&METRICS, &self.descs, &values(&self.proc_root, self.pid))
    }
}

/// In the order of [`METRICS`].
fn values(proc_root: &Path, pid: Option<u32>) -> [Option<f64>; METRICS.len()] {
    let process = proc_root.join(pid.map_or("self".to_owned(), |pid| pid.to_string()));
    let float = |number: u64| number as f64;
    let stat = proc_files::stat(&process);
    let stat = stat.as_ref();
    let seconds = |ticks: u64| Some(float(ticks) / os::ticks_per_second()?);
    let limits = proc_files::read(process.join("limits"));
    let limit = |name| proc_files::soft_limit(limits.as_deref()?, name).map(float);
    let octets = proc_files::ip_octets(&process);
    [
        match pid {
            None => os::cpu_seconds(),
            Some(_) => stat.and_then(|stat| seconds(stat.cpu_ticks)),
        },
        open_fds(&process, pid),
        limit("Max open files"),
        stat.map(|stat| float(stat.virtual_bytes)),
        limit("Max address space"),
        stat.and_then(|stat| Some(float(stat.resident_pages * os::page_size()?))),
        stat.and_then(|stat| {
            Some(float(proc_files::boot_time(proc_root)?) + seconds(stat.start_ticks)?)
        }),
        octets.map(|(received, _)| float(received)),
        octets.map(|(_, sent)| float(sent)),
        stat.map(|stat| float(stat.threads)),
    ]
}

fn open_fds(process: &Path, pid: Option<u32>) -> Option<f64> {
    let listed = std::fs::read_dir(process.join("fd")).ok()?.count();
    // Our own list holds the descriptor it is read through.
    let open = listed - usize::from(pid.is_none());
    Some(open as f64)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use prometheus::TextEncoder;

    use super::*;

    /// A process in a tree of its own, with only the `files` given.
    fn collect(files: &[(&str, &str)]) -> String {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let collector = ProcessCollector::with_proc_root(root.path(), 42).unwrap();
        let families = collector.collect();
        TextEncoder::new()
            .encode_to_string(&families)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    const STAT: &str = "42 (a (very) odd name) S 1 42 42 0 -1 4194560 501 0 0 0 \
        150 75 0 0 20 0 3 0 250025 10485760 512 18446744073709551615 1 1 0 0 0 0 0 0 0\n";
    const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units     \n\
Max open files            1024                 524288               files     \n\
Max address space         unlimited            unlimited            bytes     \n";
    const NETSTAT: &str = "TcpExt: SyncookiesSent\nTcpExt: 7\n\
        IpExt: InNoRoutes InOctets OutOctets\nIpExt: 1 2000 3000\n";

    #[test]
    fn every_metric_has_its_value_from_its_file() {
        let files = [
            ("stat", "cpu  1 2 3\nbtime 1700000000\n"),
            ("42/stat", STAT),
            ("42/limits", LIMITS),
            ("42/net/netstat", NETSTAT),
            ("42/fd/0", ""),
            ("42/fd/1", ""),
        ];
        assert_eq!(
            collect(&files),
            "process_cpu_seconds_total 2.25\n\
             process_open_fds 2\n\
             process_max_fds 1024\n\
             process_virtual_memory_bytes 10485760\n\
             process_virtual_memory_max_bytes 18446744073709552000\n\
             process_resident_memory_bytes 2097152\n\
             process_start_time_seconds 1700002500.25\n\
             process_network_receive_bytes_total 2000\n\
             process_network_transmit_bytes_total 3000\n\
             process_threads 3\n"
        );
    }

    #[test]
    fn a_source_that_cannot_be_read_leaves_its_metrics_out() {
        let files = [
            ("42/stat", "42 (cut off) S 1 42"),
            ("42/limits", LIMITS),
            ("42/net/netstat", "IpExt: InOctets OutOctets\n"),
        ];
        assert_eq!(
            collect(&files),
            "process_max_fds 1024\nprocess_virtual_memory_max_bytes 18446744073709552000\n"
        );
        assert_eq!(collect(&[]), "");
    }

    #[test]
    fn a_name_that_is_no_text_hides_nothing() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("42")).unwrap();
        let stat = STAT.replace("odd name", "@");
        let (before, after) = stat.split_once('@').unwrap();
        let bytes = [before.as_bytes(), b"\xe9\x98", after.as_bytes()].concat();
        std::fs::write(root.path().join("42/stat"), bytes).unwrap();
        let stat = proc_files::stat(&root.path().join("42")).unwrap();
        assert_eq!((stat.cpu_ticks, stat.threads), (225, 3));
    }

    #[test]
    fn a_start_needs_the_time_of_boot() {
        assert!(!collect(&[("42/stat", STAT)]).contains("process_start_time_seconds"));
    }

    #[test]
    fn this_process_has_every_metric() {
        let families = ProcessCollector::new().unwrap().collect();
        let names: Vec<&str> = families.iter().map(MetricFamily::name).collect();
        assert_eq!(names, METRICS.map(|(name, _, _)| name));
    }

    #[test]
    fn the_cpu_time_of_this_process_is_finer_than_a_tick() {
        let families = ProcessCollector::new().unwrap().collect();
        let seconds = families[0].get_metric()[0].get_counter().get_value();
        let ticks = seconds * os::ticks_per_second().unwrap();
        assert!(ticks > 0.0 && ticks.fract() != 0.0, "{seconds} s");
    }

    #[test]
    fn the_descriptor_that_counts_the_descriptors_is_not_counted() {
        let process = Path::new("/proc/self");
        // Other tests open and close files meanwhile: ask until both saw the same.
        let agree = (0..1000).any(|_| {
            open_fds(process, None) == open_fds(process, Some(0)).map(|n| n - 1.0)
        });
        assert!(agree);
    }
}
