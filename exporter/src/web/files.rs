//! The configuration and the files that it names, as they were read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most bytes of a file: far beyond any chain of certificates.
const MAX_BYTES: u64 = 1024 * 1024;

/// How long a file must have been left alone. Before that, it may be half written, or
/// the key of its certificate may be still to come.
const SETTLED: Duration = Duration::from_millis(50);

/// What was in the files, or why they couldn't be read.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Files(Vec<(PathBuf, Result<Vec<u8>, String>)>);

impl Files {
    /// Reads one more file.
    pub fn add(&mut self, file: PathBuf) {
        if self.find(&file).is_none() {
            let content = read(&file).map_err(|error| error.to_string());
            self.0.push((file, content));
        }
    }

    fn find(&self, file: &Path) -> Option<&Result<Vec<u8>, String>> {
        let mut all = self.0.iter();
        all.find(|(known, _)| known == file)
            .map(|(_, content)| content)
    }

    /// Returns the content of a file that was read.
    ///
    /// # Errors
    ///
    /// Returns an error if it couldn't be read.
    pub fn content(&self, file: &Path) -> Result<&[u8], String> {
        match self.find(file) {
            Some(Ok(content)) => Ok(content),
            Some(Err(error)) => Err(format!("cannot read it: {error}")),
            None => Err("it wasn't read".to_owned()),
        }
    }

    /// Returns whether all files are the same, or may be: one may still be written, and
    /// what the process lacks is no matter of the files.
    pub fn are_unchanged(&self) -> bool {
        self.0.iter().all(|(file, content)| match read(file) {
            Ok(now) => content.as_ref() == Ok(&now) || is_settling(file, SETTLED),
            Err(error) if is_shortage(&error) => true,
            Err(error) => content.as_ref() == Err(&error.to_string()),
        })
    }
}

/// Reads a file. An error if it isn't one, or is larger than 1 MiB.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    // Whoever opens a pipe waits for the one who writes to it.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it isn't a file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(bytes)
}

/// Returns whether a file was changed just now. One from the future never settles, so it
/// counts at once.
fn is_settling(file: &Path, within: Duration) -> bool {
    let modified = fs::metadata(file).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| modified.elapsed().ok());
    age.is_some_and(|age| age < within)
}

/// Returns whether the process or the system has too many files open.
fn is_shortage(error: &io::Error) -> bool {
    // ENFILE and EMFILE, on every Unix.
    matches!(error.raw_os_error(), Some(23 | 24))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_file_that_was_changed_just_now_is_unchanged_so_far() {
        let hour = Duration::from_secs(3600);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("web.yml");
        let write = |text: &str, modified: SystemTime| {
            fs::write(&file, text).unwrap();
            let written = File::options().append(true).open(&file).unwrap();
            written.set_modified(modified).unwrap();
        };
        let now = SystemTime::now();
        write("a", now - hour);
        let mut files = Files::default();
        files.add(file.clone());
        assert!(files.are_unchanged());
        write("b", now - 2 * hour);
        assert!(!files.are_unchanged());
        assert!(is_settling(&file, 3 * hour) && !is_settling(&file, hour));
        // A clock that was set back must not keep a change from counting.
        write("c", now + hour);
        assert!(!files.are_unchanged() && !is_settling(&file, hour));
        fs::remove_file(&file).unwrap();
        assert!(!files.are_unchanged());
        let mut files = Files::default();
        files.add(file);
        assert!(files.are_unchanged());
    }
}
