//! Properties of everything that is served.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;

use exporter_workbook::desc::MetricKind;
use exporter_workbook::exposition::{Escaping, Family, Format, Sample, Value};
use exporter_workbook::registry::Gathered;

use crate::number::Number;
use crate::reader::{Block, Line, is_classic, read};

/// Checks what was gathered in both formats, and that gathering it again changes
/// nothing. Returns its lines.
pub fn check(gathered: &Gathered) -> Vec<Line> {
    assert_short(gathered.errors());
    let families = gathered.families();
    let expected: Vec<Line> = families.iter().flat_map(of_family).collect();
    let mut texts = Vec::new();
    for (format, open_metrics) in [(TEXT, false), (OPEN_METRICS, true)] {
        let text = format.to_text(families);
        let blocks = read(&text, open_metrics);
        assert_eq!(blocks.len(), families.len());
        for (block, family) in blocks.iter().zip(families) {
            assert_eq!(block.help, family.help());
            assert!(is_kind(block, family.kind(), open_metrics), "{block:?}");
            // Each line of a state set is a series of its own.
            if family.kind() != MetricKind::StateSet {
                check_points(block);
            }
        }
        let lines: Vec<Line> = blocks.into_iter().flat_map(|b| b.lines).collect();
        assert_eq!(lines, expected);
        assert_each_alone(format, families, &text, open_metrics);
        texts.push(text);
    }
    assert_no_series_twice(&expected);
    check_escaped(families, expected.len());
    check_created(families, &expected);
    let again = Gathered::new(gathered.clone().into_families(), Vec::new());
    assert_eq!(again.errors(), []);
    assert_eq!(TEXT.to_text(again.families()), texts[0]);
    assert_eq!(OPEN_METRICS.to_text(again.families()), texts[1]);
    expected
}

const TEXT: Format = Format::TEXT.with_escaping(Escaping::AllowUtf8);
const OPEN_METRICS: Format =
    Format::OPEN_METRICS_1_0_0.with_escaping(Escaping::AllowUtf8);

fn is_kind(block: &Block, kind: MetricKind, open_metrics: bool) -> bool {
    let word = match kind {
        MetricKind::Info if block.kind == "gauge" => return true,
        MetricKind::StateSet if !open_metrics => "gauge".to_owned(),
        kind => kind.to_string(),
    };
    block.kind == word || (open_metrics && block.kind == "unknown")
}

/// Checks that a client that reads only classic names gets as many lines, and that no
/// two are the same series.
fn check_escaped(families: &[Family], lines: usize) {
    for escaping in [Escaping::Underscores, Escaping::Dots, Escaping::Values] {
        for format in [Format::TEXT, Format::OPEN_METRICS_1_0_0] {
            let format = format.with_escaping(escaping);
            let open_metrics = format.content_type.starts_with("application");
            let text = format.to_text(families);
            let blocks = read(&text, open_metrics);
            assert!(blocks.iter().all(is_classic), "{text}");
            let all: Vec<Line> = blocks.into_iter().flat_map(|b| b.lines).collect();
            assert_eq!(all.len(), lines, "{text}");
            assert_no_series_twice(&all);
            assert_each_alone(format, families, &text, open_metrics);
        }
    }
}

/// Checks that samples that say when others were created are additional ones.
fn check_created(families: &[Family], expected: &[Line]) {
    let format = OPEN_METRICS.with_created_samples();
    let blocks = read(&format.to_text(families), true);
    let all: Vec<Line> = blocks
        .into_iter()
        .flat_map(|block| {
            let created = format!("{}_created", block.name);
            let is_other = move |line: &Line| line.name != created;
            block.lines.into_iter().filter(is_other)
        })
        .collect();
    assert_eq!(all, expected);
}

/// Asserts that messages don't grow with what they quote.
pub fn assert_short(errors: &[impl Display]) {
    assert!(errors.len() <= 101);
    for error in errors {
        let message = error.to_string();
        assert!(message.len() < 4096, "{} bytes: {message}", message.len());
    }
}

/// Asserts that a family has the same text whatever other families are requested.
fn assert_each_alone(format: Format, families: &[Family], text: &str, eof: bool) {
    let mut alone = Vec::new();
    for family in families {
        format.write(families, |name| name == family.name(), &mut alone);
        let end = alone.len() - if eof { "# EOF\n".len() } else { 0 };
        alone.truncate(end);
    }
    alone.extend_from_slice(if eof { b"# EOF\n" } else { b"" });
    assert_eq!(String::from_utf8(alone).as_deref(), Ok(text));
}

/// Asserts that no series occurs twice, except at different times.
fn assert_no_series_twice(lines: &[Line]) {
    let mut seen = HashSet::new();
    let mut with_time = BTreeMap::new();
    for line in lines {
        let series = (&line.name, line.series(), line.bound);
        let has_time = *with_time
            .entry(series.clone())
            .or_insert(line.time.is_some());
        assert_eq!(
            has_time,
            line.time.is_some(),
            "with and without time: {line:?}"
        );
        assert!(seen.insert((series, line.time)), "twice: {line:?}");
    }
}

/// Asserts that the lines of one metric are contiguous, and sorted by time.
fn check_points(block: &Block) {
    let mut seen = HashSet::new();
    let mut last: Option<(BTreeMap<String, String>, Option<i64>)> = None;
    let is_end = |line: &Line| match &*block.kind {
        "histogram" | "summary" => line.name == format!("{}_count", block.name),
        _ => true,
    };
    for point in block.lines.split_inclusive(is_end) {
        let first = &point[0];
        let (series, time) = (first.series(), first.time);
        let alike = |line: &Line| line.labels == first.labels && line.time == time;
        assert!(point.iter().all(alike), "{point:?}");
        match &last {
            Some((before, at)) if *before == series => {
                assert!(at.is_some() && *at < time, "{at:?} before {point:?}");
            }
            _ => assert!(seen.insert(series.clone()), "interleaved: {point:?}"),
        }
        check_point(&block.kind, point);
        last = Some((series, time));
    }
}

