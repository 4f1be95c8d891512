//! The findings about a program, in the order in which a learner should read them: first
//! that it doesn't run, then the causes of other problems, then the rest.

use crate::course::{Judge, Lesson, PageKind, Step, Wanted};
use crate::finding::{Finding, first_of_each};
use crate::messages as m;
use crate::page::Page;
use crate::rule::Rule;
use crate::scrape::named;
use crate::seen::Seen;
use crate::wanted::{in_the_words_of, noted};
use crate::words::say;

/// The result of one check.
pub struct Verdict {
    pub name: String,
    pub outcome: Outcome,
}

/// The outcome of a check.
pub enum Outcome {
    Holds,
    /// The check fails.
    Fails(Finding),
    /// It could not be checked because of an earlier failure.
    NotSeen,
}

impl Outcome {
    /// Adds a note, unless the finding itself says which response it is about.
    fn noted(self, how: &str) -> Outcome {
        match self {
            Outcome::Fails(finding) if !finding.seen.starts_with("GET ") => {
                Outcome::Fails(noted(finding, how))
            }
            outcome => outcome,
        }
    }
}

/// The findings about a program.
#[derive(Default)]
pub struct Report {
    pub verdicts: Vec<Verdict>,
    /// The program's output, except the line that says where it listens.
    pub printed: String,
}

/// The rules whose violation makes missing samples meaningless.
const CAUSES: [Rule; 5] = [
    Rule::Runs,
    Rule::Answers,
    Rule::Slow,
    Rule::Status,
    Rule::Format,
];

/// The maximum number of findings with the same name.
const MOST: usize = 3;

pub fn is_rule(judge: &Judge, rule: Rule) -> bool {
    matches!(&judge.wanted, Wanted::Rule { rule: of } if *of == rule)
}

/// The step's checks, but for the one that the program runs: that is said once, first.
fn judges_of(step: &Step) -> impl Iterator<Item = &Judge> {
    step.judge
        .iter()
        .filter(|judge| !is_rule(judge, Rule::Runs))
}

impl Report {
    fn add(&mut self, name: &str, mut outcome: Outcome) {
        if let Outcome::Fails(finding) = &mut outcome {
            self.shorten(finding);
        }
        let name = name.to_owned();
        self.verdicts.push(Verdict { name, outcome });
    }

    pub fn has_passed(&self) -> bool {
        let mut verdicts = self.verdicts.iter();
        verdicts.all(|all| matches!(all.outcome, Outcome::Holds))
    }

    fn failing(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.verdicts.iter().filter_map(|all| match &all.outcome {
            Outcome::Fails(finding) => Some((all.name.as_str(), finding)),
            _ => None,
        })
    }

    /// Lines that an earlier finding has shown are not shown again.
    fn shorten(&self, finding: &mut Finding) {
        let Some((first, lines)) = finding.seen.split_once('\n') else {
            return;
        };
        let whole = lines.trim_end_matches("\n…");
        let samples = Page::parse(format!("{whole}\n")).samples().count();
        let is_long = samples > 1 && samples == whole.lines().count();
        let mut earlier = self
            .failing()
            .filter_map(|(_, all)| all.seen.split_once('\n'));
        if is_long && earlier.any(|(_, all)| all == lines) {
            finding.seen = say(m::SHOWN_ABOVE, [&first]);
        }
    }

    /// Records that the program doesn't run, so that nothing else can be checked.
    pub fn fail_all(&mut self, lesson: &Lesson, finding: Finding) {
        for step in &lesson.text.step {
            self.not_seen(lesson, step);
        }
        self.running(lesson, Some(finding));
    }

    /// Records that this step could not be checked.
    pub fn not_seen(&mut self, lesson: &Lesson, step: &Step) {
        for judge in judges_of(step) {
            self.add(&judge.name, Outcome::NotSeen);
        }
        if step.page == PageKind::Metrics {
            self.rules(lesson, step, Outcome::NotSeen);
        }
    }

    /// Records whether the program runs, in the lesson's words if it has some. It comes
    /// first, whenever it was found.
    pub fn running(&mut self, lesson: &Lesson, finding: Option<Finding>) {
        let own = lesson.judges().find(|judge| is_rule(judge, Rule::Runs));
        let runs = say(m::PROGRAM_RUNS, []);
        let name = own.map_or(runs, |judge| judge.name.clone());
        let outcome = match finding {
            Some(finding) => Outcome::Fails(in_the_words_of(own, finding)),
            None => Outcome::Holds,
        };
        self.verdicts.insert(0, Verdict { name, outcome });
    }

    /// Records that it panicked, if nothing else shows it, and why it must not.
    pub fn panics(&mut self, stderr: &str, why: String) {
        let is_first = self.failing().next().is_none();
        if let Some(finding) = panics(stderr).filter(|_| is_first) {
            let finding = Finding { why, ..finding };
            self.add(&say(m::PROGRAM_DOES_NOT_PANIC, []), Outcome::Fails(finding));
        }
    }

    /// Removes the fixes: for untouched starter code they would give the answer away.
    pub fn leave_out_fixes(&mut self) {
        for verdict in &mut self.verdicts {
            if let Outcome::Fails(finding) = &mut verdict.outcome {
                finding.fix.clear();
            }
        }
    }

