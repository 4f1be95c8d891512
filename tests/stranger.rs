//! The library from outside: what the package contains, and a program that depends on
//! it.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::Program;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_package_has_the_library_and_nothing_else() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--package", "exporter-workbook", "--list"])
        .args(["--allow-dirty", "--offline"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed = String::from_utf8(output.stdout).unwrap();
    let (sources, others): (Vec<&str>, Vec<&str>) =
        listed.lines().partition(|path| path.starts_with("src/"));
    assert!(sources.contains(&"src/lib.rs"));
    assert!(!listed.contains("src/bin"), "{listed}");
    // The last two are cargo's own.
    let expected = [
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
    ];
    let expected = expected.into_iter().chain(["build.rs"]);
    let cargos = [".cargo_vcs_info.json", "Cargo.toml.orig"];
    let others = others.into_iter().filter(|path| !cargos.contains(path));
    assert_eq!(others.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

/// Builds a package of `tests/stranger/program.rs` in its own folder. The target folder
/// is kept, so only the first run builds everything.
fn build_stranger(folder: &Path) -> std::path::PathBuf {
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"stranger\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nexporter-workbook = {{ path = {ROOT:?} }}\n\
         prometheus = \"0.14\"\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    let program = Path::new(ROOT).join("tests/stranger/program.rs");
    fs::copy(program, folder.join("src/main.rs")).unwrap();
    let target = Path::new(ROOT).join("target/stranger");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--target-dir"])
        .arg(&target)
        .current_dir(folder)
        .status();
    assert!(status.unwrap().success());
    target.join("debug/stranger")
}

const METRICS: &str = "\
# HELP job_duration_seconds How long jobs took.
# TYPE job_duration_seconds histogram
job_duration_seconds_bucket{le=\"0.5\"} 0
job_duration_seconds_bucket{le=\"1\"} 1
job_duration_seconds_bucket{le=\"+Inf\"} 1
job_duration_seconds_sum 0.75
job_duration_seconds_count 1
# HELP job_size_bytes How large jobs were.
# TYPE job_size_bytes summary
job_size_bytes{kind=\"mail\",quantile=\"1\"} 512
job_size_bytes_sum{kind=\"mail\"} 512
job_size_bytes_count{kind=\"mail\"} 1
# HELP jobs_total Jobs done.
# TYPE jobs_total counter
jobs_total{kind=\"mail\"} 1
# HELP promhttp_metric_handler_errors_total Total number of internal errors encountered by the promhttp metric handler.
# TYPE promhttp_metric_handler_errors_total counter
promhttp_metric_handler_errors_total{cause=\"encoding\"} 0
promhttp_metric_handler_errors_total{cause=\"gathering\"} 0
# HELP queue_length Items in the queue.
# TYPE queue_length gauge
queue_length 100
# HELP workers Workers.
# TYPE workers gauge
workers{state=\"idle\"} 3
";

#[test]
#[ignore = "builds a package with the crate's default features, which takes a minute"]
fn a_strangers_program_builds_with_the_crates_default_features_and_serves() {
    let folder = tempfile::tempdir().unwrap();
    let program = build_stranger(folder.path());
    let program = Program::spawn(&mut Command::new(program));
    assert_eq!(program.get("/metrics").as_str().unwrap(), METRICS);
    assert_eq!(program.get("/healthz").as_str().unwrap(), "ok\n");
    let default = program.get("/default");
    assert!(
        default
            .as_str()
            .unwrap()
            .contains("promhttp_metric_handler_requests_total")
    );
}
