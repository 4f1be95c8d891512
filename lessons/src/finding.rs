//! What was found wrong, in the words that a learner gets.

use crate::scrape::Answer;
use crate::words::{say, text};

/// One thing that is not as it should be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule's name, as a lesson may refer to it.
    pub rule: &'static str,
    pub seen: String,
    pub expected: String,
    /// What it costs in production.
    pub why: String,
    /// What to change; empty where `expected` says it.
    pub fix: String,
}

impl Finding {
    fn new(rule: &'static str, seen: &str, expected: &str, why: &str) -> Finding {
        Finding {
            rule,
            seen: shown(seen),
            expected: say(expected, &[]),
            why: say(why, &[]),
            fix: String::new(),
        }
    }

    /// Whether what was seen and what was expected are texts of one kind, such as two lines
    /// of a page, whose difference says something.
    pub fn is_compared(&self) -> bool {
        ["wanted", "content-type", "status"].contains(&self.rule)
    }

    fn mended_by(mut self, fix: &str) -> Finding {
        self.fix = say(fix, &[]);
        self
    }

    /// The program does not run, or not as it was told to.
    pub fn runs(seen: &str, expected: &str, fix: &str) -> Finding {
        let why = text(
            "A program that is not there cannot be scraped: Prometheus says \
             `connection refused`, and `up` is 0.",
        );
        Finding::new("runs", seen, expected, why).mended_by(fix)
    }

    /// No answer, or none that can be read.
    pub fn answers(path: &str, seen: &str) -> Finding {
        let expected = say("an answer to GET {} within 5 s", &[&path]);
        let why = text(
            "Prometheus waits for `scrape_timeout`, 5 s in this repository's \
             prometheus.yml; then `up` is 0, and the metrics of that scrape are \
             lost.",
        );
        Finding::new("answers", seen, &expected, why)
    }

    /// Another status than `expected`. A redirect is not followed, but named.
    pub fn status(path: &str, answer: &Answer, expected: u16) -> Finding {
        let status = say("GET {}: status {}", &[&path, &answer.status]);
        let body = answer.text();
        // Of an error the text is the reason; a page would only be long.
        let reason = if answer.status < 400 { "" } else { body.trim() };
        let seen = match (&answer.location, reason) {
            (Some(location), _) if (300..400).contains(&answer.status) => {
                say("{}, a redirect to {}", &[&status, location])
            }
            (_, "") => status,
            (_, reason) => format!("{status}\n{}", first_lines(reason, 6)),
        };
        let why = text(
            "Prometheus takes a page with status 200 and no other: any other makes \
             `up` 0.",
        );
        let expected = say("GET {}: status {}", &[&path, &expected]);
        Finding::new("status", &seen, &expected, why)
    }

    pub fn content_type(seen: Option<&str>) -> Finding {
        let seen = match seen {
            Some(seen) => format!("Content-Type: {seen}"),
            None => say("no Content-Type", &[]),
        };
        let expected = "Content-Type: text/plain; version=0.0.4; charset=utf-8";
        let why = text(
            "It says which format follows. Prometheus 2 guesses; Prometheus 3 \
             refuses a page whose type it does not know.",
        );
        Finding::new("content-type", &seen, expected, why)
    }

    pub fn format(seen: &str, what: &str) -> Finding {
        let why = text(
            "One line that cannot be read, and the whole page is refused: `up` is \
             0, and no metric of that scrape is kept.",
        );
        let expected = text(
            "a page of the text format, which docs/en/reference/exposition.md \
             shows",
        );
        let fix = say("mend this: {}", &[&what]);
        Finding::new("format", seen, expected, why).mended_by(&fix)
    }

    pub fn line_end(last: &str) -> Finding {
        let seen = say("the last line, `{}`, has no end", &[&last]);
        let why = text(
            "The format asks for it, and promtool refuses the page: \"unexpected \
             end of input stream\". Whoever reads a page that was cut off could \
             not tell.",
        );
        let expected = text("a line end, `\\n`, behind every line, the last one too");
        Finding::new("line-end", &seen, expected, why)
    }

