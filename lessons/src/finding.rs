//! A problem that was found, in the words shown to the learner.

use crate::messages as m;
use crate::rule::Rule;
use crate::scrape::{Answer, named};
use crate::words::say;

/// One problem.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's name, as a lesson may refer to it.
    pub rule: Rule,
    pub seen: String,
    pub expected: String,
    /// The cost in production.
    pub why: String,
    /// What to change; empty if `expected` says it.
    pub fix: String,
}

impl Finding {
    fn new(rule: Rule, seen: &str, expected: &str, why: &str) -> Finding {
        Finding {
            rule,
            seen: shown(seen),
            expected: expected.to_owned(),
            why: why.to_owned(),
            fix: String::new(),
        }
    }

    /// Whether `seen` and `expected` are texts of one kind, such as two sample lines, so
    /// that a diff is useful.
    pub fn is_compared(&self) -> bool {
        matches!(self.rule, Rule::Wanted | Rule::ContentType | Rule::Status)
    }

    fn fixed_by(mut self, fix: &str) -> Finding {
        fix.clone_into(&mut self.fix);
        self
    }

    /// The program does not run as it was told to.
    pub fn runs(seen: &str, expected: &str, fix: &str) -> Finding {
        let why = say(m::WHY_RUNS, []);
        Finding::new(Rule::Runs, seen, expected, &why).fixed_by(fix)
    }

    /// No response, or one that can't be read.
    pub fn answers(path: &str, seen: &str) -> Finding {
        let expected = say(m::ANSWER_EXPECTED, [&named(path)]);
        let why = say(m::WHY_ANSWERS, []);
        Finding::new(Rule::Answers, seen, &expected, &why)
    }

    /// Another status than `expected`. A redirect is named, not followed.
    pub fn status(path: &str, answer: &Answer, expected: u16) -> Finding {
        let path = named(path);
        let status = say(m::GET_STATUS, [&path, &answer.status]);
        let body = answer.text();
        // The body of an error is its reason; other pages are only long.
        let reason = if answer.status < 400 { "" } else { body.trim() };
        let seen = match (&answer.location, reason) {
            (Some(location), _) if (300..400).contains(&answer.status) => {
                say(m::REDIRECT, [&status, location])
            }
            (_, "") => status,
            (_, reason) => format!("{status}\n{}", first_lines(reason, 6)),
        };
        let why = say(m::WHY_STATUS, []);
        let expected = say(m::GET_STATUS, [&path, &expected]);
        Finding::new(Rule::Status, &seen, &expected, &why)
    }

    pub fn content_type(seen: Option<&str>) -> Finding {
        let seen = match seen {
            Some(seen) => format!("Content-Type: {seen}"),
            None => say(m::NO_CONTENT_TYPE, []),
        };
        let expected = "Content-Type: text/plain; version=0.0.4; charset=utf-8";
        let why = say(m::WHY_CONTENT_TYPE, []);
        Finding::new(Rule::ContentType, &seen, expected, &why)
    }

    pub fn format(seen: &str, what: &str) -> Finding {
        let why = say(m::WHY_FORMAT, []);
        let expected = say(m::FORMAT_EXPECTED, []);
        Finding::new(Rule::Format, seen, &expected, &why).fixed_by(what)
    }

    pub fn line_end(last: &str) -> Finding {
        let seen = say(m::LAST_LINE_OPEN, [&last]);
        let why = say(m::WHY_LINE_END, []);
        let expected = say(m::LINE_END_EXPECTED, []);
        Finding::new(Rule::LineEnd, &seen, &expected, &why)
    }

    pub fn duplicate(line: &str) -> Finding {
        let why = say(m::WHY_DUPLICATE, []);
        let expected = say(m::EACH_SERIES_ONCE, []);
        Finding::new(Rule::Duplicate, line, &expected, &why)
            .fixed_by(&say(m::FIX_DUPLICATE, []))
    }

    /// An inconsistent histogram or summary.
    pub fn consistent(seen: &str, expected: &str) -> Finding {
        let why = say(m::WHY_CONSISTENT, []);
        Finding::new(Rule::Consistent, seen, expected, &why)
    }

    /// A response that took too long.
    pub fn slow(seen: &str, expected: &str) -> Finding {
        let why = say(m::WHY_SLOW, []);
        Finding::new(Rule::Slow, seen, expected, &why)
    }

