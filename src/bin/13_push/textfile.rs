//! A file for node exporter's textfile collector. It can be copied, and needs only
//! `thiserror`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum TextfileError {
    #[error("`{0}` can't be the name of a file: leave out the slashes")]
    Name(String),
    #[error("there is no folder {}: create it, or name node exporter's", .0.display())]
    NoDirectory(PathBuf),
    #[error("cannot write {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

// ANCHOR: write
/// Writes `NAME.prom`. Whoever reads it sees the whole old file or the whole new one,
/// even if this program is killed. Only one program may write a name.
pub fn write(directory: &Path, name: &str, text: &str) -> Result<(), TextfileError> {
    if name.is_empty() || name.contains(['/', '\0']) {
        return Err(TextfileError::Name(name.to_owned()));
    }
    if !directory.is_dir() {
        return Err(TextfileError::NoDirectory(directory.to_owned()));
    }
    let path = directory.join(format!("{name}.prom"));
    // Renaming is atomic within a file system only. The collector ignores this ending.
    let beside = directory.join(format!("{name}.prom.tmp"));
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, &path));
    written.map_err(|source| TextfileError::Io { path, source })
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // One that a killed program left.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    readable_by_all(&file)?;
    file.write_all(text.as_bytes())?;
    // Otherwise the name may reach the disk before the text does.
    file.sync_all()
}
// ANCHOR_END: write

/// Node exporter runs as another user. What mode a new file has depends on the mask of
/// the process.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}
