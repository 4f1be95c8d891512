//! An exposition as Prometheus and promtool parse it, line by line.
//!
//! If they differ, the stricter one counts: an exposition that promtool rejects is worth
//! fixing, even if Prometheus accepts it. `line` has the grammar, that of text format
//! 0.0.4 (docs/en/reference/exposition.md); this module decides which lines belong
//! together. `differences` compares it with both programs on mutated expositions.

#[cfg(test)]
mod differences;
mod line;
mod series;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::finding::Finding;
use crate::messages as m;
use crate::words::say;
use line::{BLANKS, Line, Meta, number, unless};
pub use series::selected;

/// A parsed exposition.
#[derive(Default)]
pub struct Page {
    pub families: Vec<Family>,
    /// Why it is rejected, line by line.
    pub findings: Vec<Finding>,
    /// The index of each family, by its name.
    places: HashMap<String, usize>,
}

/// A metric family: its name, its help, its type and its samples.
#[derive(Default)]
pub struct Family {
    pub name: String,
    pub help: Option<String>,
    /// Empty if there is no TYPE line that Prometheus reads.
    pub kind: String,
    pub samples: Vec<Sample>,
    promtool: Promtool,
}

/// What promtool knows about a family. It reads `#TYPE` too, which is a comment to
/// Prometheus, and treats samples without a type as untyped.
#[derive(Default)]
struct Promtool {
    has_help: bool,
    kind: Option<&'static str>,
}

impl Family {
    /// Whether it is untyped, explicitly or by default.
    pub fn is_untyped(&self) -> bool {
        ["", "untyped"].contains(&self.kind.as_str())
    }
}

/// Label names with their values.
pub type Labels = Vec<(String, String)>;

/// A sample line.
#[derive(Clone)]
pub struct Sample {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
    /// In Unix milliseconds.
    pub timestamp: Option<i64>,
    /// The line as it was written.
    pub line: String,
}

impl Sample {
    pub fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(label, _)| label == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether this is a sample of that name (any name if it is empty) with those labels,
    /// and possibly others.
    pub fn is(&self, selector: &Sample) -> bool {
        let has = |(name, value): &(String, String)| self.label(name) == Some(value);
        let is_name = selector.name.is_empty() || self.name == selector.name;
        is_name && selector.labels.iter().all(has)
    }

    /// The labels except one, sorted: what the buckets of a histogram share.
    pub fn labels_without(&self, name: &str) -> Labels {
        let others = self.labels.iter().filter(|(label, _)| label != name);
        let mut others: Vec<_> = others.cloned().collect();
        others.sort();
        others
    }
}

