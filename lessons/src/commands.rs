//! What each command shows, but for `check` and `watch`.

use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::Language;
use crate::course::{Course, Lesson};
use crate::progress::{FOLDER, Progress, free_name, replace};
use crate::screen::{Screen, note, wrapped};

/// The course, and how far this learner is.
pub struct Workbook {
    pub course: Course,
    pub progress: Progress,
    plain: bool,
    language: Language,
}

impl Workbook {
    /// Opens the course in the repository at `root`.
    ///
    /// # Errors
    ///
    /// When there is none, or a lesson cannot be read.
    pub fn open(root: &Path, plain: bool, language: Language) -> Result<Workbook> {
        let course = Course::read(root)?;
        let (progress, problem) = Progress::read(root);
        if let Some(problem) = problem {
            note(&problem);
        }
        Ok(Workbook {
            course,
            progress,
            plain,
            language,
        })
    }

    pub fn screen(&self) -> Screen {
        Screen::new(self.plain)
    }

    pub fn is_chinese(&self) -> bool {
        self.language == Language::Zh
    }

    /// Keeps what was changed; where that fails, says so and goes on.
    pub fn keep(&self) {
        if let Err(error) = self.progress.save() {
            note(&format!("{error:#}"));
        }
    }

    /// The lesson that was named, or the one that the learner is at.
    ///
    /// # Errors
    ///
    /// When there is no such lesson.
    pub fn lesson(&self, name: Option<&str>) -> Result<usize> {
        let slug = match name {
            Some(name) => self.course.find(name)?.slug.as_str(),
            None => self.progress.current().unwrap_or_default(),
        };
        let at = self.course.lessons.iter().position(|all| all.slug == slug);
        Ok(at.unwrap_or_else(|| self.first_to_do(0).unwrap_or_default()))
    }

    /// The lesson that the learner is at, or once that has passed the next one to do.
    fn to_do(&self) -> Result<usize> {
        let current = self.lesson(None)?;
        let passed = self.progress.has_passed(&self.course.lessons[current]);
        let next = self.first_to_do(current).filter(|_| passed);
        Ok(next.unwrap_or(current))
    }

    /// The first lesson from `from` on, around the end, that has not passed.
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

    /// A path as it is typed in the repository's top folder.
    pub fn shown(&self, path: &Path) -> String {
        let path = path.strip_prefix(&self.course.root).unwrap_or(path);
        path.display().to_string()
    }

    /// `cargo workbook`: where you are, and what is next.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    pub fn where_you_are(&self) -> Result<ExitCode> {
        let mut screen = self.screen();
        screen.title("The exporter workbook");
        self.bar(&mut screen);
        screen.blank();
        if self.done() == self.course.lessons.len() {
            screen.line("Every exercise has passed. What you wrote is yours to copy.");
            screen.blank();
            screen.command("cargo workbook list", "the lessons");
            screen.command("cargo workbook check --all", "checks all of them again");
        } else {
            self.task(&mut screen, self.to_do()?);
        }
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    fn task(&self, screen: &mut Screen, at: usize) {
        let lesson = &self.course.lessons[at];
        let number = lesson.number();
        let (title, task, _) = self.words(lesson);
        let minutes = lesson.text.minutes;
        screen.title(&format!("{number}  {title}, about {minutes} minutes"));
        screen.blank();
        screen.line(task.trim());
        screen.blank();
        let language = if self.is_chinese() { "zh" } else { "en" };
        screen.line(&format!("Read  docs/{language}/{}.md", lesson.slug));
        screen.line(&format!("Edit  {}", self.shown(&lesson.exercise())));
        screen.blank();
        screen.command(
            &format!("cargo workbook check {number}"),
            "checks your exercise",
        );
        let hint = match self.progress.hints(lesson) {
            0 => "a hint",
            seen if seen < lesson.text.hints.len() => "one more hint",
            _ => "the hints again",
        };
        screen.command(&format!("cargo workbook hint {number}"), hint);
        screen.command(
            &format!("cargo workbook run {number}"),
            "runs the lesson's own program",
        );
        screen.command("cargo workbook next", "leaves this one for later");
        screen.command("cargo workbook --help", "what else there is");
    }

