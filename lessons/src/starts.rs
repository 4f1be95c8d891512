//! Creates missing exercises from the starter code.
//!
//! `exercise.rs` is the learner's and git ignores it, so a clone has none.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::course::Lesson;
use crate::messages as m;
use crate::progress::{FOLDER, replace, share};
use crate::words::say;

/// Creates missing exercises and never replaces existing ones. Returns notes for the
/// learner.
pub fn make_missing(root: &Path, lessons: &[Lesson]) -> Vec<String> {
    let missing = lessons.iter().filter(|all| !all.exercise().is_symlink());
    let missing = missing.filter(|all| !all.exercise().exists());
    missing
        .filter_map(|lesson| match make(lesson) {
            Ok(()) => lost(root, lesson),
            Err(error) => Some(format!("{error:#}")),
        })
        .collect()
}

fn make(lesson: &Lesson) -> Result<()> {
    let (start, exercise) = (lesson.start(), lesson.exercise());
    let fails = || say(m::CANNOT_BE_MADE, [&exercise.display()]);
    let text = fs::read(&start);
    let text = text.with_context(|| say(m::CANNOT_READ, [&start.display()]))?;
    let mut new = NamedTempFile::new_in(&lesson.folder).with_context(fails)?;
    new.write_all(&text).with_context(fails)?;
    share(new.path()).with_context(fails)?;
    match new.persist_noclobber(&exercise) {
        // Another runner was faster.
        Err(_) if exercise.exists() => Ok(()),
        made => made.map(drop).with_context(fails),
    }
}

/// The copy of the last checked version, in case the exercise gets lost: git silently
/// replaces an ignored file if an older commit contains it.
fn copy(root: &Path, lesson: &Lesson) -> std::path::PathBuf {
    let folder = root.join("lessons").join(FOLDER).join("checked");
    folder.join(format!("{}.rs", lesson.slug))
}

/// Keeps a copy of what is about to be checked.
pub fn keep(root: &Path, lesson: &Lesson, text: &[u8]) {
    let copy = copy(root, lesson);
    if fs::read(&copy).ok().as_deref() != Some(text) {
        // A missing copy matters only if the exercise gets lost.
        let _ = replace(&copy, text);
    }
}

fn lost(root: &Path, lesson: &Lesson) -> Option<String> {
    let copy = copy(root, lesson);
    let is_other =
        fs::read(&copy).is_ok_and(|text| Some(text) != fs::read(lesson.start()).ok());
    let shown = |path: &Path| {
        let path = path.strip_prefix(root).unwrap_or(path);
        path.display().to_string()
    };
    is_other.then(|| say(m::MADE_AGAIN, [&shown(&lesson.exercise()), &shown(&copy)]))
}
