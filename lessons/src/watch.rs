//! `cargo workbook watch`: checks again each time the exercise is saved.
//!
//! In a terminal it is a full-screen page: the result, with the keys below. Elsewhere it
//! prints lines, one check after the other. Each check is a process of its own, so that
//! an outdated one can be dropped.

use std::io::Write;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use std::{env, io};

use anyhow::{Context, Result};

use crate::background::Check;
use crate::commands::Workbook;
use crate::course::Lesson;
#[cfg(unix)]
use crate::keys::Keys;
use crate::messages as m;
#[cfg(not(unix))]
use crate::no_keys::Keys;
use crate::saves::{Saves, Texts};
use crate::screen::{self, Manner};
use crate::words::say;

/// Editors may save in several steps: the check starts this long after the last one.
const QUIET: Duration = Duration::from_millis(100);

/// How often to look whether a check has ended.
const TICK: Duration = Duration::from_millis(20);

/// An event that `watch` waits for.
pub enum Event {
    /// Something in the exercise's folder may have changed.
    Saved,
    Key(u8),
    /// A terminating signal.
    Signal(i32),
}

impl Workbook {
    /// `cargo workbook watch [NN]`, until Ctrl-C; with `looks`, looks for changes twice a
    /// second.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such lesson, or no check can be started.
    pub fn watch(&mut self, name: Option<&str>, looks: bool) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        self.is_watching = true;
        let (sender, events) = mpsc::channel();
        let keys = Keys::listen(&sender);
        let saves = Saves::follow(&self.course.lessons[at].folder, looks, &sender);
        let mut watch = Watch {
            workbook: self,
            at,
            looks,
            sender,
            saves,
            keys,
            due: None,
            check: None,
            checked: None,
            count: 0,
            page: Page::default(),
        };
        watch.check()?;
        watch.go_on(&events)
    }
}

struct Watch<'a> {
    workbook: &'a mut Workbook,
    at: usize,
    looks: bool,
    sender: Sender<Event>,
    saves: Saves,
    /// The keys, in a terminal.
    keys: Option<Keys>,
    /// When the save is complete.
    due: Option<Instant>,
    check: Option<Check>,
    /// The files that were checked last.
    checked: Option<Texts>,
    count: usize,
    page: Page,
}

/// The text above the keys.
#[derive(Default)]
struct Page {
    found: String,
    hint: String,
    note: String,
}

