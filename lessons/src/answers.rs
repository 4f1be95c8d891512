//! Whether a response is what a lesson wants, whatever its content: its status, its type,
//! its text, its links, and what must not be in it.

use std::net::SocketAddr;

use crate::ask::{Asked, SLOW, is_html};
use crate::course::{Judge, Wanted};
use crate::finding::{Finding, first_lines};
use crate::html;
use crate::messages as m;
use crate::page::Page;
use crate::scrape::{Answer, named};
use crate::wanted::{Found, fails, in_the_words_of};
use crate::words::say;

/// Checks one response.
///
/// # Errors
///
/// Returns what the response is instead.
pub fn of_answer(
    judge: &Judge,
    path: &str,
    address: SocketAddr,
    answer: &Answer,
) -> Found {
    let text = answer.text();
    match &judge.wanted {
        Wanted::Status { status } if answer.status == *status => Ok(()),
        Wanted::Status { status } => {
            let finding = Finding::status(path, answer, *status);
            Err(in_the_words_of(Some(judge), finding))
        }
        Wanted::ContentType { content_type } => of_type(judge, answer, content_type),
        Wanted::Header { header, begins } => {
            of_header(judge, path, answer, header, begins)
        }
        Wanted::Link { link } => of_link(judge, path, address, answer, link),
        // The status of an error says enough.
        Wanted::Body { .. } if answer.status >= 400 => Ok(()),
        Wanted::Body { body, without } => of_body(judge, path, &text, body, without),
        Wanted::NoSamples { no_samples: true } => {
            of_no_samples(judge, path, answer.status, &text)
        }
        Wanted::Within { within } => match answer.took.as_secs_f64() <= *within {
            true => Ok(()),
            false => {
                let finding = slow(path, answer, *within);
                Err(in_the_words_of(Some(judge), finding))
            }
        },
        _ => Ok(()),
    }
}

/// The finding about a response that took too long.
pub fn too_slow(asked: &Asked) -> Option<Finding> {
    let answer = asked.answer.as_ref().ok()?;
    let most = SLOW.as_secs_f64();
    (answer.took > SLOW).then(|| slow(&asked.path, answer, most))
}

fn slow(path: &str, answer: &Answer, most: f64) -> Finding {
    let took = format!("{:.1}", answer.took.as_secs_f64());
    let path = named(path);
    let seen = say(m::ANSWERED_AFTER, [&path, &took]);
    let expected = say(m::ANSWERED_WITHIN, [&path, &most]);
    Finding::slow(&seen, &expected)
}

/// The parts of a Content-Type as a receiver compares them: in lowercase, without quotes,
/// with the parameters in any order.
pub fn type_parts(kind: &str) -> (String, Vec<String>) {
    let mut parts = kind.split(';').map(|part| {
        let part = part.trim().to_lowercase();
        match part.split_once('=') {
            Some((name, value)) => format!("{name}={}", value.trim_matches('"')),
            None => part,
        }
    });
    let kind = parts.next().unwrap_or_default();
    let mut parameters: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    parameters.sort();
    (kind, parameters)
}

fn of_type(judge: &Judge, answer: &Answer, wanted: &str) -> Found {
    let seen = answer.content_type.as_deref();
    if seen.map(type_parts) == Some(type_parts(wanted)) {
        return Ok(());
    }
    let mut finding = Finding::content_type(seen);
    finding.expected = format!("Content-Type: {wanted}");
    Err(in_the_words_of(Some(judge), finding))
}

fn of_header(
    judge: &Judge,
    path: &str,
    answer: &Answer,
    name: &str,
    begins: &str,
) -> Found {
    let is_it = |(all, _): &&(String, String)| all.eq_ignore_ascii_case(name);
    let all: Vec<&str> = answer
        .headers
        .iter()
        .filter(is_it)
        .map(|(_, value)| &**value)
        .collect();
    let start = begins.to_lowercase();
    if all.iter().any(|all| all.to_lowercase().starts_with(&start)) {
        return Ok(());
    }
    let path = named(path);
    let expected = say(m::HAS_HEADER, [&path, &name, &format!("{begins}…")]);
    let seen = match all.as_slice() {
        [] => say(m::HAS_NO_HEADER, [&path, &answer.status, &name]),
        all => say(m::HAS_HEADER, [&path, &name, &all.join(", ")]),
    };
    fails(judge, &seen, &expected)
}

