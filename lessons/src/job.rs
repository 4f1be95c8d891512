//! A run of a program that must end by itself, as a batch job does, and the file that it
//! leaves.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::ask::{Asked, Part};
use crate::changes::{Change, Changes, Kind};
use crate::course::{Exit, Judge, Lesson, PageKind, Step};
use crate::finding::{Finding, first_lines};
use crate::folder::Folder;
use crate::messages as m;
use crate::program::{Place, Running, Variables, how};
use crate::scrape::Answer;
use crate::wanted::{Found, fails, in_the_words_of};
use crate::words::say;

/// How long a program may take to end.
const LONGEST: Duration = Duration::from_secs(5);

/// More than any exercise writes.
const LARGEST: u64 = 1024 * 1024;

/// A run that is over.
pub struct Job {
    pub running: Running,
    pub ended: Ended,
    /// The exposition that it has left, as if it were a response.
    pub asked: Vec<Asked>,
}

/// How it ended.
pub struct Ended {
    /// Its exit status, or why there is none.
    pub status: Result<ExitStatus, Finding>,
    /// What whoever had opened its file before reads now, if that has changed.
    in_place: Option<Vec<u8>>,
    /// What is in its file now, if that has changed.
    changed: Option<Vec<u8>>,
    /// What happened in its folder meanwhile.
    changes: Vec<Change>,
    /// The names in its folder.
    names: Vec<String>,
}

impl Job {
    /// Starts `program` in `folder`, and waits until it ends.
    ///
    /// # Errors
    ///
    /// Returns an error if nothing can be started.
    pub fn run(
        program: &Path,
        env: &Variables,
        lesson: &Lesson,
        step: &Step,
        folder: &Arc<Folder>,
    ) -> Result<Job> {
        let file = Path::new(&step.get);
        let mut opened = folder.open(file);
        let mut read = || opened.as_mut().map(content);
        let before = read();
        let place = place(lesson, step, folder);
        let changes = Changes::of(folder.path());
        let mut running = Running::spawn(program, env, place)?;
        let status = end_of(&mut running);
        let in_place = read().filter(|after| before.as_ref() != Some(after));
        let after = folder.open(file).as_mut().map(content);
        let changed = (after != before).then(|| after.unwrap_or_default());
        let ended = Ended {
            status,
            in_place,
            changed,
            changes: changes.map(Changes::so_far).unwrap_or_default(),
            names: folder.names(),
        };
        let asked = match step.page {
            PageKind::Metrics if ended.status.is_ok() => vec![left(folder, &step.get)],
            _ => Vec::new(),
        };
        Ok(Job {
            running,
            ended,
            asked,
        })
    }
}

fn place(lesson: &Lesson, step: &Step, folder: &Arc<Folder>) -> Place {
    Place {
        folder: Arc::clone(folder),
        is_kept: true,
        is_full: step.full,
        has_address: lesson.serves(),
    }
}

fn end_of(running: &mut Running) -> Result<ExitStatus, Finding> {
    let started = Instant::now();
    while started.elapsed() < LONGEST {
        if let Some(status) = running.ended()? {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(2));
    }
    let printed = running.what_it_printed();
    let seen = say(m::STILL_RUNS, [&LONGEST.as_secs(), &printed]);
    Err(Finding::runs(&seen, "", ""))
}

/// The content, from the start.
fn content(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What can't be read is empty.
    let _ = file.seek(SeekFrom::Start(0));
    let _ = file.take(LARGEST).read_to_end(&mut bytes);
    bytes
}

/// The exposition in the file; an empty one if there is no file.
fn left(folder: &Folder, name: &str) -> Asked {
    let file = folder.open(Path::new(name));
    let how = match file {
        Some(_) => String::new(),
        None => say(m::NO_FILE, [&name]),
    };
    let text = file.map(|mut file| content(&mut file));
    Asked {
        path: name.to_owned(),
        part: Part::Asked,
        how,
        at_once: false,
        answer: Ok(Answer {
            status: 200,
            content_type: Some("text/plain; version=0.0.4".to_owned()),
            headers: Vec::new(),
            location: None,
            body: text.unwrap_or_default(),
            took: Duration::ZERO,
        }),
    }
}

/// Checks that the program has ended so.
///
/// # Errors
///
/// Returns how it ended instead.
pub fn of_exit(judge: &Judge, running: &Running, ended: &Ended, exit: Exit) -> Found {
    let expected = match exit {
        Exit::Success => say(m::ENDS_WITH_0, []),
        Exit::Failure => say(m::ENDS_WITH_AN_ERROR, []),
    };
    match &ended.status {
        Ok(status) if status.success() == (exit == Exit::Success) => Ok(()),
        Ok(status) => {
            let seen = format!("{}{}", how(*status), running.what_it_printed());
            fails(judge, &seen, &expected)
        }
        Err(finding) => {
            let mut finding = in_the_words_of(Some(judge), finding.clone());
            if finding.expected.is_empty() {
                finding.expected = expected;
            }
            Err(finding)
        }
    }
}

/// Checks that the file wasn't written in place.
///
/// # Errors
///
/// Returns what whoever had opened it reads now.
pub fn of_replaced(judge: &Judge, ended: &Ended, file: &str) -> Found {
    if let Some(text) = &ended.in_place {
        let text = String::from_utf8_lossy(text);
        let seen = say(m::WRITTEN_IN_PLACE, [&file, &first_lines(&text, 6)]);
        return fails(judge, &seen, &say(m::REPLACED, [&file]));
    }
    let mut changes = ended.changes.iter().filter(|all| all.name == file);
    let seen = match changes.find(|all| all.kind != Kind::Came) {
        None => return Ok(()),
        Some(change) if change.kind == Kind::Gone => say(m::WAS_GONE, [&file]),
        Some(_) => say(m::WAS_WRITTEN, [&file]),
    };
    fails(judge, &seen, &say(m::ONLY_RENAMED, [&file]))
}

/// Checks that the file is what it was, and was so at every moment.
///
/// # Errors
///
/// Returns what it is instead.
pub fn of_kept(judge: &Judge, ended: &Ended, file: &str) -> Found {
    let Some(text) = &ended.changed else {
        return of_replaced(judge, ended, file);
    };
    let text = String::from_utf8_lossy(text);
    let seen = format!("{file}:\n{}", first_lines(&text, 12));
    fails(judge, &seen, &say(m::AS_IT_WAS, [&file]))
}

/// Checks that no other file had a name with this ending.
///
/// # Errors
///
/// Returns its name.
pub fn of_no_other(judge: &Judge, ended: &Ended, file: &str, ending: &str) -> Found {
    let came = ended.changes.iter().filter(|all| all.kind == Kind::Came);
    let came = came.map(|all| &all.name);
    let mut names = came.chain(&ended.names);
    match names.find(|name| name.ends_with(ending) && *name != file) {
        None => Ok(()),
        Some(name) => {
            let expected = say(m::NO_OTHER, [&ending, &file]);
            fails(judge, &say(m::OTHER_NAME, [name]), &expected)
        }
    }
}
