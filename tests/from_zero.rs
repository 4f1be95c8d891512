//! `docs/en/from_zero.md`: what it says to type, in an empty folder; and the library as
//! `README.md` shows it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use support::Program;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The commands of the page's blocks, each without its prompt.
fn commands() -> Vec<String> {
    let page = fs::read_to_string(format!("{ROOT}/docs/en/from_zero.md")).unwrap();
    let lines = page.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(ToOwned::to_owned).collect()
}

/// Runs a command of the page in `folder`, where the repository is one folder up. The target
/// folder is kept, so that only the first run builds everything.
fn run(command: &str, folder: &Path) {
    assert!(commands().iter().any(|all| all == command), "{command}");
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", format!("{ROOT}/target/from_zero"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
}

#[test]
#[ignore = "builds a package of its own, which takes half a minute"]
fn the_page_leads_from_an_empty_folder_to_a_tested_exporter() {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path();
    std::os::unix::fs::symlink(ROOT, top.join("exporter-workbook")).unwrap();
    run("cargo new spool-exporter", top);
    let package = top.join("spool-exporter");
    run("cargo add --path ../exporter-workbook", &package);
    let pages = Path::new(ROOT).join("tests/pages/from_zero");
    fs::copy(pages.join("main.rs"), package.join("src/main.rs")).unwrap();
    fs::create_dir(package.join("examples")).unwrap();
    for example in ["worker.rs", "shortest.rs"] {
        let to = package.join("examples").join(example);
        fs::copy(pages.join(example), to).unwrap();
    }
    run("cargo test", &package);
    fs::create_dir(package.join("spool")).unwrap();
    fs::write(package.join("spool/a"), "").unwrap();
    fs::write(package.join("spool/b"), "").unwrap();
    assert!(commands().iter().any(|all| all == "cargo run"));
    let start = |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["run", "--quiet"])
            .args(arguments)
            .args(["--", "127.0.0.1:0"]);
        cargo.env("CARGO_TARGET_DIR", format!("{ROOT}/target/from_zero"));
        Program::spawn(cargo.current_dir(&package))
    };
    let metrics = fs::read_to_string(pages.join("metrics.txt")).unwrap();
    let exporter = start(&[]);
    assert_eq!(exporter.get("/metrics").as_str().unwrap(), metrics);
    fs::remove_dir_all(package.join("spool")).unwrap();
    let failed = exporter.get("/metrics");
    assert_eq!(failed.status_code, 500);
    assert!(failed.as_str().unwrap().contains("No such file"));
    let worker = start(&["--example", "worker"]).get("/metrics");
    let worker = worker.as_str().unwrap();
    assert!(worker.contains("# TYPE worker_jobs_total counter\nworker_jobs_total "));
    // The README's.
    let shortest = start(&["--example", "shortest"]).metrics();
    assert!(shortest.ends_with("\njobs_total 0\n"), "{shortest}");
}
