//! `docs/en/from_zero.md`: what it says to type, in an empty folder; and the library as
//! `README.md` shows it.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
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

/// The page's package, in a folder beside the repository.
struct Package {
    folder: PathBuf,
    _top: tempfile::TempDir,
}

impl Package {
    fn new() -> Package {
        let top = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(ROOT, top.path().join("exporter-workbook")).unwrap();
        run("cargo new spool-exporter", top.path());
        let folder = top.path().join("spool-exporter");
        run("cargo add --path ../exporter-workbook", &folder);
        fs::create_dir(folder.join("examples")).unwrap();
        for (page, file) in [
            ("main.rs", "src/main.rs"),
            ("worker.rs", "examples/worker.rs"),
            ("shortest.rs", "examples/shortest.rs"),
        ] {
            fs::copy(pages().join(page), folder.join(file)).unwrap();
        }
        Package { folder, _top: top }
    }

    /// Runs its program, or an example, on a free port.
    fn start(&self, arguments: &[&str]) -> Program {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["run", "--quiet"]).args(arguments);
        cargo.args(["--", "127.0.0.1:0"]);
        cargo.env("CARGO_TARGET_DIR", format!("{ROOT}/target/from_zero"));
        Program::spawn(cargo.current_dir(&self.folder))
    }
}

fn pages() -> PathBuf {
    Path::new(ROOT).join("tests/pages/from_zero")
}

#[test]
#[ignore = "builds a package of its own, which takes half a minute"]
fn the_page_leads_from_an_empty_folder_to_a_tested_exporter() {
    let package = Package::new();
    run("cargo test", &package.folder);
    let spool = package.folder.join("spool");
    fs::create_dir(&spool).unwrap();
    fs::write(spool.join("a"), "").unwrap();
    fs::write(spool.join("b"), "").unwrap();
    assert!(commands().iter().any(|all| all == "cargo run"));
    let exporter = package.start(&[]);
    let metrics = fs::read_to_string(pages().join("metrics.txt")).unwrap();
    assert_eq!(exporter.metrics(), metrics);
    fs::remove_dir_all(spool).unwrap();
    assert!(exporter.metrics().ends_with("\nspool_up 0\n"));
    let worker = package.start(&["--example", "worker"]).metrics();
    assert!(worker.starts_with("# HELP worker_jobs_total Jobs done.\n"));
    // The README's.
    let shortest = package.start(&["--example", "shortest"]).metrics();
    assert!(shortest.ends_with("\njobs_total 0\n"), "{shortest}");
}
