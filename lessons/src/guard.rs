//! A process between the runner and a program that it starts, which ends the program with
//! all that it started when the runner goes away, for whatever reason.
//!
//! The runner keeps the other end of this process' standard input and never writes to it:
//! the end of the input is the end of the runner, also when that was killed. Ctrl-C in the
//! terminal does not come here, since guard and program are each a process group of their
//! own. Should the guard itself be killed, then on Linux the kernel ends the program.

use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context, Result};

/// How long a program may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(5);

/// This program, to be started again, also after its file was replaced.
pub fn this_program() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        return Ok(link);
    }
    env::current_exe()
}

/// Runs `command`, its words, until it ends or the input does; then removes `scratch`, a
/// folder of the runner's. Ends as the command did, by a signal with 128 more.
///
/// # Errors
///
/// When it cannot be started.
pub fn guard(command: &[OsString], scratch: Option<&PathBuf>) -> Result<ExitCode> {
    let (gone, runner) = mpsc::channel::<()>();
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        drop(gone);
    });
    let status = supervise(command, &runner);
    if let Some(scratch) = scratch {
        let _ = fs::remove_dir_all(scratch);
    }
    Ok(exit_code(status?))
}

fn supervise(command: &[OsString], runner: &mpsc::Receiver<()>) -> Result<ExitStatus> {
    let mut child = spawn(command)?;
    loop {
        if let Some(status) = child.try_wait()? {
            signal_group(&child, Signal::Kill);
            return Ok(status);
        }
        match runner.recv_timeout(TICK) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return end(child),
        }
    }
}

fn end(mut child: Child) -> Result<ExitStatus> {
    signal_group(&child, Signal::Term);
    let asked = Instant::now();
    while asked.elapsed() < GRACE && child.try_wait()?.is_none() {
        thread::sleep(TICK);
    }
    signal_group(&child, Signal::Kill);
    let _ = child.kill();
    Ok(child.wait()?)
}

fn spawn(command: &[OsString]) -> Result<Child> {
    let mut guarded = Command::new(this_program()?);
    let parent = std::process::id().to_string();
    guarded
        .args(["become", "--parent", &parent, "--"])
        .args(command);
    apart(&mut guarded);
    let started = guarded.stdin(Stdio::null()).spawn();
    started.context("cannot start this program again")
}

/// Becomes the program of `command`, which the kernel then ends when the guard, the process
/// `parent`, is gone.
///
/// # Errors
///
/// When it cannot be started.
#[cfg(unix)]
pub fn become_program(command: &[OsString], parent: &str) -> Result<ExitCode> {
    use std::os::unix::process::{CommandExt, parent_id};

    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    if parent_id().to_string() != parent {
        anyhow::bail!("the guard was gone before its program began");
    }
    let program = &command[0];
    let error = Command::new(program).args(&command[1..]).exec();
    Err(error).with_context(|| format!("cannot start {}", Path::new(program).display()))
}

/// Runs the program of `command`, and ends as it does.
///
/// # Errors
///
/// When it cannot be started.
#[cfg(not(unix))]
pub fn become_program(command: &[OsString], _parent: &str) -> Result<ExitCode> {
    let program = &command[0];
    let status = Command::new(program).args(&command[1..]).status();
    let status = status
        .with_context(|| format!("cannot start {}", Path::new(program).display()))?;
    Ok(exit_code(status))
}

/// In a process group of its own, which Ctrl-C in the terminal does not reach.
#[cfg(unix)]
pub fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(not(unix))]
pub fn apart(_command: &mut Command) {}

enum Signal {
    Term,
    Kill,
}

#[cfg(unix)]
fn signal_group(child: &Child, signal: Signal) {
    use rustix::process::{Pid, Signal as Unix, kill_process_group};
    let signal = match signal {
        Signal::Term => Unix::TERM,
        Signal::Kill => Unix::KILL,
    };
    // An error is a group that is gone already.
    let _ = kill_process_group(Pid::from_child(child), signal);
}

#[cfg(not(unix))]
fn signal_group(_child: &Child, _signal: Signal) {}

#[cfg(unix)]
fn exit_code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status
        .code()
        .or(status.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

#[cfg(not(unix))]
fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
