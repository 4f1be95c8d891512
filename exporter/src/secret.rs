//! Secrets, which come from a file or from the environment: everyone on the machine can
//! read a command line.

use std::env::{self, VarError};
use std::path::{Path, PathBuf};
use std::{fs, io};

use exporter_workbook::debug_is_message;

/// The most bytes of a file with a secret.
const MAX_BYTES: u64 = 64 * 1024;

/// The secret can't be read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The file can't be read.
    #[error("cannot read the secret in {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is one that has no secret: a folder, a pipe, an empty file, a huge one.
    #[error("{} has no secret: it isn't a file of 1 byte to 64 KiB", .0.display())]
    NoSecret(PathBuf),
    /// The variable isn't UTF-8.
    #[error("the variable {0} isn't UTF-8")]
    Variable(String),
}

debug_is_message!(SecretError);

/// Returns the content of `file` without the newlines at its end, or if there is no
/// `file` the value of the environment variable `variable`, or `None` if there is
/// neither or the variable is empty. Call it whenever the secret is used, so that a new
/// one needs no restart.
///
/// # Errors
///
/// Returns an error if the file can't be read, isn't UTF-8, is empty or larger than 64
/// KiB, or if the variable isn't UTF-8.
pub fn secret(
    file: Option<&Path>,
    variable: &str,
) -> Result<Option<String>, SecretError> {
    match file {
        Some(file) => read(file).map(Some),
        None => match env::var(variable) {
            Ok(secret) => Ok(Some(secret).filter(|secret| !secret.is_empty())),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => {
                Err(SecretError::Variable(variable.to_owned()))
            }
        },
    }
}

fn read(file: &Path) -> Result<String, SecretError> {
    let unreadable = |source| SecretError::Unreadable {
        file: file.to_owned(),
        source,
    };
    // Whoever reads a pipe waits for the one who writes to it.
    let kind = fs::metadata(file).map_err(unreadable)?;
    let text = match kind.is_file() && kind.len() <= MAX_BYTES {
        true => fs::read_to_string(file).map_err(unreadable)?,
        false => String::new(),
    };
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(SecretError::NoSecret(file.to_owned())),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newline_at_the_end_of_a_file_is_not_part_of_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for (content, expected) in [
            ("a b\n", "a b"),
            (" a\r\n", " a"),
            ("a\n\n", "a"),
            ("a", "a"),
        ] {
            fs::write(&file, content).unwrap();
            let secret = secret(Some(&file), "PATH").unwrap();
            assert_eq!(secret.as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_file_without_a_secret_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        let no_secret = |file: &Path| {
            let error = secret(Some(file), "PATH").unwrap_err();
            matches!(error, SecretError::NoSecret(of) if of == file)
        };
        for content in ["", "\n", "\r\n\n", &"a".repeat(64 * 1024 + 1)] {
            fs::write(&file, content).unwrap();
            assert!(no_secret(&file), "{} bytes", content.len());
        }
        assert!(no_secret(folder.path()));
        fs::write(&file, "a".repeat(64 * 1024)).unwrap();
        assert!(secret(Some(&file), "PATH").is_ok());
    }

    #[test]
    fn without_a_file_the_variable_counts() {
        let path = env::var("PATH").unwrap();
        assert_eq!(secret(None, "PATH").unwrap(), Some(path));
        assert_eq!(secret(None, "NO_SUCH_VARIABLE").unwrap(), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = secret(Some(Path::new("/no/such/file")), "PATH").unwrap_err();
        let error = error.to_string();
        let expected = "cannot read the secret in /no/such/file: No such file";
        assert!(error.starts_with(expected), "{error}");
    }
}
