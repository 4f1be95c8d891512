//! Checks a running program, step by step, against what the lesson wants.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::ask::{Asked, Part, ask, ask_once, in_threads, until_it_serves};
use crate::course::{Judge, Lesson, Step, Wanted};
use crate::finding::Finding;
use crate::folder::Folder;
use crate::job::Job;
use crate::messages as m;
use crate::page::Page;
use crate::program::{Running, Variables};
pub use crate::report::{Outcome, Report, Verdict};
use crate::rule::Rule;
use crate::screen::note;
use crate::seen::{Around, Before, Seen, is_of_memory};
use crate::source::{Source, Sources};
use crate::words::say;

/// Starts `program` and checks it against what `lesson` wants.
///
/// # Errors
///
/// Returns an error if the machine fails (no process, port or folder). The program's own
/// problems are in the verdicts.
pub fn judge(lesson: &Lesson, program: &Path) -> Result<Report> {
    if lesson.left_out > 0 {
        note(&say(m::ONLY_ON_LINUX, [&lesson.left_out]));
    }
    let sources = lesson.has_sources().then(Sources::start).transpose()?;
    let filled = match &sources {
        Some(Sources { source, other }) => {
            Some(lesson.with_sources(source.address, other.address)?)
        }
        None => None,
    };
    let lesson = filled.as_ref().unwrap_or(lesson);
    let mut report = Report::default();
    let running = match lesson.serves().then(|| started(lesson, program)) {
        None => None,
        Some(started) => match started? {
            Ok(running) => Some(running),
            Err(finding) => {
                report.fail_all(lesson, finding);
                return Ok(report);
            }
        },
    };
    let mut judging = Judging::new(lesson, program, running, sources)?;
    for step in &lesson.text.step {
        judging.step(step, &mut report)?;
    }
    judging.end(&mut report);
    Ok(report)
}

/// The program, once it serves.
fn started(lesson: &Lesson, program: &Path) -> Result<Result<Running, Finding>> {
    let running = Running::start(program, &lesson.text.env)?;
    if let Ok(running) = &running {
        until_it_serves(running.address);
    }
    Ok(running)
}

/// How long a program may take to close the connections of the last step.
const CLOSES: Duration = Duration::from_millis(100);

/// Whether it counts what was in use before its step.
fn is_exact(judge: &Judge) -> bool {
    matches!(judge.wanted, Wanted::Steady { slack: Some(_), .. })
}

/// A program under check, and what was seen of it so far.
struct Judging<'a> {
    lesson: &'a Lesson,
    program: &'a Path,
    /// The run that serves, if the program is a server.
    running: Option<Running>,
    /// The folder of the runs that must end.
    folder: Arc<Folder>,
    /// What those runs have printed, and their standard error.
    printed_by_jobs: [String; 2],
    sources: Option<Sources>,
    started: Instant,
    /// The first exposition of each path.
    first: HashMap<String, Rc<Page>>,
    /// How much it had printed before the step, on standard output and standard error.
    printed: (usize, usize),
    /// Whether it failed to respond in time: further requests would only take long.
    is_stuck: bool,
    /// Whether a check says why it ended.
    is_explained: bool,
}

