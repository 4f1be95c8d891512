//! Secrets, which come from a file or from the environment: everyone on the machine can
//! read a command line.

use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

/// The secret can't be read.
#[derive(thiserror::Error)]
#[error("cannot read the secret in {}: {source}", file.display())]
pub struct SecretError {
    /// The file.
    pub file: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

/// `main` prints the `{:?}` of the error that it returns.
impl fmt::Debug for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Returns the content of `file` without the newline at its end, or if there is no
/// `file` the value of the environment variable `variable`, or `None` if there is
/// neither. Call it whenever the secret is used, so that a new one needs no restart.
///
/// # Errors
///
/// Returns an error if the file can't be read or isn't UTF-8.
pub fn secret(
    file: Option<&Path>,
    variable: &str,
) -> Result<Option<String>, SecretError> {
    let Some(file) = file else {
        return Ok(env::var(variable).ok());
    };
    let text = fs::read_to_string(file).map_err(|source| SecretError {
        file: file.to_owned(),
        source,
    })?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    Ok(Some(secret.strip_suffix('\r').unwrap_or(secret).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newline_at_the_end_of_a_file_is_not_part_of_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for (content, expected) in
            [("a b\n", "a b"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("", "")]
        {
            fs::write(&file, content).unwrap();
            let secret = secret(Some(&file), "PATH").unwrap();
            assert_eq!(secret.as_deref(), Some(expected));
        }
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
