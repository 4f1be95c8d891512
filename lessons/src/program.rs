//! A learner's program under check: started on a free port in its own folder, with
//! limited output, and ended with the check.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::finding::{Finding, last_lines};
use crate::folder::Folder;
pub use crate::guarded::{Guarded, Scratch};
use crate::limits::{self, Limit};
use crate::listening::listening;
use crate::messages as m;
use crate::printed::{MUCH, Printed, Stream};
use crate::processes::{Usage, below, usage};
use crate::words::say;

/// How long a program may take to start listening.
const START: Duration = Duration::from_secs(10);

/// How long a program may listen only on another address: a health endpoint may come
/// first.
const ELSEWHERE: Duration = Duration::from_secs(2);

/// How long output may take to arrive.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Variables of a program's environment, by name.
pub type Variables = BTreeMap<String, String>;

/// A program that listens on the address it was given.
pub struct Running {
    pub address: SocketAddr,
    guarded: Guarded,
    printed: Printed,
    /// The folder it runs in, with the files it reads.
    folder: Arc<Folder>,
}

/// The folder of a run, and what the program is told.
pub struct Place {
    pub folder: Arc<Folder>,
    /// Whether the folder outlives the program.
    pub is_kept: bool,
    /// Whether no file can be written into.
    pub is_full: bool,
    /// Whether its argument is the address.
    pub has_address: bool,
}

impl Running {
    /// Starts `program` in its own folder, with a free address as its argument and the
    /// variables in `env`. One program may be started several times, also at the same time.
    ///
    /// # Errors
    ///
    /// Returns a finding if it doesn't listen there, and an error if nothing can be
    /// started.
    pub fn start(program: &Path, env: &Variables) -> Result<Result<Running, Finding>> {
        limits::say_what_is_missing();
        for _ in 0..3 {
            let place = Place {
                folder: Arc::new(Folder::new()?),
                is_kept: false,
                is_full: false,
                has_address: true,
            };
            let mut running = Running::spawn(program, env, place)?;
            match running.wait() {
                Ok(()) => return Ok(Ok(running)),
                // Another process took the port in between.
                Err(_) if running.says_in_use() => {}
                Err(finding) => return Ok(Err(finding)),
            }
        }
        anyhow::bail!("no free port could be kept: try again")
    }

    /// Starts `program` and waits for nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing can be started.
    pub fn spawn(program: &Path, env: &Variables, place: Place) -> Result<Running> {
        let address = free_address().context("there is no free port")?;
        let folder = place.folder;
        let argument = address.to_string();
        let mut command = vec![program.as_os_str()];
        command.extend(place.has_address.then_some(OsStr::new(&argument)));
        let scratch = Scratch {
            folder: folder.path(),
            is_kept: place.is_kept,
            is_full: place.is_full,
        };
        let mut guarded = Guarded::start(&command, Some(scratch), |guard| {
            guard.current_dir(folder.path());
            // Files it leaves there are removed with the folder.
            for name in ["TMPDIR", "TMP", "TEMP"] {
                guard.env(name, folder.path());
            }
            guard.envs(env);
            // Its output is shown to the learner: the panic message, not the backtrace.
            guard.env("RUST_BACKTRACE", "0");
            guard.stdout(Stdio::piped()).stderr(Stdio::piped());
        })?;
        let printed = Printed::default();
        let (out, err) = (guarded.leash(), guarded.leash());
        printed.follow(Stream::Out, guarded.stdout(), move || out.let_go());
        printed.follow(Stream::Err, guarded.stderr(), move || err.let_go());
        Ok(Running {
            address,
            guarded,
            printed,
            folder,
        })
    }

    fn wait(&mut self) -> Result<(), Finding> {
        let started = Instant::now();
        let mut elsewhere_since = None;
        while started.elapsed() < START {
            self.lives()?;
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            if started.elapsed() < Duration::from_millis(200) {
                thread::sleep(Duration::from_millis(5));
                continue;
            }
            if let Some(elsewhere) = self.elsewhere() {
                let since = *elsewhere_since.get_or_insert_with(Instant::now);
                if since.elapsed() > ELSEWHERE {
                    return Err(self.listens_elsewhere(&elsewhere));
                }
            }
            thread::sleep(Duration::from_millis(20));
        }
        Err(self.listens_nowhere())
    }

