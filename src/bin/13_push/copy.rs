//! Copies folders.

use std::path::{Path, PathBuf};
use std::{fs, io};

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub files: u64,
    pub bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} has no files: is its disk mounted?", .0.display())]
    Empty(PathBuf),
    #[error("{} and {} overlap: name two separate folders", .0.display(), .1.display())]
    Overlap(PathBuf, PathBuf),
}

/// Returns whether one of the folders is in the other, or is the other.
pub fn overlap(from: &Path, to: &Path) -> io::Result<bool> {
    let (from, to) = (from.canonicalize()?, to.canonicalize()?);
    Ok(from.starts_with(&to) || to.starts_with(&from))
}

/// Copies the files below `from`, without symbolic links. A file that can't be copied
/// ends that.
pub fn copy(from: &Path, to: &Path, copied: &mut Copied) -> Result<(), BackupError> {
    for entry in fs::read_dir(from).map_err(error("read", from))? {
        let entry = entry.map_err(error("read", from))?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(error("read", &path))?;
        if kind.is_dir() {
            fs::create_dir_all(&to).map_err(error("create", &to))?;
            copy(&path, &to, copied)?;
        } else if kind.is_file() {
            // The earlier copy may be read-only, as the file itself.
            let _ = fs::remove_file(&to);
            copied.bytes += fs::copy(&path, &to).map_err(error("copy", &path))?;
            copied.files += 1;
        }
    }
    Ok(())
}

/// Returns what makes an error of a system's error.
pub fn error(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::Io {
        action,
        path,
        source,
    }
}