impl Watch<'_> {
    fn go_on(&mut self, events: &Receiver<Event>) -> Result<ExitCode> {
        loop {
            let is_idle = self.check.is_none() && self.due.is_none();
            let pause = if is_idle {
                Duration::from_secs(3600)
            } else {
                TICK
            };
            match events.recv_timeout(pause) {
                Ok(Event::Saved) => self.due = Some(Instant::now() + QUIET),
                Ok(Event::Signal(signal)) => return Ok(self.end(128 + signal)),
                Ok(Event::Key(key)) if self.key(key)? => return Ok(self.end(0)),
                Ok(Event::Key(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Ok(self.end(0)),
            }
            if self.due.is_some_and(|due| Instant::now() >= due) {
                self.due = None;
                let now = Texts::of(&self.lesson().folder);
                if self.checked.as_ref() != Some(&now) {
                    self.check()?;
                }
            }
            self.look()?;
        }
    }

    fn lesson(&self) -> &Lesson {
        &self.workbook.course.lessons[self.at]
    }

    /// Starts a check of the current files, and drops a running one.
    fn check(&mut self) -> Result<()> {
        self.check = None;
        self.count += 1;
        self.page.note.clear();
        self.checked = Some(Texts::of(&self.lesson().folder));
        let manner = Manner::of_output(self.workbook.manner.plain, None);
        self.workbook.manner.columns = manner.columns;
        self.begin()?;
        let slug = self.lesson().slug.clone();
        let manner = self.workbook.manner;
        self.check = Some(Check::start(&slug, manner, self.keys.is_some())?);
        Ok(())
    }

    /// Announces a check; in lines, with what distinguishes it from the one above.
    fn begin(&mut self) -> Result<()> {
        let mut screen = self.workbook.screen();
        if self.keys.is_some() {
            let file = self.workbook.shown(&self.lesson().exercise());
            let number = self.lesson().number();
            screen.title(&say(m::CHECKING, [&number, &file]));
            self.page.found = screen.into_text();
            return self.draw();
        }
        if self.count > 1 {
            screen.blank();
            screen.title(&say(m::SAVED, [&self.count]));
        }
        Ok(screen.show()?)
    }

    /// Shows the result of the check, if it has ended.
    fn look(&mut self) -> Result<()> {
        let said = self.check.as_mut().map(Check::ended).transpose()?;
        let Some(said) = said.flatten() else {
            return Ok(());
        };
        self.check = None;
        self.workbook.read_again();
        if self.keys.is_some() {
            self.page.found = said;
            if self.has_passed() {
                self.page.hint.clear();
            }
            return self.draw();
        }
        let mut screen = self.workbook.screen();
        screen.blank();
        screen.line(&say(m::WAITING_FOR_SAVE, []));
        Ok(screen.show()?)
    }

    fn has_passed(&self) -> bool {
        self.workbook.progress.has_passed(self.lesson())
    }

    /// Handles a key; returns whether to quit.
    fn key(&mut self, key: u8) -> Result<bool> {
        const CONTROL_C: u8 = 3;
        const CONTROL_D: u8 = 4;
        const CONTROL_Z: u8 = 26;
        self.page.note.clear();
        match key.to_ascii_lowercase() {
            b'q' | CONTROL_C | CONTROL_D => return Ok(true),
            b'h' => {
                let is_last = self.workbook.has_all_hints(self.at);
                let hint = self.workbook.one_more_hint(self.at, false);
                self.page.hint = hint.into_text();
                if is_last {
                    self.page.note = say(m::ALL_HINTS_SHOWN, []);
                }
                self.draw()?;
            }
            b'r' => self.check()?,
            b'n' => self.next()?,
            b'e' => self.edit()?,
            CONTROL_Z => {
                if let Some(keys) = &self.keys {
                    keys.suspend();
                }
                self.draw()?;
            }
            _ => {}
        }
        Ok(false)
    }

    fn next(&mut self) -> Result<()> {
        if !self.has_passed() {
            let number = self.lesson().number().to_owned();
            self.page.note = say(m::NOT_PASSED_YET, [&number]);
            return self.draw();
        }
        self.check = None;
        let (screen, next) = self.workbook.go_on(self.at)?;
        self.at = next;
        let folder = self.lesson().folder.clone();
        self.saves = Saves::follow(&folder, self.looks, &self.sender);
        // The starter code fails: its check says nothing new, and would hide the task.
        self.checked = Some(Texts::of(&folder));
        self.page = Page {
            found: screen.into_text(),
            ..Page::default()
        };
        self.draw()
    }

    /// Opens the exercise in the learner's editor, and waits until it ends.
    fn edit(&mut self) -> Result<()> {
        let of_environment = |name| env::var(name).ok().filter(|all| !all.is_empty());
        let editor = of_environment("VISUAL").or_else(|| of_environment("EDITOR"));
        let (Some(editor), Some(keys)) = (editor, &self.keys) else {
            let file = self.workbook.shown(&self.lesson().exercise());
            self.page.note = say(m::EDITOR_NOT_SET, [&file]);
            return self.draw();
        };
        if self.check.take().is_some() {
            // Checked again afterwards, changed or not.
            self.checked = None;
        }
        let mut command = Command::new("sh");
        // It may have arguments: `code --wait`.
        command.args(["-c", &format!("{editor} \"$1\""), "sh"]);
        let file = self.lesson().exercise();
        // Below the keys, in case it doesn't fill the terminal.
        let _ = writeln!(io::stdout());
        let status = keys.lend(|| command.arg(file).status());
        let status = status.context("cannot start sh")?;
        self.page.note = match status.success() {
            true => String::new(),
            false => say(m::EDITOR_FAILED, [&editor, &status]),
        };
        self.due = Some(Instant::now());
        self.draw()
    }

    /// Draws the page, with the keys in the terminal's last line.
    fn draw(&self) -> Result<()> {
        if self.keys.is_none() {
            return Ok(());
        }
        let page = &self.page;
        let mut whole = page.found.clone() + &page.hint;
        if !page.note.is_empty() {
            let mut screen = self.workbook.screen();
            screen.blank();
            screen.line(&page.note);
            whole += &screen.into_text();
        }
        let columns = self.workbook.manner.columns.unwrap_or_default();
        screen::page(&whole, &keys_in(columns, self.has_passed()))?;
        Ok(())
    }

    /// Leaves the cursor where the shell continues.
    fn end(&mut self, code: i32) -> ExitCode {
        self.check = None;
        if self.keys.take().is_some() {
            let _ = writeln!(io::stdout());
        }
        ExitCode::from(u8::try_from(code).unwrap_or(1))
    }
}

/// One line with the keys.
fn keys_in(columns: usize, has_passed: bool) -> String {
    let mut keys = vec![say(m::KEY_HINT, []), say(m::KEY_AGAIN, [])];
    keys.extend(has_passed.then(|| say(m::KEY_NEXT, [])));
    keys.extend([say(m::KEY_EDIT, []), say(m::KEY_QUIT, [])]);
    let joined = ["   ", "  "].map(|gap| keys.join(gap));
    let fits = |line: &String| crate::wrap::columns(line) < columns;
    joined
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| keys.join(" "))
}
