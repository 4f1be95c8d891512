//! Checks whether an exposition has what a lesson wants, and if not, what it has instead.

use crate::course::{Judge, Samples, Wanted};
use crate::finding::Finding;
use crate::lost::{help_line, lost, of_help_text, type_line};
use crate::messages as m;
use crate::page::{Family, Page, Sample, selected};
use crate::words::say;

/// `Ok` if it is as wanted, or what it is instead.
pub type Found = Result<(), Finding>;

/// The finding, with the check's reason instead of the rule's.
pub fn in_the_words_of(judge: Option<&Judge>, mut finding: Finding) -> Finding {
    if let Some(judge) = judge {
        judge.why.clone_into(&mut finding.why);
    }
    finding
}

/// Adds when it was seen, if not in the first request.
pub fn noted(mut finding: Finding, how: &str) -> Finding {
    if !how.is_empty() {
        finding.seen = format!("{}\n({how})", finding.seen);
    }
    finding
}

/// A failure of `judge`.
pub fn fails(judge: &Judge, seen: &str, expected: &str) -> Found {
    Err(Finding::wanted(seen, expected, &judge.why))
}

/// Checks one exposition with the text `body`: its samples, types and help texts.
///
/// # Errors
///
/// Returns what it has instead.
pub fn of_metrics(judge: &Judge, page: &Page, body: &str) -> Found {
    match &judge.wanted {
        Wanted::Sample(samples) => of_samples(judge, page, samples),
        Wanted::Absent { absent } => {
            let mut absent = absent.all().iter();
            absent.try_for_each(|absent| of_absent(judge, page, absent))
        }
        Wanted::Nonzero { nonzero, most } => of_nonzero(judge, page, nonzero, *most),
        Wanted::Type { family, kind } => of_type(judge, page, family, kind),
        Wanted::Help { help, text } => {
            of_help(judge, page, body, help)?;
            of_help_text(judge, page, help, text.as_deref())
        }
        Wanted::Untimed { untimed } => of_untimed(judge, page, untimed),
        Wanted::Only { only } => of_only(judge, page, only),
        _ => Ok(()),
    }
}

pub fn family<'a>(page: &'a Page, name: &str) -> Option<&'a Family> {
    page.families.iter().find(|all| all.name == name)
}

fn of_type(judge: &Judge, page: &Page, name: &str, kind: &str) -> Found {
    let seen = match family(page, name).map(|found| found.kind.as_str()) {
        Some(seen) if seen == kind => return Ok(()),
        Some("") => say(m::NO_TYPE, [&name]) + &lost(page, type_line),
        Some(seen) => format!("# TYPE {name} {seen}"),
        None => say(m::NO_METRIC, [&name, &near(page, name)]),
    };
    fails(judge, &seen, &format!("# TYPE {name} {kind}"))
}

/// Placeholders that aren't help texts.
const PLACEHOLDERS: [&str; 12] = [
    "todo",
    "fixme",
    "tbd",
    "xxx",
    "help",
    "text",
    "lorem",
    "help text",
    "the help text",
    "a help text",
    "some help text",
    "description",
];

fn of_help(judge: &Judge, page: &Page, body: &str, name: &str) -> Found {
    let expected = say(m::HELP_WITH_TEXT, [&name]);
    let help = family(page, name).and_then(|found| found.help.as_deref());
    let Some(help) = help.map(str::trim).filter(|help| !help.is_empty()) else {
        let seen = say(m::NO_HELP, [&name]) + &lost(page, help_line);
        return fails(judge, &seen, &expected);
    };
    let words = help.trim_end_matches(['.', ':', '…', '!']).to_lowercase();
    // A single word says no more than the name; Chinese has no spaces between words.
    let is_word = !words.contains(' ') && words.is_ascii();
    let first = words.split([' ', ':']).next().unwrap_or_default();
    let is_left =
        PLACEHOLDERS.contains(&words.as_str()) || PLACEHOLDERS[..4].contains(&first);
    if is_word || is_left {
        return fails(judge, &format!("# HELP {name} {help}"), &expected);
    }
    let is_sample = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with('#') && line.starts_with(name)
    };
    let is_help = |line: &&str| line.starts_with('#') && line.contains("HELP");
    let mut lines = body.lines().filter(|line| is_sample(line) || is_help(line));
    let of_family = |line: &&str| line.contains(name);
    match lines.find(of_family) {
        Some(line) if is_sample(&line) => {
            let expected = say(m::HELP_BEFORE_SAMPLES, [&name]);
            fails(judge, &format!("{line}\n# HELP {name} {help}"), &expected)
        }
        _ => Ok(()),
    }
}

