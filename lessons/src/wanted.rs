//! Whether one thing that a lesson wants is there, and if not what is there in its place.

use crate::course::{Judge, Samples, Step, Wanted};
use crate::finding::Finding;
use crate::judge::Outcome;
use crate::page::{Page, Sample, selected};
use crate::scrape::Answer;
use crate::words::say;

/// The finding, with the judge's reason in place of the rule's.
pub fn in_the_words_of(judge: Option<&Judge>, mut finding: Finding) -> Finding {
    if let Some(judge) = judge {
        judge.why.clone_into(&mut finding.why);
    }
    finding
}

/// Of an answer: its status, its links.
pub fn of_answer(judge: &Judge, step: &Step, answer: &Answer) -> Outcome {
    let text = &String::from_utf8_lossy(&answer.body);
    match &judge.wanted {
        Wanted::Status { status } if answer.status == *status => Outcome::Holds,
        Wanted::Status { status } => {
            // Of an error the text is the reason; a page would only be long.
            let text = if answer.status < 400 { "" } else { text };
            let mut finding = Finding::status(&step.get, answer.status, text);
            finding.expected = say("GET {}: status {}", &[&step.get, status]);
            Outcome::Fails(in_the_words_of(Some(judge), finding))
        }
        Wanted::Link { link } => {
            let found: Vec<_> = links(&step.get, text).collect();
            if found.contains(link) {
                return Outcome::Holds;
            }
            let seen = match found.as_slice() {
                [] => say("GET {}: no link", &[&step.get]),
                found => say(
                    "GET {}: links to {}",
                    &[&step.get, &found.join(&say(", ", &[]))],
                ),
            };
            let expected = say("GET {}: links to {}", &[&step.get, link]);
            fails(judge, seen, expected)
        }
        _ => Outcome::NotSeen,
    }
}

/// Where the links of a page of HTML at `path` lead.
fn links(path: &str, html: &str) -> impl Iterator<Item = String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let targets = html.split("href=").skip(1);
    let targets = targets.filter_map(|target| {
        let quote = target.chars().next()?;
        match quote {
            '"' | '\'' => target[1..].split(quote).next(),
            _ => target.split([' ', '>']).next(),
        }
    });
    targets.map(move |target| match target.strip_prefix("./") {
        Some(relative) => format!("{folder}/{relative}"),
        None => target.to_owned(),
    })
}

/// Of a page of metrics: its samples, its types.
pub fn of_metrics(judge: &Judge, page: &Page) -> Outcome {
    match &judge.wanted {
        Wanted::Sample(samples) => of_samples(judge, page, samples),
        Wanted::Absent { absent } => of_absent(judge, page, absent),
        Wanted::Type { family, kind } => {
            let found = page.families.iter().find(|all| all.name == *family);
            let seen = match found.map(|found| found.kind.as_str()) {
                Some(seen) if seen == kind => return Outcome::Holds,
                Some("") => say("no TYPE for {}", &[family]),
                Some(seen) => format!("# TYPE {family} {seen}"),
                None => say("no metric {}{}", &[family, &near(page, family)]),
            };
            fails(judge, seen, format!("# TYPE {family} {kind}"))
        }
        _ => Outcome::Holds,
    }
}

fn of_absent(judge: &Judge, page: &Page, absent: &str) -> Outcome {
    let Ok((selector, _)) = selected(absent) else {
        return fails(judge, absent.to_owned(), "a name and labels".to_owned());
    };
    match page.samples().find(|sample| sample.is(&selector)) {
        Some(sample) => fails(judge, sample.line.clone(), say("no {}", &[&absent])),
        None => Outcome::Holds,
    }
}

fn of_samples(judge: &Judge, page: &Page, wanted: &Samples) -> Outcome {
    let selector = match selected(&wanted.sample) {
        Ok((selector, _)) => selector,
        Err(what) => return fails(judge, what, wanted.sample.clone()),
    };
    let found: Vec<&Sample> = page.samples().filter(|all| all.is(&selector)).collect();
    let is_right = |all: &&Sample| has_value(all, wanted) && has_labels(all, wanted);
    if found.len() == wanted.series && found.iter().all(is_right) {
        return Outcome::Holds;
    }
    // Where their number is right, those that are wrong say more alone.
    let is_shown = |all: &&&Sample| found.len() != wanted.series || !is_right(all);
    let shown = found.iter().filter(is_shown);
    let lines: Vec<&str> = shown.map(|all| all.line.as_str()).collect();
    let seen = match found.as_slice() {
        [] => {
            let near = near(page, &selector.name);
            say("no sample {}{}", &[&wanted.sample, &near])
        }
        _ => lines.join("\n"),
    };
    fails(judge, seen, expected(wanted))
}

fn has_labels(sample: &Sample, wanted: &Samples) -> bool {
    let mut labels = wanted.labels.iter();
    labels.all(|label| sample.label(label).is_some())
}

fn has_value(sample: &Sample, wanted: &Samples) -> bool {
    let low = wanted.value.or(wanted.from);
    let high = wanted.value.or(wanted.to);
    low.is_none_or(|low| sample.value >= low)
        && high.is_none_or(|high| sample.value <= high)
}

fn expected(wanted: &Samples) -> String {
    let sample = &wanted.sample;
    let one = match (wanted.value, wanted.from, wanted.to) {
        (Some(value), _, _) => format!("{sample} {value}"),
        (None, Some(from), Some(to)) => {
            say("{}, each from {} to {}", &[sample, &from, &to])
        }
        (None, Some(from), None) => say("{}, {} or more", &[sample, &from]),
        (None, None, Some(to)) => say("{}, {} or less", &[sample, &to]),
        (None, None, None) => sample.clone(),
    };
    let one = match wanted.labels.as_slice() {
        [] => one,
        labels => say(
            "{}, with the labels {}",
            &[&one, &labels.join(&say(", ", &[]))],
        ),
    };
    match wanted.series {
        1 => one,
        count => say("{} series {}", &[&count, &one]),
    }
}

/// What the page has in place of a name that it lacks.
fn near(page: &Page, name: &str) -> String {
    let family = page.families.iter().find(|all| {
        let is_part = name.starts_with(&all.name) || all.name.starts_with(name);
        is_part && !all.samples.is_empty()
    });
    let samples = family.map(|family| family.samples.as_slice());
    match samples.unwrap_or_default() {
        [] => {
            let names: Vec<_> = page.families.iter().map(|all| &*all.name).collect();
            match names.as_slice() {
                [] => say("; the page is empty", &[]),
                names => say("; the page has {}", &[&names.join(&say(", ", &[]))]),
            }
        }
        samples => {
            let lines = samples.iter().map(|sample| format!("\n{}", sample.line));
            lines.take(20).collect()
        }
    }
}

fn fails(judge: &Judge, seen: String, expected: String) -> Outcome {
    Outcome::Fails(Finding::wanted(&seen, &expected, &judge.why))
}
