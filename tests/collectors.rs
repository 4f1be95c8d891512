//! The ready-made collectors, on fake trees like `/proc`, and on a process that other
//! programs report on too.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

/// The program in `docs/en/reference/go_to_rust.md`.
#[path = "pages/another_process.rs"]
#[allow(dead_code, reason = "its `main` is for the reader")]
mod page;
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::SystemTime;

use exporter_workbook::collect::Collector;
use exporter_workbook::collectors::{
    BuildInfoCollector, ProcessCollector, ProcessCollectorOpts, pid_file,
};
use exporter_workbook::exposition::{Format, Value};
use exporter_workbook::promhttp::{self, Handler, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::testutil;
use http::Request;
use support::Program;
use support::held::Held;
use tempfile::TempDir;

/// Returns options for process 42 of the tree `tests/proc/<tree>`.
fn opts(tree: &str) -> ProcessCollectorOpts {
    ProcessCollectorOpts {
        pid_fn: Some(Box::new(|| Ok(42))),
        proc_root: Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/proc")
            .join(tree),
        report_errors: true,
        ..ProcessCollectorOpts::default()
    }
}

fn registry(collector: impl Collector + 'static) -> Registry {
    let registry = Registry::new();
    registry.must_register(collector);
    registry
}

fn registry_of(opts: ProcessCollectorOpts) -> Registry {
    registry(ProcessCollector::with_opts(opts))
}

/// Returns the samples, and the omitted metrics with the reasons.
fn gather(opts: ProcessCollectorOpts) -> (String, Vec<String>) {
    let root = format!("{}/", opts.proc_root.display());
    let gathered = registry_of(opts).gather();
    let text = Format::TEXT.to_text(gathered.families());
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    let errors = gathered.errors().iter();
    let errors = errors.map(|error| error.to_string().replace(&root, ""));
    (
        samples.map(|line| format!("{line}\n")).collect(),
        errors.collect(),
    )
}

const NORMAL: &str = "\
process_cpu_seconds_total 2.25
process_max_fds 1024
process_network_receive_bytes_total 2000
process_network_transmit_bytes_total 3000
process_open_fds 4
process_resident_memory_bytes 2.097152e+06
process_start_time_seconds 1.70000250025e+09
process_threads 3
process_virtual_memory_bytes 1.048576e+07
process_virtual_memory_max_bytes 4.294967296e+09
";

// A clock tick is 10 ms on every Linux, but a page may be larger than 4 KiB.
#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
#[test]
fn every_metric_has_its_value_from_its_file() {
    assert_eq!(gather(opts("normal")), (NORMAL.to_owned(), Vec::new()));
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
#[test]
fn a_name_with_spaces_parentheses_and_lines_hides_nothing() {
    assert_eq!(gather(opts("odd_name")), (NORMAL.to_owned(), Vec::new()));
}

#[cfg(any(target_arch = "x86_64", target_arch = "x86"))]
#[test]
fn an_unlimited_resource_is_the_largest_number_as_in_go() {
    let unlimited = NORMAL.replace("4.294967296e+09", "1.8446744073709552e+19");
    assert_eq!(gather(opts("unlimited")), (unlimited, Vec::new()));
}

#[test]
fn truncated_files_are_reported_and_their_metrics_omitted() {
    let (samples, errors) = gather(opts("truncated"));
    assert_eq!(samples, "process_open_fds 4\n");
    let error = |(name, file)| format!("`{name}` was not collected: {file} is cut off");
    let expected = [
        ("process_cpu_seconds_total", "42/stat"),
        ("process_max_fds", "42/limits"),
        ("process_virtual_memory_bytes", "42/stat"),
        ("process_virtual_memory_max_bytes", "42/limits"),
        ("process_resident_memory_bytes", "42/stat"),
        ("process_start_time_seconds", "42/stat"),
        ("process_network_receive_bytes_total", "42/net/netstat"),
        ("process_network_transmit_bytes_total", "42/net/netstat"),
        ("process_threads", "42/stat"),
    ];
    assert_eq!(errors, expected.map(error));
}

/// Creates a tree with these files, each a list of lines.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

/// What the tree of the next test lacks.
const LACKING: [(&str, &str); 5] = [
    (
        "process_open_fds",
        "cannot list 42/fd: No such file or directory (os error 2)",
    ),
    (
        "process_max_fds",
        "42/limits has no number after \"Max open files \"",
    ),
    (
        "process_virtual_memory_max_bytes",
        "42/limits has no line \"Max address space \"",
    ),
    ("process_start_time_seconds", "stat has no line \"btime \""),
    (
        "process_network_receive_bytes_total",
        "42/net/netstat has no number under \"IpExt: \" \"InOctets\"",
    ),
];

#[test]
fn a_missing_line_or_number_is_named() {
    let stat =
        "42 (exporter) S 1 42 42 0 -1 4194560 501 0 0 0 150 75 0 0 20 0 3 0 25 1 2\n";
    let root = tree(&[
        ("stat", "cpu  1 2 3 4\n"),
        ("42/stat", stat),
        (
            "42/limits",
            "Max open files            many         2       files\n",
        ),
        (
            "42/net/netstat",
            "IpExt: InOctets OutOctets\nIpExt: -2000 3000\n",
        ),
    ]);
    let (samples, errors) = gather(ProcessCollectorOpts {
        proc_root: root.path().to_owned(),
        ..opts("")
    });
    assert!(samples.ends_with("process_threads 3\nprocess_virtual_memory_bytes 1\n"));
    assert!(samples.contains("process_network_transmit_bytes_total 3000\n"));
    let error = |(name, problem)| format!("`{name}` was not collected: {problem}");
    assert_eq!(errors, LACKING.map(error));
}

#[test]
fn a_process_that_has_vanished_has_no_metrics() {
    let vanished = || ProcessCollectorOpts {
        pid_fn: Some(Box::new(|| Ok(43))),
        ..opts("normal")
    };
    let (samples, errors) = gather(vanished());
    assert_eq!((samples.as_str(), errors.len()), ("", 10));
    assert_eq!(
        errors[0],
        "`process_cpu_seconds_total` was not collected: cannot read 43/stat: No such file \
         or directory (os error 2)"
    );
    // Without the option, nothing is reported.
    let quiet = ProcessCollectorOpts {
        report_errors: false,
        ..vanished()
    };
    assert_eq!(gather(quiet), (String::new(), Vec::new()));
}

#[test]
fn a_reported_error_fails_the_scrape_and_names_the_metric() {
    let registry = registry_of(opts("truncated"));
    let handler = promhttp::handler_for(&registry, HandlerOpts::default()).unwrap();
    let response = handler.handle(&Request::new(()));
    assert_eq!(response.status(), 500);
    let body = String::from_utf8(response.into_body().into_bytes()).unwrap();
    assert!(
        body.contains("`process_threads` was not collected: "),
        "{body}"
    );
}

#[test]
fn a_namespace_precedes_each_name() {
    let namespaced = |namespace: &str| {
        ProcessCollector::with_opts(ProcessCollectorOpts {
            namespace: namespace.to_owned(),
            ..opts("normal")
        })
    };
    let collector = namespaced("queue");
    let names: Vec<&str> = collector.describe().iter().map(|d| d.name()).collect();
    assert_eq!(names.len(), 10);
    assert_eq!(names[0], "queue_process_cpu_seconds_total");
    let gathered = registry(namespaced("queue")).gather();
    assert_eq!(gathered.families().len(), 10);
    for family in gathered.families() {
        assert!(names.contains(&family.name()), "{}", family.name());
    }
    let refused = Registry::new().register(namespaced("a-b")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the descriptor of `a-b_process_cpu_seconds_total` is invalid: \
         `a-b_process_cpu_seconds_total` isn't a metric name: use letters, digits, \
         `_` and `:`, but no leading digit"
    );
}

/// Returns the number of file descriptors listed by a collector of this process and by
/// one with its id.
#[test]
fn under_a_root_that_is_not_live_every_listed_descriptor_counts() {
    let listed = ["self", "42"].map(|process| {
        [0, 1, 2, 7].map(|fd| (format!("{process}/fd/{fd}"), "".to_owned()))
    });
    let files = listed.as_flattened().iter();
    let files: Vec<(&str, &str)> =
        files.map(|(name, text)| (&**name, &**text)).collect();
    let root = tree(&files);
    // Links into the tree, under its own root as in the live one.
    for process in ["self", "42"] {
        let fd = root.path().join(process).join("fd");
        std::os::unix::fs::symlink("/dev/null", fd.join("8")).unwrap();
    }
    for pid_fn in [None, opts("").pid_fn] {
        let (samples, _) = gather(ProcessCollectorOpts {
            pid_fn,
            proc_root: root.path().to_owned(),
            ..opts("")
        });
        assert!(samples.ends_with("process_open_fds 5\n"), "{samples}");
    }
}

#[test]
fn a_zombie_has_no_metrics() {
    let (samples, errors) = gather(opts("zombie"));
    assert_eq!((samples.as_str(), errors.len()), ("", 10));
    assert!(
        errors
            .iter()
            .all(|error| error.ends_with("process 42 has ended"))
    );
}

#[test]
fn the_program_of_the_reference_page_collects() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nginx.pid");
    let registry = page::registry(path.clone());
    let gathered = registry.gather();
    let shown = fs::read_to_string("snapshots/recorded/another_process.txt").unwrap();
    let error = shown.replace("/run/nginx.pid", path.to_str().unwrap());
    assert_eq!(format!("{}\n", gathered.errors()[1]), error);
    assert_eq!(gathered.families().len(), 1);
    fs::write(&path, std::process::id().to_string()).unwrap();
    assert_eq!(registry.gather().families().len(), 11);
}

#[test]
fn a_pid_file_is_read_at_each_scrape() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pid");
    let registry = registry_of(ProcessCollectorOpts {
        pid_fn: Some(pid_file(&path)),
        ..opts("normal")
    });
    let first_error = || registry.gather().errors()[0].to_string();
    let path = path.display();
    assert_eq!(
        first_error(),
        format!(
            "`process_cpu_seconds_total` was not collected: cannot read pid file {path}: \
             No such file or directory (os error 2)"
        )
    );
    fs::write(path.to_string(), "many\n").unwrap();
    assert_eq!(
        first_error(),
        format!(
            "`process_cpu_seconds_total` was not collected: pid file {path} holds no pid"
        )
    );
    fs::write(path.to_string(), "42\n").unwrap();
    let gathered = registry.gather();
    assert_eq!(
        (gathered.families().len(), gathered.errors()),
        (10, &[][..])
    );
}

