//! Checks a response against the rules for every exposition.

use crate::answers::{too_slow, type_parts};
use crate::ask::{Asked, Part};
use crate::course::{PageKind, Step};
use crate::finding::Finding;
use crate::lint::{inconsistent, lint};
use crate::page::Page;
use crate::rule::Rule;
use crate::scrape::Answer;

/// The exposition, if the status is 200, and the problems of the response.
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

/// The exposition of a response, and its problems.
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
    // The linter may complain only because a line could not be parsed.
    if findings.iter().all(|all| all.rule != Rule::Format) {
        findings.extend(lint(page));
    }
    findings.extend(inconsistent(page));
    findings
}

/// Whether this is `text/plain` version 0.0.4, in UTF-8 if it names a charset.
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
    fn consequences_of_an_unreadable_line_are_not_reported() {
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
