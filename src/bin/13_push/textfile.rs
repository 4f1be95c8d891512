//! A file for node exporter's textfile collector. If you copy this module, copy
//! `replace.rs` too.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::replace::replace;

#[derive(Debug, thiserror::Error)]
pub enum TextfileError {
    #[error(
        "`{0}` can't be the name of a file: leave out the slashes, and use \
        at most 250 bytes"
    )]
    Name(String),
    #[error("there is no folder {}: create it, or name node exporter's", .0.display())]
    NoDirectory(PathBuf),
    #[error("cannot write {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

// ANCHOR: write
/// Writes `NAME.prom` at once.
pub fn write(directory: &Path, name: &str, text: &str) -> Result<(), TextfileError> {
    let path = directory.join(file_name(name)?);
    if !directory.is_dir() {
        return Err(TextfileError::NoDirectory(directory.to_owned()));
    }
    // The collector ignores what doesn't end in `.prom` yet.
    let written = replace(&path, |file| {
        readable_by_all(file)?;
        file.write_all(text.as_bytes())
    });
    written.map_err(|source| TextfileError::Io { path, source })
}
// ANCHOR_END: write

/// Returns `NAME.prom`.
pub fn file_name(name: &str) -> Result<String, TextfileError> {
    // With `.prom`, Linux allows 255 bytes.
    if name.is_empty() || name.contains(['/', '\0']) || name.len() > 250 {
        return Err(TextfileError::Name(name.to_owned()));
    }
    Ok(format!("{name}.prom"))
}

/// Node exporter runs as another user. What mode a new file has depends on the mask of
/// the process.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}
