//! `cargo workbook reset`: restores the starter code of an exercise without losing
//! anything.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::commands::Workbook;
use crate::course::Lesson;
use crate::messages as m;
use crate::progress::{FOLDER, free_name, replace};
use crate::words::say;

impl Workbook {
    /// `cargo workbook reset NN|--all`: asks, keeps a copy, and restores the starter
    /// code.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson, or a file can't be written: then the
    /// exercise is unchanged.
    pub fn reset(
        &mut self,
        name: Option<&str>,
        every: bool,
        yes: bool,
    ) -> Result<ExitCode> {
        let all = &self.course.lessons;
        let asked = match name {
            Some(_) => vec![self.lesson(name)?],
            None if every => (0..all.len()).collect(),
            None if self.course.here().is_some() => vec![self.lesson(None)?],
            None => bail!(which()),
        };
        let is_begun = |at: &usize| all[*at].is_begun();
        let changed: Vec<usize> = asked.into_iter().filter(is_begun).collect();
        if changed.is_empty() {
            return self.answer(&say(m::NOTHING_TO_PUT_BACK, []));
        }
        let kept = format!("lessons/{FOLDER}/kept");
        if !yes && !self.agrees(&changed, &kept)? {
            return self.answer(&say(m::NOTHING_CHANGED, []));
        }
        let mut copies = Vec::new();
        for at in &changed {
            let copy = put_back(&self.course.root.join(&kept), &all[*at])?;
            copies.extend(copy.map(|copy| self.shown(&copy)));
        }
        self.remember(|lessons, progress| {
            for at in &changed {
                progress.set_hints(&lessons[*at], 0);
            }
        });
        let number = self.course.lessons[changed[0]].number();
        self.answer(&say(m::RESET_DONE, [&kept_in(&copies), &number]))
    }

    fn agrees(&self, changed: &[usize], kept: &str) -> Result<bool> {
        let lessons = changed.iter().map(|at| &self.course.lessons[*at]);
        let files = lessons.map(|all| self.shown(&all.exercise()));
        let files = files.collect::<Vec<_>>().join(&say(m::COMMA, []));
        let question = say(m::CONFIRM_RESET, [&files, &kept]);
        print!("{}", self.screen().question(&question));
        io::stdout().flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if !io::stdin().is_terminal() {
            // Without a typed answer, the line hasn't ended.
            println!();
        }
        Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
    }

    fn answer(&self, line: &str) -> Result<ExitCode> {
        let mut screen = self.screen();
        screen.line(line);
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }
}

fn which() -> String {
    say(m::WHICH_RESET, [])
}

fn kept_in(copies: &[String]) -> String {
    match copies {
        [] => say(m::NOTHING_TO_KEEP, []),
        copies => say(m::KEPT_IN, [&copies.join(&say(m::COMMA, []))]),
    }
}

/// Returns the path of the copy, which is on disk before the exercise changes.
fn put_back(kept: &Path, lesson: &Lesson) -> Result<Option<PathBuf>> {
    let exercise = lesson.exercise();
    let start = fs::read_to_string(lesson.start());
    let start =
        start.with_context(|| say(m::CANNOT_READ, [&lesson.start().display()]))?;
    let mut kept_as = None;
    if exercise.exists() {
        let yours = fs::read(&exercise);
        let yours =
            yours.with_context(|| say(m::CANNOT_READ, [&exercise.display()]))?;
        let copy = free_name(&kept.join(format!("{}.rs", lesson.slug)), "copy");
        replace(&copy, &yours).with_context(|| {
            say(m::NOT_RESET_NO_COPY, [&exercise.display(), &copy.display()])
        })?;
        kept_as = Some(copy);
    }
    replace(&exercise, start.as_bytes())
        .with_context(|| say(m::NOT_RESET, [&exercise.display()]))?;
    Ok(kept_as)
}