impl<'a> Judging<'a> {
    fn new(
        lesson: &'a Lesson,
        program: &'a Path,
        running: Option<Running>,
        sources: Option<Sources>,
    ) -> Result<Judging<'a>> {
        Ok(Judging {
            lesson,
            program,
            running,
            folder: Arc::new(Folder::new()?),
            printed_by_jobs: Default::default(),
            sources,
            started: Instant::now(),
            first: HashMap::new(),
            printed: (0, 0),
            is_stuck: false,
            is_explained: false,
        })
    }

    fn step(&mut self, step: &Step, report: &mut Report) -> Result<()> {
        if self.is_stuck {
            report.not_seen(self.lesson, step);
            return Ok(());
        }
        if step.full && !cfg!(unix) {
            return Ok(());
        }
        if step.ends {
            return self.job(step, report);
        }
        if let Some(mut running) = self.running.take() {
            self.requests(step, &mut running, report)?;
            self.running = Some(running);
        }
        Ok(())
    }

    fn requests(
        &mut self,
        step: &Step,
        running: &mut Running,
        report: &mut Report,
    ) -> Result<()> {
        let before = self.prepare(step, running)?;
        let asked = self.ask(step, running)?;
        let has_broken = asked.iter().any(|all| all.answer.is_err());
        let ends = has_broken && running.ends_soon();
        let out_of_memory = ends.then(|| self.out_of_memory(step, running)).flatten();
        let around = Around {
            out_of_memory,
            ..self.around(step, running, before)
        };
        let mut seen = Seen::new(around, asked);
        if ends {
            // That it doesn't run is reported once, at the end.
            seen.findings.retain(|all| all.rule != Rule::Answers);
        }
        let is_stuck = !ends && seen.is_stuck();
        report.step(self.lesson, step, &mut seen);
        let page = seen.into_first_page();
        self.is_stuck = is_stuck;
        self.keep_first(step, page);
        self.printed = (running.stdout().len(), running.stderr().len());
        Ok(())
    }

    /// A run of the program that must end. Nothing more is tried after one that doesn't.
    fn job(&mut self, step: &Step, report: &mut Report) -> Result<()> {
        for file in &step.remove {
            self.folder.remove(file)?;
        }
        for (file, content) in &step.write {
            self.folder.write(file, content.bytes())?;
        }
        self.set_source(step)?;
        let before = self.before(step, None);
        let env = self.env_of(step);
        let job = Job::run(self.program, &env, self.lesson, step, &self.folder)?;
        let around = Around {
            ended: Some(&job.ended),
            ..self.around(step, &job.running, before)
        };
        let mut seen = Seen::new(around, job.asked);
        report.step(self.lesson, step, &mut seen);
        let page = seen.into_first_page();
        self.is_stuck = job.ended.status.is_err();
        self.keep_first(step, page);
        let [printed, errors] = &mut self.printed_by_jobs;
        *printed += &job.running.printed();
        *errors += &job.running.stderr();
        Ok(())
    }

    fn keep_first(&mut self, step: &Step, page: Option<Rc<Page>>) {
        if let Some(page) = page {
            self.first.entry(step.get.clone()).or_insert(page);
        }
    }

    fn around<'b>(
        &'b self,
        step: &'b Step,
        running: &'b Running,
        before: Before,
    ) -> Around<'b> {
        Around {
            lesson: self.lesson,
            program: self.program,
            step,
            running,
            other: self.sources.as_ref().map(|all| &all.other),
            first: self.first.get(&step.get).map(Rc::as_ref),
            before,
            ended: None,
            out_of_memory: None,
        }
    }

    /// What is said of a program that has used too much memory, if the step has a check
    /// of that.
    fn out_of_memory(&mut self, step: &Step, running: &mut Running) -> Option<Finding> {
        let is_checked = step.judge.iter().any(|all| is_of_memory(&all.wanted));
        let found = running.out_of_memory().filter(|_| is_checked);
        self.is_explained |= found.is_some();
        found
    }

    /// Records whether the program still runs, unless a check has said why not.
    fn end(self, report: &mut Report) {
        let [printed, errors] = self.printed_by_jobs;
        report.panics(&errors, say(m::WHY_JOB_PANICS, []));
        report.printed = printed;
        let Some(mut running) = self.running else {
            return;
        };
        let ended = running.lives().err();
        if ended.is_none() {
            report.panics(&running.stderr(), say(m::WHY_PANICS, []));
            report.printed.insert_str(0, &running.printed());
        }
        if ended.is_none() || !self.is_explained {
            report.running(self.lesson, ended);
        }
    }

    fn before(&self, step: &Step, running: Option<&Running>) -> Before {
        if step.judge.iter().any(is_exact) {
            thread::sleep(CLOSES);
        }
        let other = self.sources.as_ref().map(|all| &all.other);
        Before {
            printed: running.map_or((0, 0), |_| self.printed),
            usage: running.and_then(Running::usage),
            visits: other.map_or(0, Source::visits),
        }
    }

    fn prepare(&mut self, step: &Step, running: &Running) -> Result<Before> {
        for file in &step.remove {
            running.remove(file)?;
        }
        for (file, content) in &step.write {
            running.write(file, &content.bytes())?;
        }
        self.set_source(step)?;
        Ok(self.before(step, Some(running)))
    }

    fn set_source(&mut self, step: &Step) -> Result<()> {
        match (&mut self.sources, &step.source) {
            (Some(sources), Some(manner)) => sources.source.behave(manner),
            _ => Ok(()),
        }
    }

    /// The other runs come first: meanwhile the program gets as old as it must be.
    fn ask(&self, step: &Step, running: &Running) -> Result<Vec<Asked>> {
        if !step.unset.is_empty() {
            return Ok(vec![self.start_without(step)?]);
        }
        let starts = self.other_starts(step)?;
        let age = Duration::from_secs_f64(step.age);
        thread::sleep(age.saturating_sub(self.started.elapsed()));
        let mut asked = ask(self.lesson, step, running.address);
        asked.extend(starts);
        Ok(asked)
    }

    fn env_of(&self, step: &Step) -> Variables {
        let mut env = self.lesson.text.env.clone();
        env.retain(|name, _| !step.unset.contains(name));
        env.extend(step.env.clone());
        env
    }

    fn start_without(&self, step: &Step) -> Result<Asked> {
        let asked = start_and_ask(self.program, step, &self.env_of(step))?;
        let unset = step.unset.join(&say(m::COMMA, []));
        let how = say(m::STARTED_WITHOUT, [&unset]);
        Ok(Asked { how, ..asked })
    }

    /// The responses of further runs of the program, as many as the step says.
    fn other_starts(&self, step: &Step) -> Result<Vec<Asked>> {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        let threads = u32::try_from(threads.min(8)).unwrap_or(2);
        let starts = step.starts.saturating_sub(1);
        let start = || start_and_ask(self.program, step, &self.lesson.text.env);
        let asked = in_threads(starts, threads.min(starts), start, |_| false);
        asked.into_iter().collect()
    }
}

fn start_and_ask(program: &Path, step: &Step, env: &Variables) -> Result<Asked> {
    Ok(match Running::start(program, env)? {
        Ok(running) => {
            until_it_serves(running.address);
            ask_once(step, running.address)
        }
        Err(finding) => Asked {
            path: step.get.clone(),
            part: Part::Asked,
            how: String::new(),
            at_once: false,
            answer: Err(finding),
        },
    })
}
