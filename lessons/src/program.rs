//! A program of the learner's while it is checked: started on a free port in a folder of
//! its own, its output kept within bounds, and ended with the check.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::finding::{Finding, last_lines};
use crate::guard::{apart, this_program};
use crate::words::{say, text};

/// How long a program may take until it listens.
const START: Duration = Duration::from_secs(10);

/// How much a program may print while it is checked: a MiB.
const MUCH: u64 = 1024 * 1024;

/// How much of it is kept.
const KEPT: usize = 16 * 1024;

/// A command under a guard: it ends when this goes out of scope, or the runner ends.
pub struct Guarded {
    child: Child,
}

impl Guarded {
    /// Starts `command`, words that begin with a program; `scratch` is a folder to remove
    /// when it has ended.
    ///
    /// # Errors
    ///
    /// When the guard cannot be started.
    pub fn start(
        command: &[&OsStr],
        scratch: Option<&Path>,
        set_up: impl FnOnce(&mut Command),
    ) -> Result<Guarded> {
        let mut guard = Command::new(this_program()?);
        guard.arg("guard");
        if let Some(scratch) = scratch {
            guard.arg("--scratch").arg(scratch);
        }
        guard.arg("--").args(command);
        apart(&mut guard);
        guard.stdin(Stdio::piped());
        set_up(&mut guard);
        let child = guard.spawn().context("cannot start a process")?;
        Ok(Guarded { child })
    }

    /// What it writes to standard output, where that was set up to be read.
    pub fn stdout(&mut self) -> Option<impl Read + Send + 'static> {
        self.child.stdout.take()
    }

    /// The same of standard error.
    pub fn stderr(&mut self) -> Option<impl Read + Send + 'static> {
        self.child.stderr.take()
    }

    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The end of its input tells the guard to end what it guards.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// What a program printed: how much, and the end of it, where the cause stands.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<(u64, Vec<u8>)>>);

impl Printed {
    fn state(&self) -> MutexGuard<'_, (u64, Vec<u8>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end, so that a program that prints is never blocked. A line is kept
    /// when it has ended, or else those of two streams would run into each other.
    fn follow(&self, from: Option<impl Read + Send + 'static>) {
        let printed = self.clone();
        let Some(mut from) = from else { return };
        thread::spawn(move || {
            let mut chunk = [0; 8192];
            let mut line = Vec::new();
            while let Ok(count @ 1..) = from.read(&mut chunk) {
                line.extend_from_slice(&chunk[..count]);
                let ended = line.iter().rposition(|byte| *byte == b'\n');
                printed.add(count, ended.map(|end| line.drain(..=end).collect()));
                line.truncate(KEPT);
            }
            printed.add(0, Some(line));
        });
    }

    fn add(&self, count: usize, lines: Option<Vec<u8>>) {
        let mut state = self.state();
        state.0 += count as u64;
        state.1.extend(lines.unwrap_or_default());
        let over = state.1.len().saturating_sub(KEPT);
        state.1.drain(..over);
    }

    /// Until those who follow have read to the end: what a program printed last is on its
    /// way when it has ended.
    fn wait(&self) {
        let began = Instant::now();
        while Arc::strong_count(&self.0) > 1 && began.elapsed() < Duration::from_secs(1)
        {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.state().1).into_owned()
    }

    fn count(&self) -> u64 {
        self.state().0
    }
}

/// A program that listens where it was told to.
pub struct Running {
    pub address: SocketAddr,
    guarded: Guarded,
    printed: Printed,
    /// Where it runs: what it reads is written below.
    folder: TempDir,
}

impl Running {
    /// Starts `program` with a free address as its argument, in a folder of its own.
    ///
    /// # Errors
    ///
    /// A finding when it does not listen there, else that nothing can be started.
    pub fn start(program: &Path) -> Result<Result<Running, Finding>> {
        for _ in 0..3 {
            let mut running = Running::spawn(program)?;
            match running.wait() {
                Ok(()) => return Ok(Ok(running)),
                // Somebody else took the port in between.
                Err(_) if running.says_in_use() => {}
                Err(finding) => return Ok(Err(finding)),
            }
        }
        anyhow::bail!("no port of this machine stays free: try again")
    }

    fn spawn(program: &Path) -> Result<Running> {
        let address = free_address().context("there is no free port")?;
        let folder = tempfile::Builder::new().prefix("workbook-").tempdir();
        let folder = folder.context("cannot make a folder for the program")?;
        let argument = address.to_string();
        let command = [program.as_os_str(), argument.as_ref()];
        let mut guarded = Guarded::start(&command, Some(folder.path()), |guard| {
            guard.current_dir(folder.path());
            // What it prints is shown to the learner: the message, not the stack.
            guard.env("RUST_BACKTRACE", "0");
            guard.stdout(Stdio::piped()).stderr(Stdio::piped());
        })?;
        let printed = Printed::default();
        printed.follow(guarded.stdout());
        printed.follow(guarded.stderr());
        Ok(Running {
            address,
            guarded,
            printed,
            folder,
        })
    }

