//! What the answers of one step show, and what becomes of each judge by them.

use std::thread;
use std::time::{Duration, Instant};

use crate::answers::{of_answer, of_hidden, too_slow, type_parts};
use crate::ask::{Asked, Part};
use crate::course::{Judge, Lesson, PageKind, Samples, Step, Wanted};
use crate::finding::Finding;
use crate::leak::of_steady;
use crate::lint::{inconsistent, lint};
use crate::page::Page;
use crate::processes::Usage;
use crate::program::Running;
use crate::reference::of_read;
use crate::report::{Outcome, panics};
use crate::scrape::Answer;
use crate::spread::of_spread;
use crate::steady::unsteady;
use crate::wanted::{Found, fails, found, in_the_words_of, of_metrics};
use crate::words::say;

/// What there is beside the answers.
pub struct Around<'a> {
    pub lesson: &'a Lesson,
    pub step: &'a Step,
    pub running: &'a Running,
    /// The first page of this path, if it was scraped before.
    pub first: Option<&'a Page>,
    /// How much had been printed before, on standard output and error.
    pub printed: (usize, usize),
    pub before: Option<Usage>,
}

/// What one step's answers show.
pub struct Seen<'a> {
    around: Around<'a>,
    asked: Vec<Asked>,
    /// For each that was asked: the page of metrics, if the answer is one of status 200.
    pages: Vec<Option<Page>>,
    /// What is wrong by the rules for all programs.
    pub findings: Vec<Finding>,
}