fn of_untimed(judge: &Judge, page: &Page, name: &str) -> Found {
    let mut samples = family(page, name).into_iter().flat_map(|all| &all.samples);
    match samples.find(|sample| sample.timestamp.is_some()) {
        Some(sample) => {
            let expected = say(m::WITHOUT_TIMESTAMP, [&name]);
            fails(judge, &sample.line, &expected)
        }
        None => Ok(()),
    }
}

fn of_only(judge: &Judge, page: &Page, only: &[String]) -> Found {
    let is_known = |name: &str| {
        only.iter().any(|known| match known.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == known,
        })
    };
    let strange = page.families.iter().filter(|all| !is_known(&all.name));
    let mut shown = strange.map(|all| match all.samples.first() {
        Some(sample) => sample.line.clone(),
        None => all.name.clone(),
    });
    match shown.next() {
        Some(seen) => {
            let known = only.join(&say(m::COMMA, []));
            fails(judge, &seen, &say(m::ONLY_METRICS, [&known]))
        }
        None => Ok(()),
    }
}

fn of_absent(judge: &Judge, page: &Page, absent: &str) -> Found {
    let Ok((selector, _)) = selected(absent) else {
        return fails(judge, absent, "a name and labels");
    };
    match page.samples().find(|sample| sample.is(&selector)) {
        Some(sample) => fails(judge, &sample.line, &say(m::NO_SUCH, [&absent])),
        None => Ok(()),
    }
}

fn of_nonzero(judge: &Judge, page: &Page, selector: &str, most: usize) -> Found {
    let found = match found(page, selector) {
        Ok(found) => found.into_iter().filter(|sample| sample.value != 0.0),
        Err(what) => return fails(judge, &what, selector),
    };
    let lines: Vec<&str> = found.map(|sample| sample.line.as_str()).collect();
    if lines.len() <= most {
        return Ok(());
    }
    let seen = say(m::SERIES_ARE, [&lines.len(), &few(&lines)]);
    fails(judge, &seen, &say(m::MOST_SERIES, [&most, &selector]))
}

/// The samples of `page` selected by `selector`, a name with labels.
///
/// # Errors
///
/// Returns what is wrong with the selector.
pub fn found<'a>(page: &'a Page, selector: &str) -> Result<Vec<&'a Sample>, String> {
    let selector = any_or_selected(selector)?;
    Ok(page.samples().filter(|all| all.is(&selector)).collect())
}

/// Without a name it selects samples of any name.
fn any_or_selected(selector: &str) -> Result<Sample, String> {
    if !selector.starts_with('{') {
        return Ok(selected(selector)?.0);
    }
    let (mut sample, _) = selected(&format!("any{selector}"))?;
    sample.name.clear();
    Ok(sample)
}

fn of_samples(judge: &Judge, page: &Page, wanted: &Samples) -> Found {
    let (found, selector) =
        match (found(page, &wanted.sample), any_or_selected(&wanted.sample)) {
            (Ok(found), Ok(selector)) => (found, selector),
            (Err(what), _) | (_, Err(what)) => {
                return fails(judge, &what, &wanted.sample);
            }
        };
    let is_right = |all: &&Sample| {
        has_value(all, wanted)
            && has_labels(all, wanted)
            && is_exact(all, &selector, wanted)
    };
    if found.len() == wanted.series && found.iter().all(is_right) {
        return Ok(());
    }
    // If their number is right, only the wrong ones are worth showing.
    let is_shown = |all: &&&Sample| found.len() != wanted.series || !is_right(all);
    let shown = found.iter().filter(is_shown);
    let lines: Vec<&str> = shown.map(|all| all.line.as_str()).collect();
    let seen = match found.as_slice() {
        [] => missing(page, &wanted.sample),
        found if found.len() != wanted.series && wanted.series > 1 => {
            say(m::SERIES_ARE, [&found.len(), &few(&lines)])
        }
        _ => few(&lines),
    };
    fails(judge, &seen, &expected(wanted))
}