impl Page {
    /// Parses a body as received: bytes that aren't UTF-8 are allowed in comments.
    pub fn parse(body: impl AsRef<[u8]>) -> Page {
        let mut page = Page::default();
        let mut last = Cow::default();
        for (line, number) in body.as_ref().split(|byte| *byte == b'\n').zip(1..) {
            last = String::from_utf8_lossy(line);
            if let Err(why) = page.add(line, &last) {
                let seen = say(m::LINE_OF, [&number, &last]);
                let finding = Finding::format(&seen, &why);
                page.findings.push(finding);
            }
        }
        // Whitespace may follow the last newline.
        if !last.trim_matches(BLANKS).is_empty() {
            page.findings.push(Finding::line_end(&last));
        }
        page.find_duplicates();
        page
    }

    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.families.iter().flat_map(|family| &family.samples)
    }

    /// Adds a line given as bytes.
    fn add(&mut self, bytes: &[u8], line: &str) -> Result<(), String> {
        let read = line::read(line);
        let is_comment = match &read {
            Ok(Line::Nothing) => true,
            Ok(Line::Help(meta) | Line::Type(meta)) => !meta.is_read,
            Ok(Line::Sample(_)) | Err(_) => false,
        };
        unless(line.as_bytes() == bytes || is_comment, || {
            say(m::NOT_UTF8, [])
        })?;
        match read? {
            Line::Nothing => Ok(()),
            Line::Help(meta) => self.add_help(&meta),
            Line::Type(meta) => self.add_type(&meta),
            Line::Sample(sample) => self.add_sample(sample),
        }
    }

    fn add_help(&mut self, meta: &Meta) -> Result<(), String> {
        let family = self.family_of(meta.name);
        if meta.text.is_empty() {
            return Ok(());
        }
        let is_first = !family.promtool.has_help;
        family.promtool.has_help = true;
        if is_first && meta.is_read {
            family.help = Some(meta.text.to_owned());
        }
        unless(is_first, || second("HELP", meta.name, family))
    }

    fn add_type(&mut self, meta: &Meta) -> Result<(), String> {
        let family = self.family_of(meta.name);
        if !meta.is_read && meta.text.trim_matches(BLANKS).is_empty() {
            return Ok(());
        }
        if let Some(kind) = family.promtool.kind {
            let is_late = kind == "untyped" && !family.samples.is_empty();
            return Err(if is_late && family.kind.is_empty() {
                say(m::TYPE_AFTER_SAMPLES, [])
            } else {
                second("TYPE", meta.name, family)
            });
        }
        if meta.is_read {
            // Even if it is invalid: a lesson that wants a type shows what is there.
            meta.text.trim().clone_into(&mut family.kind);
        }
        family.promtool.kind = Some(line::kind(meta)?);
        Ok(())
    }

    fn add_sample(&mut self, sample: Sample) -> Result<(), String> {
        let family = self.family_of(&sample.name);
        let kind = *family.promtool.kind.get_or_insert("untyped");
        let label = match kind {
            "histogram" => "le",
            "summary" => "quantile",
            _ => "",
        };
        if let Some(value) = sample.label(label) {
            number(value)
                .map_err(|_| say(m::LABEL_NOT_A_NUMBER, [&kind, &label, &value]))?;
        }
        family.samples.push(sample);
        Ok(())
    }

    /// The family that a line about this name belongs to, by promtool's rule: `h` for
    /// `h_bucket` if `h` is a histogram, unless `h_bucket` came before it.
    fn family_of(&mut self, name: &str) -> &mut Family {
        let known = |name: &str| self.places.get(name).copied();
        let of_base = |(ending, kinds): (&str, &[&str])| {
            let at = known(name.strip_suffix(ending)?)?;
            let kind = self.families[at].promtool.kind?;
            kinds.contains(&kind).then_some(at)
        };
        let endings = [
            ("_bucket", &["histogram"][..]),
            ("_sum", &["histogram", "summary"]),
            ("_count", &["histogram", "summary"]),
        ];
        let found = known(name).or_else(|| endings.into_iter().find_map(of_base));
        let at = found.unwrap_or_else(|| {
            self.places.insert(name.to_owned(), self.families.len());
            self.families.push(Family {
                name: name.to_owned(),
                ..Family::default()
            });
            self.families.len() - 1
        });
        &mut self.families[at]
    }

    /// Series that occur twice, of which Prometheus keeps the first. A series may occur
    /// once per timestamp, and an empty label is no label.
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

