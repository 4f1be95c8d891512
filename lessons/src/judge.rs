//! Judges a running program: what it answers, step by step, against what the lesson wants.

use std::path::Path;

use anyhow::Result;

use crate::course::{Judge, Lesson, PageKind, Step, Wanted};
use crate::finding::{Finding, first_of_each};
use crate::lint::{inconsistent, lint};
use crate::page::Page;
use crate::program::Running;
use crate::scrape::{Answer, scrape};
use crate::screen::note;
use crate::wanted::{in_the_words_of, of_answer, of_metrics};
use crate::words::{say, text};

/// What became of one thing that is judged.
pub struct Verdict {
    pub name: String,
    pub outcome: Outcome,
}

/// How it was found.
pub enum Outcome {
    Holds,
    /// As it must not be.
    Fails(Finding),
    /// Nobody could look, because of what failed before.
    NotSeen,
}

/// Starts `program`, and judges it by what `lesson` wants.
///
/// # Errors
///
/// When this machine fails: no process, no port, no folder. What the program gets wrong is
/// in the verdicts.
pub fn judge(lesson: &Lesson, program: &Path) -> Result<Report> {
    if lesson.left_out > 0 {
        let left_out =
            text("{} of what this lesson checks is only on Linux, and is left out");
        note(&say(left_out, &[&lesson.left_out]));
    }
    let mut report = Report::default();
    match Running::start(program)? {
        Err(finding) => report.fail_all(lesson, finding),
        Ok(mut running) => {
            for step in &lesson.text.step {
                report.step(step, &mut running)?;
            }
            let ended = running.lives().err();
            if ended.is_none() {
                report.printed = running.printed();
            }
            report.running(lesson, ended);
        }
    }
    Ok(report)
}

/// What was found of a program.
#[derive(Default)]
pub struct Report {
    pub verdicts: Vec<Verdict>,
    /// What the program printed, beside the line that says where it listens.
    pub printed: String,
}

impl Report {
    fn add(&mut self, name: &str, outcome: Outcome) {
        let name = name.to_owned();
        self.verdicts.push(Verdict { name, outcome });
    }

    /// The program does not run: that is the finding, and nothing else can be seen.
    fn fail_all(&mut self, lesson: &Lesson, finding: Finding) {
        for step in &lesson.text.step {
            for judge in step.judge.iter().filter(|judge| !is_rule(judge, "runs")) {
                self.add(&judge.name, Outcome::NotSeen);
            }
            if step.page == PageKind::Metrics {
                self.rules(step, Outcome::NotSeen);
            }
        }
        self.running(lesson, Some(finding));
    }

    /// Whether the program runs, in the lesson's words if it has some. It is said first,
    /// whenever it was found.
    fn running(&mut self, lesson: &Lesson, finding: Option<Finding>) {
        let own = lesson.judges().find(|judge| is_rule(judge, "runs"));
        let runs = say("the program runs", &[]);
        let name = own.map_or(runs, |judge| judge.name.clone());
        let outcome = match finding {
            Some(finding) => Outcome::Fails(in_the_words_of(own, finding)),
            None => Outcome::Holds,
        };
        self.verdicts.insert(0, Verdict { name, outcome });
    }

    fn step(&mut self, step: &Step, running: &mut Running) -> Result<()> {
        for file in &step.remove {
            running.remove(file)?;
        }
        for (file, text) in &step.write {
            running.write(file, text)?;
        }
        let mut answer = scrape(running.address, &step.get);
        for _ in 1..step.times {
            answer = answer.and_then(|_| scrape(running.address, &step.get));
        }
        let mut seen = Seen::new(step, answer);
        if seen.answer.is_none() && running.ends_soon() {
            // That it does not run is said once, at the end.
            seen.findings.clear();
        }
        for judge in step.judge.iter().filter(|judge| !is_rule(judge, "runs")) {
            let outcome = seen.outcome(judge, step);
            self.add(&judge.name, outcome);
        }
        self.general(step, seen);
        Ok(())
    }

