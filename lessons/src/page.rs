//! A page of metrics as Prometheus and promtool read it, line by line.
//!
//! Where the two differ the stricter one counts: a page that promtool refuses is worth
//! mending, though Prometheus would take it. The grammar is that of the text format 0.0.4:
//! docs/en/reference/exposition.md.

use std::collections::{HashMap, HashSet};

use crate::finding::Finding;
use crate::words::{say, text};

/// What a page says.
#[derive(Default)]
pub struct Page {
    pub families: Vec<Family>,
    /// Why it is refused, line by line.
    pub findings: Vec<Finding>,
    /// Where each family is, by its name.
    places: HashMap<String, usize>,
}

/// One metric: its name, its help, its type and its samples.
#[derive(Default)]
pub struct Family {
    pub name: String,
    pub help: Option<String>,
    /// Empty where the page says nothing.
    pub kind: String,
    pub samples: Vec<Sample>,
}

impl Family {
    /// Whether the page says so, or says nothing of its type.
    pub fn is_untyped(&self) -> bool {
        ["", "untyped"].contains(&self.kind.as_str())
    }
}

/// Names with their values.
pub type Labels = Vec<(String, String)>;

/// One line with a value.
#[derive(Clone)]
pub struct Sample {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
    /// In Unix milliseconds.
    pub timestamp: Option<i64>,
    /// As it stands on the page.
    pub line: String,
}

impl Sample {
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(label, _)| label == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether this is a sample of that name which has those labels, among others.
    pub fn is(&self, selector: &Sample) -> bool {
        let has = |(name, value): &(String, String)| self.label(name) == Some(value);
        self.name == selector.name && selector.labels.iter().all(has)
    }

    /// The labels without one of them, sorted: what the buckets of a histogram share.
    pub fn labels_without(&self, name: &str) -> Labels {
        let others = self.labels.iter().filter(|(label, _)| label != name);
        let mut others: Vec<_> = others.cloned().collect();
        others.sort();
        others
    }
}

const TYPES: [&str; 5] = ["counter", "gauge", "histogram", "summary", "untyped"];

impl Page {
    pub fn parse(text: &str) -> Page {
        let mut page = Page::default();
        for (line, number) in text.split_terminator('\n').zip(1..) {
            if let Err(why) = page.add(line) {
                let seen = say("line {}: {}", &[&number, &line]);
                let finding = Finding::format(&seen, &why);
                page.findings.push(finding);
            }
        }
        if !text.is_empty() && !text.ends_with('\n') {
            let last = text.lines().last().unwrap_or_default();
            page.findings.push(Finding::line_end(last));
        }
        page.find_duplicates();
        page
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(|family| &family.samples)
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim_start_matches([' ', '\t']);
        if line.contains('\r') {
            return Err(say("it ends as on Windows, with `\\r\\n`", &[]));
        }
        match line.strip_prefix('#') {
            Some(comment) => self.add_comment(comment.trim_start()),
            None if line.is_empty() => Ok(()),
            None => {
                let sample = sample(line)?;
                self.family_of(&sample.name).samples.push(sample);
                Ok(())
            }
        }
    }

    fn add_comment(&mut self, comment: &str) -> Result<(), String> {
        let (keyword, rest) = comment.split_once([' ', '\t']).unwrap_or((comment, ""));
        if !["HELP", "TYPE"].contains(&keyword) {
            return Ok(());
        }
        let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
        if !is_name(name, true) {
            return Err(say(
                "`{}` behind {} is not a metric name",
                &[&name, &keyword],
            ));
        }
        let family = self.named(name);
        if keyword == "HELP" {
            let second = family.help.replace(text.to_owned()).is_some();
            return unless(!second, || say("a second HELP for `{}`", &[&name]));
        }
        let is_first = family.kind.is_empty();
        unless(is_first, || say("a second TYPE for `{}`", &[&name]))?;
        unless(family.samples.is_empty(), || {
            say(
                "its TYPE stands behind its samples, and comes before them",
                &[],
            )
        })?;
        text.clone_into(&mut family.kind);
        unless(TYPES.contains(&text), || {
            let types = TYPES.join(&say(", ", &[]));
            say("`{}` is not a type: these are {}", &[&text, &types])
        })
    }

    fn named(&mut self, name: &str) -> &mut Family {
        let at = self.places.get(name).copied().unwrap_or_else(|| {
            let name = name.to_owned();
            self.places.insert(name.clone(), self.families.len());
            self.families.push(Family {
                name,
                ..Family::default()
            });
            self.families.len() - 1
        });
        &mut self.families[at]
    }

