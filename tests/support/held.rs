//! The system resources that a running program holds, according to `/proc`.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::Program;

/// Threads, open file descriptors and resident memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    pub threads: u64,
    pub descriptors: usize,
    pub kibibytes: u64,
}

/// Returns a number from the program's status, such as that of `Threads:`; sizes are in
/// KiB.
pub fn status(program: &Program, name: &str) -> u64 {
    let file = format!("/proc/{}/status", program.process.0.id());
    let status = fs::read_to_string(file).unwrap();
    let line = status.lines().find(|line| line.starts_with(name));
    let value = line.unwrap().split_ascii_whitespace().nth(1);
    value.unwrap().parse().unwrap()
}

impl Held {
    /// Returns what `program` holds now.
    pub fn by(program: &Program) -> Held {
        let descriptors = format!("/proc/{}/fd", program.process.0.id());
        Held {
            threads: status(program, "Threads:"),
            descriptors: fs::read_dir(descriptors).unwrap().count(),
            kibibytes: status(program, "VmRSS:"),
        }
    }

    /// Returns what `program` holds after its last connection has ended, once it is
    /// stable.
    pub fn at_rest(program: &Program) -> Held {
        let mut held = Held::by(program);
        let mut same = 0;
        while same < 10 {
            thread::sleep(Duration::from_millis(2));
            let now = Held::by(program);
            same = if now == held { same + 1 } else { 0 };
            held = now;
        }
        held
    }

    /// Waits until `program` holds no more than this again, except for memory that its
    /// allocator keeps.
    pub fn comes_back(&self, program: &Program) {
        const KEPT: u64 = 4 * 1024;
        let started = Instant::now();
        loop {
            let now = Held::by(program);
            if now.threads <= self.threads
                && now.descriptors <= self.descriptors
                && now.kibibytes <= self.kibibytes + KEPT
            {
                return;
            }
            let waited = started.elapsed();
            assert!(waited < Duration::from_secs(35), "{now:?}, before {self:?}");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