#[test]
fn build_info_is_1_and_has_labels() {
    let collector = BuildInfoCollector::new("queue_exporter", "1.2.3");
    let collector = collector.revision("4d91de4").branch("main");
    let collector = collector.label("tls", "rustls").label("edition", "C:\\");
    let text = testutil::collect_to_text(collector).unwrap();
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let version = text.split("rustversion=\"").nth(1).unwrap();
    let version = version.split('"').next().unwrap();
    assert!(version.starts_with("1."), "{version}");
    assert_eq!(
        text,
        format!(
            "# HELP queue_exporter_build_info A metric with a constant '1' value labeled \
             by version, revision, branch, rustversion from which queue_exporter was \
             built, and the os and arch for the build.\n\
             # TYPE queue_exporter_build_info gauge\n\
             queue_exporter_build_info{{arch=\"{arch}\",branch=\"main\",\
             edition=\"C:\\\\\",os=\"{os}\",revision=\"4d91de4\",\
             rustversion=\"{version}\",tls=\"rustls\",version=\"1.2.3\"}} 1\n"
        )
    );
}

#[test]
fn registration_refuses_build_info_with_an_invalid_program_or_label() {
    let named = |program| BuildInfoCollector::new(program, "1");
    for (collector, words) in [
        (
            named("queue-exporter"),
            "the descriptor of `queue-exporter_build_info` is invalid: \
             `queue-exporter_build_info` isn't a metric name: use letters, digits, \
             `_` and `:`, but no leading digit",
        ),
        (
            named("queue").label("version", "2"),
            "the descriptor of `queue_build_info` is invalid: it has the label `version` \
             twice, keep one",
        ),
        (
            named("queue").label("tls-version", "1.3"),
            "the descriptor of `queue_build_info` is invalid: `tls-version` isn't a \
             label name: use letters, digits and `_`, but no leading digit",
        ),
    ] {
        let refused = Registry::new().register(collector).unwrap_err();
        assert_eq!(refused.to_string(), words);
    }
}

