//! `cargo workbook check`: builds, starts, scrapes, judges, and says what was found.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::commands::Workbook;
use crate::compile::compile;
use crate::course::Lesson;
use crate::judge::{Outcome, Verdict, judge};
use crate::screen::Screen;

/// How a check went.
enum Checked {
    /// The file is not there.
    Missing,
    /// The compiler said why.
    NotBuilt,
    Judged {
        verdicts: Vec<Verdict>,
        building: Duration,
        judging: Duration,
    },
}

impl Checked {
    fn has_passed(&self) -> bool {
        let Checked::Judged { verdicts, .. } = self else {
            return false;
        };
        verdicts
            .iter()
            .all(|all| matches!(all.outcome, Outcome::Holds))
    }
}

impl Workbook {
    /// `cargo workbook check [NN]`; with a `program` it is judged in the exercise's place.
    ///
    /// # Errors
    ///
    /// When there is no such lesson, or this machine fails.
    pub fn check(
        &mut self,
        name: Option<&str>,
        program: Option<&Path>,
    ) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        let lesson = &self.course.lessons[at];
        let file = match program {
            Some(program) => program.to_owned(),
            None => lesson.exercise(),
        };
        let mut screen = self.screen();
        screen.title(&format!(
            "{}  checking {}",
            lesson.number(),
            self.shown(&file)
        ));
        screen.show()?;
        if program.is_none() {
            self.progress.set_current(lesson);
        }
        let checked = checked(&self.course.root, lesson, program)?;
        if program.is_none() && checked.has_passed() {
            self.progress.set_passed(lesson);
        }
        if program.is_none() {
            self.keep();
        }
        self.show(at, checked)
    }

    /// `cargo workbook check --all`.
    ///
    /// # Errors
    ///
    /// When this machine fails.
    pub fn check_all(&mut self) -> Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        for lesson in &self.course.lessons {
            let checked = checked(&self.course.root, lesson, None)?;
            let word = match &checked {
                Checked::Missing => "is not there",
                Checked::NotBuilt => "does not compile",
                Checked::Judged { .. } if checked.has_passed() => "passes",
                Checked::Judged { .. } => "does not pass",
            };
            if checked.has_passed() {
                self.progress.set_passed(lesson);
            } else {
                code = ExitCode::FAILURE;
            }
            let mut screen = self.screen();
            screen.line(&format!("{:4} {word}", lesson.number()));
            screen.show()?;
        }
        self.keep();
        let mut screen = self.screen();
        screen.blank();
        self.bar(&mut screen);
        screen.command("cargo workbook", "what is next");
        screen.show()?;
        Ok(code)
    }

    fn show(&self, at: usize, checked: Checked) -> Result<ExitCode> {
        let lesson = &self.course.lessons[at];
        let mut screen = self.screen();
        let has_passed = checked.has_passed();
        match checked {
            Checked::Missing => {
                let file = self.shown(&lesson.exercise());
                screen.line(&format!("{file} is not there. What to type next:"));
                let command = format!("cargo workbook reset {}", lesson.number());
                screen.command(&command, "brings its start back");
            }
            Checked::NotBuilt => {
                screen.blank();
                screen.line("It was not built: the compiler says why above.");
                self.try_again(&mut screen, lesson);
            }
            Checked::Judged {
                mut verdicts,
                building,
                judging,
            } => {
                self.translate(lesson, &mut verdicts);
                screen.verdicts(&verdicts);
                screen.line(&took(building, judging));
                screen.blank();
                self.sum_up(&mut screen, lesson, &verdicts);
            }
        }
        screen.show()?;
        Ok(exit_code(has_passed))
    }

    /// The judges' names and reasons in Chinese, for whoever reads it.
    fn translate(&self, lesson: &Lesson, verdicts: &mut [Verdict]) {
        let Some(zh) = lesson.text.zh.as_ref().filter(|_| self.is_chinese()) else {
            return;
        };
        for verdict in verdicts {
            let Some(words) = zh.judge.get(&verdict.name) else {
                continue;
            };
            words.name.clone_into(&mut verdict.name);
            if let Outcome::Fails(finding) = &mut verdict.outcome {
                words.why.clone_into(&mut finding.why);
            }
        }
    }

    fn sum_up(&self, screen: &mut Screen, lesson: &Lesson, verdicts: &[Verdict]) {
        let holds = |all: &&Verdict| matches!(all.outcome, Outcome::Holds);
        let good = verdicts.iter().filter(holds).count();
        let all = verdicts.len();
        if good < all {
            let number = lesson.number();
            screen.line(&format!("{good} of {all} hold: {number} is not done."));
            self.try_again(screen, lesson);
            return;
        }
        screen.line(&format!("All {all} hold: {} has passed.", lesson.number()));
        self.bar(screen);
        screen.blank();
        screen.command("cargo workbook next", "the next task");
        let command = format!("cargo workbook solution {}", lesson.number());
        screen.command(&command, "how we would have written it");
    }

    fn try_again(&self, screen: &mut Screen, lesson: &Lesson) {
        let number = lesson.number();
        screen.line(&format!(
            "Edit {}, and type one of:",
            self.shown(&lesson.exercise())
        ));
        screen.blank();
        screen.command(&format!("cargo workbook check {number}"), "checks it again");
        screen.command(
            &format!("cargo workbook watch {number}"),
            "checks it each time you save",
        );
        screen.command(&format!("cargo workbook hint {number}"), "a hint");
    }
}

fn checked(root: &Path, lesson: &Lesson, program: Option<&Path>) -> Result<Checked> {
    let began = Instant::now();
    let program = match program {
        Some(program) => program.to_owned(),
        None if !lesson.exercise().exists() => return Ok(Checked::Missing),
        None => match compile(root, &format!("{}_exercise", lesson.slug))? {
            Some(built) => built,
            None => return Ok(Checked::NotBuilt),
        },
    };
    let building = began.elapsed();
    let verdicts = judge(lesson, &program)?;
    Ok(Checked::Judged {
        verdicts,
        building,
        judging: began.elapsed() - building,
    })
}

fn took(building: Duration, judging: Duration) -> String {
    let (building, judging) = (building.as_secs_f64(), judging.as_secs_f64());
    format!("  (built in {building:.1} s, judged in {judging:.1} s)")
}

fn exit_code(has_passed: bool) -> ExitCode {
    match has_passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
