//! A strict reader of both formats, based on their specifications rather than on the
//! writers. It panics when it refuses an exposition.

use std::collections::{BTreeMap, HashSet};

use crate::number::Number;

/// One line that isn't a comment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    pub name: String,
    /// The labels without the one in `bound`.
    pub labels: BTreeMap<String, String>,
    /// The label `le` of a bucket, or `quantile` of a summary.
    pub bound: Option<Number>,
    pub value: Number,
    /// In milliseconds.
    pub time: Option<i64>,
}

impl Line {
    /// Returns the labels that Prometheus stores: an empty label is no label.
    pub fn series(&self) -> BTreeMap<String, String> {
        let labels = self.labels.iter().filter(|(_, value)| !value.is_empty());
        labels.map(|(n, v)| (n.clone(), v.clone())).collect()
    }
}

/// The lines of one family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    pub name: String,
    pub help: String,
    pub kind: String,
    pub unit: String,
    pub lines: Vec<Line>,
}

/// Returns all families of `text`.
pub fn read(text: &str, open_metrics: bool) -> Vec<Block> {
    let text = match open_metrics {
        true => text.strip_suffix("# EOF\n").expect("ends with # EOF"),
        false => text,
    };
    assert!(text.is_empty() || text.ends_with('\n'));
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.split_terminator('\n') {
        match line.strip_prefix("# ") {
            Some(comment) => read_comment(comment, open_metrics, &mut blocks),
            None => {
                let block = blocks.last_mut().expect("a TYPE comes first");
                let line = read_line(line, block, open_metrics);
                block.lines.push(line);
            }
        }
    }
    let mut names = HashSet::new();
    for block in &blocks {
        assert!(
            !block.kind.is_empty() && !block.lines.is_empty(),
            "{block:?}"
        );
        for name in claimed(block, open_metrics) {
            assert!(names.insert(name.clone()), "two families have `{name}`");
        }
    }
    blocks
}

fn read_comment(comment: &str, open_metrics: bool, blocks: &mut Vec<Block>) {
    let (keyword, rest) = comment.split_once(' ').expect("a keyword");
    let (name, rest) = read_name(rest, true);
    let name = &*name;
    let text = rest.strip_prefix(' ').expect("a text");
    if blocks.last().is_none_or(|block| block.name != name) {
        let name = name.to_owned();
        blocks.push(Block {
            name,
            ..Block::default()
        });
    }
    let block = blocks.last_mut().expect("it was just added");
    assert!(block.lines.is_empty(), "{comment}");
    let place = match keyword {
        "HELP" => &mut block.help,
        "TYPE" => &mut block.kind,
        "UNIT" if open_metrics => &mut block.unit,
        _ => panic!("{comment}"),
    };
    assert_eq!(place, "", "{comment}");
    *place = match keyword {
        "HELP" => unescape(text, open_metrics),
        _ => text.to_owned(),
    };
    let unit = format!("_{text}");
    assert!(keyword != "UNIT" || name.ends_with(&unit), "{comment}");
    assert!(
        keyword != "TYPE" || is_kind(text, open_metrics),
        "{comment}"
    );
}

fn is_kind(kind: &str, open_metrics: bool) -> bool {
    let own: &[&str] = match open_metrics {
        true => &["unknown", "info", "stateset"],
        false => &["untyped"],
    };
    ["counter", "gauge", "histogram", "summary"].contains(&kind) || own.contains(&kind)
}

/// Returns the names that a family reserves for itself and its samples.
fn claimed(block: &Block, open_metrics: bool) -> Vec<String> {
    let suffixes: &[&str] = match &*block.kind {
        // `_created` alongside a histogram or summary is permitted and documented.
        "histogram" => &["", "_bucket", "_count", "_sum"],
        "summary" => &["", "_count", "_sum"],
        "counter" if open_metrics => &["", "_total", "_created"],
        "info" => &["", "_info"],
        _ => &[""],
    };
    let names = suffixes.iter();
    names
        .map(|suffix| format!("{}{suffix}", block.name))
        .collect()
}

/// Returns the name at the start of `text`, which is in quotes if it isn't classic, and
/// the rest.
fn read_name(text: &str, colons: bool) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let end = closing_quote(quoted);
        let name = unescape(&quoted[..end], true);
        assert!(!name.is_empty() && !is_name(&name, colons), "{text}");
        return (name, &quoted[end + 1..]);
    }
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let (name, rest) = text.split_at(text.find(is_end).expect("an end"));
    assert!(is_name(name, colons), "{text}");
    (name.to_owned(), rest)
}

/// Returns whether all names of `block` are classic.
pub fn is_classic(block: &Block) -> bool {
    let labels = block.lines.iter().flat_map(|line| line.labels.keys());
    let mut labels = labels.map(|label| is_name(label, false));
    is_name(&block.name, true) && labels.all(|is_classic| is_classic)
}

fn is_name(name: &str, colons: bool) -> bool {
    name.chars().enumerate().all(|(at, c)| {
        c == '_'
            || (colons && c == ':')
            || c.is_ascii_alphabetic()
            || (at > 0 && c.is_ascii_digit())
    }) && !name.is_empty()
}

fn unescape(text: &str, quotes: bool) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\\') => plain.push('\\'),
                Some('n') => plain.push('\n'),
                Some('"') if quotes => plain.push('"'),
                other => panic!("not an escape: {other:?}"),
            },
            '"' if quotes => panic!("a quote without its escape"),
            c => plain.push(c),
        }
    }
    plain
}

