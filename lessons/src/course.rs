//! The lessons: each is a folder named by its slug, with a `lesson.toml`.

#[path = "step.rs"]
mod step;

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::messages as m;
use crate::words::say;
#[allow(unused_imports, reason = "the course's tests check nothing")]
pub use step::{Exit, Manner, Resource, Samples};
pub use step::{Judge, PageKind, Step, Wanted};

/// All lessons, in the order of their slugs.
pub struct Course {
    /// The repository's top folder.
    pub root: PathBuf,
    pub lessons: Vec<Lesson>,
}

/// One lesson's exercise.
pub struct Lesson {
    /// The name of its folder, its program and its page.
    pub slug: String,
    pub folder: PathBuf,
    pub text: LessonText,
    /// The number of checks that are skipped because they need another system.
    #[allow(dead_code, reason = "for the runner")]
    pub left_out: usize,
}

/// The content of `lesson.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LessonText {
    pub title: String,
    pub minutes: u32,
    pub task: String,
    pub hints: Vec<String>,
    /// Its former slugs: progress saved under them counts.
    #[serde(default)]
    pub formerly: Vec<String>,
    /// The names of the checks that the starter code fails. Only the course's tests read
    /// it.
    #[allow(dead_code, reason = "for the tests")]
    pub start_fails: Vec<String>,
    /// Variables for the exercise, with the addresses of the sources that the runner
    /// plays as `{source}` and `{other}`.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The features of the package `lessons` that the exercise needs.
    #[serde(default)]
    pub features: Vec<String>,
    /// How `cargo workbook run` runs the lesson's program.
    #[serde(default)]
    pub run: Run,
    pub step: Vec<Step>,
    pub zh: Option<Translation>,
}

/// What the lesson's own program needs to run.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Run {
    /// The features of the package that it needs.
    pub features: Vec<String>,
    pub arguments: Vec<String>,
    /// The flag before its address; without one, the address is its only argument.
    pub address_flag: Option<String>,
}

/// The same in Chinese.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Translation {
    /// The hash of the English words that it translates.
    #[allow(dead_code, reason = "for the tests")]
    pub of: String,
    pub title: String,
    pub task: String,
    pub hints: Vec<String>,
    /// The names and reasons of the checks, by English name.
    pub judge: BTreeMap<String, Judged>,
}

/// The words of one check in another language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    pub name: String,
    pub why: String,
}

impl Course {
    /// Reads the course below `root`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none, or a lesson's file can't be read.
    pub fn read(root: &Path) -> Result<Course> {
        let folder = root.join("lessons");
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?;
        let mut lessons = Vec::new();
        for entry in entries {
            let folder = entry?.path();
            let file = folder.join("lesson.toml");
            if file.exists() {
                lessons.push(Lesson::read(folder, &file, |text| text)?);
            }
        }
        lessons.sort_by(|a, b| a.slug.cmp(&b.slug));
        if lessons.is_empty() {
            bail!("there is no lesson in {}", folder.display());
        }
        let root = root.to_owned();
        Ok(Course { root, lessons })
    }

    /// Finds the lesson whose slug starts with `name`, as `02a`, `2a` and `02a_gauge` do
    /// for `02a_gauge_ops`.
    ///
    /// # Errors
    ///
    /// Returns an error if no lesson, or more than one, matches.
    pub fn find(&self, name: &str) -> Result<&Lesson> {
        let typed = name.trim_end_matches(".rs").to_lowercase();
        let mut found = self.begun_by(&typed);
        if found.len() != 1 {
            let with_zero = self.begun_by(&format!("0{typed}"));
            if with_zero.len() == 1 || found.is_empty() {
                found = with_zero;
            }
        }
        match found.as_slice() {
            [lesson] => Ok(lesson),
            [] => bail!(say(
                m::NO_SUCH_LESSON,
                [&name, &numbers(&self.lessons.iter().collect::<Vec<_>>())],
            )),
            several => bail!(say(m::SEVERAL_LESSONS, [&name, &numbers(several)],)),
        }
    }

    fn begun_by(&self, typed: &str) -> Vec<&Lesson> {
        let all = self.lessons.iter();
        let exact = |all: &&Lesson| all.number() == typed || all.slug == typed;
        match all.clone().find(exact) {
            Some(lesson) => vec![lesson],
            None => all.filter(|all| all.slug.starts_with(typed)).collect(),
        }
    }
}