    fn wait(&mut self) -> Result<(), Finding> {
        let started = Instant::now();
        while started.elapsed() < START {
            self.lives()?;
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if let Some(elsewhere) = self.elsewhere() {
                return Err(self.listens_elsewhere(&elsewhere));
            }
            thread::sleep(Duration::from_millis(5));
        }
        let seen = say(
            "nothing listens on {} after {} s{}",
            &[&self.address, &START.as_secs(), &self.what_it_printed()],
        );
        Err(Finding::runs(&seen, &self.listening(), TAKE_THE_ARGUMENT))
    }

    /// Whether it still runs, and has not flooded its output.
    ///
    /// # Errors
    ///
    /// What it did in place of it.
    pub fn lives(&mut self) -> Result<(), Finding> {
        if self.printed.count() > MUCH {
            let seen = say(
                "it printed more than {} KiB{}",
                &[&(MUCH / 1024), &self.what_it_printed()],
            );
            let expected = text("a line when it listens, and one for what goes wrong");
            let fix = text("find the loop that prints, or what it waits for in vain");
            return Err(Finding::runs(&seen, expected, fix));
        }
        let Ok(Some(status)) = self.guarded.try_wait() else {
            return Ok(());
        };
        self.printed.wait();
        let seen = format!("{}{}", how(status), self.what_it_printed());
        Err(Finding::runs(&seen, &self.listening(), ""))
    }

    /// Whether it ends within the moment that the end of its connections came before it.
    pub fn ends_soon(&mut self) -> bool {
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(1) {
            if self.lives().is_err() {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn listening(&self) -> String {
        say(
            "it listens on {}, which it is given as its argument, until it is stopped",
            &[&self.address],
        )
    }

    fn says_in_use(&self) -> bool {
        let port = self.address.port();
        self.printed
            .text()
            .contains(&format!("port {port} is in use"))
    }

    /// The address that it says it listens on, if that is another one.
    fn elsewhere(&self) -> Option<String> {
        let printed = self.printed.text();
        let (_, said) = printed.split_once("listening on http://")?;
        let (address, _) = said.split_once(['/', '\n'])?;
        let port = format!(":{}", self.address.port());
        (!address.ends_with(&port)).then(|| address.to_owned())
    }

    fn listens_elsewhere(&self, elsewhere: &str) -> Finding {
        let seen = say("it listens on {}", &[&elsewhere]);
        Finding::runs(&seen, &self.listening(), TAKE_THE_ARGUMENT)
    }

    /// What it printed, beside the line that says where it listens.
    pub fn printed(&self) -> String {
        let text = self.printed.text();
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("listening on "));
        lines.map(|line| format!("{line}\n")).collect()
    }

    fn what_it_printed(&self) -> String {
        match self.printed.text().trim() {
            "" => say(", and printed nothing", &[]),
            text => say(", and printed:\n{}", &[&last_lines(text, 12)]),
        }
    }

    /// Writes a file below its folder, whole: the program may read at any time.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, file: &Path, text: &str) -> Result<()> {
        let path = self.folder.path().join(file);
        let fails = || format!("cannot write {}", path.display());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(fails)?;
        }
        let new = path.with_extension("new");
        fs::write(&new, text).with_context(fails)?;
        fs::rename(&new, &path).with_context(fails)
    }

    /// Removes a file or a folder below its folder, if it is there.
    ///
    /// # Errors
    ///
    /// When it cannot be removed.
    pub fn remove(&self, file: &Path) -> Result<()> {
        let path = self.folder.path().join(file);
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(&path),
            false if !path.exists() => Ok(()),
            false => fs::remove_file(&path),
        };
        removed.with_context(|| format!("cannot remove {}", path.display()))
    }
}

const TAKE_THE_ARGUMENT: &str = text(
    "take the address from the program's argument, first thing in `main`: \
     `serve::listen(&serve::address_argument(\"…\")?)?`",
);

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

fn how(status: ExitStatus) -> String {
    match status.code() {
        Some(code @ 129..=159) => say("it ended by signal {}", &[&(code - 128)]),
        Some(0) => say("it ended by itself, with code 0", &[]),
        Some(code) => say("it ended with code {}", &[&code]),
        None => say("it ended", &[]),
    }
}
