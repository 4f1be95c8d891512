//! The few lines of `/proc` that the collectors need, each `None` when it is not there.
//!
//! The format of each file is that of proc(5).

use std::fs;
use std::path::{Path, PathBuf};

/// A whole file. The name of a process, which some of them hold, is bytes, and cut off
/// after 15 of them: not always text.
pub fn read(path: PathBuf) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The fields of `/proc/<pid>/stat` that the process collector exports.
#[derive(Debug, PartialEq, Eq)]
pub struct Stat {
    /// User and system time together, in clock ticks.
    pub cpu_ticks: u64,
    pub threads: u64,
    /// Since boot, in clock ticks.
    pub start_ticks: u64,
    pub virtual_bytes: u64,
    pub resident_pages: u64,
}

pub fn stat(process: &Path) -> Option<Stat> {
    let text = read(process.join("stat"))?;
    // The name before it may hold spaces and parentheses of its own.
    let (_, after_name) = text.rsplit_once(')')?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // proc(5) counts from 1, and field 3 is the first one after the name.
    let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
    Some(Stat {
        cpu_ticks: field(14)? + field(15)?,
        threads: field(20)?,
        start_ticks: field(22)?,
        virtual_bytes: field(23)?,
        resident_pages: field(24)?,
    })
}

/// The time of boot, in seconds since the epoch, from `/proc/stat`.
pub fn boot_time(proc_root: &Path) -> Option<u64> {
    let text = read(proc_root.join("stat"))?;
    text.lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()
}

/// A soft limit of `limits`, the text of `/proc/<pid>/limits`; `u64::MAX` stands for
/// "unlimited", as in Go.
pub fn soft_limit(limits: &str, name: &str) -> Option<u64> {
    let rest = limits.lines().find_map(|line| line.strip_prefix(name))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// The first number of a line, such as `Threads`, of `status`, the text of
/// `/proc/<pid>/status`.
pub fn status_line(status: &str, key: &str) -> Option<u64> {
    let value = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    value.split_whitespace().next()?.parse().ok()
}

/// Bytes received and sent, from the two `IpExt` lines of `/proc/<pid>/net/netstat`:
/// names, then values in the same order.
pub fn ip_octets(process: &Path) -> Option<(u64, u64)> {
    let text = read(process.join("net/netstat"))?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("IpExt: "));
    let (names, values) = (lines.next()?, lines.next()?);
    let value_of = |wanted: &str| {
        let column = names.split_whitespace().position(|name| name == wanted)?;
        values.split_whitespace().nth(column)?.parse().ok()
    };
    Some((value_of("InOctets")?, value_of("OutOctets")?))
}
