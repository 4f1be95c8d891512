//! The runner as a learner's terminal starts it, and the programs it checks.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

pub mod learner;
pub mod terminal;

use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;

/// The package's folder, which contains the lessons.
pub const LESSONS: &str = env!("CARGO_MANIFEST_DIR");

/// The built runner.
pub fn workbook() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workbook"));
    for name in [
        "LC_ALL",
        "LC_MESSAGES",
        "LANG",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "VISUAL",
        "EDITOR",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
    ] {
        command.env_remove(name);
    }
    command
}

/// A built exercise or solution: `02a_gauge_ops_solution`.
pub fn built(name: &str) -> PathBuf {
    let runner = Path::new(env!("CARGO_BIN_EXE_workbook"));
    let program = runner.with_file_name(name);
    // Beside it the runner looks for its tests.
    if let Some((slug, kind)) = name.rsplit_once('_') {
        let source = Path::new(LESSONS).join(slug).join(format!("{kind}.rs"));
        fs::copy(source, program.with_extension("rs")).unwrap();
    }
    program
}

/// The lessons whose checks keep a processor busy; the others mostly wait.
const BUSY: [&str; 3] = ["02d", "05", "08"];

/// The result of `call` for each of `items`, which are about a lesson. Several run at a
/// time, but of those that keep a processor busy only as many as there are processors.
pub fn for_each<T: Sync, R: Send>(
    items: &[T],
    lesson: impl Fn(&T) -> &str,
    call: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let is_busy = |item: &&T| BUSY.iter().any(|busy| lesson(item).starts_with(busy));
    let (busy, waiting): (Vec<&T>, Vec<&T>) = items.iter().partition(is_busy);
    let queues = [busy, waiting].map(|queue| (queue, AtomicUsize::new(0)));
    let calling = |queues: &[(Vec<&T>, AtomicUsize)]| {
        let mut results = Vec::new();
        for (queue, next) in queues {
            while let Some(item) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
                results.push(call(item));
            }
        }
        results
    };
    let processors = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let work = |number: usize| {
            let queues = &queues[usize::from(number >= processors)..];
            scope.spawn(|| calling(queues))
        };
        let threads: Vec<_> = (0..2 * processors).map(work).collect();
        let results = threads.into_iter().map(|all| all.join());
        results
            .flat_map(|all| all.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// What the exercises of lesson 12 need, as in the package's own manifest.
const AXUM: &str = "axum = { version = \"0.8\", default-features = false, \
                    features = [\"http1\", \"matched-path\", \"tokio\"] }\n\
                    tokio = { version = \"1\", default-features = false, \
                    features = [\"net\", \"rt\"] }\n";

/// Whether the programs of a lesson can be built: without the feature `axum`, those of 12
/// are left out.
pub fn is_built(lesson: &str) -> bool {
    cfg!(feature = "axum") || !lesson.starts_with("12")
}

/// Builds `programs`, names with sources, as a package of their own, and returns the
/// folder of the binaries.
pub fn build(package: &str, programs: &[(String, String)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    let sources = folder.join("src/bin");
    fs::create_dir_all(&sources).unwrap();
    write_manifest(&folder, package);
    let paths: Vec<PathBuf> = programs
        .iter()
        .map(|(name, _)| sources.join(format!("{name}.rs")))
        .collect();
    for old in fs::read_dir(&sources).unwrap() {
        let old = old.unwrap().path();
        if !paths.contains(&old) {
            fs::remove_file(old).unwrap();
        }
    }
    for (path, (_, text)) in paths.iter().zip(programs) {
        // Cargo builds again what is newer than its program.
        if fs::read_to_string(path).ok().as_ref() != Some(text) {
            fs::write(path, text).unwrap();
        }
    }
    let debug = built("");
    build_package(&folder, debug.parent().unwrap());
    for (name, text) in programs {
        fs::write(debug.join(format!("{name}.rs")), text).unwrap();
    }
    debug
}

fn write_manifest(folder: &Path, package: &str) {
    let root = Path::new(LESSONS).parent().unwrap();
    let axum = if cfg!(feature = "axum") { AXUM } else { "" };
    let manifest = include_str!("../fixtures/programs.toml")
        .replace("{name}", package)
        .replace("{axum}", axum)
        .replace("{root}", root.to_str().unwrap());
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
}

fn build_package(folder: &Path, target: &Path) {
    let output = Command::new(env!("CARGO"))
        .current_dir(folder)
        .args([
            "build",
            "--quiet",
            "--offline",
            "--keep-going",
            "--target-dir",
        ])
        .arg(target)
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
}

/// Checks `program` as an exercise of the lesson.
pub fn check(lesson: &str, program: &Path) -> Report {
    let output = workbook()
        .args(["check", lesson, "--program"])
        .arg(program)
        .output();
    Report::of(output.unwrap())
}

/// A check's output.
pub struct Report {
    pub has_passed: bool,
    pub text: String,
}

impl Report {
    pub fn of(output: Output) -> Report {
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Report {
            has_passed: output.status.success(),
            text: stdout + &stderr,
        }
    }

    /// The names of the failed checks.
    pub fn wrong(&self) -> Vec<&str> {
        let lines = self.text.lines();
        lines
            .filter_map(|line| line.strip_prefix("  wrong  "))
            .collect()
    }
}

/// An executable shell script.
pub fn script(folder: &Path, name: &str, lines: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// The hostile program of that kind, compiled once.
pub fn hostile(folder: &Path, manner: &str) -> PathBuf {
    static PROGRAM: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, program) = PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("hostile");
        let status = Command::new("rustc")
            .args(["--edition", "2024", "-o"])
            .arg(&program)
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/fixtures/hostile.rs"
            ))
            .status();
        assert!(status.unwrap().success());
        (folder, program)
    });
    let link = folder.join(manner);
    std::os::unix::fs::symlink(program, &link).unwrap();
    link
}
