//! Which lesson is meant: by its number, by a path, by the folder that one is in.

use std::env;
use std::path::{Component, Path};

use anyhow::Result;

use crate::course::{Course, Lesson};

impl Course {
    /// The lesson that was named as [`Course::find`] does, or by the path of something of
    /// its own, as the runner prints it or as it is seen from where it was called.
    ///
    /// # Errors
    ///
    /// When there is no such lesson.
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

    /// The lesson that a part of the path has its name from.
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
