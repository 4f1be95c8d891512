//! `cargo workbook check`: builds, starts, scrapes and checks an exercise, and reports
//! the result.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::commands::Workbook;
use crate::compile::compile;
use crate::course::Lesson;
use crate::finding::{last_lines, shown};
use crate::judge::{Outcome, Report, Verdict, judge};
use crate::messages as m;
use crate::screen::{DETAILS, Screen};
use crate::words::{is_chinese, say};

/// The result of a check.
enum Checked {
    /// The file is missing.
    Missing,
    /// The build failed: the compiler has said why.
    NotBuilt,
    Judged {
        report: Report,
        building: Duration,
        judging: Duration,
    },
}

impl Checked {
    fn has_passed(&self) -> bool {
        matches!(self, Checked::Judged { report, .. } if report.has_passed())
    }

    fn in_a_word(&self) -> String {
        match self {
            Checked::Missing => say(m::NOT_THERE, []),
            Checked::NotBuilt => say(m::DOES_NOT_COMPILE, []),
            Checked::Judged { .. } if self.has_passed() => say(m::PASSES, []),
            Checked::Judged { .. } => say(m::DOES_NOT_PASS, []),
        }
    }
}

impl Workbook {
    /// `cargo workbook check [NN]`; checks `program` instead of the exercise if given.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson or the machine fails.
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
        let (number, file) = (lesson.number(), self.shown(&file));
        screen.title(&say(m::CHECKING, [&number, &file]));
        screen.show()?;
        let checked = checked(&self.course.root, lesson, program)?;
        if program.is_none() {
            self.remember(|lessons, progress| {
                progress.set_current(&lessons[at]);
                if checked.has_passed() {
                    progress.set_passed(&lessons[at]);
                }
            });
        }
        self.show(at, checked)
    }

    /// `cargo workbook check --all`.
    ///
    /// # Errors
    ///
    /// Returns an error if the machine fails.
    pub fn check_all(&mut self) -> Result<ExitCode> {
        let mut code = ExitCode::SUCCESS;
        let mut passed = Vec::new();
        for (at, lesson) in self.course.lessons.iter().enumerate() {
            let checked = checked(&self.course.root, lesson, None)?;
            match checked.has_passed() {
                true => passed.push(at),
                false => code = ExitCode::FAILURE,
            }
            let mut screen = self.screen();
            screen.line(&format!("{:4} {}", lesson.number(), checked.in_a_word()));
            screen.show()?;
        }
        self.remember(|lessons, progress| {
            for at in passed {
                progress.set_passed(&lessons[at]);
            }
        });
        let mut screen = self.screen();
        screen.blank();
        self.bar(&mut screen);
        screen.blank();
        let next = say(m::WHERE_YOU_ARE, []);
        screen.commands(&[("cargo workbook".to_owned(), next)]);
        screen.show()?;
        Ok(code)
    }

    fn show(&self, at: usize, checked: Checked) -> Result<ExitCode> {
        let lesson = &self.course.lessons[at];
        let mut screen = self.screen();
        let has_passed = checked.has_passed();
        match checked {
            Checked::Missing => self.is_missing(&mut screen, lesson),
            Checked::NotBuilt => {
                screen.blank();
                screen.line(&say(m::NOT_BUILT, []));
                self.try_again(&mut screen, lesson, false);
            }
            Checked::Judged {
                report,
                building,
                judging,
            } => {
                self.judged(&mut screen, lesson, report, &took(building, judging));
            }
        }
        screen.show()?;
        Ok(exit_code(has_passed))
    }

    fn judged(
        &self,
        screen: &mut Screen,
        lesson: &Lesson,
        mut report: Report,
        took: &str,
    ) {
        self.translate(lesson, &mut report.verdicts);
        let are_all_shown = screen.verdicts(&report.verdicts);
        if !report.has_passed() {
            printed(screen, &report.printed);
        }
        screen.line(took);
        screen.blank();
        if !are_all_shown {
            let number = lesson.number();
            screen.line(&say(m::DETAILS_OF_FIRST, [&DETAILS, &number]));
        }
        self.sum_up(screen, lesson, &report.verdicts);
    }

    fn is_missing(&self, screen: &mut Screen, lesson: &Lesson) {
        let file = self.shown(&lesson.exercise());
        screen.line(&say(m::NOT_THERE_AND_NEXT, [&file]));
        screen.blank();
        let command = format!("cargo workbook reset {}", lesson.number());
        screen.commands(&[(command, say(m::BRINGS_BACK, []))]);
    }

    /// The names and reasons of the checks in Chinese, if that is the learner's language.
    fn translate(&self, lesson: &Lesson, verdicts: &mut [Verdict]) {
        let Some(zh) = lesson.text.zh.as_ref().filter(|_| is_chinese()) else {
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
            let is_unseen = |all: &Verdict| matches!(all.outcome, Outcome::NotSeen);
            if verdicts.iter().any(is_unseen) {
                screen.line(&say(m::UNSEEN_BECAUSE, []));
            }
            screen.line(&say(m::SOME_HOLD, [&good, &all, &number]));
            if self.progress.has_passed(lesson) {
                screen.line(&say(m::PASSED_BEFORE, []));
            }
            self.try_again(screen, lesson, true);
            return;
        }
        screen.line(&say(m::ALL_HOLD, [&all, &lesson.number()]));
        self.bar(screen);
        screen.blank();
        let solution = format!("cargo workbook solution {}", lesson.number());
        let next = ("cargo workbook next".to_owned(), say(m::THE_NEXT_TASK, []));
        let mut commands = vec![(solution, say(m::SOLUTION_BESIDE_YOURS, []))];
        if !self.has_keys() {
            commands.insert(0, next);
        }
        screen.commands(&commands);
    }

    /// Whether a `watch` offers its keys as the next step.
    fn has_keys(&self) -> bool {
        self.is_watching && self.manner.columns.is_some()
    }

    fn try_again(&self, screen: &mut Screen, lesson: &Lesson, is_built: bool) {
        let number = lesson.number();
        let file = self.shown(&lesson.exercise());
        if self.is_watching {
            let edit = match self.has_keys() {
                true => say(m::EDIT_FILE, [&file]),
                false => say(m::EDIT_OR_HINT, [&file, &number]),
            };
            screen.line(&edit);
            return;
        }
        screen.line(&say(m::EDIT_AND_TYPE, [&file]));
        screen.blank();
        let of = |command: &str| format!("cargo workbook {command} {number}");
        let mut commands = vec![
            (of("check"), say(m::CHECKS_AGAIN, [])),
            (of("watch"), say(m::CHECKS_EACH_SAVE, [])),
            (of("hint"), say(m::A_HINT, [])),
            (of("task"), say(m::THE_TASK_AGAIN, [])),
        ];
        if is_built {
            let looks = say(m::RUNS_TO_LOOK_AT, []);
            commands.push((of("run") + " --exercise", looks));
        }
        screen.commands(&commands);
    }
}

