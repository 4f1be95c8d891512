//! What one step's responses show, and the outcome of each check.

use std::path::Path;
use std::rc::Rc;

use crate::answers::{of_answer, of_hidden, too_slow};
use crate::ask::{Asked, Part, with_query};
use crate::course::{Judge, Lesson, PageKind, Resource, Step, Wanted};
use crate::finding::Finding;
use crate::growth::of_growth;
use crate::job::{Ended, of_exit, of_kept, of_no_other, of_replaced};
use crate::leak::of_steady;
use crate::messages as m;
use crate::mutants::of_tests;
use crate::page::Page;
use crate::processes::Usage;
use crate::program::Running;
use crate::reference::of_read;
use crate::report::{Outcome, panics};
use crate::reported::of_reported;
use crate::rule::Rule;
use crate::rules::of_all;
use crate::scrape::Answer;
use crate::source::Source;
use crate::spread::of_spread;
use crate::steady::unsteady;
use crate::wanted::{Found, fails, in_the_words_of, noted, of_metrics};
use crate::words::say;

/// The context of the responses.
pub struct Around<'a> {
    pub lesson: &'a Lesson,
    pub program: &'a Path,
    pub step: &'a Step,
    pub running: &'a Running,
    /// The first exposition of this path, if it was scraped before.
    pub first: Option<&'a Page>,
    /// The source that nobody should ask, if the lesson has sources.
    pub other: Option<&'a Source>,
    pub before: Before,
    /// How the program has ended, if it must end.
    pub ended: Option<&'a Ended>,
    /// What is said about a program that used too much memory meanwhile, and ended.
    pub out_of_memory: Option<Finding>,
}

/// What had happened before the requests.
#[derive(Clone, Copy)]
pub struct Before {
    /// How much had been printed, on standard output and standard error.
    pub printed: (usize, usize),
    pub usage: Option<Usage>,
    /// How many connections there had been to the other source.
    pub visits: usize,
}