impl<'a> Seen<'a> {
    pub fn new(around: Around<'a>, asked: Vec<Asked>) -> Seen<'a> {
        let mut seen = Seen {
            around,
            asked: Vec::new(),
            pages: Vec::new(),
            findings: Vec::new(),
        };
        for asked in asked {
            let (page, findings) = seen.page_of(&asked);
            seen.find(findings, &asked.how);
            seen.asked.push(asked);
            seen.pages.push(page);
        }
        seen.compare();
        seen
    }

    /// What is new: what was found of one answer need not be said of the next.
    fn find(&mut self, findings: Vec<Finding>, how: &str) {
        let is_new = |finding: &Finding| {
            self.findings.iter().all(|all| all.rule != finding.rule)
        };
        let new: Vec<Finding> = findings.into_iter().filter(is_new).collect();
        self.findings
            .extend(new.into_iter().map(|all| noted(all, how)));
    }

    fn page_of(&self, asked: &Asked) -> (Option<Page>, Vec<Finding>) {
        let is_metrics = match asked.part {
            Part::Asked => self.around.step.page == PageKind::Metrics,
            Part::Meanwhile => true,
            Part::Aside | Part::Linked => false,
        };
        match &asked.answer {
            Err(finding) => (None, vec![finding.clone()]),
            Ok(answer) if is_metrics => {
                let (page, mut findings) = of_page(&asked.path, answer);
                findings.extend(too_slow(asked));
                (Some(page).filter(|_| answer.status == 200), findings)
            }
            Ok(answer) => {
                let is_dead = asked.part == Part::Linked && answer.status >= 400;
                let dead =
                    is_dead.then(|| Finding::dead_link(&asked.path, answer.status));
                (None, too_slow(asked).into_iter().chain(dead).collect())
            }
        }
    }

    /// The scrapes of one path with each other: the first comes before all others, and the
    /// last after them; those in between may have been made at once.
    fn compare(&mut self) {
        for part in [Part::Asked, Part::Meanwhile] {
            // Of those that were asked at once none came first.
            if part == Part::Asked && self.around.step.at_once > 1 {
                continue;
            }
            let is_other_start = |at: &usize| {
                self.around.step.starts > 1
                    && self.asked[*at].how == say("after another start", &[])
            };
            let all = 0..self.asked.len();
            let of_part =
                all.filter(|at| self.asked[*at].part == part && !is_other_start(at));
            let pages: Vec<(usize, &Page)> = of_part
                .filter_map(|at| Some((at, self.pages[at].as_ref()?)))
                .collect();
            let Some(((_, first), later)) = pages.split_first() else {
                continue;
            };
            let mut found = Vec::new();
            for (at, page) in later {
                found.push((unsteady(first, page), self.asked[*at].how.clone()));
            }
            for (findings, how) in found {
                self.find(findings, &how);
            }
        }
    }

    /// Whether the program took too long: it need not be asked on.
    pub fn is_stuck(&self) -> bool {
        let stuck = |all: &Asked| all.answer.is_err() || too_slow(all).is_some();
        self.asked.iter().any(stuck)
    }

    pub fn has_page(&self) -> bool {
        self.pages.first().is_some_and(Option::is_some)
    }

    pub fn into_first_page(self) -> Option<Page> {
        self.pages.into_iter().next().flatten()
    }

    pub fn outcome(&mut self, judge: &Judge) -> Outcome {
        match &judge.wanted {
            Wanted::Rule { rule } => return self.rule(judge, rule),
            // What a lesson says of these is the stricter.
            Wanted::Help { .. } => self.findings.retain(|all| all.rule != "help"),
            Wanted::ContentType { .. } => {
                self.findings.retain(|all| all.rule != "content-type");
            }
            _ => {}
        }
        match self.found(judge) {
            None => Outcome::NotSeen,
            Some(Ok(())) => Outcome::Holds,
            Some(Err(_)) if self.is_hidden(judge) => Outcome::NotSeen,
            Some(Err(finding)) => Outcome::Fails(finding),
        }
    }

    /// Whether what is missing may be on a line that could not be read.
    fn is_hidden(&self, judge: &Judge) -> bool {
        use Wanted::{Help, Read, Sample, Spread, Type};
        let of_page = matches!(
            judge.wanted,
            Sample(_) | Type { .. } | Help { .. } | Read { .. } | Spread { .. }
        );
        of_page && self.findings.iter().any(|finding| finding.rule == "format")
    }

    /// Nothing where nobody could look.
    fn found(&self, judge: &Judge) -> Option<Found> {
        match &judge.wanted {
            Wanted::Reported { reported, times } => {
                Some(self.of_reported(judge, reported, *times))
            }
            Wanted::Hidden { hidden } => {
                let seen = self.asked.iter().filter(|asked| !self.is_own(asked));
                first(seen.map(|asked| of_hidden(judge, asked, hidden)))
            }
            Wanted::Steady { steady } => {
                let around = &self.around;
                let count = self.asked.len();
                self.asked.first()?.answer.as_ref().ok()?;
                Some(of_steady(
                    judge,
                    around.running,
                    around.before,
                    steady,
                    count,
                ))
            }
            Wanted::Spread {
                spread,
                around,
                most,
            } => {
                let pages = self.one_of_each_start();
                self.has_page()
                    .then(|| of_spread(judge, &pages, spread, *around, *most))
            }
            Wanted::Read { read, slack } => {
                let id = self.around.running.id();
                let pages = self.judged().filter(|(asked, _)| asked.how.is_empty());
                first(pages.map(|(_, page)| of_read(judge, page, read, *slack, id)))
            }
            Wanted::Absent { .. } => {
                let asides = self.asides_by_query();
                let asides = asides.iter().map(|(asked, page)| (*asked, page));
                self.has_page().then(|| {
                    first(self.judged().chain(asides).map(|all| of_one(judge, all)))
                })?
            }
            Wanted::Sample(samples) => {
                self.has_page().then_some(())?;
                let all = first(self.judged().map(|all| of_one(judge, all)));
                Some(all?.and_then(|()| self.grows(judge, samples)))
            }
            Wanted::Type { .. }
            | Wanted::Help { .. }
            | Wanted::Untimed { .. }
            | Wanted::Only { .. } => {
                self.has_page().then_some(())?;
                first(self.judged().map(|all| of_one(judge, all)))
            }
            _ => self.of_answers(judge),
        }
    }

    /// The pages of metrics that the step asked for.
    fn judged(&self) -> impl Iterator<Item = (&Asked, &Page)> {
        let all = self.asked.iter().zip(&self.pages);
        let pages = all.filter(|(asked, _)| asked.part == Part::Asked);
        pages.filter_map(|(asked, page)| Some((asked, page.as_ref()?)))
    }

    fn one_of_each_start(&self) -> Vec<&Page> {
        let anew = say("after another start", &[]);
        let pages = self.judged();
        let pages =
            pages.filter(|(asked, _)| asked.how.is_empty() || asked.how == anew);
        pages.map(|(_, page)| page).collect()
    }

    fn asides_by_query(&self) -> Vec<(&Asked, Page)> {
        let start = format!("{}?", self.around.step.get);
        let asides = self
            .asked
            .iter()
            .filter(|asked| asked.path.starts_with(&start));
        let pages = asides.filter_map(|asked| {
            let answer = asked.answer.as_ref().ok()?;
            Some((asked, Page::parse(&answer.text())))
        });
        pages.collect()
    }

    /// Whether it was asked for what another step of the lesson looks at.
    fn is_own(&self, asked: &Asked) -> bool {
        let mut steps = self.around.lesson.text.step.iter();
        let step = self.around.step;
        steps.any(|other| other.get != step.get && other.get == asked.path)
    }

    fn of_answers(&self, judge: &Judge) -> Option<Found> {
        let own = self.asked.iter().filter(|all| all.part == Part::Asked);
        let address = self.around.running.address;
        own.clone().next()?.answer.as_ref().ok()?;
        first(own.filter_map(|asked| {
            let answer = asked.answer.as_ref().ok()?;
            let found = of_answer(judge, &asked.path, address, answer);
            Some(found.map_err(|finding| noted(finding, &asked.how)))
        }))
    }

    /// By how much its samples grow from the first scrape to the second, and since the
    /// first of all.
    fn grows(&self, judge: &Judge, wanted: &Samples) -> Found {
        let value = |page| match found(page, &wanted.sample).as_deref() {
            Ok([sample, ..]) => Some((sample.value, sample.line.clone())),
            _ => None,
        };
        let pages: Vec<&Page> = self.judged().map(|(_, page)| page).collect();
        if let (Some(by), [first, second, ..]) = (wanted.grows, pages.as_slice())
            && let (Some((before, line)), Some((now, then))) =
                (value(first), value(second))
            && (now - before - by).abs() > 1e-9
        {
            let expected =
                say("{} larger by {} in the next scrape", &[&wanted.sample, &by]);
            return fails(
                judge,
                &say("{}\nand after it {}", &[&line, &then]),
                &expected,
            );
        }
        if let (true, Some(first), [.., last]) =
            (wanted.grew, self.around.first, pages.as_slice())
            && let (Some((before, line)), Some((now, then))) =
                (value(first), value(last))
            && now <= before
        {
            let expected = say("{} larger than at first", &[&wanted.sample]);
            return fails(
                judge,
                &say("{}\nand after it {}", &[&line, &then]),
                &expected,
            );
        }
        Ok(())
    }

    /// What was printed since the step before, which may take a moment to arrive.
    fn of_reported(&self, judge: &Judge, text: &str, times: u32) -> Found {
        let running = self.around.running;
        let (out, err) = self.around.printed;
        let since = |printed: String, from: usize| {
            printed.get(from..).unwrap_or_default().to_owned()
        };
        let has = |printed: &str| {
            let lines = printed.lines().filter(|line| !line.trim().is_empty());
            lines.filter(|line| line.contains(text)).count() >= times as usize
        };
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_millis(500) {
            if has(&since(running.stderr(), err)) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(2));
        }
        let shown = match text {
            "" => say("a line on standard error", &[]),
            text => say("`{}` on standard error", &[&text]),
        };
        let expected = match times {
            1 => shown,
            times => say("{}, {} times", &[&shown, &times]),
        };
        let printed = since(running.stderr(), err);
        let out = since(running.stdout(), out);
        let out_says =
            !text.is_empty() && has(&out) || text.is_empty() && !out.trim().is_empty();
        let seen = match (printed.trim(), out_says) {
            (_, true) => say("on standard output:\n{}", &[&out.trim()]),
            ("", false) => say("nothing on standard error", &[]),
            (printed, false) => say("on standard error:\n{}", &[&printed]),
        };
        fails(judge, &seen, &expected)
    }

