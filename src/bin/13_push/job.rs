//! The job: a backup that copies the files of a folder.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use crate::copy::{Copied, copy};
use crate::failure::{BackupError, error};
use crate::overlap::overlap;

/// What to copy, and where. Files are replaced, and none is removed.
pub struct Backup {
    pub source: PathBuf,
    pub destination: PathBuf,
}

/// A run that has ended.
pub struct Run {
    pub took: Duration,
    pub ended: SystemTime,
    pub result: Result<Copied, BackupError>,
}

impl Backup {
    // ANCHOR: run
    /// Copies the files. The time comes from `clock`, and the duration from one that
    /// nobody can set.
    pub fn run(&self, clock: impl Fn() -> SystemTime) -> Run {
        let started = Instant::now();
        let result = self.copy();
        Run {
            took: started.elapsed(),
            ended: clock(),
            result,
        }
    }

    fn copy(&self) -> Result<Copied, BackupError> {
        let (from, to) = (&self.source, &self.destination);
        let mut copied = Copied::default();
        fs::read_dir(from).map_err(error("read", from))?;
        if overlap(from, to).map_err(error("find", to))? {
            return Err(BackupError::Overlap(from.clone(), to.clone()));
        }
        fs::create_dir_all(to).map_err(error("create", to))?;
        copy(from, to, &mut copied)?;
        // That would otherwise be the fastest of all successful runs.
        match copied.files {
            0 => Err(BackupError::Empty(from.clone())),
            _ => Ok(copied),
        }
    }
    // ANCHOR_END: run
}
