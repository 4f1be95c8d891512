//! Builds an exercise with cargo, and shows the compiler's messages.
//!
//! Cargo compares times: if a file is restored with an older time than the program built
//! from another version, cargo considers it built. So the sources of each build, modules
//! included, are kept, and if they differ the exercise gets a new time.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::course::Lesson;
use crate::guarded::Guarded;
use crate::messages as m;
use crate::saves::Texts;
use crate::screen::note;
use crate::starts;
use crate::words::say;

/// When to explain cargo's silence.
const SLOW: Duration = Duration::from_secs(4);

/// The result of a build.
struct Built {
    program: PathBuf,
    /// Whether it existed before.
    is_fresh: bool,
}

/// Builds the exercise of `lesson` in the repository at `root`. Returns the program, or
/// `None` after the compiler has reported errors.
///
/// # Errors
///
/// Returns an error if cargo can't be started or the exercise can't be read.
pub fn compile(root: &Path, lesson: &Lesson) -> Result<Option<PathBuf>> {
    let file = lesson.exercise();
    let text = fs::read(&file);
    let text = text.with_context(|| say(m::CANNOT_READ, [&file.display()]))?;
    starts::keep(root, lesson, &text);
    let texts = Texts::of(&lesson.folder).lines();
    let name = lesson.exercise_program();
    let features = &lesson.text.features;
    let Some(mut built) = build(root, &name, features)? else {
        return Ok(None);
    };
    let built_from = built.program.with_extension("source");
    if built.is_fresh && fs::read_to_string(&built_from).ok().as_ref() != Some(&texts) {
        let touched = File::options().append(true).open(&file);
        // If the file can't be written, nobody has replaced it either.
        if touched.is_ok_and(|file| file.set_modified(SystemTime::now()).is_ok()) {
            built = match build(root, &name, features)? {
                Some(again) => again,
                None => return Ok(None),
            };
        }
    }
    // Without it the next check only builds once more.
    let _ = fs::write(&built_from, &texts);
    Ok(Some(built.program))
}

/// The cargo that started the runner, or any other.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Cargo in the repository at `root`.
pub fn cargo_in(root: &Path) -> Command {
    let mut cargo = Command::new(cargo());
    set_up(&mut cargo, root);
    cargo
}

/// The variables that name cargo's target folder.
const TARGETS: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];

/// Runs in `root`, and builds where the cargo that started the runner does: a relative
/// target folder is relative to where the runner was called.
fn set_up(cargo: &mut Command, root: &Path) {
    cargo.current_dir(root);
    for name in TARGETS {
        let folder = env::var_os(name).filter(|folder| !folder.is_empty());
        if let Some(Ok(folder)) = folder.map(std::path::absolute) {
            cargo.env(name, folder);
        }
    }
}

fn build(root: &Path, name: &str, features: &[String]) -> Result<Option<Built>> {
    let cargo = cargo();
    let words = ["build", "--quiet", "--package", "lessons", "--bin", name];
    let format = "--message-format=json-render-diagnostics";
    let mut command = vec![cargo.as_os_str()];
    command.extend(words.map(OsStr::new));
    command.push(OsStr::new(format));
    let features = features.join(",");
    if !features.is_empty() {
        command.extend(["--features", &features].map(OsStr::new));
    }
    let mut guarded = Guarded::start(&command, None, |guard| {
        set_up(guard, root);
        guard.stdout(Stdio::piped());
    })?;
    let messages = guarded.stdout().context("cargo has no output")?;
    let (sender, receiver) = mpsc::channel();
    let name = name.to_owned();
    thread::spawn(move || {
        let lines = BufReader::new(messages).lines().map_while(Result::ok);
        let built = lines.filter_map(|line| built(&line, &name)).last();
        let _ = sender.send(built);
    });
    loop {
        match receiver.recv_timeout(SLOW) {
            Ok(built) => return Ok(built),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => note(&say(m::STILL_BUILDING, [])),
        }
    }
}

/// The binary `name`, if cargo's message is about it.
fn built(message: &str, name: &str) -> Option<Built> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_ours = message["target"]["name"] == name;
    let file = message["executable"].as_str().filter(|_| is_ours)?;
    Some(Built {
        program: PathBuf::from(file),
        is_fresh: message["fresh"] == true,
    })
}
