//! `cargo workbook watch`: checks again each time the exercise is saved.

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;

use anyhow::{Context, Result};
use notify::{Config, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};

use crate::commands::Workbook;
use crate::words::say;

/// An editor writes a file in several goes: this long after the last of them it is checked.
const QUIET: Duration = Duration::from_millis(100);

/// How often to look where the system cannot tell.
const POLL: Duration = Duration::from_secs(1);

impl Workbook {
    /// `cargo workbook watch [NN]`, until Ctrl-C.
    ///
    /// # Errors
    ///
    /// When there is no such lesson, or its folder cannot be watched.
    pub fn watch(&mut self, name: Option<&str>) -> Result<ExitCode> {
        let at = self.lesson(name)?;
        let lesson = &self.course.lessons[at];
        let (slug, exercise) = (lesson.slug.clone(), lesson.exercise());
        let (sender, saved) = mpsc::channel();
        // Editors save by a new file of the old one's name, so the folder is what to watch.
        let _watcher = watcher(&lesson.folder, sender)?;
        let mut checked = None;
        let mut count = 0;
        self.is_watching = true;
        loop {
            let text = fs::read(&exercise).ok();
            if checked.as_ref() != Some(&text) {
                checked = Some(text);
                count += 1;
                self.begin(count)?;
                self.check(Some(&slug), None)?;
                let mut screen = self.screen();
                screen.blank();
                screen.line(&say(
                    "Waiting for you to save it. Ctrl-C ends this, for another \
                     command.",
                    &[],
                ));
                screen.show()?;
            }
            wait(&saved)?;
        }
    }

    /// What tells one check from the one above it.
    fn begin(&self, count: usize) -> Result<()> {
        let mut screen = self.screen();
        if count > 1 {
            screen.blank();
            screen.title(&say("Saved: check {}", &[&count]));
        }
        Ok(screen.show()?)
    }
}

/// Until something was saved, and then until all is quiet.
fn wait(saved: &Receiver<()>) -> Result<()> {
    saved.recv().context("nobody watches any more")?;
    while saved.recv_timeout(QUIET).is_ok() {}
    Ok(())
}

fn watcher(folder: &Path, saved: Sender<()>) -> Result<Box<dyn Watcher>> {
    let tell = move |_| {
        let _ = saved.send(());
    };
    if let Ok(mut watcher) = RecommendedWatcher::new(tell.clone(), Config::default()) {
        if watcher.watch(folder, RecursiveMode::NonRecursive).is_ok() {
            return Ok(Box::new(watcher));
        }
    }
    let config = Config::default().with_poll_interval(POLL);
    let mut watcher = PollWatcher::new(tell, config).context("cannot watch files")?;
    let watched = watcher.watch(folder, RecursiveMode::NonRecursive);
    watched.with_context(|| format!("cannot watch {}", folder.display()))?;
    Ok(Box::new(watcher))
}
