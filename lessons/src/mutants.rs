//! Whether a learner's tests pass, and fail once the program is broken.
//!
//! The program is that of the starter code, whatever the learner made of it; the tests
//! are the learner's. Both are compiled as one file by `rustc`, with the libraries that
//! cargo built.

use std::collections::HashMap;
use std::env::consts::EXE_EXTENSION;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::compile::cargo_in;
use crate::course::{Judge, Lesson};
use crate::finding::{Finding, first_lines};
use crate::folder::Folder;
use crate::guarded::{Guarded, Scratch};
use crate::messages as m;
use crate::printed::{Printed, Stream};
use crate::wanted::Found;
use crate::words::say;

/// The first line of the tests.
const TESTS: &str = "#[cfg(test)]\nmod tests";

/// How long the tests may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The crates that an exercise may use.
const CRATES: [&str; 2] = ["exporter_workbook", "prometheus"];

/// What the tests did.
enum Run {
    NotCompiled(String),
    Green,
    Red(String),
    Endless,
}

/// Checks that the tests in `source` fail after these changes of the program, or pass
/// if there are none. `None` if they can't run, which is reported without changes.
pub fn of_tests(
    judge: &Judge,
    changes: &[(String, String)],
    lesson: &Lesson,
    source: &Path,
) -> Option<Found> {
    let change = |(old, new): &(String, String)| say(m::CHANGED_CODE, [old, new]);
    let changed: Vec<String> = changes.iter().map(change).collect();
    let expected = match changes {
        [] => say(m::TESTS_SHOULD_PASS, []),
        _ => say(m::A_TEST_SHOULD_FAIL, []),
    };
    let seen = match run(lesson, source, changes) {
        Ok(Run::Green) if changes.is_empty() => return Some(Ok(())),
        Ok(Run::Red(_)) if !changes.is_empty() => return Some(Ok(())),
        Ok(Run::NotCompiled(_)) | Err(_) if !changes.is_empty() => return None,
        Ok(Run::Green) => say(m::TESTS_PASS_WITH, [&changed.join("\n")]),
        Ok(Run::Red(printed)) => say(m::TESTS_FAIL, [&printed]),
        Ok(Run::Endless) => say(m::TESTS_DO_NOT_END, [&LONGEST.as_secs()]),
        Ok(Run::NotCompiled(words)) => say(m::TESTS_NOT_COMPILED, [&words]),
        Err(error) => format!("{error:#}"),
    };
    Some(Err(Finding::wanted(&seen, &expected, &judge.why)))
}

fn run(lesson: &Lesson, source: &Path, changes: &[(String, String)]) -> Result<Run> {
    let folder = Folder::new()?;
    let text = mutant(lesson, source, changes)?;
    folder.write(Path::new("program.rs"), text)?;
    let program = folder.path().join("tests").with_extension(EXE_EXTENSION);
    let mut rustc = Command::new(rustc());
    rustc
        .args(["--edition", "2024", "--test", "--cap-lints", "allow"])
        // Nobody debugs them, and they link in two thirds of the time.
        .args(["-C", "strip=debuginfo", "-o"])
        .arg(&program)
        .arg(folder.path().join("program.rs"))
        .args(libraries(lesson)?);
    let output = rustc.output().context("cannot start rustc")?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Ok(Run::NotCompiled(first_lines(&words, 12)));
    }
    run_tests(&program, &folder)
}

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// The starter code's program with the changes, and the learner's tests.
fn mutant(
    lesson: &Lesson,
    source: &Path,
    changes: &[(String, String)],
) -> Result<String> {
    let read = |path: &Path| -> Result<String> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| say(m::CANNOT_READ, [&path.display()]))?;
        Ok(text.replace("\r\n", "\n"))
    };
    let start = read(&lesson.start())?;
    let own = read(source)?;
    let Some(at) = own.find(TESTS) else {
        bail!(say(m::NO_TESTS, [&TESTS.replace('\n', " ")]));
    };
    let program = start.split(TESTS).next().unwrap_or_default();
    let mut program = program.to_owned();
    for (old, new) in changes {
        if program.matches(old.as_str()).count() != 1 {
            bail!("lesson.toml: {old:?} isn't once in the starter code's program");
        }
        program = program.replace(old.as_str(), new);
    }
    Ok(program + &own[at..])
}

fn run_tests(program: &Path, folder: &Folder) -> Result<Run> {
    let command = [program.as_os_str()];
    let scratch = Some(Scratch {
        folder: folder.path(),
        is_kept: false,
        is_full: false,
    });
    let mut guarded = Guarded::start(&command, scratch, |guard| {
        guard.current_dir(folder.path()).env("RUST_BACKTRACE", "0");
        guard.stdout(Stdio::piped()).stderr(Stdio::null());
    })?;
    let printed = Printed::default();
    let leash = guarded.leash();
    printed.follow(Stream::Out, guarded.stdout(), move || leash.let_go());
    let started = Instant::now();
    while started.elapsed() < LONGEST {
        if let Some(status) = guarded.try_wait()? {
            printed.wait();
            let text = printed.of(Stream::Out);
            return Ok(match status.success() {
                true => Run::Green,
                false => Run::Red(first_lines(text.trim(), 16)),
            });
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(Run::Endless)
}

/// The compiler's arguments for the libraries, as cargo built them for the solution.
fn libraries(lesson: &Lesson) -> Result<&'static [OsString]> {
    static LIBRARIES: OnceLock<Vec<OsString>> = OnceLock::new();
    if let Some(known) = LIBRARIES.get() {
        return Ok(known);
    }
    let root = lesson.folder.ancestors().nth(2).unwrap_or(&lesson.folder);
    let name = format!("{}_solution", lesson.slug);
    let output = cargo_in(root)
        .args(["build", "--quiet", "--package", "lessons", "--bin", &name])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let built: HashMap<String, PathBuf> =
        messages.lines().filter_map(library).collect();
    let mut arguments = Vec::new();
    for name in CRATES {
        let file = built.get(name);
        let file = file.with_context(|| format!("cargo has built no {name}"))?;
        if arguments.is_empty() {
            let mut folder = OsString::from("dependency=");
            folder.push(file.parent().unwrap_or(root));
            arguments.extend(["-L".into(), folder]);
        }
        let mut external = OsString::from(format!("{name}="));
        external.push(file);
        arguments.extend(["--extern".into(), external]);
    }
    Ok(LIBRARIES.get_or_init(|| arguments))
}

/// The name and the file of the library that cargo's message is about.
fn library(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?.replace('-', "_");
    let mut files = message["filenames"].as_array()?.iter();
    let file =
        files.find_map(|file| file.as_str().filter(|all| all.ends_with(".rlib")));
    Some((name, file?.into()))
}