fn read_line(line: &str, block: &Block, open_metrics: bool) -> Line {
    let (name, mut labels, rest) = read_series(line);
    let suffix = name
        .strip_prefix(&*block.name)
        .expect("a name of its family");
    if block.kind == "stateset" {
        assert!(labels.contains_key(&block.name), "{line}");
    }
    let rest = match rest.split_once(" # ") {
        Some((rest, exemplar)) => {
            assert!(
                open_metrics && ["_total", "_bucket"].contains(&suffix),
                "{line}"
            );
            read_exemplar(exemplar);
            rest
        }
        None => rest,
    };
    let bound = bound_label(block, suffix, open_metrics);
    let bound = take_bound(&mut labels, block, bound);
    let bound = bound.map(|bound| read_float(&bound, open_metrics));
    let mut fields = rest.strip_prefix(' ').expect("a space").split(' ');
    let value = fields.next().expect("a value");
    let value = match (&*block.kind, suffix) {
        ("histogram", "_bucket" | "_count") | ("summary", "_count") => {
            read_count(value, open_metrics)
        }
        _ => read_float(value, open_metrics),
    };
    let time = fields.next().map(|time| read_time(time, open_metrics));
    assert_eq!(fields.next(), None, "{line}");
    Line {
        name,
        labels,
        bound,
        value,
        time,
    }
}

/// Returns the label that a sample with this suffix has for its bound, if any. Panics
/// if the sample isn't one of the family's.
fn bound_label(
    block: &Block,
    suffix: &str,
    open_metrics: bool,
) -> Option<&'static str> {
    match (&*block.kind, suffix) {
        ("histogram", "_bucket") => Some("le"),
        ("summary", "") => Some("quantile"),
        ("histogram" | "summary", "_sum" | "_count") => None,
        ("histogram" | "summary" | "counter", "_created") if open_metrics => None,
        ("counter", "_total") if open_metrics => None,
        ("info", "_info") | ("stateset", "") => None,
        ("counter", "") if !open_metrics => None,
        ("gauge" | "untyped" | "unknown", "") => None,
        _ => panic!("`{suffix}` in {block:?}"),
    }
}

/// Removes the label `own`, which no other sample of the family may have.
fn take_bound(
    labels: &mut BTreeMap<String, String>,
    block: &Block,
    own: Option<&str>,
) -> Option<String> {
    let bound = own.map(|own| labels.remove(own).expect("a bound"));
    let reserved = match &*block.kind {
        "histogram" => "le",
        "summary" => "quantile",
        _ => "",
    };
    assert!(!labels.contains_key(reserved), "{labels:?} in {block:?}");
    bound
}

/// Returns the name, the labels in braces, if there are any, and the rest of the line.
fn read_series(line: &str) -> (String, BTreeMap<String, String>, &str) {
    let Some(inside) = line.strip_prefix('{') else {
        let (name, rest) = read_name(line, true);
        let Some(inside) = rest.strip_prefix('{') else {
            return (name, BTreeMap::new(), rest);
        };
        let (labels, rest) = read_labels(inside);
        return (name, labels, rest);
    };
    assert!(inside.starts_with('"'), "{line}");
    let (name, rest) = read_name(inside, true);
    if let Some(rest) = rest.strip_prefix('}') {
        return (name, BTreeMap::new(), rest);
    }
    let (labels, rest) = read_labels(rest.strip_prefix(',').expect("a comma"));
    (name, labels, rest)
}

/// Returns at least one label, and the rest of the line after the closing brace.
fn read_labels(mut rest: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    loop {
        let (label, after) = read_name(rest, false);
        assert!(!label.starts_with("__"), "{rest}");
        let after = after.strip_prefix("=\"").expect("a value");
        let end = closing_quote(after);
        let value = unescape(&after[..end], true);
        assert!(labels.insert(label, value).is_none(), "{rest}");
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    (labels, rest.strip_prefix('}').expect("a closing brace"))
}

/// Checks an exemplar, after its `# `.
fn read_exemplar(text: &str) {
    let inside = text.strip_prefix('{').expect("labels");
    let (labels, rest) = match inside.strip_prefix('}') {
        Some(rest) => (BTreeMap::new(), rest),
        None => read_labels(inside),
    };
    let characters = labels
        .iter()
        .flat_map(|(name, value)| name.chars().chain(value.chars()));
    assert!(characters.count() <= 128, "{text}");
    let mut fields = rest.strip_prefix(' ').expect("a space").split(' ');
    read_float(fields.next().expect("a value"), true);
    fields.next().map(|time| read_time(time, true));
    assert_eq!(fields.next(), None, "{text}");
}

fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    panic!("a label value has no end");
}

fn read_float(text: &str, open_metrics: bool) -> Number {
    Number::new(match text {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        "NaN" => f64::NAN,
        number => {
            let known = |c: char| c.is_ascii_digit() || "+-.e".contains(c);
            assert!(number.chars().all(known), "{number}");
            assert!(!open_metrics || number.contains(['.', 'e']), "{number}");
            let value: f64 = number.parse().expect("a number");
            assert!(value.is_finite(), "{number}");
            value
        }
    })
}

fn read_count(text: &str, open_metrics: bool) -> Number {
    match open_metrics {
        true => Number::new(text.parse::<u64>().expect("a count") as f64),
        false => read_float(text, false),
    }
}

/// Parses a timestamp, in milliseconds.
fn read_time(text: &str, open_metrics: bool) -> i64 {
    if !open_metrics {
        return text.parse().expect("milliseconds");
    }
    let (seconds, fraction) = text.split_once('.').expect("seconds");
    assert_eq!(fraction.len(), 3, "{text}");
    format!("{seconds}{fraction}")
        .parse()
        .expect("milliseconds")
}