fn check_point(kind: &str, point: &[Line]) {
    if !["histogram", "summary"].contains(&kind) {
        return;
    }
    let (bounds, [sum, count]) = point.split_at(point.len() - 2) else {
        panic!("{point:?}");
    };
    assert!(sum.name.ends_with("_sum") && count.name.ends_with("_count"));
    let numbers = bounds.iter().map(|line| line.bound.expect("a bound").get());
    assert!(numbers.is_sorted_by(|one, other| one < other), "{point:?}");
    if kind == "histogram" {
        let last = bounds.last().expect("a bucket");
        assert_eq!(last.bound, Some(Number::new(f64::INFINITY)));
        assert_eq!(last.value, count.value);
        assert!(bounds.is_sorted_by_key(|line| line.value.get() as u64));
    } else {
        let within = |line: &Line| {
            line.bound
                .is_some_and(|bound| (0.0..=1.0).contains(&bound.get()))
        };
        assert!(bounds.iter().all(within), "{point:?}");
    }
}

/// Returns the lines of a family.
fn of_family(family: &Family) -> Vec<Line> {
    let samples = family.samples();
    samples
        .flat_map(|sample| of_sample(family.name(), family.kind(), &sample))
        .collect()
}

/// Returns the lines of one sample.
pub fn of_sample(name: &str, kind: MetricKind, sample: &Sample<'_>) -> Vec<Line> {
    let is_kind = match sample.value() {
        Value::Histogram(_) => kind == MetricKind::Histogram,
        Value::Summary(_) => kind == MetricKind::Summary,
        Value::Number(_) => ![
            MetricKind::Histogram,
            MetricKind::Summary,
            MetricKind::StateSet,
        ]
        .contains(&kind),
        Value::StateSet(_) => kind == MetricKind::StateSet,
    };
    assert!(is_kind, "{kind}: {sample:?}");
    let labels: Vec<(String, String)> = sample.labels();
    let unique: BTreeMap<String, String> = labels.iter().cloned().collect();
    assert_eq!(labels.len(), unique.len());
    lines(name, &unique, sample.value(), sample.timestamp())
}

/// Returns the lines of `value`.
pub fn lines(
    name: &str,
    labels: &BTreeMap<String, String>,
    value: &Value,
    time: Option<i64>,
) -> Vec<Line> {
    let line = |suffix: &str, bound: Option<f64>, value: f64| Line {
        name: format!("{name}{suffix}"),
        labels: labels.clone(),
        bound: bound.map(Number::new),
        value: Number::new(value),
        time,
    };
    let (mut lines, sum, count) = match value {
        Value::Number(value) => return vec![line("", None, *value)],
        Value::StateSet(set) => {
            let states = set.states.iter();
            let states = states.map(|(state, is_on)| {
                let mut line = line("", None, f64::from(u8::from(*is_on)));
                line.labels.insert(name.to_owned(), state.clone());
                line
            });
            return states.collect();
        }
        Value::Histogram(value) => {
            let finite = value.buckets.iter().filter(|(le, _)| *le != f64::INFINITY);
            let all = finite.copied().chain([(f64::INFINITY, value.count)]);
            let lines = all.map(|(le, count)| line("_bucket", Some(le), count as f64));
            (lines.collect::<Vec<Line>>(), value.sum, value.count)
        }
        Value::Summary(value) => {
            let all = value.quantiles.iter();
            let lines = all.map(|(quantile, value)| line("", Some(*quantile), *value));
            (lines.collect(), value.sum, value.count)
        }
    };
    lines.push(line("_sum", None, sum));
    lines.push(line("_count", None, count as f64));
    lines
}

/// Returns the names that no other family may have.
pub fn sample_names(family: &Family) -> Vec<String> {
    let suffixes: &[&str] = match family.kind() {
        MetricKind::Histogram => &["", "_bucket", "_count", "_sum"],
        MetricKind::Summary => &["", "_count", "_sum"],
        _ => &[""],
    };
    let names = suffixes.iter();
    names
        .map(|suffix| format!("{}{suffix}", family.name()))
        .collect()
}

/// What one source reported.
#[derive(Debug)]
pub struct Reported {
    /// Its lines, or `None` if they can't be served.
    pub lines: Option<Vec<Line>>,
}

/// Asserts that all lines of each source are present or none, and that at most `errors`
/// sources are missing.
pub fn assert_whole(lines: &[Line], sources: &[Reported], errors: usize) {
    let there: HashSet<&Line> = lines.iter().collect();
    let whole = sources.iter().filter_map(|source| source.lines.as_ref());
    let whole: Vec<&Vec<Line>> = whole
        .filter(|lines| lines.iter().all(|l| there.contains(l)))
        .collect();
    let expected: HashSet<&Line> = whole.iter().copied().flatten().collect();
    for line in lines {
        assert!(
            expected.contains(line),
            "only a part of its source: {line:?}"
        );
    }
    let kept = sources.len().saturating_sub(errors);
    assert!(
        whole.len() >= kept,
        "{sources:?}\nbut {errors} errors for {lines:?}"
    );
    if whole.len() == kept {
        let all: usize = whole.iter().map(|lines| lines.len()).sum();
        assert_eq!(all, lines.len());
    }
}
