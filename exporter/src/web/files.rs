//! Reading the configuration and the files that it names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The most bytes of a file: far beyond any chain of certificates.
const MAX_BYTES: u64 = 1024 * 1024;

/// Returns the content of a file.
///
/// # Errors
///
/// Returns an error if it can't be read, isn't a file, or is larger than 1 MiB.
pub fn read(file: &Path) -> io::Result<Vec<u8>> {
    // Whoever opens a pipe waits for the one who writes to it.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it isn't a file"));
    }
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it has more than 1 MiB"));
    }
    Ok(bytes)
}

/// Returns the content of a text file.
///
/// # Errors
///
/// Returns an error in the same cases, and if it isn't UTF-8.
pub fn read_text(file: &Path) -> io::Result<String> {
    String::from_utf8(read(file)?).map_err(io::Error::other)
}
