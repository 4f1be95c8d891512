//! The folder that a program runs in. The program may create anything there, such as
//! links to the learner's files: the runner never writes through a link.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::{NamedTempFile, TempDir};

/// A temporary folder, removed when this is dropped.
pub struct Folder(TempDir);

impl Folder {
    /// Creates an empty folder.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be created.
    pub fn new() -> Result<Folder> {
        let folder = tempfile::Builder::new().prefix("workbook-").tempdir();
        Ok(Folder(
            folder.context("cannot create a folder for the program")?,
        ))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file in it atomically, since the program may read at any time.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
    pub fn write(&self, file: &Path, text: impl AsRef<[u8]>) -> Result<()> {
        let written = self.own(file).and_then(|path| {
            let folder = path.parent().unwrap_or(self.path());
            fs::create_dir_all(folder)?;
            let mut new = NamedTempFile::new_in(folder)?;
            new.write_all(text.as_ref())?;
            new.persist(&path)?;
            Ok(())
        });
        written.with_context(|| format!("cannot write {}", file.display()))
    }

    /// Opens a file in it, if it is a file and not a link.
    pub fn open(&self, file: &Path) -> Option<File> {
        let path = self.path().join(file);
        let is_file = fs::symlink_metadata(&path).is_ok_and(|all| all.is_file());
        File::open(path).ok().filter(|_| is_file)
    }

    /// The names of what is in it, without its subfolders' content.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).into_iter().flatten().flatten();
        let names = entries.map(|all| all.file_name().to_string_lossy().into_owned());
        names.collect()
    }

    /// Removes a file or a folder in it, if it exists.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be removed.
    pub fn remove(&self, file: &Path) -> Result<()> {
        let removed = self.own(file).and_then(|path| {
            match fs::symlink_metadata(&path).map(|all| all.is_dir()) {
                Ok(true) => fs::remove_dir_all(&path),
                Ok(false) => fs::remove_file(&path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            }
        });
        removed.with_context(|| format!("cannot remove {}", file.display()))
    }

    /// The path of `file` in it, with no link on the way: links that the program created
    /// are removed.
    fn own(&self, file: &Path) -> io::Result<PathBuf> {
        let mut path = self.path().to_owned();
        for part in file.components() {
            let Component::Normal(part) = part else {
                let kind = io::ErrorKind::InvalidInput;
                return Err(io::Error::new(kind, "not a path below a folder"));
            };
            path.push(part);
            if fs::symlink_metadata(&path).is_ok_and(|all| all.is_symlink()) {
                fs::remove_file(&path)?;
            }
        }
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left of it, even if the program has made it read-only.
        wipe(self.path());
    }
}

/// Removes a folder and everything in it, even if the program has made it read-only.
/// Links are removed, not what they point to.
pub fn wipe(folder: &Path) {
    if fs::remove_dir_all(folder).is_err() {
        open(folder);
        let _ = fs::remove_dir_all(folder);
    }
}

/// Makes it and its subfolders writable.
fn open(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|all| all.is_dir()) {
            open(&entry.path());
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_written_and_removed() {
        let folder = Folder::new().unwrap();
        let file = Path::new("queues/mail.txt");
        folder.write(file, "1\n").unwrap();
        folder.write(file, "2\n").unwrap();
        let read = fs::read_to_string(folder.path().join(file));
        assert_eq!(read.unwrap(), "2\n");
        folder.remove(Path::new("queues")).unwrap();
        folder.remove(Path::new("queues")).unwrap();
        assert!(!folder.path().join("queues").exists());
        assert!(folder.write(Path::new("../up"), "").is_err());
    }

    #[test]
    fn nothing_is_written_or_removed_through_a_link() {
        let (folder, others) = (Folder::new().unwrap(), tempfile::tempdir().unwrap());
        let kept = others.path().join("kept");
        fs::write(&kept, "kept").unwrap();
        let link = folder.path().join("queues");
        for (path, to) in [(&link, others.path()), (&folder.path().join("one"), &kept)]
        {
            symlink(to, path).unwrap();
        }
        folder.write(Path::new("queues/kept"), "new").unwrap();
        folder.write(Path::new("one"), "new").unwrap();
        assert!(!link.is_symlink());
        folder.remove(Path::new("queues")).unwrap();
        symlink(others.path(), &link).unwrap();
        folder.remove(Path::new("queues/kept")).unwrap();
        symlink(others.path(), &link).unwrap();
        folder.remove(Path::new("queues")).unwrap();
        assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
    }

    #[test]
    fn a_read_only_folder_is_removed_but_not_what_a_link_points_to() {
        let (parent, others) = (tempfile::tempdir().unwrap(), Folder::new().unwrap());
        let folder = parent.path().join("scratch");
        let closed = folder.join("closed");
        fs::create_dir_all(closed.join("inside")).unwrap();
        fs::write(others.path().join("kept"), "kept").unwrap();
        symlink(others.path(), folder.join("link")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        wipe(&folder);
        assert!(!folder.exists());
        assert!(others.path().join("kept").exists());
    }
}
