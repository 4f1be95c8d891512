//! A check in its own process, which ends when its result is no longer needed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek};
use std::process::Command;

use anyhow::{Context, Result};

use crate::guard::this_program;
use crate::guarded::Guarded;
use crate::screen::Manner;
use crate::words::is_chinese;

/// A running check. Dropping it ends it and everything it started.
pub struct Check {
    guarded: Guarded,
    /// Its output, unless it is shown at once.
    said: Option<File>,
}

impl Check {
    /// Starts `cargo workbook check` for the lesson. With keys, its output is for a page
    /// that is drawn when the check has ended.
    ///
    /// # Errors
    ///
    /// Returns an error if no process can be started.
    pub fn start(slug: &str, manner: Manner, is_page: bool) -> Result<Check> {
        let mut words: Vec<OsString> = vec![this_program()?.into()];
        words.extend(["check", slug, "--watched", "--language"].map(OsString::from));
        words.push(if is_chinese() { "zh" } else { "en" }.into());
        words.extend(manner.plain.then(|| "--plain".into()));
        let columns = manner.columns.filter(|_| is_page);
        words.extend(columns.map(|all| format!("--columns={all}").into()));
        let said = is_page.then(tempfile::tempfile).transpose();
        let said = said.context("cannot keep the output of a check")?;
        let both = said
            .as_ref()
            .map(|said| (said.try_clone(), said.try_clone()));
        let command: Vec<&OsStr> = words.iter().map(OsString::as_os_str).collect();
        let guarded = Guarded::start(&command, None, |guard| {
            if let Some((Ok(stdout), Ok(stderr))) = both {
                guard.stdout(stdout).stderr(stderr);
                in_colour(guard);
            }
        })?;
        Ok(Check { guarded, said })
    }

    /// Returns its output once it has ended.
    ///
    /// # Errors
    ///
    /// Returns an error if its state or its output can't be read.
    pub fn ended(&mut self) -> Result<Option<String>> {
        if self.guarded.try_wait()?.is_none() {
            return Ok(None);
        }
        let mut said = Vec::new();
        if let Some(file) = &mut self.said {
            file.rewind()?;
            file.read_to_end(&mut said)?;
        }
        Ok(Some(String::from_utf8_lossy(&said).into_owned()))
    }
}

/// As in the terminal that shows the page.
fn in_colour(command: &mut Command) {
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|all| !all.is_empty());
    if !is_plain {
        command.env("CLICOLOR_FORCE", "1");
        command.env("CARGO_TERM_COLOR", "always");
    }
}