fn printed(screen: &mut Screen, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    screen.line(&say(m::THE_PROGRAM_PRINTED, []));
    screen.printed(&shown(&last_lines(&counted(text), 12)));
}

/// Each line once, with its count: a check sends many similar requests.
fn counted(text: &str) -> String {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for line in text.lines() {
        let line = without_thread(line);
        match lines.iter_mut().find(|(other, _)| *other == line) {
            Some((_, count)) => *count += 1,
            None => lines.push((line, 1)),
        }
    }
    let lines = lines.into_iter().map(|(line, count)| match count {
        1 => line,
        count => say(m::REPEATED, [&line, &count]),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The line without the id of the thread that panicked, which always differs.
fn without_thread(line: &str) -> String {
    let Some((thread, place)) = line.split_once(") panicked at ") else {
        return line.to_owned();
    };
    match thread.rsplit_once(" (") {
        Some((name, _)) => format!("{name} panicked at {place}"),
        None => line.to_owned(),
    }
}

fn checked(root: &Path, lesson: &Lesson, program: Option<&Path>) -> Result<Checked> {
    let began = Instant::now();
    let is_untouched = program.is_none() && !lesson.is_begun();
    let program = match program {
        // It runs in another folder.
        Some(program) => std::path::absolute(program)?,
        None if !lesson.exercise().exists() => return Ok(Checked::Missing),
        None => match compile(root, lesson)? {
            Some(built) => built,
            None => return Ok(Checked::NotBuilt),
        },
    };
    let building = began.elapsed();
    let mut report = judge(lesson, &program)?;
    if is_untouched {
        report.leave_out_fixes();
    }
    Ok(Checked::Judged {
        report,
        building,
        judging: began.elapsed() - building,
    })
}

fn took(building: Duration, judging: Duration) -> String {
    let (building, judging) = (building.as_secs_f64(), judging.as_secs_f64());
    let (building, judging) = (format!("{building:.1}"), format!("{judging:.1}"));
    say(m::BUILT_AND_JUDGED, [&building, &judging])
}

fn exit_code(has_passed: bool) -> ExitCode {
    match has_passed {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_lines_are_counted() {
        assert_eq!(counted("a\nb\na\na\n"), "a  (3 times)\nb");
        let panics =
            "thread 'a' (1) panicked at b:1:2:\nthread 'a' (7) panicked at b:1:2:";
        assert_eq!(counted(panics), "thread 'a' panicked at b:1:2:  (2 times)");
    }
}
