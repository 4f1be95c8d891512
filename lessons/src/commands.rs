//! What the commands share, and the commands that show the current lesson.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

use crate::compile::cargo_in;
use crate::course::{Course, Lesson};
use crate::messages as m;
use crate::progress::Progress;
use crate::screen::{Manner, Screen, note};
use crate::starts;
use crate::words::{is_chinese, say};
use crate::wrap::padded;

/// The course and the learner's progress.
pub struct Workbook {
    pub course: Course,
    pub progress: Progress,
    pub manner: Manner,
    /// Whether `watch` is running, so that there is no prompt to type a command at.
    pub is_watching: bool,
}

impl Workbook {
    /// Opens the course in the repository at `root`, and creates the missing exercises.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no course, or a lesson can't be read.
    pub fn open(root: &Path, manner: Manner) -> Result<Workbook> {
        let course = Course::read(root)?;
        let problems = starts::make_missing(root, &course.lessons);
        let (progress, problem) = Progress::read(root);
        for problem in problems.iter().chain(&problem) {
            note(problem);
        }
        Ok(Workbook {
            course,
            progress,
            manner,
            is_watching: false,
        })
    }

    pub fn screen(&self) -> Screen {
        Screen::new(self.manner)
    }

    /// Changes the saved progress, after reading it again: another runner, such as a
    /// `watch`, may have changed it. If it can't be saved, says so and continues.
    pub fn remember(&mut self, change: impl FnOnce(&[Lesson], &mut Progress)) {
        let _lock = Progress::lock(&self.course.root);
        let (progress, problem) = Progress::read(&self.course.root);
        self.progress = progress;
        change(&self.course.lessons, &mut self.progress);
        if let Some(problem) = problem {
            note(&problem);
        }
        if let Err(error) = self.progress.save() {
            note(&format!("{error:#}"));
        }
    }

    /// Reads the progress that another runner has saved.
    pub fn read_again(&mut self) {
        (self.progress, _) = Progress::read(&self.course.root);
    }

    /// The named lesson, or the one whose folder the runner was called in, or else the
    /// current one.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson.
    pub fn lesson(&self, name: Option<&str>) -> Result<usize> {
        let slug = match (name, self.course.here()) {
            (Some(name), _) => self.course.named(name)?.slug.as_str(),
            (None, Some(here)) => here.slug.as_str(),
            (None, None) => self.progress.current().unwrap_or_default(),
        };
        let at = self.course.lessons.iter().position(|all| all.slug == slug);
        Ok(at.unwrap_or_else(|| self.first_to_do(0).unwrap_or_default()))
    }

    /// The first lesson that hasn't passed, from `from` on and around the end.
    fn first_to_do(&self, from: usize) -> Option<usize> {
        let count = self.course.lessons.len();
        let mut all = (from..count).chain(0..from.min(count));
        all.find(|at| !self.progress.has_passed(&self.course.lessons[*at]))
    }

    fn done(&self) -> usize {
        let lessons = self.course.lessons.iter();
        lessons.filter(|all| self.progress.has_passed(all)).count()
    }

    pub fn bar(&self, screen: &mut Screen) {
        screen.bar(self.done(), self.course.lessons.len());
    }

