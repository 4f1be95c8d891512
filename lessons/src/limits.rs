//! What a program may use while it is judged: more than any exercise needs, less than
//! hurts the machine.

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

/// Bytes of memory, of each process and of all together.
const MEMORY: u64 = 1024 * MIB;

/// Bytes of a file, and of all that are in the program's folder.
const DISK: u64 = 64 * MIB;

/// How many files may be there.
const FILES: u64 = 10_000;

/// How many processes a program may have started that are still there.
const PROCESSES: usize = 64;

/// A limit that a program was beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Memory,
    Disk,
    Processes,
}

impl Limit {
    /// Its name between guard and runner.
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

    /// What kept a program from going on, by the way that it ended: the kernel enforces
    /// some limits itself.
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

    /// What a learner is told, with what the program printed.
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

/// By SIGXFSZ: a file became larger than it may.
const WROTE_TOO_MUCH: i32 = 128 + 25;

/// By SIGABRT, as Rust ends a program that gets no memory.
const ABORTED: i32 = 128 + 6;

/// Limits this process, and all that it becomes or starts. What the system refuses stays
/// as it was: there is a guard, too.
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
    // What a program can write to, so neither what the C library sets aside for each
    // thread nor the program's text. Only Linux counts it like that.
    #[cfg(target_os = "linux")]
    limit(Resource::Data, MEMORY);
}

/// The limit that the processes below this one, which write into `folder`, are beyond.
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

/// Adds up what is below `folder`, but for what links lead to.
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

/// Says what a check cannot do on this system, once for each build of the runner.
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
    // Without the mark it is said again.
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
    fn a_limit_is_known_by_the_end_that_it_makes() {
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
    fn what_is_missing_is_said_on_every_system_but_linux() {
        assert_eq!(missing("linux"), None);
        assert_ne!(missing("windows"), missing("macos"));
        assert_eq!(missing("freebsd"), missing("macos"));
    }
}