fn numbers(lessons: &[&Lesson]) -> String {
    let numbers: Vec<&str> = lessons.iter().map(|all| all.number()).collect();
    numbers.join(&say(m::COMMA, []))
}

impl LessonText {
    /// Removes those checks, and returns how many there were.
    fn leave_out_what_needs_linux(&mut self) -> usize {
        let judges = self.step.iter_mut().map(|step| &mut step.judge);
        judges
            .map(|judges| {
                let before = judges.len();
                judges.retain(|judge| !judge.linux);
                before - judges.len()
            })
            .sum()
    }
}

impl Lesson {
    fn read(
        folder: PathBuf,
        file: &Path,
        fill: impl FnOnce(String) -> String,
    ) -> Result<Lesson> {
        let shown = file.display();
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        let mut text: LessonText = toml::from_str(&fill(text))
            .with_context(|| format!("{shown} is not a valid lesson"))?;
        let left_out = match cfg!(target_os = "linux") {
            true => 0,
            false => text.leave_out_what_needs_linux(),
        };
        let name = folder.file_name().unwrap_or_default();
        Ok(Lesson {
            slug: name.to_string_lossy().into_owned(),
            folder,
            text,
            left_out,
        })
    }

    /// Whether its program serves, and doesn't only end by itself.
    #[allow(dead_code, reason = "for the runner")]
    pub fn serves(&self) -> bool {
        self.text.step.iter().any(|step| !step.ends)
    }

    /// Whether its program asks other systems, which the runner plays.
    #[allow(dead_code, reason = "for the runner")]
    pub fn has_sources(&self) -> bool {
        !self.text.env.is_empty()
    }

    /// The same lesson with these addresses in place of `{source}` and `{other}`, and the
    /// port in place of `{source_port}`.
    ///
    /// # Errors
    ///
    /// Returns an error if its file can't be read.
    #[allow(dead_code, reason = "for the runner")]
    pub fn with_sources(
        &self,
        source: SocketAddr,
        other: SocketAddr,
    ) -> Result<Lesson> {
        let file = self.folder.join("lesson.toml");
        Lesson::read(self.folder.clone(), &file, |text| {
            let text = text.replace("{source}", &source.to_string());
            let text = text.replace("{source_port}", &source.port().to_string());
            text.replace("{other}", &other.to_string())
        })
    }

    /// Its number, as typed in commands: `02a` of `02a_gauge_ops`.
    pub fn number(&self) -> &str {
        self.slug.split('_').next().unwrap_or_default()
    }

    /// The file that the learner edits.
    pub fn exercise(&self) -> PathBuf {
        self.folder.join("exercise.rs")
    }

    /// The name of the exercise's binary.
    pub fn exercise_program(&self) -> String {
        format!("{}_exercise", self.slug)
    }

    /// The starter code.
    pub fn start(&self) -> PathBuf {
        self.folder.join("start.rs")
    }

    /// The solution.
    pub fn solution(&self) -> PathBuf {
        self.folder.join("solution.rs")
    }

    /// Whether the exercise differs from the starter code or is missing.
    pub fn is_begun(&self) -> bool {
        let start = fs::read(self.start()).ok();
        fs::read(self.exercise()).ok() != start
    }

    /// Whether it serves expositions on several paths.
    #[allow(dead_code, reason = "for the runner")]
    pub fn has_several_pages(&self) -> bool {
        let steps = self.text.step.iter();
        let mut pages = steps.filter(|all| all.page == PageKind::Metrics);
        let first = pages.next().map(|step| &step.get);
        pages.any(|step| Some(&step.get) != first)
    }

    /// All checks, in the order of the steps.
    pub fn judges(&self) -> impl Iterator<Item = &Judge> {
        self.text.step.iter().flat_map(|step| &step.judge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_that_need_linux_are_skipped_elsewhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut course = Course::read(root).unwrap();
        let lesson = course.lessons.iter_mut().find(|all| all.number() == "04");
        let lesson = lesson.unwrap();
        let before = lesson.judges().count();
        let left_out = lesson.text.leave_out_what_needs_linux();
        assert_eq!(lesson.judges().count() + left_out, before);
        assert!(lesson.judges().all(|judge| !judge.linux));
        if cfg!(target_os = "linux") {
            assert_eq!((lesson.left_out, left_out > 0), (0, true));
        }
    }
}