/// Says that it is missing, and what is there instead.
pub fn missing(page: &Page, sample: &str) -> String {
    let name = name_of(sample);
    say(m::NO_SAMPLE, [&sample, &near(page, name)])
}

/// The name in a selector, before its labels.
pub fn name_of(selector: &str) -> &str {
    selector.split('{').next().unwrap_or_default()
}

fn has_labels(sample: &Sample, wanted: &Samples) -> bool {
    let mut labels = wanted.labels.iter();
    labels.all(|label| sample.label(label).is_some())
}

/// Whether it has no labels other than those wanted.
fn is_exact(sample: &Sample, selector: &Sample, wanted: &Samples) -> bool {
    let is_wanted = |name: &String| {
        selector.label(name).is_some() || wanted.labels.contains(name) || name == "le"
    };
    !wanted.exact || sample.labels.iter().all(|(name, _)| is_wanted(name))
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
        (None, Some(from), Some(to)) => say(m::EACH_IN_RANGE, [sample, &from, &to]),
        (None, Some(from), None) => say(m::OR_MORE, [sample, &from]),
        (None, None, Some(to)) => say(m::OR_LESS, [sample, &to]),
        (None, None, None) => sample.clone(),
    };
    let labels = wanted.labels.join(&say(m::COMMA, []));
    let one = match (wanted.labels.is_empty(), wanted.exact) {
        (true, false) => one,
        (true, true) => say(m::WITHOUT_ANOTHER_LABEL, [&one]),
        (false, false) => say(m::WITH_LABELS, [&one, &labels]),
        (false, true) => say(m::EXACT_LABELS, [&one, &labels]),
    };
    match wanted.series {
        1 => one,
        count => say(m::SERIES_OF, [&count, &one]),
    }
}

/// The names in an exposition, those similar to `name` first; if there are many, the rest
/// are counted.
fn likest(names: &[&str], name: &str) -> String {
    let mut names = names.to_vec();
    let alike = |other: &str| {
        name.bytes()
            .zip(other.bytes())
            .take_while(|(a, b)| a == b)
            .count()
    };
    names.sort_by_key(|other| std::cmp::Reverse(alike(other)));
    let comma = say(m::COMMA, []);
    match names.get(NEAR..) {
        Some(more) if more.len() > 1 => {
            say(m::AND_MORE, [&names[..NEAR].join(&comma), &more.len()])
        }
        _ => names.join(&comma),
    }
}

/// All lines, or a few of many.
fn few(lines: &[&str]) -> String {
    match lines.len() > MANY {
        true => format!("{}\n…", lines[..NEAR].join("\n")),
        false => lines.join("\n"),
    }
}

/// If there are more samples than these, a few are shown.
const MANY: usize = 12;

/// The maximum number of lines shown instead of a missing name.
const NEAR: usize = 6;

/// What the exposition has instead of a missing name.
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
                [] => say(m::PAGE_EMPTY, []),
                names => say(m::PAGE_HAS, [&likest(names, name)]),
            }
        }
        samples => {
            let shown = samples.iter().take(NEAR);
            let lines = shown.map(|sample| format!("\n{}", sample.line));
            let more = if samples.len() > NEAR { "\n…" } else { "" };
            lines.chain([more.to_owned()]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_of_many_names_are_shown() {
        let names = ["up", "queue", "a", "b", "c", "queue_size", "d", "e"];
        let said = "queue_size, queue, up, a, b, c and 2 more";
        assert_eq!(likest(&names, "queue_sizes"), said);
        assert_eq!(likest(&names[..2], "queue_sizes"), "queue, up");
    }
}
