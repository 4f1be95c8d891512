//! The pages, as the course's checks see them.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

pub mod page;
pub mod source;

use std::fs;
use std::path::Path;

/// Returns the text of a file of this repository.
pub fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns whether to rewrite the copies on the pages rather than compare them.
pub fn is_update() -> bool {
    std::env::var_os("UPDATE_DOCS").is_some()
}

/// Replaces a file atomically: other tests read it meanwhile.
pub fn replace(path: &str, text: &str) {
    let new = format!("{path}.new");
    fs::write(&new, text).unwrap();
    fs::rename(&new, path).unwrap();
}

/// Returns the Markdown files in `folder` and below it, sorted, without the books' contents.
pub fn pages_in(folder: &str) -> Vec<String> {
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = format!(
            "{folder}/{}",
            entry.unwrap().file_name().into_string().unwrap()
        );
        if Path::new(&path).is_dir() {
            pages.extend(pages_in(&path));
        } else if path.ends_with(".md") && !path.ends_with("/SUMMARY.md") {
            pages.push(path);
        }
    }
    pages.sort();
    pages
}

/// All problems that were found, each with its location and the command or the change
/// that fixes it.
#[derive(Default)]
pub struct Problems(Vec<String>);

impl Problems {
    pub fn add(&mut self, path: &str, line: usize, what: &str, fix: &str) {
        self.0
            .push(format!("{path}:{line}: {what}\n    fix: {fix}"));
    }

    /// Adds a problem unless it `holds`.
    pub fn unless(&mut self, holds: bool, path: &str, line: usize, words: [&str; 2]) {
        if !holds {
            self.add(path, line, words[0], words[1]);
        }
    }

    pub fn extend(&mut self, others: Problems) {
        self.0.extend(others.0);
    }

    #[track_caller]
    pub fn assert_none(self) {
        assert!(self.0.is_empty(), "\n{}\n", self.0.join("\n"));
    }
}
