//! `cargo workbook hint` and `cargo workbook solution`.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::commands::Workbook;
use crate::course::Lesson;
use crate::messages as m;
use crate::screen::Screen;
use crate::words::say;

impl Workbook {
    /// `cargo workbook hint [NN]`: shows one more hint each time.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson.
    pub fn hint(&mut self, name: Option<&str>, at_once: bool) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        self.one_more_hint(at, at_once).show()?;
        Ok(ExitCode::SUCCESS)
    }

    /// Whether the learner has seen every hint of the lesson.
    pub fn has_all_hints(&self, at: usize) -> bool {
        let lesson = &self.course.lessons[at];
        self.progress.hints(lesson) == lesson.text.hints.len()
    }

    /// The next hint of the lesson, or all of them.
    pub fn one_more_hint(&mut self, at: usize, at_once: bool) -> Screen {
        let lesson = &self.course.lessons[at];
        let all = lesson.text.hints.len();
        let seen = self.progress.hints(lesson);
        // After the last hint, all are shown again.
        let (from, to) = match at_once || self.has_all_hints(at) {
            true => (0, all),
            false => (seen, seen + 1),
        };
        self.remember(|lessons, progress| {
            progress.set_hints(&lessons[at], to);
            progress.set_current(&lessons[at]);
        });
        self.hints(at, from, to)
    }

    /// The hints after the first `from`, up to the first `to`.
    fn hints(&self, at: usize, from: usize, to: usize) -> Screen {
        let lesson = &self.course.lessons[at];
        let all = lesson.text.hints.len();
        let mut screen = self.screen();
        let number = lesson.number();
        let (title, _, hints) = self.words(lesson);
        if !self.is_watching {
            screen.title(&format!("{number}  {title}"));
        }
        for (hint, count) in hints.iter().zip(1..).take(to).skip(from) {
            screen.blank();
            screen.line(&say(m::HINT_OF, [&count, &all]));
            screen.prose(hint);
        }
        if !self.is_watching {
            screen.blank();
            self.after_hints(&mut screen, lesson, to < all);
        }
        screen
    }

    fn after_hints(&self, screen: &mut Screen, lesson: &Lesson, are_more: bool) {
        let number = lesson.number();
        let passed = self.progress.has_passed(lesson);
        let anyway = if passed { "" } else { " --anyway" };
        let of = |command: &str| format!("cargo workbook {command} {number}");
        screen.commands(&[
            (of("check"), say(m::CHECKS_YOUR_EXERCISE, [])),
            match are_more {
                true => (of("hint"), say(m::ONE_MORE_HINT, [])),
                false => (of("solution") + anyway, say(m::SOLUTION_AFTER_HINTS, [])),
            },
        ]);
    }

    /// `cargo workbook solution [NN]`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson, or its check has not passed.
    pub fn solution(&self, name: Option<&str>, anyway: bool) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        let lesson = &self.course.lessons[at];
        let number = lesson.number();
        if !anyway && !self.progress.has_passed(lesson) {
            if self.has_all_hints(at) {
                bail!(say(m::NOT_PASSED_SOLUTION, [&number, &number],));
            }
            bail!(say(m::NOT_PASSED_HINT, [&number, &number, &number],));
        }
        let file = lesson.solution();
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| say(m::CANNOT_READ, [&file.display()]))?;
        let mut screen = self.screen();
        screen.line(&format!("// {}", self.shown(&file)));
        screen.blank();
        screen.as_is(text.trim_end());
        screen.blank();
        screen.line(&format!("// {}", say(m::NEXT_COMMAND, [])));
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }
}