    /// The finding of that rule, in the words of the judge that claims it.
    fn rule(&mut self, judge: &Judge, rule: &str) -> Outcome {
        if rule == "panics" {
            let panicked = panics(&self.around.running.stderr());
            self.findings.extend(panicked);
        }
        let of_rule = |finding: &Finding| finding.rule == rule;
        if let Some(finding) = self.findings.iter().find(|all| of_rule(all)).cloned() {
            self.findings.retain(|finding| !of_rule(finding));
            return Outcome::Fails(in_the_words_of(Some(judge), finding));
        }
        let answered = self.asked.first().is_some_and(|all| all.answer.is_ok());
        match answered && (self.has_page() || self.around.step.page == PageKind::Any) {
            true => Outcome::Holds,
            false => Outcome::NotSeen,
        }
    }
}

/// The first that fails, if any was looked at.
fn first(found: impl Iterator<Item = Found>) -> Option<Found> {
    let mut last = None;
    for found in found {
        if found.is_err() {
            return Some(found);
        }
        last = Some(found);
    }
    last
}

fn of_one(judge: &Judge, (asked, page): (&Asked, &Page)) -> Found {
    let body = asked.answer.as_ref().map(Answer::text).unwrap_or_default();
    let found = of_metrics(judge, page, &body);
    found.map_err(|finding| noted(finding, &asked.how))
}

/// When it was seen, if that was not at the first request.
fn noted(mut finding: Finding, how: &str) -> Finding {
    if !how.is_empty() {
        finding.seen = format!("{}\n({how})", finding.seen);
    }
    finding
}

/// What is on a page of metrics, and what is wrong with it.
fn of_page(path: &str, answer: &Answer) -> (Page, Vec<Finding>) {
    let text = answer.text();
    if answer.status != 200 {
        return (Page::default(), vec![Finding::status(path, answer, 200)]);
    }
    let mut findings = Vec::new();
    let kind = answer.content_type.as_deref();
    if !kind.is_some_and(is_text_format) {
        findings.push(Finding::content_type(kind));
    }
    if std::str::from_utf8(&answer.body).is_err() {
        findings.push(Finding::format(
            &say("bytes that are no UTF-8", &[]),
            &say("write UTF-8", &[]),
        ));
    }
    let mut page = Page::parse(&text);
    findings.append(&mut page.findings);
    findings.extend(lint(&page));
    findings.extend(inconsistent(&page));
    (page, findings)
}

/// `text/plain` of version 0.0.4, in UTF-8 if it says in what.
fn is_text_format(kind: &str) -> bool {
    let (kind, parameters) = type_parts(kind);
    let is_utf8 =
        |part: &String| !part.starts_with("charset=") || part == "charset=utf-8";
    let has_version = parameters.iter().any(|part| part == "version=0.0.4");
    kind == "text/plain" && has_version && parameters.iter().all(is_utf8)
}