    /// Records what the step's responses show.
    pub fn step(&mut self, lesson: &Lesson, step: &Step, seen: &mut Seen) {
        let own = judges_of(step);
        let on = match lesson.has_several_pages() {
            true => say(m::ON_PATH, [&step.get]),
            false => String::new(),
        };
        let judged: Vec<_> = own
            .map(|all| (&all.name, seen.outcome(all).noted(&on)))
            .collect();
        let findings = std::mem::take(&mut seen.findings);
        let is_clean = findings.is_empty();
        let is_cause = |finding: &Finding| CAUSES.contains(&finding.rule);
        let (causes, others) = findings.into_iter().partition(is_cause);
        self.general(step, causes);
        for (name, outcome) in judged {
            self.add(name, outcome);
        }
        self.general(step, others);
        if step.page == PageKind::Metrics && is_clean {
            let outcome = match seen.has_page() {
                true => Outcome::Holds,
                false => Outcome::NotSeen,
            };
            self.rules(lesson, step, outcome);
        }
    }

    /// Records what the rules for all programs found and no check of the lesson claims.
    /// Each finding is shown once, even if it occurs in several steps.
    fn general(&mut self, step: &Step, findings: Vec<Finding>) {
        let known: Vec<_> = self.failing().map(|(_, all)| in_short(all)).collect();
        for finding in first_of_each(findings) {
            let path = match finding.rule {
                Rule::Links => "/",
                Rule::Steady => step.meanwhile.as_ref().unwrap_or(&step.get),
                _ => &step.get,
            };
            let name = title(finding.rule, path);
            let of_name = self.failing().filter(|(all, _)| **all == name).count();
            if !known.contains(&in_short(&finding)) && of_name < MOST {
                self.add(&name, Outcome::Fails(finding));
            }
        }
    }

    /// Records once per path that the rules hold, even if several steps request it.
    fn rules(&mut self, lesson: &Lesson, step: &Step, outcome: Outcome) {
        let claims = |judge: &Judge| matches!(judge.wanted, Wanted::Rule { .. });
        let mut of_path = lesson.text.step.iter().filter(|all| all.get == step.get);
        let name = match of_path.any(|all| all.judge.iter().any(claims)) {
            true => m::KEEPS_OTHER_RULES,
            false => m::KEEPS_RULES,
        };
        let name = say(name, [&named(&step.get)]);
        if !self.verdicts.iter().any(|verdict| verdict.name == name) {
            self.add(&name, outcome);
        }
    }
}

/// The name of a rule's check.
fn title(rule: Rule, path: &str) -> String {
    let title = match rule {
        Rule::Answers => m::GET_IS_ANSWERED,
        Rule::Slow => m::GET_IS_ANSWERED_IN_TIME,
        Rule::Status => m::GET_HAS_STATUS_200,
        Rule::ContentType => m::GET_NAMES_ITS_FORMAT,
        Rule::Format => m::GET_CAN_BE_READ,
        Rule::LineEnd => m::GET_ENDS_WITH_A_NEWLINE,
        Rule::Duplicate => m::GET_HAS_EACH_SERIES_ONCE,
        Rule::Consistent => m::GET_ADDS_UP,
        Rule::Steady => m::GET_KEEPS_ITS_SERIES,
        Rule::Links => m::GET_HAS_NO_DEAD_LINKS,
        Rule::Help => m::GET_HAS_HELP,
        Rule::MetricUnits => m::GET_HAS_BASE_UNITS,
        Rule::Counter => m::GET_HAS_TOTALS,
        Rule::HistogramSummaryReserved => m::GET_HAS_NO_RESERVED,
        Rule::MetricTypeInName => m::GET_HAS_NO_TYPES_IN_NAMES,
        Rule::ReservedChars => m::GET_HAS_NO_COLONS,
        Rule::CamelCase => m::GET_HAS_SNAKE_CASE,
        Rule::UnitAbbreviations => m::GET_HAS_WHOLE_UNITS,
        // These are about no path; what a lesson wants has a name of its own.
        Rule::Panics => return say(m::PROGRAM_DOES_NOT_PANIC, []),
        Rule::Runs | Rule::Wanted => return say(m::PROGRAM_RUNS, []),
    };
    say(title, [&named(path)])
}

fn in_short(finding: &Finding) -> (Rule, String) {
    let first = finding.seen.lines().next().unwrap_or_default();
    (finding.rule, first.to_owned())
}

/// The first panic on standard error.
pub fn panics(stderr: &str) -> Option<Finding> {
    let mut lines = stderr
        .lines()
        .skip_while(|line| !line.contains("panicked at "));
    let (first, reason) = (lines.next()?, lines.next().unwrap_or_default());
    Some(Finding::panics(&format!("{first}\n{reason}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(seen: &str) -> Outcome {
        Outcome::Fails(Finding::wanted(seen, "", ""))
    }

    #[test]
    fn the_lines_of_an_exposition_are_shown_once() {
        let mut report = Report::default();
        let page = "a{x=\"1\"} 1\na{x=\"2\"} 2\n…";
        for seen in [
            &format!("no a\n{page}"),
            &format!("no b\n{page}"),
            "no c\nd\ne",
        ] {
            report.add("", fails(seen));
            report.add("", fails(seen));
        }
        let seen: Vec<_> = report.failing().map(|(_, all)| all.seen.clone()).collect();
        let above = " (what is served instead is shown above)";
        let (a, b) = (format!("no a{above}"), format!("no b{above}"));
        let expected = [
            &format!("no a\n{page}"),
            &a,
            &b,
            &b,
            "no c\nd\ne",
            "no c\nd\ne",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_first_panic_is_found_with_its_reason() {
        let stderr = "one\n\nthread 'a' (7) panicked at src/main.rs:1:2:\nwhy\nnote\n";
        let seen = panics(stderr).map(|finding| finding.seen);
        let expected = "thread 'a' (7) panicked at src/main.rs:1:2:\nwhy";
        assert_eq!(seen.as_deref(), Some(expected));
        assert!(panics("one\n").is_none());
    }
}