// Compared with what other programs report on the same process.

fn value(registry: &Registry, name: &str) -> f64 {
    let gathered = registry.gather();
    let mut families = gathered.families().iter();
    let family = families.find(|family| family.name() == name).unwrap();
    match family.samples().next().unwrap().value() {
        Value::Number(value) => *value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_cpu_time_never_goes_down() {
    let this = std::process::id();
    for collector in [ProcessCollector::new(), ProcessCollector::for_pid(this)] {
        let registry = registry(collector);
        let highest = Mutex::new(0.0);
        let scrape = || {
            for _ in 0..5000 {
                let before = *highest.lock().unwrap();
                let now = value(&registry, "process_cpu_seconds_total");
                assert!(now >= before, "{now} after {before}");
                let mut highest = highest.lock().unwrap();
                *highest = now.max(*highest);
            }
        };
        thread::scope(|scope| {
            scope.spawn(scrape);
            scope.spawn(scrape);
        });
        assert!(*highest.lock().unwrap() > 0.0);
    }
}

/// Asserts that ours equals what `of` reports for an idle process or, if that changed
/// meanwhile, is between the values from before and after.
fn agrees(ours: impl Fn() -> f64, of: impl Fn() -> f64, within: f64) {
    let (before, ours, after) = (of(), ours(), of());
    let (low, high) = (before.min(after) - within, before.max(after) + within);
    assert!(
        (low..=high).contains(&ours),
        "{ours}, others say {before}, {after}"
    );
}

#[test]
fn the_values_are_those_of_proc() {
    let program = Program::start("04_process_runtime");
    let pid = program.process.0.id();
    let registry = registry(ProcessCollector::for_pid(pid));
    let ours = |name| value(&registry, name);
    let status = |key: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with(key)).unwrap();
        let number: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        number
    };
    agrees(|| ours("process_threads"), || status("Threads:"), 0.0);
    // Other programs report KiB, which the kernel counts in batches: some pages may
    // differ.
    let kib = |key| status(key) * 1024.0;
    agrees(
        || ours("process_virtual_memory_bytes"),
        || kib("VmSize:"),
        0.0,
    );
    agrees(
        || ours("process_resident_memory_bytes"),
        || kib("VmRSS:"),
        1e6,
    );
    let fds = || fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as f64;
    agrees(|| ours("process_open_fds"), fds, 0.0);
}