/// The message that a family already has one, even if the name belongs to it only through
/// its type.
fn second(keyword: &str, name: &str, family: &Family) -> String {
    if family.name == name {
        return match keyword {
            "HELP" => say(m::SECOND_HELP, [&name]),
            _ => say(m::SECOND_TYPE, [&name]),
        };
    }
    let kind = family.promtool.kind.unwrap_or_default();
    say(
        m::BELONGS_TO_ANOTHER,
        [&name, &kind, &family.name, &keyword],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::refused;

    fn complaints(body: impl AsRef<[u8]>) -> Vec<String> {
        let findings = Page::parse(body).findings;
        let fix = findings
            .iter()
            .map(|all| format!("{:?}: {}", all.rule, all.fix));
        fix.collect()
    }

    #[test]
    fn an_exposition_with_every_type_is_parsed() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/exposition/each_type.prom"
        );
        let page = Page::parse(std::fs::read(file).unwrap());
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

    /// Only those in the text format: OpenMetrics starts with its TYPE.
    #[test]
    fn what_prometheus_rejects_is_rejected() {
        let is_text = |body: &&(Vec<u8>, String)| !body.0.starts_with(b"# TYPE");
        let refused = refused();
        let pages: Vec<_> = refused.iter().filter(is_text).collect();
        assert_eq!(pages.len(), 13);
        for (body, _) in pages {
            assert_eq!(complaints(body).len(), 1, "{body:?}");
        }
    }

    pub(super) const MISTAKES: &str = r#"
a 1\r | it ends with `\r\n`, as on Windows
a{x="1",x="2"} 1 | it has the label `x` twice
a{__name__="b"} 1 | the label `__name__` is reserved for the metric's name
a-b 1 | `a-b` is not a metric name
1a 1 | `1a` is not a metric name
a{x-y="1"} 1 | `x-y` is not a label name
a{x=1} 1 | the value of `x` is not in quotes
a{x="1} 1 | the value of `x` has no closing quote
a{x="\d"} 1 | the value of `x` has a `\` that escapes nothing
a{x="1" 1 | a label must be followed by `,` or `}`
a{x="1"\u{a0}} 1 | a label must be followed by `,` or `}`
a \u{a0}{x="1"} 1 | its value `\u{a0}{x="1"}` isn't a number
a{x="1",\u{3000}y="1"} 1 | `\u{3000}y` is not a label name
a{x="",x="2"} 1 | it has the label `x` twice
a{x="\xff"} 1 | it has bytes that are not UTF-8: write UTF-8
# HELP a \xff | it has bytes that are not UTF-8: write UTF-8
a{x 1 | its labels have no closing `}`
a | it has no value
a one | its value `one` isn't a number
a 0x1p4 | its value `0x1p4` isn't a number
a -NaN | its value `-NaN` has a sign, and `NaN` must not have one
a +nan | its value `+nan` has a sign, and `NaN` must not have one
a 1e400 | its value `1e400` is beyond the largest float: write `+Inf` or `-Inf`
a -1e400 | its value `-1e400` is beyond the largest float: write `+Inf` or `-Inf`
a+1 | `a+1` is not a metric name
  a 1 | there are spaces or tabs before its name, and Prometheus takes them for a part of it
\t{x="1"} 1 | there are spaces or tabs before its name, and Prometheus takes them for a part of it
a 1 x | the timestamp `x` isn't a whole number of milliseconds since 1970, 0 or more
a 1  | it has a space or tab at its end, after which promtool expects a timestamp
a 1 5  | ` ` comes after the timestamp, which must be the last in a line
a 1 5 6 | ` 6` comes after the timestamp, which must be the last in a line
a 1 -1 | the timestamp `-1` isn't a whole number of milliseconds since 1970, 0 or more
a 1 +1 | the timestamp `+1` isn't a whole number of milliseconds since 1970, 0 or more
a 1\n# TYPE a gauge | its TYPE must come before its samples, not after them
# TYPE a gauge\n# TYPE a gauge | a second TYPE for `a`
# HELP a b\n# HELP a b | a second HELP for `a`
# HELP a b\d | its text has a `\` that escapes nothing: write `\\` for a backslash
# HELP a b\" | its text has a `\` that escapes nothing: write `\\` for a backslash
# HELP a b\ | its text has a `\` that escapes nothing: write `\\` for a backslash
# HELP  | there is no metric name after HELP
# TYPE  | there is no metric name after TYPE
# TYPE a | there is no type after `a`
# TYPE a  | there is no type after `a`
# TYPE a  gauge | there is more than one space or tab before the type `gauge`, and Prometheus takes the extra ones for a part of it
# TYPE a gauge\r | it ends with `\r\n`, as on Windows
# TYPE a Gauge | `Gauge` is not a valid type: use one of counter, gauge, histogram, summary, untyped
#TYPE a info | `info` is not a valid type: use one of counter, gauge, histogram, summary, untyped
#TYPE a gauge\n#TYPE a gauge | a second TYPE for `a`
# TYPE a summary\n# TYPE a_count counter\na_count 1 | `a_count` belongs to the summary `a`, so promtool takes this for its second TYPE: rename one of the two
# TYPE a histogram\n# TYPE a_bucket counter | `a_bucket` belongs to the histogram `a`, so promtool takes this for its second TYPE: rename one of the two
# HELP a b\n# TYPE a summary\n# HELP a_sum b | `a_sum` belongs to the summary `a`, so promtool takes this for its second HELP: rename one of the two
# TYPE a histogram\na_bucket{le="x"} 1 | in a histogram the label `le` must be a number, and `x` isn't one
# HELP a_count\n#TYPE a_count\n# TYPE a summary\na_count{quantile="x"} 1 | in a summary the label `quantile` must be a number, and `x` isn't one
# TYPE a summary\na{quantile=""} 1 | in a summary the label `quantile` must be a number, and `` isn't one
#c\0 | it has a NUL byte, at which Prometheus may silently stop reading
# TYPE a-b gauge | `a-b` after TYPE is not a metric name
# TYPE a unknown | `unknown` is not a valid type: use one of counter, gauge, histogram, summary, untyped
"#;

    /// The bytes of a row.
    pub(super) fn unescaped(row: &str) -> Vec<u8> {
        let escapes = [
            ("\\n", "\n"),
            ("\\r", "\r"),
            ("\\t", "\t"),
            ("\\0", "\0"),
            ("\\u{a0}", "\u{a0}"),
            ("\\u{3000}", "\u{3000}"),
        ];
        let all = escapes.iter();
        let text = all.fold(row.to_owned(), |row, (from, to)| row.replace(from, to));
        let parts: Vec<&[u8]> = text.split("\\xff").map(str::as_bytes).collect();
        parts.join(&0xff)
    }

    #[test]
    fn each_mistake_is_reported() {
        for row in MISTAKES.trim_start().lines() {
            let (page, complaint) = row.split_once(" | ").unwrap();
            let page = [unescaped(page), b"\n".to_vec()].concat();
            let complaint = complaint.replace("\\u{3000}", "\u{3000}");
            let complaint = complaint.replace("\\u{a0}", "\u{a0}");
            assert_eq!(complaints(page), [format!("Format: {complaint}")], "{row}");
        }
    }

    #[test]
    fn a_missing_last_newline_is_reported() {
        assert_eq!(complaints("a 1"), ["LineEnd: "]);
    }

    #[test]
    fn a_duplicate_series_is_reported() {
        let labels = "a{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 1\n";
        let twice = [
            "a 1\na 2\n",
            "a 1 5\na 2 5\n",
            "a 1\na 2 5\n",
            "a 1 5\na 2\n",
        ];
        for page in twice.into_iter().chain([labels, "a{x=\"\"} 1\na 1\n"]) {
            assert_eq!(complaints(page).len(), 1, "{page}");
            assert!(complaints(page)[0].starts_with("Duplicate: "), "{page}");
        }
        for page in ["a{x=\"1\"} 1\na{x=\"2\"} 1\n", "a 1 5\na 2 6\n"] {
            assert_eq!(complaints(page), [""; 0], "{page}");
        }
    }

    /// Odd input that both promtool and Prometheus accept.
    pub(super) const ODDITIES: &str = r#"
a{x="}",} 1 1700000000000
a \t 1 \t 5
a{\tx\t=\t"1"\t,\ty="2"\t}\t1
a {} 1
a{x="1"}1
a{x="\r\0"} 1
a +Inf\nb infinity\nc nan\nd +.5e+3\ne 5.\nf 1e-400\ng 007 007
  # HELP a b\n\t# TYPE a gauge\n \t\na 1
#\tHELP \t a \t b
#  TYPE \ta\tgauge
# HELP a
# HELP a \n# HELP a b\n# HELP a
# HELP a b\\\\c\r
# HELP a b\0
# HELP
# TYPE\r
#HELP \n#TYPE \n#TYPE a\n#TYPE a \n#TYPE a  GAUGE\n#TYPE a 
#HELP a \xff
# c \xff\r
# EOF\n#\n#\r\n## TYPE a b\n# TYPES a b
# TYPE a_count counter\n# TYPE a summary\na_count 1
# TYPE a summary\n# HELP a_count b\na_bucket{le="x"} 1\na{le="x"} 1
# HELP a_count \n# TYPE a summary\na_count{quantile="x"} 1
# TYPE a summary\n# TYPE a_bucket counter\na_bucket 1
#TYPE a gauge_histogram\na 1
# TYPE a histogram\na_bucket{le="NaN"} 1
a 1 5\na 1 6\na 1 4
"#;

    #[test]
    fn what_both_accept_is_accepted() {
        for row in ODDITIES.trim_start_matches('\n').lines() {
            let page = [unescaped(row), b"\n".to_vec()].concat();
            assert_eq!(complaints(page), [""; 0], "{row}");
        }
        for page in ["", "\n", "\t", "a 1\n \t"] {
            assert_eq!(complaints(page), [""; 0], "{page:?}");
        }
    }

    /// A Rust string without the `\` at the ends of its lines.
    #[test]
    fn an_exposition_indented_like_its_source_is_rejected() {
        let page = "# HELP a_total Text.\n\n                # TYPE a_total counter\n\n\
                    \u{20}               a_total 1\n";
        let complaint = "Format: there are spaces or tabs before its name, and \
                         Prometheus takes them for a part of it";
        assert_eq!(complaints(page), [complaint]);
    }

    /// Such an exposition would show no type and no help.
    #[test]
    fn a_comment_sets_no_type_and_no_help() {
        let page = Page::parse("#HELP a b\n#TYPE a counter\na 1\n");
        let family = &page.families[0];
        assert!(page.findings.is_empty());
        assert_eq!((family.kind.as_str(), family.help.as_deref()), ("", None));
        let page = Page::parse("# HELP a b\n#\tTYPE a counter\na 1\n");
        let family = &page.families[0];
        let said = (family.kind.as_str(), family.help.as_deref());
        assert_eq!(said, ("counter", Some("b")));
    }

    /// A lesson that wants a type can then show what is there.
    #[test]
    fn an_invalid_type_is_kept() {
        let page = Page::parse("# TYPE a Counter\na 1\n");
        assert_eq!(page.families[0].kind, "Counter");
    }
}
