//! A command under a guard, as the runner sees it; `guard.rs` is the other side.
//!
//! `channel.rs` connects the two.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};

use crate::channel::{self, End};
use crate::guard::{apart, this_program};
use crate::limits::Limit;

/// The folder that a command under check fills. It is removed when the command has ended.
#[derive(Clone, Copy)]
pub struct Scratch<'a> {
    pub folder: &'a Path,
    /// Whether it is kept for the runner, unless that has ended too.
    pub is_kept: bool,
    /// Whether the command can't write into files.
    pub is_full: bool,
}

/// A command under a guard: it ends when this is dropped or the runner ends.
pub struct Guarded {
    child: Child,
    leash: Leash,
}

impl Guarded {
    /// Starts `command`, a program and its arguments. With a `scratch`, the command is a program under check: it is limited, and
    /// everything it started ends with it.
    ///
    /// # Errors
    ///
    /// Returns an error if the guard can't be started.
    pub fn start(
        command: &[&OsStr],
        scratch: Option<Scratch>,
        set_up: impl FnOnce(&mut Command),
    ) -> Result<Guarded> {
        let mut guard = Command::new(this_program()?);
        guard.arg("guard");
        if let Some(scratch) = scratch {
            guard.arg("--scratch").arg(scratch.folder);
            guard.args(scratch.is_kept.then_some("--keep"));
            guard.args(scratch.is_full.then_some("--full"));
        }
        guard.arg("--").args(command);
        apart(&mut guard);
        set_up(&mut guard);
        let (child, end) = channel::spawn(guard).context("cannot start a process")?;
        let leash = Leash(Arc::new(Mutex::new(end)));
        Ok(Guarded { child, leash })
    }

    /// Its standard output, if it is piped.
    pub fn stdout(&mut self) -> Option<impl Read + Send + use<>> {
        self.child.stdout.take()
    }

    /// Its standard error, if it is piped.
    pub fn stderr(&mut self) -> Option<impl Read + Send + use<>> {
        self.child.stderr.take()
    }

    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// A handle that ends the command from elsewhere.
    pub fn leash(&self) -> Leash {
        self.leash.clone()
    }

    /// The guard's process, the ancestor of everything that was started.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The command's process, if the guard could report it.
    pub fn command_id(&self) -> Option<u32> {
        let heard = self.leash.end().heard();
        let mut lines = heard.lines();
        let id = lines.find_map(|line| line.strip_prefix(channel::STARTED));
        id?.parse().ok()
    }

    /// The limit it exceeded, if it was ended for that.
    pub fn over(&self) -> Option<Limit> {
        self.leash.end().heard().lines().find_map(Limit::named)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.leash.let_go();
        let _ = self.child.wait();
    }
}

/// A handle on a guarded command that can end it.
#[derive(Clone)]
pub struct Leash(Arc<Mutex<End>>);

impl Leash {
    fn end(&self) -> MutexGuard<'_, End> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the command.
    pub fn let_go(&self) {
        self.end().hang_up();
    }
}