    pub fn duplicate(line: &str) -> Finding {
        let why = text(
            "Prometheus keeps the first of the two, and says so in its own log at \
             most: the other value is lost.",
        );
        let expected = text("each series, a name with its labels, once on a page");
        Finding::new("duplicate", line, expected, why).mended_by(text(
            "give the two a label that differs, or add their values up",
        ))
    }

    /// A histogram or a summary that does not add up.
    pub fn consistent(seen: &str, expected: &str) -> Finding {
        let why = text(
            "Nothing refuses it, and every quantile that is computed from it is \
             wrong.",
        );
        Finding::new("consistent", seen, expected, why)
    }

    /// An answer that took longer than an answer may.
    pub fn slow(seen: &str, expected: &str) -> Finding {
        let why = text(
            "Prometheus waits for `scrape_timeout` and asks several targets at once: \
             what is slow for one request is down when there are more.",
        );
        Finding::new("slow", seen, expected, why)
    }

    /// What changes from scrape to scrape, and must not.
    pub fn steady(seen: &str, expected: &str) -> Finding {
        let why = text(
            "Prometheus stores every scrape: a series that comes and goes has gaps, a \
             counter that falls is taken for a restart.",
        );
        Finding::new("steady", seen, expected, why)
    }

    /// A link of the page for people that leads nowhere.
    pub fn dead_link(path: &str, status: u16) -> Finding {
        let seen = say(
            "GET /: links to {}, which is answered with status {}",
            &[&path, &status],
        );
        let why = text(
            "A dead link is worse than none: it says that the program is broken, when \
             only its page is.",
        );
        Finding::new("links", &seen, text("links that lead somewhere"), why)
    }

    /// What a program says that was answered by a panic.
    pub fn panics(seen: &str) -> Finding {
        let why = text(
            "A panic ends what its thread was doing: a request, a lock, half of an update. \
             What looks right after it is right by luck.",
        );
        Finding::new("panics", seen, text("no panic on standard error"), why)
    }

    /// Another thing than the lesson wants.
    pub fn wanted(seen: &str, expected: &str, why: &str) -> Finding {
        Finding::new("wanted", seen, expected, why)
    }

    /// What promtool's linter says, and how to mend it.
    pub fn lint(rule: &'static str, words: &str, fix: &str) -> Finding {
        let why = text(
            "A name is what people type into queries for years; promtool checks \
             the customs that let them guess it.",
        );
        let expected = text("no complaint");
        Finding::new(
            rule,
            &say("by promtool's rules: {}", &[&words]),
            expected,
            why,
        )
        .mended_by(fix)
    }
}

/// At most this many findings of one rule are said.
const MOST: usize = 3;

/// The first findings of each rule, since a page may have one a line.
pub fn first_of_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut first: Vec<Finding> = Vec::new();
    let mut more: Vec<(&str, usize)> = Vec::new();
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
            last.seen += &say("\n… and {} more of this kind", &[&count]);
        }
    }
    first
}

/// A text from elsewhere, as it may be shown: without what moves a terminal's cursor, and
/// not longer than anybody reads.
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
    fn of_many_findings_the_first_are_said() {
        let findings = (0..100).map(|at| Finding::duplicate(&format!("a {at}")));
        let mut findings: Vec<Finding> = findings.collect();
        findings.push(Finding::line_end("a 1"));
        let seen: Vec<String> = first_of_each(findings)
            .into_iter()
            .map(|finding| finding.seen)
            .collect();
        let last = "a 2\n… and 97 more of this kind";
        let end = "the last line, `a 1`, has no end";
        assert_eq!(seen, ["a 0", "a 1", last, end]);
    }

    #[test]
    fn a_text_from_elsewhere_moves_no_cursor_and_fills_no_screen() {
        assert_eq!(shown("a\u{1b}[2J\tb\r\nc"), "a\u{fffd}[2J\tb\nc");
        assert_eq!(shown(&"x".repeat(1 << 20)).chars().count(), 401);
        assert_eq!(shown(&"x\n".repeat(1000)).lines().count(), 41);
    }
}