fn of_link(
    judge: &Judge,
    path: &str,
    address: SocketAddr,
    answer: &Answer,
    link: &String,
) -> Found {
    let get = named(path);
    let expected = say(m::GET_LINKS, [&get, link]);
    if !is_html(answer) {
        let kind = answer.content_type.as_deref().unwrap_or_default();
        let seen = say(m::SHOWN_AS_TEXT, [&get, &kind]);
        return fails(judge, &seen, &expected);
    }
    let found = html::links(&address.to_string(), path, &answer.text());
    let without_query = |link: &String| link.split('?').next().map(str::to_owned);
    if found
        .iter()
        .any(|all| without_query(all).as_ref() == Some(link))
    {
        return Ok(());
    }
    let seen = match found.as_slice() {
        [] => say(m::GET_NO_LINK, [&get]),
        found => say(m::GET_LINKS, [&get, &found.join(&say(m::COMMA, []))]),
    };
    fails(judge, &seen, &expected)
}

fn of_body(
    judge: &Judge,
    path: &str,
    text: &str,
    wanted: &str,
    without: &[String],
) -> Found {
    let path = named(path);
    let said = text.to_lowercase();
    let is_wrong = |word: &&String| said.contains(&word.to_lowercase());
    let expected = say(m::GET_TEXT, [&path, &wanted]);
    let expected = match without.iter().find(is_wrong) {
        None if said.contains(&wanted.to_lowercase()) => return Ok(()),
        None => expected,
        Some(word) => say(m::WITHOUT, [&expected, word]),
    };
    let seen = match text.trim() {
        "" => say(m::GET_NOTHING, [&path]),
        text => format!("{path}:\n{}", first_lines(text, 6)),
    };
    fails(judge, &seen, &expected)
}

/// A line of text such as `not found` has two words too: only a line with a type, labels
/// or a metric-like name counts as a sample. It may be inside tags.
fn of_no_samples(judge: &Judge, path: &str, status: u16, text: &str) -> Found {
    let page = Page::parse(without_tags(text));
    let is_meant = |line: &str| {
        line.contains('_') || line.contains('{') || text.contains("# TYPE")
    };
    let mut samples = page.samples().filter(|sample| is_meant(&sample.line));
    match samples.next() {
        Some(sample) => {
            let path = named(path);
            let seen = say(m::GET_STATUS, [&path, &status]);
            let seen = format!("{seen}\n{}", sample.line);
            fails(judge, &seen, &say(m::GET_NO_SAMPLES, [&path]))
        }
        None => Ok(()),
    }
}

fn without_tags(text: &str) -> String {
    let mut pieces = text.split('<');
    let first = pieces.next().unwrap_or_default().to_owned();
    let behind =
        pieces.map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    behind.fold(first, |text, piece| text + "\n" + piece)
}

/// Checks that the response has none of these.
///
/// # Errors
///
/// Returns where one of them is.
pub fn of_hidden(judge: &Judge, asked: &Asked, hidden: &[String]) -> Found {
    let Ok(answer) = &asked.answer else {
        return Ok(());
    };
    let text = answer.text();
    let has = |line: &&str| hidden.iter().any(|word| says(line, word));
    match text.lines().find(has) {
        Some(line) => {
            let path = named(&asked.path);
            let seen = format!("{path}:\n{line}");
            let words = hidden.join(&say(m::COMMA, []));
            fails(judge, &seen, &say(m::GET_NOTHING_OF, [&path, &words]))
        }
        None => Ok(()),
    }
}

/// Whether a line has that word, or that number in any notation.
fn says(line: &str, word: &str) -> bool {
    let Ok(number) = word.parse::<f64>() else {
        return line.to_lowercase().contains(word);
    };
    let is_other = |c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c);
    let mut parts = line.split(is_other).map(|part| part.trim_end_matches('.'));
    parts.any(|part| part.parse() == Ok(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_compared_as_a_receiver_does() {
        let same = type_parts("text/plain; version=0.0.4; charset=utf-8");
        for other in [
            "text/plain;charset=UTF-8;version=0.0.4",
            "Text/Plain; version=0.0.4; charset=\"utf-8\";",
        ] {
            assert_eq!(type_parts(other), same);
        }
        for other in ["text/plain; version=0.0.4", "text/plain; charset=utf-8"] {
            assert_ne!(type_parts(other), same);
        }
    }

    #[test]
    fn tags_are_not_text() {
        let page = "<pre>a_b 1</pre>\n<p title='a > b'>c</p> 2 < 3";
        assert_eq!(without_tags(page), "\na_b 1\n\n\n b'>c\n 2 \n 3");
    }

    #[test]
    fn a_word_or_a_number_is_found_however_it_is_written() {
        for line in [
            "# HELP a (Revenue: 1 euro)",
            "a 1.25e3",
            "a{b=\"1250\"} 1",
            "a_1250_b 1",
        ] {
            assert!(
                ["revenue", "1250"].iter().any(|word| says(line, word)),
                "{line}"
            );
        }
        for line in ["a 12500", "a 1764125090.1250", "avenue 125"] {
            assert!(
                !["revenue", "1250"].iter().any(|word| says(line, word)),
                "{line}"
            );
        }
    }
}
