//! Checks responses against the rules for every exposition.

use std::rc::Rc;

use crate::answers::{too_slow, type_parts};
use crate::ask::{Asked, Part};
use crate::course::{PageKind, Step};
use crate::finding::Finding;
use crate::lint::{inconsistent, lint};
use crate::page::Page;
use crate::rule::Rule;
use crate::scrape::Answer;

/// The exposition, if the status is 200, and the problems of the response.
pub type Read = (Option<Rc<Page>>, Vec<Finding>);

/// What the responses show. Many are often the same, and reading them takes longer than
/// scraping them: the same response to the same request is read once, and of the later
/// ones only the duration is new.
pub fn of_all(step: &Step, asked: &[Asked]) -> Vec<Read> {
    let mut read: Vec<Read> = Vec::new();
    for (at, one) in asked.iter().enumerate() {
        let same = asked[..at].iter().rposition(|all| are_same(all, one));
        read.push(match same {
            Some(same) => (read[same].0.clone(), Vec::from_iter(too_slow(one))),
            None => {
                let (page, findings) = of_asked(step, one);
                (page.map(Rc::new), findings)
            }
        });
    }
    read
}

/// Whether both are the same response to the same request, but for its duration.
fn are_same(one: &Asked, other: &Asked) -> bool {
    let (Ok(answer), Ok(again)) = (&one.answer, &other.answer) else {
        return false;
    };
    (one.part, &one.path) == (other.part, &other.path)
        && (answer.status, &answer.content_type) == (again.status, &again.content_type)
        && answer.body == again.body
}

/// The exposition, if the status is 200, and the problems of the response.
fn of_asked(step: &Step, asked: &Asked) -> (Option<Page>, Vec<Finding>) {
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
    use std::time::Duration;

    use super::*;

    fn asked(path: &str, status: u16, body: &str, seconds: u64) -> Asked {
        Asked {
            path: path.to_owned(),
            part: Part::Asked,
            how: String::new(),
            at_once: false,
            answer: Ok(Answer {
                status,
                content_type: Some("text/plain; version=0.0.4".to_owned()),
                headers: Vec::new(),
                location: None,
                body: body.into(),
                took: Duration::from_secs(seconds),
            }),
        }
    }

    const A: &str = "# HELP a A.\na 1\na 1\n";

    fn read(asked: &[Asked]) -> Vec<Read> {
        of_all(&toml::from_str("").unwrap(), asked)
    }

    fn rules((_, findings): &Read) -> Vec<Rule> {
        findings.iter().map(|all| all.rule).collect()
    }

    #[test]
    fn the_same_response_is_read_once() {
        let b = A.replace('1', "2");
        let read = read(&[
            asked("/", 200, A, 0),
            asked("/", 200, &b, 0),
            asked("/", 200, A, 60),
        ]);
        let found: Vec<_> = read.iter().map(rules).collect();
        let twice = vec![Rule::Duplicate];
        assert_eq!(found, [twice.clone(), twice, vec![Rule::Slow]]);
        let pages: Vec<_> = read.iter().map(|(page, _)| page.as_ref()).collect();
        let is_first = |page: &Option<&Rc<Page>>| matches!((page, pages[0]), (Some(one), Some(first)) if Rc::ptr_eq(one, first));
        let are_first: Vec<bool> = pages.iter().map(is_first).collect();
        assert_eq!(are_first, [true, false, true]);
    }

    #[test]
    fn the_same_body_is_another_response_if_anything_else_differs() {
        let mut other_type = asked("/", 200, A, 0);
        if let Ok(answer) = &mut other_type.answer {
            answer.content_type = None;
        }
        let read = read(&[
            asked("/", 200, A, 0),
            asked("/a", 200, A, 0),
            asked("/", 500, A, 0),
            other_type,
        ]);
        let found: Vec<_> = read.iter().map(rules).collect();
        let expected = [
            vec![Rule::Duplicate],
            vec![Rule::Duplicate],
            vec![Rule::Status],
            vec![Rule::ContentType, Rule::Duplicate],
        ];
        assert_eq!(found, expected);
    }

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
