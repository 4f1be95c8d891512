//! A process between the runner and a program it starts. It ends the program and
//! everything that program started when the runner ends, for whatever reason.
//!
//! This process's standard input closes when the runner ends, even if it was killed.
//! Ctrl-C in the terminal doesn't reach this process, because guard and program each have
//! their own process group. On Linux, processes that left the program's group end too,
//! and if the guard itself is killed, the kernel ends the program.

use std::env;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::channel::{STARTED, tell};
use crate::folder::wipe;
use crate::limits::exceeded;
#[cfg(unix)]
use crate::limits::limit_this_process;
#[cfg(target_os = "linux")]
use crate::processes::below;

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(1);

const TICK: Duration = Duration::from_millis(5);

/// How often a program's resource usage is checked.
const LOOK: Duration = Duration::from_millis(100);

/// How long the guard tries to end leftover processes.
#[cfg(target_os = "linux")]
const PATIENCE: Duration = Duration::from_secs(5);

/// The path of this executable, so that it can be started again even if the file was
/// replaced.
pub fn this_program() -> io::Result<PathBuf> {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() {
        return Ok(link);
    }
    env::current_exe()
}

/// The folder of a program under check.
pub struct Scratch {
    pub folder: PathBuf,
    /// Whether it is kept if the runner lives on.
    pub is_kept: bool,
    /// Whether the program can't write into files.
    pub is_full: bool,
}

/// What limits a program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    None,
    Usual,
    /// The usual ones, and no file can be written into.
    FullDisk,
}

/// Runs `command` until it or the input ends. With a `scratch`, the command is a program
/// under check: it is limited, everything it started ends with it, and the folder is
/// removed. Exits as the command did; for a signal, with 128 plus its number.
///
/// # Errors
///
/// Returns an error if the command can't be started.
pub fn guard(command: &[OsString], scratch: Option<&Scratch>) -> Result<ExitCode> {
    let (gone, runner) = mpsc::channel::<()>();
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        drop(gone);
    });
    if scratch.is_some() {
        adopt();
    }
    let status = supervise(command, scratch, &runner);
    if let Some(scratch) = scratch {
        end_all();
        let is_alone = matches!(runner.try_recv(), Err(TryRecvError::Disconnected));
        if !scratch.is_kept || is_alone {
            wipe(&scratch.folder);
        }
    }
    Ok(exit_code(status?))
}

fn supervise(
    command: &[OsString],
    scratch: Option<&Scratch>,
    runner: &mpsc::Receiver<()>,
) -> Result<ExitStatus> {
    let limits = match scratch {
        None => Limits::None,
        Some(scratch) if scratch.is_full => Limits::FullDisk,
        Some(_) => Limits::Usual,
    };
    let mut child = spawn(command, limits)?;
    tell(&format!("{STARTED}{}", child.id()));
    let mut looked = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            signal_group(&child, Signal::Kill);
            return Ok(status);
        }
        match runner.recv_timeout(TICK) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return end(child),
        }
        let Some(scratch) = scratch.filter(|_| looked.elapsed() > LOOK) else {
            continue;
        };
        if let Some(limit) = exceeded(&scratch.folder) {
            tell(limit.name());
            signal_group(&child, Signal::Kill);
            return end(child);
        }
        looked = Instant::now();
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

/// Makes this process the parent of every descendant that loses its own parent, as
/// daemons do, in whatever group or session they are.
fn adopt() {
    #[cfg(target_os = "linux")]
    {
        let own = rustix::process::getpid();
        let _ = rustix::process::set_child_subreaper(Some(own));
    }
}

/// Ends everything that is left after the command itself has ended.
#[cfg(target_os = "linux")]
fn end_all() {
    use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let ids = below(std::process::id()).into_iter();
        let ids = ids.filter_map(|id| Pid::from_raw(i32::try_from(id).ok()?));
        for id in ids {
            let _ = kill_process(id, Signal::KILL);
        }
        while let Ok(ended) = wait(WaitOptions::NOHANG) {
            if ended.is_none() {
                // The kernel hasn't finished with them.
                thread::sleep(Duration::from_millis(1));
                break;
            }
        }
        if wait(WaitOptions::NOHANG).is_err() {
            return;
        }
    }
}

/// On other systems, processes that left the group can't be found.
#[cfg(not(target_os = "linux"))]
fn end_all() {}

#[cfg(unix)]
fn spawn(command: &[OsString], limits: Limits) -> Result<Child> {
    let mut guarded = Command::new(this_program()?);
    let parent = std::process::id().to_string();
    guarded.args(["become", "--parent", &parent]);
    guarded.args(match limits {
        Limits::None => None,
        Limits::Usual => Some("--limited"),
        Limits::FullDisk => Some("--full"),
    });
    guarded.arg("--").args(command);
    apart(&mut guarded);
    let started = guarded.stdin(Stdio::null()).spawn();
    started.context("cannot start this program again")
}

#[cfg(not(unix))]
fn spawn(command: &[OsString], _limits: Limits) -> Result<Child> {
    let program = &command[0];
    let mut guarded = Command::new(program);
    guarded.args(&command[1..]).stdin(Stdio::null());
    let started = guarded.spawn();
    started.with_context(|| format!("cannot start {}", Path::new(program).display()))
}

/// Becomes the program of `command`, with these limits. The kernel ends it when the
/// guard, the process `parent`, has ended.
///
/// # Errors
///
/// Returns an error if the program can't be started.
#[cfg(unix)]
pub fn become_program(
    command: &[OsString],
    parent: &str,
    limits: Limits,
) -> Result<ExitCode> {
    use std::os::unix::process::{CommandExt, parent_id};

    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        set_parent_process_death_signal(Some(Signal::KILL))?;
    }
    if parent_id().to_string() != parent {
        anyhow::bail!("the guard ended before its program started");
    }
    if limits != Limits::None {
        limit_this_process();
    }
    let program = &command[0];
    let error = match limits {
        Limits::FullDisk => on_a_full_disk(command).exec(),
        _ => Command::new(program).args(&command[1..]).exec(),
    };
    Err(error).with_context(|| format!("cannot start {}", Path::new(program).display()))
}

/// The command with a limit of 0 bytes per file, so that each write into a file fails as
/// on a full disk. The signal that says so is ignored: it would end the program first.
/// Only a shell can do that without unsafe code.
#[cfg(unix)]
fn on_a_full_disk(command: &[OsString]) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "trap '' XFSZ && ulimit -f 0 && exec \"$@\"", "sh"]);
    shell.args(command);
    shell
}

/// Never called: here the guard starts the program itself.
///
/// # Errors
///
/// Always returns an error.
#[cfg(not(unix))]
pub fn become_program(
    _command: &[OsString],
    _parent: &str,
    _limits: Limits,
) -> Result<ExitCode> {
    anyhow::bail!("a process cannot become another program on this system")
}

/// Puts the command in its own process group, which Ctrl-C in the terminal doesn't reach.
#[cfg(unix)]
pub fn apart(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// The same for the Windows console.
#[cfg(windows)]
pub fn apart(command: &mut Command) {
    use std::os::windows::process::CommandExt;
    const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
    command.creation_flags(CREATE_NEW_PROCESS_GROUP);
}

#[cfg(not(any(unix, windows)))]
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
    // An error means that the group has already ended.
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