    /// A path relative to the repository's top folder.
    pub fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.course.root).unwrap_or(path);
        path.display().to_string()
    }

    /// `cargo workbook`: shows the current lesson and what is next.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
    pub fn where_you_are(&self) -> Result<ExitCode> {
        self.where_it_is()?.show()?;
        Ok(ExitCode::SUCCESS)
    }

    fn where_it_is(&self) -> Result<Screen> {
        let mut screen = self.screen();
        screen.title(&say(m::TITLE, []));
        self.bar(&mut screen);
        screen.blank();
        let at = self.lesson(None)?;
        let lesson = &self.course.lessons[at];
        if self.done() == self.course.lessons.len() {
            screen.line(&say(m::EVERY_EXERCISE_PASSED, []));
            screen.blank();
            screen.commands(&[
                ("cargo workbook list".to_owned(), say(m::THE_LESSONS, [])),
                (
                    "cargo workbook check --all".to_owned(),
                    say(m::CHECKS_THEM_AGAIN, []),
                ),
            ]);
        } else if self.progress.has_passed(lesson) {
            self.passed(&mut screen, lesson);
        } else {
            self.task(&mut screen, at);
        }
        Ok(screen)
    }

    fn passed(&self, screen: &mut Screen, lesson: &Lesson) {
        let (title, _, _) = self.words(lesson);
        let number = lesson.number();
        screen.line(&say(m::YOU_ARE_AT_PASSED, [&number, &title]));
        screen.blank();
        let of = |command: &str| format!("cargo workbook {command} {number}");
        screen.commands(&[
            ("cargo workbook next".to_owned(), say(m::THE_NEXT_TASK, [])),
            (of("solution"), say(m::OUR_SOLUTION, [])),
            (of("task"), say(m::ITS_TASK_AGAIN, [])),
        ]);
    }

    /// `cargo workbook task [NN]`: makes the lesson current and shows its task.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson.
    pub fn show_task(&mut self, name: Option<&str>) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        self.remember(|lessons, progress| progress.set_current(&lessons[at]));
        let mut screen = self.screen();
        self.task(&mut screen, at);
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    fn task(&self, screen: &mut Screen, at: usize) {
        let lesson = &self.course.lessons[at];
        let number = lesson.number();
        let (title, task, _) = self.words(lesson);
        let minutes = lesson.text.minutes;
        screen.title(&say(m::LESSON_AND_MINUTES, [&number, &title, &minutes]));
        screen.blank();
        screen.paragraphs(task);
        screen.blank();
        let language = if is_chinese() { "zh" } else { "en" };
        screen.line(&say(m::READ_PAGE, [&language, &lesson.slug]));
        screen.line(&say(m::EDIT_FILE, [&self.shown(&lesson.exercise())]));
        if !self.is_watching {
            screen.blank();
            self.what_to_type(screen, lesson);
        }
    }

    fn what_to_type(&self, screen: &mut Screen, lesson: &Lesson) {
        let number = lesson.number();
        let hint = match self.progress.hints(lesson) {
            0 => say(m::A_HINT, []),
            seen if seen < lesson.text.hints.len() => say(m::ONE_MORE_HINT, []),
            _ => say(m::HINTS_AGAIN, []),
        };
        let next = match self.progress.has_passed(lesson) {
            true => say(m::GOES_ON, []),
            false => say(m::LEAVES_FOR_LATER, []),
        };
        let of = |command: &str| format!("cargo workbook {command} {number}");
        screen.commands(&[
            (of("check"), say(m::CHECKS_YOUR_EXERCISE, [])),
            (of("hint"), hint),
            (of("run"), say(m::RUNS_LESSON, [])),
            (of("run") + " --exercise", say(m::RUNS_YOURS, [])),
            ("cargo workbook next".to_owned(), next),
            ("cargo workbook --help".to_owned(), say(m::WHAT_ELSE, [])),
        ]);
    }

    /// The title, the task and the hints in the learner's language.
    pub fn words<'a>(&self, lesson: &'a Lesson) -> (&'a str, &'a str, &'a [String]) {
        match lesson.text.zh.as_ref().filter(|_| is_chinese()) {
            Some(zh) => (&zh.title, &zh.task, &zh.hints),
            None => {
                let text = &lesson.text;
                (&text.title, &text.task, &text.hints)
            }
        }
    }

    /// `cargo workbook list`.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
    pub fn list(&self) -> Result<ExitCode> {
        let mut screen = self.screen();
        self.bar(&mut screen);
        screen.blank();
        let current = self.lesson(None)?;
        for (at, lesson) in self.course.lessons.iter().enumerate() {
            screen.hanging(&self.row(lesson, at == current), 12);
        }
        screen.blank();
        let number = self.course.lessons[current].number();
        screen.commands(&[
            ("cargo workbook".to_owned(), say(m::WHERE_YOU_ARE, [])),
            (
                format!("cargo workbook check {number}"),
                say(m::CHECKS_YOUR_EXERCISE, []),
            ),
            (
                "cargo workbook task NN".to_owned(),
                say(m::GOES_TO_ANOTHER, []),
            ),
        ]);
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    fn row(&self, lesson: &Lesson, is_here: bool) -> String {
        let state = match self.progress.has_passed(lesson) {
            true => say(m::DONE, []),
            false if lesson.is_begun() => say(m::BEGUN, []),
            false => say(m::TO_DO, []),
        };
        let here = match is_here {
            true => say(m::YOU_ARE_HERE, []),
            false => String::new(),
        };
        let (title, _, _) = self.words(lesson);
        format!("{:4} {} {title}{here}", lesson.number(), padded(&state, 6))
    }

    /// `cargo workbook run [NN]`: becomes the lesson's program.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson, or cargo can't be started.
    pub fn run(
        &self,
        name: Option<&str>,
        address: Option<&str>,
        exercise: bool,
    ) -> Result<ExitCode> {
        let lesson = &self.course.lessons[self.lesson(name)?];
        let mut cargo = cargo_in(&self.course.root);
        cargo.arg("run");
        let features = match exercise {
            true => &lesson.text.features,
            false => &lesson.text.run.features,
        };
        if !features.is_empty() {
            cargo.arg("--features").arg(features.join(","));
        }
        let mut arguments: Vec<&str> = Vec::new();
        if exercise {
            cargo.args(["--package", "lessons", "--bin"]);
            cargo.arg(lesson.exercise_program());
        } else {
            let run = &lesson.text.run;
            cargo.arg("--bin").arg(&lesson.slug);
            arguments.extend(run.arguments.iter().map(String::as_str));
            arguments.extend(address.and(run.address_flag.as_deref()));
        }
        arguments.extend(address);
        if !arguments.is_empty() {
            cargo.arg("--").args(arguments);
        }
        become_cargo(cargo)
    }

    /// `cargo workbook next`: moves to the next lesson, even if this one hasn't passed.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
    pub fn next(&mut self) -> Result<ExitCode> {
        let current = self.lesson(None)?;
        let (screen, _) = self.go_on(current)?;
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the next lesson after `current` and returns its index, or `current` if all
    /// are done.
    ///
    /// # Errors
    ///
    /// Returns an error if it can't be written.
    pub fn go_on(&mut self, current: usize) -> Result<(Screen, usize)> {
        let mut screen = self.screen();
        let Some(next) = self.first_to_do(current + 1) else {
            return Ok((self.where_it_is()?, current));
        };
        let left = &self.course.lessons[current];
        if next != current && !self.progress.has_passed(left) {
            let number = left.number();
            screen.line(&say(m::LEFT_FOR_LATER, [&number, &number]));
            screen.blank();
        }
        if next < current {
            screen.line(&say(m::BACK_TO_ONE_LEFT, []));
            screen.blank();
        }
        self.remember(|lessons, progress| progress.set_current(&lessons[next]));
        self.task(&mut screen, next);
        Ok((screen, next))
    }
}

/// On Unix the runner becomes cargo, so that Ctrl-C reaches it directly.
#[cfg(unix)]
fn become_cargo(mut cargo: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(cargo.exec()).context("cannot start cargo")
}

#[cfg(not(unix))]
fn become_cargo(mut cargo: Command) -> Result<ExitCode> {
    let status = cargo.status().context("cannot start cargo")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
