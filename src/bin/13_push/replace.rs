//! Replaces a file at once. It can be copied, and needs no crate.

use std::fs::{self, File};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{io, process};

// ANCHOR: replace
/// Replaces a file by what `write` writes. Whoever reads it sees the whole old file or
/// the whole new one, even if another program replaces it too, or this one is killed.
/// What a killed program leaves has a name that ends in `.tmp`.
pub fn replace<T>(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.unwrap_or_default().as_nanos();
    // In the same folder, because a file can't be renamed into another file system.
    let beside = path.with_file_name(format!("{}-{now}.tmp", process::id()));
    let mut file = File::options().write(true).create_new(true).open(&beside)?;
    let written = write(&mut file).and_then(|written| {
        // Otherwise the name may reach the disk before the content does.
        file.sync_all()?;
        fs::rename(&beside, path)?;
        Ok(written)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}
// ANCHOR_END: replace
