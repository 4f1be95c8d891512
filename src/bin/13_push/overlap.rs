//! Whether two folders overlap.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Returns whether one of the folders is in the other, or is the other. `to` need not
/// exist.
pub fn overlap(from: &Path, to: &Path) -> io::Result<bool> {
    let (from, to) = (from.canonicalize()?, resolved(to)?);
    Ok(from.starts_with(&to) || to.starts_with(&from))
}

/// Follows the links in a path, of which only the first folders may exist.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let missing = match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => error,
        result => return result,
    };
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            Ok(Path::new(".").canonicalize()?.join(name))
        }
        (Some(parent), Some(name)) => Ok(resolved(parent)?.join(name)),
        // Nobody knows where `..` of a missing folder leads.
        _ => Err(missing),
    }
}
