//! The files in an exercise's folder, and changes to them.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use crate::watch::Event;

/// How often to look if the system doesn't report changes.
const POLL: Duration = Duration::from_millis(500);

/// The maximum size of a source; of a larger file only the length is compared.
const LONGEST: u64 = 1024 * 1024;

/// The maximum depth of an exercise's folders.
const DEEPEST: usize = 8;

/// The files in a folder, each with a hash of its content.
#[derive(PartialEq, Eq, Debug)]
pub struct Texts(Vec<(PathBuf, u64)>);

impl Texts {
    /// The current files, except those that editors keep next to a file.
    pub fn of(folder: &Path) -> Texts {
        let mut texts = Vec::new();
        add(folder, DEEPEST, &mut texts);
        texts.sort();
        Texts(texts)
    }

    /// All of it as lines, to be compared with an earlier state.
    pub fn lines(&self) -> String {
        let lines = self.0.iter();
        lines
            .map(|(path, number)| format!("{number:016x} {}\n", path.display()))
            .collect()
    }
}

fn add(folder: &Path, deepest: usize, texts: &mut Vec<(PathBuf, u64)>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| !is_an_editors(&entry.file_name())) {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && deepest > 0 => add(&path, deepest - 1, texts),
            Ok(kind) if !kind.is_dir() => {
                let number = number(&path);
                texts.push((path, number));
            }
            _ => {}
        }
    }
}

/// `.exercise.rs.swp`, `exercise.rs~`, `#exercise.rs#`.
fn is_an_editors(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(['.', '#']) || name.ends_with('~')
}

fn number(file: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    match fs::metadata(file).map(|all| (all.is_file(), all.len())) {
        Ok((true, ..=LONGEST)) => fs::read(file).ok().hash(&mut hasher),
        other => other.ok().hash(&mut hasher),
    }
    hasher.finish()
}

/// Reports changes until it is dropped.
pub enum Saves {
    System(
        #[allow(dead_code, reason = "it works until it is dropped")] RecommendedWatcher,
    ),
    Looking(#[allow(dead_code, reason = "the thread lives as long")] Arc<()>),
}

impl Saves {
    /// Sends an event when something in `folder` may have been saved. Looks twice a
    /// second if the system can't report changes, or with `looks`.
    pub fn follow(folder: &Path, looks: bool, events: &Sender<Event>) -> Saves {
        if let Some(watcher) = (!looks).then(|| watcher(folder, events)).flatten() {
            return Saves::System(watcher);
        }
        let kept = Arc::new(());
        let (is_kept, events) = (Arc::downgrade(&kept), events.clone());
        thread::spawn(move || {
            while is_kept.strong_count() > 0 && events.send(Event::Saved).is_ok() {
                thread::sleep(POLL);
            }
        });
        Saves::Looking(kept)
    }
}

fn watcher(folder: &Path, events: &Sender<Event>) -> Option<RecommendedWatcher> {
    let events = events.clone();
    let tell = move |seen: notify::Result<notify::Event>| {
        // Cargo and the check read the files, too.
        if !seen.is_ok_and(|event| event.kind.is_access()) {
            let _ = events.send(Event::Saved);
        }
    };
    let mut watcher = notify::recommended_watcher(tell).ok()?;
    // Editors save by replacing the file, so the folder must be watched.
    watcher.watch(folder, RecursiveMode::Recursive).ok()?;
    Some(watcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_of_an_exercise_counts_and_none_of_an_editors() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("exercise.rs", "one");
        let first = Texts::of(folder.path());
        for name in [
            ".exercise.rs.swp",
            "exercise.rs~",
            "#exercise.rs#",
            ".git/a",
        ] {
            write(name, "");
            assert_eq!(Texts::of(folder.path()), first, "{name}");
        }
        for (name, text) in [("exercise.rs", "two"), ("a/helper.rs", ""), ("b", "b")] {
            let before = Texts::of(folder.path());
            write(name, text);
            let now = Texts::of(folder.path());
            assert_ne!(now, before, "{name}");
            assert_ne!(now.lines(), before.lines(), "{name}");
        }
        write("exercise.rs", "one");
        fs::remove_dir_all(folder.path().join("a")).unwrap();
        fs::remove_file(folder.path().join("b")).unwrap();
        assert_eq!(Texts::of(folder.path()), first);
    }

    #[test]
    fn polling_reports_without_a_change_until_it_is_dropped() {
        let (sender, events) = std::sync::mpsc::channel();
        let folder = tempfile::tempdir().unwrap();
        let looking = Saves::follow(folder.path(), true, &sender);
        drop(sender);
        for _ in 0..2 {
            let event = events.recv_timeout(Duration::from_secs(60)).unwrap();
            assert!(matches!(event, Event::Saved));
        }
        drop(looking);
        // The channel closes when the sending thread ends.
        let ended = loop {
            if let Err(ended) = events.recv_timeout(Duration::from_secs(60)) {
                break ended;
            }
        };
        assert_eq!(ended, std::sync::mpsc::RecvTimeoutError::Disconnected);
    }
}
