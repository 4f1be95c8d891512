//! The learner's progress, by slug, in a file that git ignores.
//!
//! It is only a cache: a check finds everything out again. So if anything is wrong with
//! the file, the runner says so and continues, and renames a file it can't read. Unknown
//! entries, such as those of a removed lesson, are kept.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;
use toml::{Table, Value};

use crate::course::Lesson;
use crate::messages as m;
use crate::words::say;

const HEADER: &str = "# What `cargo workbook` remembers. It may be deleted: \
                      `cargo workbook check --all` finds out\n# again what passes.\n\n";

/// The folder in `lessons` with the learner's own data.
pub const FOLDER: &str = ".progress";

/// The file's content.
pub struct Progress {
    file: PathBuf,
    table: Table,
}

impl Progress {
    /// Reads the progress of the repository at `root`, and returns a sentence if anything
    /// went wrong.
    pub fn read(root: &Path) -> (Progress, Option<String>) {
        let file = root.join("lessons").join(FOLDER).join("progress.toml");
        let (table, problem) = match fs::read_to_string(&file) {
            Ok(text) => match text.parse() {
                Ok(table) => (table, None),
                Err(_) => (Table::new(), Some(set_aside(&file))),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => (Table::new(), None),
            Err(_) => (Table::new(), Some(set_aside(&file))),
        };
        (Progress { file, table }, problem)
    }

    /// Locks the file against other runners until the returned value is dropped.
    /// Continues without a lock if there is none, as on some network disks.
    pub fn lock(root: &Path) -> Option<impl Sized + use<>> {
        let folder = root.join("lessons").join(FOLDER);
        fs::create_dir_all(&folder).ok()?;
        let mut options = fs::File::options();
        // The lock file stays empty, so nobody ever removes it while another runner waits.
        let file = options.create(true).append(true).open(folder.join("lock"));
        locked(file.ok()?)
    }

    /// Whether the lesson has passed once.
    pub fn has_passed(&self, lesson: &Lesson) -> bool {
        let slugs = lesson.text.formerly.iter().chain([&lesson.slug]);
        let mut entries = slugs.filter_map(|slug| self.table.get(slug));
        entries.any(|entry| entry.get("passed") == Some(&Value::Boolean(true)))
    }

    /// The number of its hints that were shown.
    pub fn hints(&self, lesson: &Lesson) -> usize {
        let entry = self.table.get(&lesson.slug);
        let count = entry.and_then(|entry| entry.get("hints")?.as_integer());
        let count = count.and_then(|count| usize::try_from(count).ok());
        count.unwrap_or_default().min(lesson.text.hints.len())
    }

    /// The slug of the current lesson.
    pub fn current(&self) -> Option<&str> {
        self.table.get("current")?.as_str()
    }

    pub fn set_current(&mut self, lesson: &Lesson) {
        let slug = Value::String(lesson.slug.clone());
        self.table.insert("current".to_owned(), slug);
    }

    pub fn set_passed(&mut self, lesson: &Lesson) {
        self.set(lesson, "passed", Value::Boolean(true));
    }

    pub fn set_hints(&mut self, lesson: &Lesson, count: usize) {
        let count = i64::try_from(count).unwrap_or_default();
        self.set(lesson, "hints", Value::Integer(count));
    }

    fn set(&mut self, lesson: &Lesson, key: &str, value: Value) {
        let entry = self.table.entry(&lesson.slug);
        let entry = entry.or_insert_with(|| Value::Table(Table::new()));
        if !entry.is_table() {
            *entry = Value::Table(Table::new());
        }
        if let Some(entry) = entry.as_table_mut() {
            entry.insert(key.to_owned(), value);
        }
    }

    /// Writes the file atomically.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written: the disk is full, or the folder is
    /// read-only.
    pub fn save(&self) -> Result<()> {
        let fails = || say(m::PROGRESS_NOT_KEPT, [&self.file.display()]);
        let text = format!("{HEADER}{}", self.table);
        replace(&self.file, text.as_bytes()).with_context(fails)
    }
}

#[cfg(unix)]
fn locked(file: fs::File) -> Option<fs::File> {
    use rustix::fs::{FlockOperation, flock};
    while let Err(error) = flock(&file, FlockOperation::LockExclusive) {
        if error != rustix::io::Errno::INTR {
            return None;
        }
    }
    Some(file)
}

/// The oldest compiler that the workbook supports has no portable file lock.
#[cfg(not(unix))]
fn locked(_file: fs::File) -> Option<fs::File> {
    None
}

/// Renames a file that can't be read, and says so.
fn set_aside(file: &Path) -> String {
    let shown = file.display();
    let aside = free_name(file, "broken");
    match fs::rename(file, &aside) {
        Ok(()) => say(m::PROGRESS_SET_ASIDE, [&shown, &aside.display()]),
        Err(error) => say(m::PROGRESS_UNREADABLE, [&shown, &error]),
    }
}

/// An unused name next to `file`: `progress.toml.broken`, `….broken-2`.
pub fn free_name(file: &Path, what: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let numbered = |number| match number {
        1 => file.with_file_name(format!("{name}.{what}")),
        _ => file.with_file_name(format!("{name}.{what}-{number}")),
    };
    let mut names = (1..).map(numbered);
    let free = names.find(|path| !path.exists() && !path.is_symlink());
    free.unwrap_or_else(|| numbered(0))
}

/// Replaces a file's content with `text` or leaves it unchanged: the new file is complete
/// and on disk before it replaces the old one.
///
/// # Errors
///
/// Returns an error if that fails.
pub fn replace(file: &Path, text: &[u8]) -> Result<()> {
    let folder = file.parent().context("a file has a folder")?;
    fs::create_dir_all(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text)?;
    new.as_file().sync_all()?;
    if let Ok(old) = fs::metadata(file) {
        fs::set_permissions(new.path(), old.permissions())?;
    } else {
        share(new.path())?;
    }
    new.persist(file)?;
    Ok(())
}

/// Makes a temporary file readable for everyone; at first only its owner can read it.
///
/// # Errors
///
/// Returns an error if its permissions can't be changed.
#[cfg(unix)]
pub fn share(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(file, fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
pub fn share(_file: &Path) -> std::io::Result<()> {
    Ok(())
}