#[test]
fn another_process_is_seen_as_it_sees_itself() {
    let program = Program::start("04_process_runtime");
    let registry = registry(ProcessCollector::for_pid(program.process.0.id()));
    let ours = |name| value(&registry, name);
    let own = |name: &str| {
        let page = program.metrics();
        let line = page.lines().find(|line| line.starts_with(name)).unwrap();
        line.split(' ').nth(1).unwrap().parse::<f64>().unwrap()
    };
    for (name, within) in [
        // A clock tick, and a moment of work.
        ("process_cpu_seconds_total", 0.02),
        ("process_start_time_seconds", 0.0),
        ("process_max_fds", 0.0),
        ("process_virtual_memory_max_bytes", 0.0),
    ] {
        agrees(|| ours(name), || own(name), within);
    }
}

#[test]
#[ignore = "needs ps, of Debian's package procps"]
fn the_values_are_those_of_ps() {
    let program = Program::start("04_process_runtime");
    for _ in 0..100 {
        program.metrics();
    }
    Held::at_rest(&program);
    let pid = program.process.0.id();
    let registry = registry(ProcessCollector::for_pid(pid));
    let ours = |name| value(&registry, name);
    let ps = |column: &str| -> f64 {
        let mut ps = Command::new("ps");
        ps.args(["-o", &format!("{column}="), "-p", &pid.to_string()]);
        let printed = String::from_utf8(ps.output().unwrap().stdout).unwrap();
        printed.trim().parse().unwrap()
    };
    let kib = |column| ps(column) * 1024.0;
    agrees(|| ours("process_threads"), || ps("nlwp"), 0.0);
    agrees(|| ours("process_virtual_memory_bytes"), || kib("vsz"), 0.0);
    agrees(|| ours("process_resident_memory_bytes"), || kib("rss"), 1e6);
    // Whole seconds.
    agrees(|| ours("process_cpu_seconds_total"), || ps("cputimes"), 1.0);
    let age = || {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap();
        now.as_secs_f64() - ours("process_start_time_seconds")
    };
    agrees(age, || ps("etimes"), 2.0);
}
