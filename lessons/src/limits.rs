//! Limits for a program under check: more than any exercise needs, less than would hurt
//! the machine.

use std::env;
use std::fs;
use std::path::Path;

use crate::finding::Finding;
use crate::guard::this_program;
use crate::messages as m;
use crate::processes;
use crate::screen::note;
use crate::words::{Message, say};

const MIB: u64 = 1024 * 1024;

/// Bytes of memory, per process and for all together.
const MEMORY: u64 = 1024 * MIB;

/// Bytes, per file and for the program's whole folder.
const DISK: u64 = 64 * MIB;

/// The maximum number of files.
const FILES: u64 = 10_000;

/// The maximum number of processes running at the same time.
const PROCESSES: usize = 64;

/// A limit that a program has exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Memory,
    Disk,
    Processes,
}

impl Limit {
    /// Its name on the channel between guard and runner.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Memory => "memory",
            Limit::Disk => "disk",
            Limit::Processes => "processes",
        }
    }

    pub fn named(name: &str) -> Option<Limit> {
        let all = [Limit::Memory, Limit::Disk, Limit::Processes];
        all.into_iter().find(|limit| limit.name() == name)
    }

    /// The limit that ended a program, judging by how it ended: the kernel enforces some
    /// limits itself.
    pub fn met(code: Option<i32>, stderr: &str) -> Option<Limit> {
        let is_out_of_memory = stderr.lines().any(|line| {
            line.starts_with("memory allocation of ") && line.ends_with(" bytes failed")
        });
        match code.filter(|_| cfg!(unix)) {
            Some(WROTE_TOO_MUCH) => Some(Limit::Disk),
            Some(ABORTED) if is_out_of_memory => Some(Limit::Memory),
            _ => None,
        }
    }

    /// The finding for the learner, with the program's output.
    pub fn finding(self, printed: &str) -> Finding {
        let (seen, most, expected, fix) = match self {
            Limit::Memory => (
                m::TOO_MUCH_MEMORY,
                MEMORY / MIB,
                m::MEMORY_LIMIT,
                m::FIND_WHAT_GROWS,
            ),
            Limit::Disk => (
                m::WROTE_TOO_MUCH,
                DISK / MIB,
                m::FILE_LIMIT,
                m::FIND_LOOP_THAT_WRITES,
            ),
            Limit::Processes => (
                m::TOO_MANY_PROCESSES,
                PROCESSES as u64,
                m::PROCESS_LIMIT,
                m::FIND_LOOP_THAT_STARTS,
            ),
        };
        let seen = say(seen, [&most, &printed]);
        Finding::runs(&seen, &say(expected, [&most]), &say(fix, []))
    }
}

/// SIGXFSZ: a file exceeded its limit.
const WROTE_TOO_MUCH: i32 = 128 + 25;

/// SIGABRT: Rust aborts a program that can't allocate memory.
const ABORTED: i32 = 128 + 6;

/// Limits this process and everything it becomes or starts. If the system refuses a
/// limit, it stays as it was: the guard checks too.
#[cfg(unix)]
pub fn limit_this_process() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = |resource, most: u64| {
        let hard = getrlimit(resource).maximum;
        let most = Some(hard.map_or(most, |hard| hard.min(most)));
        let both = Rlimit {
            current: most,
            maximum: most,
        };
        let _ = setrlimit(resource, both);
    };
    limit(Resource::Core, 0);
    limit(Resource::Fsize, DISK);
    // Only writable memory counts, not what the C library reserves for each thread, nor
    // the program's code. Only Linux counts it this way.
    #[cfg(target_os = "linux")]
    limit(Resource::Data, MEMORY);
}

/// The limit exceeded by the processes below this one, which write into `folder`.
pub fn exceeded(folder: &Path) -> Option<Limit> {
    let below = processes::below(std::process::id());
    let running = below.iter().filter(|id| processes::is_running(**id));
    if below.len() > PROCESSES && running.count() > PROCESSES {
        return Some(Limit::Processes);
    }
    if processes::memory(&below) > MEMORY {
        return Some(Limit::Memory);
    }
    let (mut bytes, mut files) = (0, 0);
    weigh(folder, &mut bytes, &mut files);
    (bytes > DISK || files > FILES).then_some(Limit::Disk)
}

/// Adds up the sizes in `folder`, without following links.
fn weigh(folder: &Path, bytes: &mut u64, files: &mut u64) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        *files += 1;
        if *files > FILES {
            return;
        }
        match entry.metadata() {
            Ok(all) if all.is_dir() => weigh(&entry.path(), bytes, files),
            Ok(all) => *bytes += all.len(),
            Err(_) => {}
        }
    }
}

/// Says which limits this system lacks, once for each build of the runner.
pub fn say_what_is_missing() {
    let Some(missing) = missing(env::consts::OS) else {
        return;
    };
    let missing = say(missing, []);
    let Ok(mark) = this_program().map(|program| program.with_extension("noted")) else {
        return;
    };
    if fs::read_to_string(&mark).is_ok_and(|said| said == missing) {
        return;
    }
    note(&missing);
    // Without the marker file it is said again.
    let _ = fs::write(&mark, missing);
}

fn missing(system: &str) -> Option<Message<0>> {
    match system {
        "linux" => None,
        "windows" => Some(m::NO_LIMITS_HERE),
        _ => Some(m::NO_MEMORY_LIMIT_HERE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_goes_by_its_name() {
        for limit in [Limit::Memory, Limit::Disk, Limit::Processes] {
            assert_eq!(Limit::named(limit.name()), Some(limit));
        }
        assert_eq!(Limit::named("started 12"), None);
    }

    #[test]
    fn a_limit_is_recognized_by_how_the_program_ended() {
        let failed = "memory allocation of 1048576 bytes failed\n";
        let of_memory = cfg!(unix).then_some(Limit::Memory);
        assert_eq!(Limit::met(Some(134), failed), of_memory);
        assert_eq!(Limit::met(Some(134), "assertion failed\n"), None);
        assert_eq!(Limit::met(Some(1), failed), None);
        let of_disk = cfg!(unix).then_some(Limit::Disk);
        assert_eq!(Limit::met(Some(153), ""), of_disk);
        assert_eq!(Limit::met(None, ""), None);
    }

    #[test]
    fn missing_limits_are_reported_on_every_system_but_linux() {
        assert_eq!(missing("linux"), None);
        assert_ne!(missing("windows"), missing("macos"));
        assert_eq!(missing("freebsd"), missing("macos"));
    }
}
