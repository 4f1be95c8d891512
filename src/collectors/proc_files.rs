//! The few lines of `/proc` that the collectors need, or why they can't be read.
//!
//! proc(5) documents the format of each file.

use std::fs;
use std::path::{Path, PathBuf};

/// Why a number is unavailable, as a message that names the file or the call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// A file of lines, read whole.
pub struct Lines {
    path: PathBuf,
    text: String,
}

impl Lines {
    /// Reads `path`, which must end with a newline: in a truncated file, a cut-off
    /// number still looks like a number.
    pub fn of(path: PathBuf) -> Result<Lines, Unavailable> {
        match fs::read(&path) {
            // A process name, which some files contain, is up to 15 bytes and not
            // always UTF-8.
            Ok(bytes) if bytes.ends_with(b"\n") => Ok(Lines {
                text: String::from_utf8_lossy(&bytes).into_owned(),
                path,
            }),
            Ok(_) => Err(Unavailable(format!("{} is cut off", path.display()))),
            Err(error) => {
                let path = path.display();
                Err(Unavailable(format!("cannot read {path}: {error}")))
            }
        }
    }

    fn no(&self, what: &str) -> Unavailable {
        Unavailable(format!("{} has no {what}", self.path.display()))
    }

    /// Returns the word that follows `start` on the first line that begins with it, or
    /// an empty one if nothing follows.
    fn word(&self, start: &str) -> Result<&str, Unavailable> {
        let mut lines = self.text.lines();
        let rest = lines.find_map(|line| line.strip_prefix(start));
        let rest = rest.ok_or_else(|| self.no(&format!("line {start:?}")))?;
        Ok(rest.split_whitespace().next().unwrap_or_default())
    }

    fn parse(&self, word: &str, start: &str) -> Result<u64, Unavailable> {
        let number = word.parse();
        number.map_err(|_| self.no(&format!("number after {start:?}")))
    }

    /// Returns the number that follows `start` on the first line that begins with it.
    pub fn number(&self, start: &str) -> Result<u64, Unavailable> {
        self.parse(self.word(start)?, start)
    }

    /// Returns a soft limit of `/proc/<pid>/limits`; `u64::MAX` for "unlimited", as in
    /// Go.
    pub fn soft_limit(&self, name: &str) -> Result<u64, Unavailable> {
        match self.word(name)? {
            "unlimited" => Ok(u64::MAX),
            word => self.parse(word, name),
        }
    }

    /// Returns the value in the column `name`. The first line that begins with `start`
    /// has the names, the second one the values.
    pub fn column(&self, start: &str, name: &str) -> Result<u64, Unavailable> {
        let mut lines = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix(start));
        let (names, values) = (lines.next(), lines.next());
        let value = names.zip(values).and_then(|(names, values)| {
            let column = names.split_whitespace().position(|other| other == name)?;
            values.split_whitespace().nth(column)?.parse().ok()
        });
        value.ok_or_else(|| self.no(&format!("number under {start:?} {name:?}")))
    }
}

/// The fields of `/proc/<pid>/stat` that the process collector exports.
#[derive(Debug, PartialEq, Eq)]
pub struct Stat {
    /// Whether the process is a zombie, which holds nothing any more.
    pub has_ended: bool,
    /// User and system time together, in clock ticks.
    pub cpu_ticks: u64,
    pub threads: u64,
    /// The start time in clock ticks since boot.
    pub start_ticks: u64,
    pub virtual_bytes: u64,
    pub resident_pages: u64,
}

pub fn stat(process: &Path) -> Result<Stat, Unavailable> {
    let lines = Lines::of(process.join("stat"))?;
    // The name before it may contain spaces, parentheses and newlines.
    let (_, after_name) = lines.text.rsplit_once(')').unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    // proc(5) counts from 1, and field 3 is the first one after the name.
    let field = |number: usize| {
        let field = fields.get(number - 3).and_then(|field| field.parse().ok());
        field.ok_or_else(|| lines.no(&format!("number in field {number}")))
    };
    let (user, system): (u64, u64) = (field(14)?, field(15)?);
    Ok(Stat {
        has_ended: matches!(fields.first(), Some(&"Z" | &"X")),
        cpu_ticks: user.saturating_add(system),
        threads: field(20)?,
        start_ticks: field(22)?,
        virtual_bytes: field(23)?,
        resident_pages: field(24)?,
    })
}