/// The responses of one step.
pub struct Seen<'a> {
    around: Around<'a>,
    asked: Vec<Asked>,
    /// For each request, the exposition, if the response has status 200.
    pages: Vec<Option<Rc<Page>>>,
    /// Violations of the rules for all programs.
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
        let read = of_all(seen.around.step, &asked);
        for (asked, (page, findings)) in asked.into_iter().zip(read) {
            seen.find(findings, &asked.how);
            seen.asked.push(asked);
            seen.pages.push(page);
        }
        seen.compare();
        seen
    }

    /// Keeps new findings only: what was found in one response need not be repeated for
    /// the next.
    fn find(&mut self, findings: Vec<Finding>, how: &str) {
        let is_new = |finding: &Finding| {
            self.findings.iter().all(|all| all.rule != finding.rule)
        };
        let new: Vec<Finding> = findings.into_iter().filter(is_new).collect();
        self.findings
            .extend(new.into_iter().map(|all| noted(all, how)));
    }

    /// The scrapes of one path, each with the scrapes before it.
    fn compare(&mut self) {
        for part in [Part::Asked, Part::Meanwhile] {
            let all = self.asked.iter().zip(&self.pages);
            let of_part =
                all.filter(|(asked, _)| asked.part == part && !asked.is_other_start());
            let pages: Vec<_> = of_part
                .filter_map(|(asked, page)| Some((asked, page.as_deref()?)))
                .collect();
            let found = fallen(&pages);
            for (findings, how) in found {
                self.find(findings, &how);
            }
        }
    }

    /// Whether the program was too slow for further requests.
    pub fn is_stuck(&self) -> bool {
        let stuck = |all: &Asked| all.answer.is_err() || too_slow(all).is_some();
        self.asked.iter().any(stuck)
    }

    pub fn has_page(&self) -> bool {
        self.pages.first().is_some_and(Option::is_some)
    }

    pub fn into_first_page(self) -> Option<Rc<Page>> {
        self.pages.into_iter().next().flatten()
    }

    pub fn outcome(&mut self, judge: &Judge) -> Outcome {
        match &judge.wanted {
            Wanted::Rule { rule } => return self.rule(judge, *rule),
            // The lesson's own check is stricter than the rule.
            Wanted::Help { .. } => self.findings.retain(|all| all.rule != Rule::Help),
            Wanted::ContentType { .. } => {
                self.findings.retain(|all| all.rule != Rule::ContentType);
            }
            _ => {}
        }
        let found = self.found(judge);
        if matches!(
            (&judge.wanted, &found),
            (Wanted::Within { .. }, Some(Err(_)))
        ) {
            // It says the same as the rule.
            self.findings.retain(|all| all.rule != Rule::Slow);
        }
        match found {
            None => Outcome::NotSeen,
            Some(Ok(())) => Outcome::Holds,
            Some(Err(_)) if self.is_hidden(judge) => Outcome::NotSeen,
            Some(Err(finding)) => Outcome::Fails(finding),
        }
    }

    /// Whether missing samples may be on a line that could not be parsed.
    fn is_hidden(&self, judge: &Judge) -> bool {
        use Wanted::{Help, Read, Sample, Spread, Type};
        let of_page = matches!(
            judge.wanted,
            Sample(_) | Type { .. } | Help { .. } | Read { .. } | Spread { .. }
        );
        of_page
            && self
                .findings
                .iter()
                .any(|finding| finding.rule == Rule::Format)
    }

    /// `None` if it could not be checked.
    fn found(&self, judge: &Judge) -> Option<Found> {
        match self.around.ended {
            Some(ended) => self.of_end(judge, ended),
            None => self.of_requests(judge),
        }
    }

    /// Nothing is known of a program that has not ended, except that.
    fn of_end(&self, judge: &Judge, ended: &Ended) -> Option<Found> {
        let file = &self.around.step.get;
        match &judge.wanted {
            Wanted::Exit { exit } => {
                Some(of_exit(judge, self.around.running, ended, *exit))
            }
            _ if ended.status.is_err() => None,
            Wanted::Replaced { replaced: true } => {
                Some(of_replaced(judge, ended, file))
            }
            Wanted::Kept { kept: true } => Some(of_kept(judge, ended, file)),
            Wanted::NoOther { no_other } => {
                Some(of_no_other(judge, ended, file, no_other))
            }
            _ => self.of_requests(judge),
        }
    }

    fn of_requests(&self, judge: &Judge) -> Option<Found> {
        match &judge.wanted {
            Wanted::Sample(_)
            | Wanted::Absent { .. }
            | Wanted::Nonzero { .. }
            | Wanted::Type { .. }
            | Wanted::Help { .. }
            | Wanted::Untimed { .. }
            | Wanted::Only { .. }
            | Wanted::Read { .. }
            | Wanted::Spread { .. } => {
                self.has_page().then_some(())?;
                self.of_pages(judge)
            }
            Wanted::Reported { .. } | Wanted::Steady { .. } => self.of_program(judge),
            Wanted::Visits { visits } => self.of_visits(judge, *visits),
            Wanted::Tests { tests } => self.of_tests(judge, tests),
            Wanted::Hidden { hidden } => {
                let seen = self.asked.iter().filter(|asked| !self.is_own(asked));
                let found = |asked: &Asked| of_hidden(judge, asked, hidden);
                first(seen.map(|all| found(all).map_err(|it| noted(it, &all.how))))
            }
            Wanted::NoSamples { .. } if self.around.step.page == PageKind::Metrics => {
                let outside = |asked: &&Asked| self.is_outside(asked);
                self.of_each(judge, self.asked.iter().filter(outside))
            }
            _ => self.of_answers(judge),
        }
    }

    /// A program that isn't the exercise has its source beside it.
    fn of_tests(&self, judge: &Judge, changes: &[(String, String)]) -> Option<Found> {
        let lesson = self.around.lesson;
        let beside = self.around.program.with_extension("rs");
        let own = beside.exists().then_some(beside);
        let source = own.unwrap_or_else(|| lesson.exercise());
        of_tests(judge, changes, lesson, &source)
    }

    fn of_visits(&self, judge: &Judge, wanted: usize) -> Option<Found> {
        let other = self.around.other?;
        let visits = other.visits().saturating_sub(self.around.before.visits);
        let said = |count: usize| say(m::CONNECTIONS_TO, [&other.address, &count]);
        Some(match visits == wanted {
            true => Ok(()),
            false => fails(judge, &said(visits), &said(wanted)),
        })
    }

    fn of_pages(&self, judge: &Judge) -> Option<Found> {
        let id = self.around.running.id();
        let of_each = || first(self.judged().map(|all| of_one(judge, all)));
        match &judge.wanted {
            Wanted::Spread {
                spread,
                around,
                most,
            } => {
                let pages = self.one_of_each_start();
                Some(of_spread(judge, &pages, spread, *around, *most))
            }
            Wanted::Read { read, slack } => {
                let pages = self.judged().filter(|(asked, _)| asked.how.is_empty());
                first(pages.map(|(_, page)| of_read(judge, page, read, *slack, id)))
            }
            Wanted::Absent { .. } => {
                let asides = self.asides_by_query();
                let asides = asides.iter().map(|(asked, page)| (*asked, page));
                first(self.judged().chain(asides).map(|all| of_one(judge, all)))
            }
            Wanted::Sample(samples) => {
                let pages: Vec<&Page> = self.judged().map(|(_, page)| page).collect();
                let first = self.around.first;
                let growth = |()| of_growth(judge, samples, &pages, first);
                Some(of_each()?.and_then(growth))
            }
            _ => of_each(),
        }
    }

    fn of_program(&self, judge: &Judge) -> Option<Found> {
        let (running, before) = (self.around.running, self.around.before);
        match &judge.wanted {
            Wanted::Reported {
                reported,
                times,
                most,
            } => {
                let from = before.printed;
                let times = *times..=most.unwrap_or(u32::MAX);
                Some(of_reported(judge, running, from, reported, &times))
            }
            wanted @ Wanted::Steady { steady, slack } => {
                let ended = self.around.out_of_memory.clone();
                if let Some(finding) = ended.filter(|_| is_of_memory(wanted)) {
                    return Some(Err(in_the_words_of(Some(judge), finding)));
                }
                let own = self.asked.iter().filter(|all| all.part == Part::Asked);
                let count = own.count();
                // Unfinished requests still hold resources.
                (!self.is_stuck()).then_some(())?;
                let asked = (count, self.around.step.at_once);
                let wanted = (steady.as_slice(), *slack);
                Some(of_steady(judge, running, before.usage, wanted, asked))
            }
            _ => None,
        }
    }

    /// The expositions that the step requested.
    fn judged(&self) -> impl Iterator<Item = (&Asked, &Page)> {
        let all = self.asked.iter().zip(&self.pages);
        let pages = all.filter(|(asked, _)| asked.part == Part::Asked);
        pages.filter_map(|(asked, page)| Some((asked, page.as_deref()?)))
    }

    fn one_of_each_start(&self) -> Vec<&Page> {
        let is_first = |asked: &Asked| asked.how.is_empty() || asked.is_other_start();
        let pages = self.judged().filter(|(asked, _)| is_first(asked));
        pages.map(|(_, page)| page).collect()
    }

    fn asides_by_query(&self) -> Vec<(&Asked, Page)> {
        let start = with_query(&self.around.step.get, "");
        let asides = self
            .asked
            .iter()
            .filter(|asked| asked.path.starts_with(&start));
        let pages = asides.filter_map(|asked| {
            let answer = asked.answer.as_ref().ok()?;
            Some((asked, Page::parse(&answer.body)))
        });
        pages.collect()
    }

    /// Whether the request is for a path that another step checks.
    fn is_own(&self, asked: &Asked) -> bool {
        let mut steps = self.around.lesson.text.step.iter();
        let step = self.around.step;
        steps.any(|other| other.get != step.get && other.get == asked.path)
    }

    /// Whether the request is for a path that no step checks, outside the step's folder.
    fn is_outside(&self, asked: &Asked) -> bool {
        let get = &self.around.step.get;
        let folder = get.rfind('/').map_or("", |at| &get[..=at]);
        !self.is_own(asked) && !asked.path.starts_with(folder)
    }

    fn of_answers(&self, judge: &Judge) -> Option<Found> {
        let own = self.asked.iter().filter(|all| all.part == Part::Asked);
        self.of_each(judge, own)
    }

    fn of_each<'b>(
        &self,
        judge: &Judge,
        asked: impl Iterator<Item = &'b Asked>,
    ) -> Option<Found> {
        let address = self.around.running.address;
        first(asked.filter_map(|asked| {
            let answer = asked.answer.as_ref().ok()?;
            let found = of_answer(judge, &asked.path, address, answer);
            Some(found.map_err(|finding| noted(finding, &asked.how)))
        }))
    }

    /// The finding of that rule, in the words of the check that claims it.
    fn rule(&mut self, judge: &Judge, rule: Rule) -> Outcome {
        if rule == Rule::Panics {
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

/// Whether it is about the most memory that the program uses.
pub fn is_of_memory(wanted: &Wanted) -> bool {
    matches!(wanted, Wanted::Steady { steady, .. } if steady.contains(&Resource::PeakMemory))
}

/// The differences between each exposition and those before it. Parallel requests have no
/// order: they are compared with everything before all of them, and what comes next is
/// compared with each.
fn fallen(pages: &[(&Asked, &Page)]) -> Vec<(Vec<Finding>, String)> {
    let mut found = Vec::new();
    let mut earlier: &[(&Asked, &Page)] = &[];
    for later in pages.chunk_by(|(one, _), (next, _)| one.at_once && next.at_once) {
        for (_, before) in earlier {
            let of_each = later
                .iter()
                .map(|(asked, page)| (unsteady(before, page), asked.how.clone()));
            found.extend(of_each);
        }
        earlier = later;
    }
    found
}

/// The first failure, if any response was checked.
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