    /// The family that a sample of this name is of: `h` for `h_bucket`, if `h` is a
    /// histogram.
    fn family_of(&mut self, name: &str) -> &mut Family {
        for (ending, kinds) in [
            ("_bucket", &["histogram"][..]),
            ("_sum", &["histogram", "summary"]),
            ("_count", &["histogram", "summary"]),
        ] {
            let base = name.strip_suffix(ending);
            let place = base.and_then(|base| self.places.get(base).copied());
            let is_of_kind = |at: &usize| kinds.contains(&&*self.families[*at].kind);
            if let Some(at) = place.filter(is_of_kind) {
                return &mut self.families[at];
            }
        }
        self.named(name)
    }

    /// Series that come twice, of which Prometheus keeps the first. Each may come once for
    /// each of several timestamps, and an empty label is no label.
    fn find_duplicates(&mut self) {
        let mut seen: HashMap<_, HashSet<Option<i64>>> = HashMap::new();
        let mut twice = Vec::new();
        for sample in self.samples() {
            let mut labels = sample.labels_without("");
            labels.retain(|(_, value)| !value.is_empty());
            let times = seen.entry((sample.name.as_str(), labels)).or_default();
            let is_mixed = times
                .iter()
                .any(|time| time.is_some() != sample.timestamp.is_some());
            if !times.insert(sample.timestamp) || is_mixed {
                twice.push(Finding::duplicate(&sample.line));
            }
        }
        self.findings.extend(twice);
    }
}

fn unless(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// A name, labels, a value and perhaps a timestamp.
fn sample(line: &str) -> Result<Sample, String> {
    let (mut sample, rest) = selected(line)?;
    let value = rest.trim_start_matches([' ', '\t']);
    let (value, time) = match value.split_once([' ', '\t']) {
        Some((value, time)) => (value, Some(time)),
        None => (value, None),
    };
    unless(!value.is_empty(), || say("it has no value", &[]))?;
    let number = value.parse();
    sample.value = number.map_err(|_| say("its value `{}` is no number", &[&value]))?;
    sample.timestamp = time.map(timestamp).transpose()?;
    Ok(sample)
}

fn timestamp(text: &str) -> Result<i64, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_number);
    number.ok_or_else(|| {
        say(
            "the timestamp `{}` isn't a number of milliseconds since 1970, 0 or more",
            &[&text],
        )
    })
}

/// The name and the labels at the start of `line`, and what stands behind them.
///
/// # Errors
///
/// What is wrong with them.
pub fn selected(line: &str) -> Result<(Sample, &str), String> {
    let end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    unless(is_name(name, true), || {
        say("`{}` is not a metric name", &[&name])
    })?;
    let sample = Sample {
        name: name.to_owned(),
        labels: Vec::new(),
        value: f64::NAN,
        timestamp: None,
        line: line.to_owned(),
    };
    let rest = rest.trim_start_matches([' ', '\t']);
    match rest.strip_prefix('{') {
        Some(behind) => Ok(labels(sample, behind)?),
        None => Ok((sample, rest)),
    }
}

/// The labels up to `}`, put to `sample`, and what stands behind.
fn labels(mut sample: Sample, mut rest: &str) -> Result<(Sample, &str), String> {
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix('}') {
            return Ok((sample, behind));
        }
        let (name, value, behind) = label(rest)?;
        let twice = sample.label(&name).is_some();
        unless(!twice, || say("it has the label `{}` twice", &[&name]))?;
        sample.labels.push((name, value));
        rest = behind.trim_start();
        match rest.strip_prefix(',') {
            Some(behind) => rest = behind,
            None if rest.starts_with('}') => {}
            None => return Err(say("after a label comes `,` or `}`", &[])),
        }
    }
}

/// `name="value"` at the start of `text`, and what stands behind it.
fn label(text: &str) -> Result<(String, String, &str), String> {
    let ends = || say("its labels have no `}`", &[]);
    let (name, behind) = text.split_once('=').ok_or_else(ends)?;
    let name = name.trim();
    unless(is_name(name, false), || {
        say("`{}` is not a label name", &[&name])
    })?;
    unless(name != "__name__", || {
        say("the label `__name__` is the name's own", &[])
    })?;
    let quoted = behind.trim_start().strip_prefix('"');
    let lacks = || say("the value of `{}` lacks its quotes", &[&name]);
    let quoted = quoted.ok_or_else(lacks)?;
    let (value, behind) = unquoted(quoted).map_err(|what| say(what, &[&name]))?;
    Ok((name.to_owned(), value, behind))
}

/// What stands before the second quote, without its escapes, and what stands behind it.
fn unquoted(quoted: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                _ => {
                    return Err(text(
                        "the value of `{}` has a `\\` that escapes nothing",
                    ));
                }
            },
            c => value.push(c),
        }
    }
    Err(text("the value of `{}` has no second quote"))
}

