//! Why a backup failed.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot copy {} to {}: {source}", from.display(), to.display())]
    Copy {
        from: PathBuf,
        to: PathBuf,
        source: io::Error,
    },
    #[error("{} isn't a folder: remove it, or name another destination", .0.display())]
    NoFolder(PathBuf),
    #[error("{} has no files: is its disk mounted?", .0.display())]
    Empty(PathBuf),
    #[error("{} and {} overlap: name two separate folders", .0.display(), .1.display())]
    Overlap(PathBuf, PathBuf),
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
