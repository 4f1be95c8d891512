//! Finds the lesson that is meant: by its number, by a path, or by the current folder.

use std::env;
use std::path::{Component, Path};

use anyhow::Result;

use crate::course::{Course, Lesson};

impl Course {
    /// The lesson named by its number, as in [`Course::find`], or by a path of one of its
    /// files, as the runner prints it or relative to where the runner was called.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson.
    pub fn named(&self, name: &str) -> Result<&Lesson> {
        let found = self.find(name);
        let path = Path::new(name);
        if found.is_ok() && path.components().count() == 1 {
            return found;
        }
        let as_seen = || self.at(&path.canonicalize().ok()?);
        self.at(path).or_else(as_seen).map_or(found, Ok)
    }

    /// The lesson whose folder the runner was called in.
    pub fn here(&self) -> Option<&Lesson> {
        let folder = env::current_dir().ok()?.canonicalize().ok()?;
        let lessons = self.root.join("lessons").canonicalize().ok()?;
        self.at(folder.strip_prefix(lessons).ok()?)
    }

    /// The lesson whose name is a component of the path.
    fn at(&self, path: &Path) -> Option<&Lesson> {
        let parts = path.components().rev().filter_map(|part| match part {
            Component::Normal(name) => Some(Path::new(name).with_extension("")),
            _ => None,
        });
        let named =
            |part: &Path| self.lessons.iter().find(|all| part == Path::new(&all.slug));
        parts.into_iter().find_map(|part| named(&part))
    }
}