    /// Checks that it still runs and hasn't flooded its output.
    ///
    /// # Errors
    ///
    /// Returns what it did instead.
    pub fn lives(&mut self) -> Result<(), Finding> {
        let Some(status) = self.ended()? else {
            return Ok(());
        };
        let seen = format!("{}{}", how(status), self.what_it_printed());
        Err(Finding::runs(&seen, &self.listening(), ""))
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    ///
    /// Returns which limit it has exceeded.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>, Finding> {
        if self.printed.is_too_much() {
            let seen = say(
                m::PRINTED_TOO_MUCH,
                [&(MUCH / 1024), &self.what_it_printed()],
            );
            let expected = say(m::FEW_LINES_EXPECTED, []);
            let fix = say(m::FIND_LOOP_THAT_PRINTS, []);
            return Err(Finding::runs(&seen, &expected, &fix));
        }
        if let Some(limit) = self.guarded.over() {
            return Err(limit.finding(&self.what_it_printed()));
        }
        let Ok(Some(status)) = self.guarded.try_wait() else {
            return Ok(None);
        };
        self.printed.wait();
        let met = || Limit::met(status.code(), &self.stderr());
        match self.guarded.over().or_else(met) {
            Some(limit) => Err(limit.finding(&self.what_it_printed())),
            None => Ok(Some(status)),
        }
    }

    /// What it says if it ended because it used too much memory.
    pub fn out_of_memory(&mut self) -> Option<Finding> {
        let status = self.guarded.try_wait().ok().flatten();
        let met = || Limit::met(status?.code(), &self.stderr());
        let limit = self.guarded.over().or_else(met);
        let limit = limit.filter(|limit| *limit == Limit::Memory)?;
        Some(limit.finding(&self.what_it_printed()))
    }

    /// Whether it ends within a second: its connections break a moment before.
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
        say(m::LISTENS_ON_ARGUMENT, [&self.address])
    }

    fn says_in_use(&self) -> bool {
        let port = self.address.port();
        self.printed
            .lines()
            .contains(&format!("port {port} is in use"))
    }

    /// Another address that it listens on: from the system if possible, otherwise from
    /// its output.
    fn elsewhere(&self) -> Option<String> {
        let seen = listening(&below(self.guarded.id()));
        if let Some(address) = seen.iter().find(|all| all.port() != self.address.port())
        {
            return Some(address.to_string());
        }
        let printed = self.printed.lines();
        let (_, said) = printed.split_once("listening on http://")?;
        let (address, _) = said.split_once(['/', '\n'])?;
        let port = format!(":{}", self.address.port());
        (!address.ends_with(&port)).then(|| address.to_owned())
    }

    fn listens_elsewhere(&self, elsewhere: &str) -> Finding {
        let seen = say(m::LISTENS_ON, [&elsewhere]);
        Finding::runs(&seen, &self.listening(), &say(m::TAKE_ADDRESS, []))
    }

    fn listens_nowhere(&self) -> Finding {
        let seen = say(
            m::NOTHING_LISTENS,
            [&self.address, &START.as_secs(), &self.what_it_printed()],
        );
        // If the system doesn't show where a program listens, it may be anywhere.
        let fix = match self.usage() {
            Some(_) => &say(m::FIND_WHAT_WAITS, []),
            None => &say(m::TAKE_ADDRESS, []),
        };
        Finding::runs(&seen, &self.listening(), fix)
    }

    /// Everything it has printed on standard output so far.
    pub fn stdout(&self) -> String {
        self.printed.of(Stream::Out)
    }

    /// Everything it has printed on standard error so far.
    pub fn stderr(&self) -> String {
        self.printed.of(Stream::Err)
    }

    /// Whether it prints something with these words; the last output may take a moment to
    /// arrive.
    #[allow(dead_code, reason = "for checks of what is printed")]
    pub fn says(&self, stream: Stream, words: &str) -> bool {
        let asked = Instant::now();
        loop {
            let is_late = asked.elapsed() > ON_ITS_WAY;
            let text = self.printed.of(stream);
            if !text.is_empty() && text.contains(words) {
                return true;
            }
            if is_late {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The program's resources, without those of processes it started; `None` if the
    /// system doesn't show them.
    pub fn usage(&self) -> Option<Usage> {
        usage(self.id()?)
    }

    /// The program's process.
    pub fn id(&self) -> Option<u32> {
        self.guarded.command_id()
    }

    /// Its output, except the line that says where it listens.
    pub fn printed(&self) -> String {
        let text = self.printed.lines();
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("listening on "));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// What it printed, in words.
    pub fn what_it_printed(&self) -> String {
        match self.printed.lines().trim() {
            "" => say(m::AND_PRINTED_NOTHING, []),
            text => say(m::AND_PRINTED, [&last_lines(text, 12)]),
        }
    }

    /// Writes a file in its folder atomically, since the program may read at any time.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
    pub fn write(&self, file: &Path, bytes: &[u8]) -> Result<()> {
        self.folder.write(file, bytes)
    }

    /// Removes a file or a folder in its folder, if it exists.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be removed.
    pub fn remove(&self, file: &Path) -> Result<()> {
        self.folder.remove(file)
    }
}

fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// How it ended, in words.
pub fn how(status: ExitStatus) -> String {
    match status.code() {
        Some(code @ 129..=159) => say(m::ENDED_BY_SIGNAL, [&(code - 128)]),
        Some(0) => say(m::ENDED_WITH_0, []),
        Some(code) => say(m::ENDED_WITH_CODE, [&code]),
        None => say(m::ENDED, []),
    }
}