fn is_name(name: &str, colon: bool) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || colon && c == ':';
    name.chars().all(allowed)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::refused;

    fn complaints(text: &str) -> Vec<String> {
        let findings = Page::parse(text).findings;
        let fix = findings
            .iter()
            .map(|all| format!("{}: {}", all.rule, all.fix));
        fix.map(|all| all.replace("mend this: ", "")).collect()
    }

    #[test]
    fn a_page_of_every_type_is_read_whole() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/exposition/each_type.prom"
        );
        let page = Page::parse(&std::fs::read_to_string(file).unwrap());
        assert!(page.findings.is_empty(), "{:?}", page.findings);
        let families: Vec<_> = page
            .families
            .iter()
            .map(|all| (all.name.as_str(), all.kind.as_str(), all.samples.len()))
            .collect();
        let expected = [
            ("a_requests_total", "counter", 2),
            ("b", "counter", 1),
            ("c_seconds", "gauge", 1),
            ("d", "gauge", 2),
            ("e_seconds", "histogram", 9),
            ("f_bytes", "summary", 5),
            ("g", "untyped", 1),
        ];
        assert_eq!(families, expected);
        let escaped = &page.families[0].samples[1];
        assert_eq!(escaped.label("path"), Some("C:\\\n\"x\""));
        assert_eq!(escaped.value, 42.0);
    }

    /// Those in the text format: OpenMetrics begins with its TYPE.
    #[test]
    fn what_prometheus_refuses_is_refused() {
        let is_text = |body: &&(Vec<u8>, String)| !body.0.starts_with(b"# TYPE");
        let refused = refused();
        let pages: Vec<_> = refused.iter().filter(is_text).collect();
        assert_eq!(pages.len(), 13);
        for (body, _) in pages {
            // Bytes that are no UTF-8 are found before there is a text.
            if let Ok(text) = std::str::from_utf8(body) {
                assert_eq!(complaints(text).len(), 1, "{text}");
            }
        }
    }

    const MISTAKES: &str = r#"
a 1\r | it ends as on Windows, with `\r\n`
a{x="1",x="2"} 1 | it has the label `x` twice
a{__name__="b"} 1 | the label `__name__` is the name's own
a-b 1 | `a-b` is not a metric name
1a 1 | `1a` is not a metric name
a{x-y="1"} 1 | `x-y` is not a label name
a{x=1} 1 | the value of `x` lacks its quotes
a{x="1} 1 | the value of `x` has no second quote
a{x="\d"} 1 | the value of `x` has a `\` that escapes nothing
a{x="1" 1 | after a label comes `,` or `}`
a{x 1 | its labels have no `}`
a | it has no value
a one | its value `one` is no number
a 1 x | the timestamp `x` isn't a number of milliseconds since 1970, 0 or more
a 1  | the timestamp `` isn't a number of milliseconds since 1970, 0 or more
a 1 -1 | the timestamp `-1` isn't a number of milliseconds since 1970, 0 or more
a 1 +1 | the timestamp `+1` isn't a number of milliseconds since 1970, 0 or more
a 1\n# TYPE a gauge | its TYPE stands behind its samples, and comes before them
# TYPE a gauge\n# TYPE a gauge | a second TYPE for `a`
# HELP a b\n# HELP a b | a second HELP for `a`
# TYPE a-b gauge | `a-b` behind TYPE is not a metric name
# TYPE a unknown | `unknown` is not a type: these are counter, gauge, histogram, summary, untyped
"#;

    #[test]
    fn each_mistake_is_named() {
        for row in MISTAKES.trim_start().lines() {
            let (page, complaint) = row.split_once(" | ").unwrap();
            let page = page.replace("\\n", "\n").replace("\\r", "\r") + "\n";
            assert_eq!(complaints(&page), [format!("format: {complaint}")], "{row}");
        }
    }

    #[test]
    fn a_last_line_without_end_is_named() {
        assert_eq!(complaints("a 1"), ["line-end: "]);
    }

    #[test]
    fn a_series_that_comes_twice_is_named() {
        let labels = "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n";
        let twice = [
            "a 1\na 2\n",
            "a 1 5\na 2 5\n",
            "a 1\na 2 5\n",
            "a 1 5\na 2\n",
        ];
        for page in twice.into_iter().chain([labels, "a{x=\"\"} 1\na 1\n"]) {
            assert_eq!(complaints(page).len(), 1, "{page}");
            assert!(complaints(page)[0].starts_with("duplicate: "), "{page}");
        }
        for page in ["a{x=\"1\"} 1\na{x=\"2\"} 1\n", "a 1 5\na 2 6\n"] {
            assert_eq!(complaints(page), [""; 0], "{page}");
        }
    }

    #[test]
    fn what_is_allowed_is_taken() {
        let text =
            "# a comment\n\n  a{x=\"}\",} 1 1700000000000\n#TYPE b gauge\nb +Inf\n";
        assert_eq!(complaints(text), [""; 0]);
        assert_eq!(complaints(""), [""; 0]);
    }
}
