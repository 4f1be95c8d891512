//! Copies folders.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::failure::{BackupError, error};
use crate::replace::replace;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub files: u64,
    pub bytes: u64,
}

/// Copies the files below `from`, without symbolic links. A file that can't be copied
/// ends that, and its earlier copy stays.
pub fn copy(from: &Path, to: &Path, copied: &mut Copied) -> Result<(), BackupError> {
    for entry in fs::read_dir(from).map_err(error("read", from))? {
        let entry = entry.map_err(error("read", from))?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(error("read", &from))?;
        if kind.is_dir() {
            create(&to)?;
            copy(&from, &to, copied)?;
        } else if kind.is_file() {
            let written = copy_file(&from, &to);
            copied.bytes +=
                written.map_err(|source| BackupError::Copy { from, to, source })?;
            copied.files += 1;
        }
    }
    Ok(())
}

/// Creates a folder. A link in its place may lead anywhere, even into the source.
fn create(folder: &Path) -> Result<(), BackupError> {
    match fs::symlink_metadata(folder) {
        Ok(existing) if existing.is_dir() => Ok(()),
        Ok(_) => Err(BackupError::NoFolder(folder.to_owned())),
        Err(e) if e.kind() != ErrorKind::NotFound => Err(error("read", folder)(e)),
        Err(_) => fs::create_dir(folder).map_err(error("create", folder)),
    }
}

fn copy_file(from: &Path, to: &Path) -> io::Result<u64> {
    let mut source = File::open(from)?;
    let mode = source.metadata()?.permissions();
    replace(to, |copy| {
        // First, so that nobody reads the copy who may not read the file.
        copy.set_permissions(mode)?;
        io::copy(&mut source, copy)
    })
}
