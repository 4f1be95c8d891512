//! Cargo builds an exercise, and says what the compiler says.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::program::Guarded;
use crate::screen::note;
use crate::words::say;

/// After how long cargo's silence is explained.
const SLOW: Duration = Duration::from_secs(4);

/// Builds the binary `name` of the exercises in the repository at `root`: the file that it
/// made, or nothing after the compiler has said what is wrong.
///
/// # Errors
///
/// When cargo cannot be started.
pub fn compile(root: &Path, name: &str) -> Result<Option<PathBuf>> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["build", "--quiet", "--package", "lessons", "--bin", name];
    let format = "--message-format=json-render-diagnostics";
    let mut command = vec![cargo.as_os_str()];
    command.extend(words.map(OsStr::new));
    command.push(OsStr::new(format));
    let mut guarded = Guarded::start(&command, None, |guard| {
        guard.current_dir(root).stdout(Stdio::piped());
    })?;
    let messages = guarded.stdout().context("cargo has no output")?;
    let (sender, receiver) = mpsc::channel();
    let name = name.to_owned();
    thread::spawn(move || {
        let lines = BufReader::new(messages).lines().map_while(Result::ok);
        let built = lines.filter_map(|line| executable(&line, &name)).last();
        let _ = sender.send(built);
    });
    loop {
        match receiver.recv_timeout(SLOW) {
            Ok(built) => return Ok(built),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => note(&say(
                "cargo is still building; it may also be waiting for another cargo, such \
                 as your editor's",
                &[],
            )),
        }
    }
}

/// The file of the binary `name`, if that is what cargo's message is about.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_ours = message["target"]["name"] == name;
    let file = message["executable"].as_str().filter(|_| is_ours)?;
    Some(PathBuf::from(file))
}