    /// A change between scrapes that must not happen.
    pub fn steady(seen: &str, expected: &str) -> Finding {
        let why = say(m::WHY_STEADY, []);
        Finding::new(Rule::Steady, seen, expected, &why)
    }

    /// A dead link on the landing page.
    pub fn dead_link(path: &str, status: u16) -> Finding {
        let seen = say(m::DEAD_LINK, [&path, &status]);
        let why = say(m::WHY_LINKS, []);
        Finding::new(Rule::Links, &seen, &say(m::LINKS_EXPECTED, []), &why)
    }

    /// A panic on the program's standard error.
    pub fn panics(seen: &str) -> Finding {
        let why = say(m::WHY_PANICS, []);
        Finding::new(Rule::Panics, seen, &say(m::NO_PANIC, []), &why)
    }

    /// Something other than what the lesson wants.
    pub fn wanted(seen: &str, expected: &str, why: &str) -> Finding {
        Finding::new(Rule::Wanted, seen, expected, why)
    }

    /// A problem reported by promtool's linter, and how to fix it.
    pub fn lint(rule: Rule, words: &str, fix: &str) -> Finding {
        let why = say(m::WHY_LINT, []);
        let expected = say(m::NO_COMPLAINT, []);
        Finding::new(rule, &say(m::BY_PROMTOOLS_RULES, [&words]), &expected, &why)
            .fixed_by(fix)
    }
}

/// The maximum number of findings shown per rule.
const MOST: usize = 3;

/// The first findings of each rule, since every line of an exposition may have one.
pub fn first_of_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut first: Vec<Finding> = Vec::new();
    let mut more: Vec<(Rule, usize)> = Vec::new();
    for finding in findings {
        let of_rule = first.iter().filter(|all| all.rule == finding.rule).count();
        if of_rule < MOST {
            first.push(finding);
            continue;
        }
        match more.iter_mut().find(|(rule, _)| *rule == finding.rule) {
            Some((_, count)) => *count += 1,
            None => more.push((finding.rule, 1)),
        }
    }
    for (rule, count) in more {
        if let Some(last) = first.iter_mut().rev().find(|all| all.rule == rule) {
            last.seen += &say(m::MORE_OF_THIS_KIND, [&count]);
        }
    }
    first
}

/// A text from outside, without control characters and cut to a readable length.
pub fn shown(text: &str) -> String {
    const WIDEST: usize = 400;
    const LONGEST: usize = 40;
    let clean = |c: char| {
        if c.is_control() && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    let cut = |line: &str| {
        let mut shown: String = line.chars().take(WIDEST).map(clean).collect();
        if line.chars().nth(WIDEST).is_some() {
            shown.push('…');
        }
        shown
    };
    let mut lines: Vec<String> = text.lines().take(LONGEST).map(cut).collect();
    if text.lines().nth(LONGEST).is_some() {
        lines.push("…".to_owned());
    }
    lines.join("\n")
}

/// The first lines of a text that may be long.
pub fn first_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().take(count + 1).collect();
    let mut shown = lines[..lines.len().min(count)].join("\n");
    if lines.len() > count {
        shown += "\n…";
    }
    shown
}

/// The last lines of a text that may be long.
pub fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(count)..];
    match last.len() < lines.len() {
        true => format!("…\n{}", last.join("\n")),
        false => last.join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_many_findings_are_shown() {
        let findings = (0..100).map(|at| Finding::duplicate(&format!("a {at}")));
        let mut findings: Vec<Finding> = findings.collect();
        findings.push(Finding::line_end("a 1"));
        let seen: Vec<String> = first_of_each(findings)
            .into_iter()
            .map(|finding| finding.seen)
            .collect();
        let last = "a 2\n… and 97 more of this kind";
        let end = "the last line, `a 1`, has no newline";
        assert_eq!(seen, ["a 0", "a 1", last, end]);
    }

    #[test]
    fn a_text_from_outside_moves_no_cursor_and_fills_no_screen() {
        assert_eq!(shown("a\u{1b}[2J\tb\r\nc"), "a\u{fffd}[2J\tb\nc");
        assert_eq!(shown(&"x".repeat(1 << 20)).chars().count(), 401);
        assert_eq!(shown(&"x\n".repeat(1000)).lines().count(), 41);
    }
}