    /// The title, the task and the hints in the learner's language.
    fn words<'a>(&self, lesson: &'a Lesson) -> (&'a str, &'a str, &'a [String]) {
        match lesson.text.zh.as_ref().filter(|_| self.is_chinese()) {
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
    /// When it cannot be shown.
    pub fn list(&self) -> Result<ExitCode> {
        let mut screen = self.screen();
        self.bar(&mut screen);
        screen.blank();
        let current = self.to_do()?;
        for (at, lesson) in self.course.lessons.iter().enumerate() {
            let state = match self.progress.has_passed(lesson) {
                true => "done",
                false if is_begun(lesson) => "begun",
                false => "to do",
            };
            let here = if at == current { ", you are here" } else { "" };
            let (title, _, _) = self.words(lesson);
            let number = lesson.number();
            screen.line(&format!("{number:4} {state:6} {title}{here}"));
        }
        screen.blank();
        let number = self.course.lessons[current].number();
        screen.command("cargo workbook", "the task of the lesson where you are");
        screen.command(
            &format!("cargo workbook check {number}"),
            "checks your exercise",
        );
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    /// `cargo workbook run NN`: becomes the lesson's program.
    ///
    /// # Errors
    ///
    /// When there is no such lesson, or cargo cannot be started.
    pub fn run(
        &self,
        name: &str,
        address: Option<&str>,
        exercise: bool,
    ) -> Result<ExitCode> {
        let lesson = self.course.find(name)?;
        let mut cargo =
            Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(&self.course.root).arg("run");
        match exercise {
            true => cargo
                .args(["--package", "lessons", "--bin"])
                .arg(format!("{}_exercise", lesson.slug)),
            false => cargo.arg("--bin").arg(&lesson.slug),
        };
        if let Some(address) = address {
            cargo.args(["--", address]);
        }
        become_cargo(cargo)
    }

    /// `cargo workbook hint [NN]`: one more each time.
    ///
    /// # Errors
    ///
    /// When there is no such lesson.
    pub fn hint(&mut self, name: Option<&str>) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        let lesson = &self.course.lessons[at];
        let all = lesson.text.hints.len();
        let shown = (self.progress.hints(lesson) + 1).min(all);
        self.progress.set_hints(lesson, shown);
        self.progress.set_current(lesson);
        self.keep();
        let mut screen = self.screen();
        let number = lesson.number();
        let (title, _, hints) = self.words(lesson);
        screen.title(&format!("{number}  {title}"));
        for (hint, count) in hints.iter().take(shown).zip(1..) {
            screen.blank();
            screen.line(&format!("Hint {count} of {all}"));
            screen.line(wrapped(hint).trim_end());
        }
        screen.blank();
        let command = format!("cargo workbook check {number}");
        screen.command(&command, "checks your exercise");
        let (command, what) = match shown < all {
            true => (format!("hint {number}"), "one more hint"),
            false => (
                format!("solution {number} --anyway"),
                "there are no more hints",
            ),
        };
        screen.command(&format!("cargo workbook {command}"), what);
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    /// `cargo workbook solution [NN]`.
    ///
    /// # Errors
    ///
    /// When there is no such lesson, or its check has not passed.
    pub fn solution(&self, name: Option<&str>, anyway: bool) -> Result<ExitCode> {
        let lesson = &self.course.lessons[self.lesson(name)?];
        let number = lesson.number();
        if !anyway && !self.progress.has_passed(lesson) {
            bail!(
                "{number} has not passed yet. A hint may be enough: `cargo workbook hint \
                 {number}`. To see the solution all the same: `cargo workbook solution \
                 {number} --anyway`"
            );
        }
        let file = lesson.solution();
        let text = fs::read_to_string(&file);
        let text = text.with_context(|| format!("cannot read {}", file.display()))?;
        let mut screen = self.screen();
        screen.line(&format!("// {}", self.shown(&file)));
        screen.blank();
        screen.line(text.trim_end());
        screen.blank();
        screen.line("// Next: cargo workbook next");
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }

    /// `cargo workbook reset NN|--all`: asks, keeps a copy, puts the start back.
    ///
    /// # Errors
    ///
    /// When there is no such lesson, or a file cannot be written: then the exercise is as
    /// it was.
    pub fn reset(&mut self, name: Option<&str>, yes: bool) -> Result<ExitCode> {
        let lessons = match name {
            Some(name) => vec![self.course.find(name)?],
            None => self.course.lessons.iter().collect(),
        };
        let changed: Vec<&Lesson> =
            lessons.into_iter().filter(|all| is_begun(all)).collect();
        if changed.is_empty() {
            return self.say("Nothing to put back: that is how it was at first.", true);
        }
        let kept = format!("lessons/{FOLDER}/kept");
        if !yes && !self.agrees(&changed, &kept)? {
            return self.say("Nothing was changed.", false);
        }
        for lesson in &changed {
            put_back(&self.course.root.join(&kept), lesson)?;
            self.progress.set_hints(lesson, 0);
        }
        self.keep();
        let number = changed[0].number();
        let next = format!("cargo workbook check {number}");
        self.say(
            &format!("Done. What was yours is in {kept}. Next: {next}"),
            true,
        )
    }

    fn agrees(&self, changed: &[&Lesson], kept: &str) -> Result<bool> {
        let files = changed.iter().map(|all| self.shown(&all.exercise()));
        let files = files.collect::<Vec<_>>().join(", ");
        print!(
            "The start comes back in place of {files}. A copy of what is there now is kept \
             in {kept}. Go on? [y/N] "
        );
        io::stdout().flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
    }

    fn say(&self, line: &str, is_good: bool) -> Result<ExitCode> {
        let mut screen = self.screen();
        screen.line(line);
        screen.show()?;
        Ok(if is_good {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    /// `cargo workbook next`: goes on, also past one that has not passed.
    ///
    /// # Errors
    ///
    /// When it cannot be shown.
    pub fn next(&mut self) -> Result<ExitCode> {
        let current = self.lesson(None)?;
        let mut screen = self.screen();
        let Some(next) = self.first_to_do(current + 1) else {
            return self.where_you_are();
        };
        let left = &self.course.lessons[current];
        if next != current && !self.progress.has_passed(left) {
            let number = left.number();
            screen.line(&format!("{number} has not passed, and is left for later."));
            screen.blank();
        }
        self.progress.set_current(&self.course.lessons[next]);
        self.keep();
        self.task(&mut screen, next);
        screen.show()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Whether the exercise is another text than its start, or is gone.
fn is_begun(lesson: &Lesson) -> bool {
    let start = fs::read(lesson.start()).ok();
    fs::read(lesson.exercise()).ok() != start
}

/// The copy is on the disk before the exercise changes.
fn put_back(kept: &Path, lesson: &Lesson) -> Result<()> {
    let exercise = lesson.exercise();
    let start = fs::read_to_string(lesson.start());
    let start =
        start.with_context(|| format!("cannot read {}", lesson.start().display()))?;
    if exercise.exists() {
        let yours = fs::read(&exercise);
        let yours =
            yours.with_context(|| format!("cannot read {}", exercise.display()))?;
        let copy = free_name(&kept.join(format!("{}.rs", lesson.slug)), "copy");
        replace(&copy, &yours).with_context(|| {
            format!(
                "{} is as it was, since no copy of it can be kept: cannot write {}",
                exercise.display(),
                copy.display()
            )
        })?;
    }
    replace(&exercise, start.as_bytes()).with_context(|| {
        format!("{} is as it was: cannot write it", exercise.display())
    })
}

/// On Unix the runner becomes cargo, so that nothing stands between it and Ctrl-C.
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
