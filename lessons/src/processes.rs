//! Processes from Linux's `/proc`: the descendants of a process, and the resources of
//! each. On other systems there are none.

use std::fs;
use std::path::Path;

/// A process's resources at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Resident memory in bytes.
    pub memory: u64,
    /// The most resident memory that it ever had, in bytes.
    pub peak: u64,
    pub threads: u64,
    /// Open file descriptors.
    pub descriptors: u64,
}

/// The resources of the process `id`, if it exists and is readable.
pub fn usage(id: u32) -> Option<Usage> {
    let folder = Path::new("/proc").join(id.to_string());
    let status = fs::read_to_string(folder.join("status")).ok()?;
    let descriptors = fs::read_dir(folder.join("fd")).ok()?.count();
    Some(Usage {
        memory: resident(&status)?,
        peak: bytes(&status, "VmHWM")?,
        threads: field(&status, "Threads")?.parse().ok()?,
        descriptors: descriptors as u64,
    })
}

/// A zombie has none.
fn resident(status: &str) -> Option<u64> {
    bytes(status, "VmRSS")
}

fn bytes(status: &str, name: &str) -> Option<u64> {
    let kibibytes = field(status, name)?.strip_suffix(" kB")?;
    kibibytes.parse::<u64>().ok().map(|count| count * 1024)
}

fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    lines
        .find(|(all, _)| *all == name)
        .map(|(_, value)| value.trim())
}

/// The ids of all descendants of `ancestor`, except those that another process has
/// adopted.
pub fn below(ancestor: u32) -> Vec<u32> {
    below_by(ancestor, children).unwrap_or_else(|| below_in_list(ancestor))
}

/// The same; `None` if `children` doesn't know those of `ancestor`.
fn below_by(
    ancestor: u32,
    children: impl Fn(u32) -> Option<Vec<u32>>,
) -> Option<Vec<u32>> {
    let mut found = children(ancestor)?;
    let mut at = 0;
    while let Some(above) = found.get(at).copied() {
        // One that has ended has none.
        found.extend(children(above).unwrap_or_default());
        at += 1;
    }
    Some(found)
}

/// What the kernel lists as the children of each thread, if it was built to do so. The
/// guard looks ten times a second, and reading about every process of the machine takes
/// longer.
fn children(id: u32) -> Option<Vec<u32>> {
    let mut found = Vec::new();
    for thread in fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
        let listed = fs::read_to_string(thread.path().join("children"));
        match listed {
            Ok(text) => {
                found.extend(text.split(' ').filter_map(|id| id.parse::<u32>().ok()));
            }
            // The kernel doesn't list them. Otherwise the thread has just ended.
            Err(_) if thread.path().exists() => return None,
            Err(_) => {}
        }
    }
    Some(found)
}

/// The same, by the parent of every process.
fn below_in_list(ancestor: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = ids()
        .filter_map(|id| parent(id).map(|parent| (id, parent)))
        .collect();
    let children = |above: u32| {
        let of = parents.iter().filter(|(_, parent)| *parent == above);
        Some(of.map(|(id, _)| *id).collect())
    };
    below_by(ancestor, children).unwrap_or_default()
}

fn ids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn parent(id: u32) -> Option<u32> {
    parent_in(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// The name before it is chosen by the program, and may contain brackets.
fn parent_in(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(1)?.parse().ok()
}

/// Whether it runs: a process that has ended may be a zombie.
pub fn is_running(id: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"));
    let fields = stat.as_deref().unwrap_or_default().rsplit_once(") ");
    fields.is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

/// The resident memory of these processes, in bytes.
pub fn memory(of: &[u32]) -> u64 {
    let status = |id: &u32| fs::read_to_string(format!("/proc/{id}/status")).ok();
    of.iter()
        .filter_map(status)
        .filter_map(|status| resident(&status))
        .sum()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_parent_is_found_after_any_name() {
        assert_eq!(parent_in("12 (sh) S 7 12 12 0"), Some(7));
        assert_eq!(parent_in("12 (a) R 1 (b) S 7 12"), Some(7));
        assert_eq!(parent_in("12 (sh"), None);
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
    fn a_process_is_a_descendant_of_its_parent() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let (own, id) = (std::process::id(), child.id());
        let found = below(own);
        let usage = usage(id).unwrap();
        assert!(is_running(id));
        child.kill().unwrap();
        while is_running(id) {}
        child.wait().unwrap();
        assert!(found.contains(&id), "{found:?}");
        assert!(!found.contains(&own), "{found:?}");
        assert_eq!(usage.threads, 1);
        assert!(usage.descriptors >= 3 && usage.memory > 0, "{usage:?}");
        assert_eq!(super::usage(id), None);
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), ignore = "needs /proc")]
    fn descendants_are_the_same_whether_or_not_the_kernel_lists_children() {
        let mut shell = std::process::Command::new("sh")
            .args(["-c", "sleep 60; sleep 60"])
            .spawn()
            .unwrap();
        let (id, began) = (shell.id(), Instant::now());
        let found = loop {
            let found = below_in_list(id);
            if !found.is_empty() {
                break found;
            }
            assert!(began.elapsed() < Duration::from_secs(10));
        };
        let own = below(std::process::id());
        let listed = below_by(id, children);
        shell.kill().unwrap();
        shell.wait().unwrap();
        let rest = [String::from("-KILL"), found[0].to_string()];
        let killed = std::process::Command::new("kill").args(rest).status();
        assert!(killed.unwrap().success());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(listed.is_none_or(|listed| listed == found));
        assert!(own.contains(&id) && own.contains(&found[0]), "{own:?}");
        assert_eq!(below_by(id, |_| None), None);
    }
}