    /// What was found by the rules for all pages, and no judge of the lesson claimed.
    fn general(&mut self, step: &Step, seen: Seen) {
        if step.page == PageKind::Metrics && seen.findings.is_empty() {
            let outcome = match seen.page {
                Some(_) => Outcome::Holds,
                None => Outcome::NotSeen,
            };
            self.rules(step, outcome);
        }
        for finding in first_of_each(seen.findings) {
            let name = format!("GET {}: {}", step.get, finding.rule);
            self.add(&name, Outcome::Fails(finding));
        }
    }

    /// Said once of a path, though it is asked in several steps.
    fn rules(&mut self, step: &Step, outcome: Outcome) {
        let claims = |judge: &Judge| matches!(judge.wanted, Wanted::Rule { .. });
        let name = match step.judge.iter().any(claims) {
            true => text("GET {} keeps the other rules for any page of metrics"),
            false => text("GET {} keeps the rules for any page of metrics"),
        };
        let name = say(name, &[&step.get]);
        if !self.verdicts.iter().any(|verdict| verdict.name == name) {
            self.add(&name, outcome);
        }
    }
}

/// What one step's answer shows.
struct Seen {
    answer: Option<Answer>,
    /// There if the answer is a page of metrics with status 200.
    page: Option<Page>,
    findings: Vec<Finding>,
}

impl Seen {
    fn new(step: &Step, answer: Result<Answer, Finding>) -> Seen {
        let (answer, mut findings) = match answer {
            Ok(answer) => (Some(answer), Vec::new()),
            Err(finding) => (None, vec![finding]),
        };
        let mut page = None;
        if let Some(answer) = answer.as_ref().filter(|_| step.page == PageKind::Metrics)
        {
            let found = of_page(&step.get, answer);
            (page, findings) =
                (Some(found.0).filter(|_| answer.status == 200), found.1);
        }
        Seen {
            answer,
            page,
            findings,
        }
    }

    fn outcome(&mut self, judge: &Judge, step: &Step) -> Outcome {
        match &judge.wanted {
            Wanted::Rule { rule } => self.rule(judge, rule),
            Wanted::Status { .. } | Wanted::Link { .. } => match &self.answer {
                Some(answer) => of_answer(judge, step, answer),
                None => Outcome::NotSeen,
            },
            _ => match &self.page {
                Some(page) => of_metrics(judge, page),
                None => Outcome::NotSeen,
            },
        }
    }

    /// The finding of that rule, in the words of the judge that claims it.
    fn rule(&mut self, judge: &Judge, rule: &str) -> Outcome {
        let of_rule = |finding: &Finding| finding.rule == rule;
        if let Some(finding) = self.findings.iter().find(|all| of_rule(all)).cloned() {
            self.findings.retain(|finding| !of_rule(finding));
            return Outcome::Fails(in_the_words_of(Some(judge), finding));
        }
        let is_seen = match rule {
            "answers" | "status" => self.answer.is_some(),
            _ => self.page.is_some(),
        };
        if is_seen {
            Outcome::Holds
        } else {
            Outcome::NotSeen
        }
    }
}

fn is_rule(judge: &Judge, name: &str) -> bool {
    matches!(&judge.wanted, Wanted::Rule { rule } if rule == name)
}

/// The page of an answer, and what the rules for all pages say of it.
fn of_page(path: &str, answer: &Answer) -> (Page, Vec<Finding>) {
    let text = String::from_utf8_lossy(&answer.body);
    if answer.status != 200 {
        let finding = Finding::status(path, answer.status, &text);
        return (Page::default(), vec![finding]);
    }
    let mut findings = Vec::new();
    let kind = answer.content_type.as_deref();
    if !kind.is_some_and(is_text_format) {
        findings.push(Finding::content_type(kind));
    }
    let mut page = Page::parse(&answer.body);
    findings.append(&mut page.findings);
    findings.extend(lint(&page));
    findings.extend(inconsistent(&page));
    (page, findings)
}

/// `text/plain` of version 0.0.4, in UTF-8 if it says in what.
fn is_text_format(kind: &str) -> bool {
    let mut parts = kind.split(';').map(|part| part.trim().to_lowercase());
    let is_plain = parts.next().as_deref() == Some("text/plain");
    let parameters: Vec<String> = parts.collect();
    let is_utf8 =
        |part: &String| !part.starts_with("charset=") || part == "charset=utf-8";
    let has_version = parameters.iter().any(|part| part == "version=0.0.4");
    is_plain && has_version && parameters.iter().all(is_utf8)
}
