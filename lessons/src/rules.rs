//! What is wrong with an answer of metrics by the rules for all programs.

use crate::answers::{too_slow, type_parts};
use crate::ask::{Asked, Part};
use crate::course::{PageKind, Step};
use crate::finding::Finding;
use crate::lint::{inconsistent, lint};
use crate::page::Page;
use crate::rule::Rule;
use crate::scrape::Answer;

/// The page of metrics, if it is one of status 200, and what is wrong with the answer.
pub fn of_asked(step: &Step, asked: &Asked) -> (Option<Page>, Vec<Finding>) {
    let is_metrics = match asked.part {
        Part::Asked => step.page == PageKind::Metrics,
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
            let dead = is_dead.then(|| Finding::dead_link(&asked.path, answer.status));
            (None, too_slow(asked).into_iter().chain(dead).collect())
        }
    }
}

/// What is on a page of metrics, and what is wrong with it.
fn of_page(path: &str, answer: &Answer) -> (Page, Vec<Finding>) {
    if answer.status != 200 {
        return (Page::default(), vec![Finding::status(path, answer, 200)]);
    }
    let mut findings = Vec::new();
    let kind = answer.content_type.as_deref();
    if !kind.is_some_and(is_text_format) {
        findings.push(Finding::content_type(kind));
    }
    let mut page = Page::parse(&answer.body);
    findings.extend(of_body(&mut page));
    (page, findings)
}

fn of_body(page: &mut Page) -> Vec<Finding> {
    let mut findings = std::mem::take(&mut page.findings);
    // A line that could not be read may be what the linter misses.
    if findings.iter().all(|all| all.rule != Rule::Format) {
        findings.extend(lint(page));
    }
    findings.extend(inconsistent(page));
    findings
}

/// `text/plain` of version 0.0.4, in UTF-8 if it says in what.
fn is_text_format(kind: &str) -> bool {
    let (kind, parameters) = type_parts(kind);
    let is_utf8 =
        |part: &String| !part.starts_with("charset=") || part == "charset=utf-8";
    let has_version = parameters.iter().any(|part| part == "version=0.0.4");
    kind == "text/plain" && has_version && parameters.iter().all(is_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_from_a_line_that_cannot_be_read_is_not_said() {
        let rules = |body: &str| {
            let mut page = Page::parse(body);
            let found = of_body(&mut page);
            found.into_iter().map(|all| all.rule).collect::<Vec<_>>()
        };
        let body = "# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n";
        assert_eq!(rules(body), [Rule::Counter]);
        assert_eq!(rules(&body.replace("gauge", "Counter")), [Rule::Format]);
    }
}
