//! Problems that promtool's linter reports for a valid exposition, found by the library's
//! `testutil`, and how to fix them in the learner's language; the course's tests compare
//! each rule with a real promtool. At the end are problems that nothing reports:
//! inconsistent buckets and quantiles.

use std::collections::HashMap;

use exporter_workbook::testutil::{self, Problem, lint_family};

use crate::finding::Finding;
use crate::messages as m;
use crate::page::{Family, Labels, Page, Sample};
use crate::rule::Rule;
use crate::words::say;

/// Everything that the linter reports for an exposition.
pub fn lint(page: &Page) -> Vec<Finding> {
    // promtool looks only at families with samples.
    let families = page.families.iter().filter(|all| !all.samples.is_empty());
    let problems = families.flat_map(problems);
    problems
        .map(|problem| {
            Finding::lint(rule(&problem.rule), &problem.to_string(), &fix(&problem))
        })
        .collect()
}

/// The rule, without its details.
fn rule(of: &testutil::Rule) -> Rule {
    use testutil::Rule as Of;
    match of {
        Of::Help => Rule::Help,
        Of::MetricUnits { .. } => Rule::MetricUnits,
        Of::CounterTotal | Of::OnlyCounterTotal => Rule::Counter,
        Of::ReservedSuffix { .. } | Of::ReservedLabel { .. } => {
            Rule::HistogramSummaryReserved
        }
        Of::TypeInName { .. } => Rule::MetricTypeInName,
        Of::ReservedChars => Rule::ReservedChars,
        Of::CamelCaseName | Of::CamelCaseLabel => Rule::CamelCase,
        Of::UnitAbbreviations => Rule::UnitAbbreviations,
    }
}

fn problems(family: &Family) -> Vec<Problem> {
    let labels = family.samples.iter().flat_map(|sample| &sample.labels);
    let labels: Vec<&str> = labels.map(|(name, _)| name.as_str()).collect();
    let help = family.help.as_deref().unwrap_or_default();
    let kind = if family.is_untyped() {
        "untyped"
    } else {
        &family.kind
    };
    lint_family(&family.name, help, kind, &labels)
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn fix(problem: &Problem) -> String {
    let name = &problem.metric;
    match &problem.rule {
        testutil::Rule::Help => say(m::FIX_NO_HELP, [name]),
        testutil::Rule::MetricUnits { unit, base } => {
            say(m::FIX_UNIT, [&name.replace(unit, base)])
        }
        testutil::Rule::CounterTotal => say(m::FIX_TOTAL, [name]),
        testutil::Rule::OnlyCounterTotal => say(m::FIX_NOT_A_COUNTER, []),
        testutil::Rule::ReservedSuffix { suffix, .. } => {
            say(m::FIX_RESERVED_END, [suffix])
        }
        testutil::Rule::ReservedLabel { label, owner } => {
            say(m::FIX_RESERVED_LABEL, [label, owner])
        }
        testutil::Rule::TypeInName { kind } => say(m::FIX_TYPE_IN_NAME, [kind]),
        testutil::Rule::ReservedChars => say(m::FIX_COLONS, []),
        testutil::Rule::CamelCaseName | testutil::Rule::CamelCaseLabel => {
            say(m::FIX_LETTERS, [])
        }
        testutil::Rule::UnitAbbreviations => say(m::FIX_SHORT_UNIT, []),
    }
}

/// Inconsistent histograms and summaries, which nothing rejects.
pub fn inconsistent(page: &Page) -> Vec<Finding> {
    let mut found = Vec::new();
    for family in &page.families {
        match family.kind.as_str() {
            "histogram" => found.extend(bad_histogram(family)),
            "summary" => found.extend(bad_summary(family)),
            _ => {}
        }
    }
    found
}

fn bad_histogram(family: &Family) -> Vec<Finding> {
    let bucket = format!("{}_bucket", family.name);
    let count = format!("{}_count", family.name);
    let mut rows: Vec<Vec<&Sample>> = Vec::new();
    let mut row_of = HashMap::new();
    let mut counts = HashMap::new();
    for sample in &family.samples {
        if sample.name == bucket {
            let at = *row_of
                .entry((sample.labels_without("le"), sample.timestamp))
                .or_insert(rows.len());
            match rows.get_mut(at) {
                Some(row) => row.push(sample),
                None => rows.push(vec![sample]),
            }
        } else if sample.name == count {
            let key = (sample.labels_without(""), sample.timestamp);
            counts.entry(key).or_insert(sample.value);
        }
    }
    rows.iter()
        .flat_map(|row| bad_buckets(row, &counts))
        .collect()
}

/// The value of each `_count`, by its labels and timestamp.
type Counts = HashMap<(Labels, Option<i64>), f64>;

/// What is wrong with buckets that differ only in `le`.
fn bad_buckets(row: &[&Sample], counts: &Counts) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(two) = row.windows(2).find(|two| two[1].value < two[0].value) {
        let seen = format!("{}\n{}", two[0].line, two[1].line);
        let expected = &say(m::BUCKETS_THAT_GROW, []);
        found.push(Finding::consistent(&seen, expected));
    }
    let last = row[row.len() - 1];
    let key = (last.labels_without("le"), last.timestamp);
    let is_equal = counts.get(&key) == Some(&last.value);
    if last.label("le") != Some("+Inf") || !is_equal {
        let expected = &say(m::LAST_BUCKET_IS_COUNT, []);
        found.push(Finding::consistent(&last.line, expected));
    }
    found
}

fn bad_summary(family: &Family) -> Vec<Finding> {
    let is_bad = |sample: &&Sample| {
        let quantile = sample.label("quantile").map(str::parse::<f64>);
        quantile.is_some_and(|all| !all.is_ok_and(|q| (0.0..=1.0).contains(&q)))
    };
    let bad = family.samples.iter().filter(is_bad);
    bad.map(|sample| Finding::consistent(&sample.line, &say(m::QUANTILE_RANGE, [])))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tables::{check_metrics, rows, with_mistake};
    use crate::versions::{Version, with_each_version};

    /// The linter's messages, without our prefix.
    fn words(page: &str) -> BTreeSet<String> {
        let findings = lint(&Page::parse(page));
        let words = findings.into_iter();
        words
            .map(|finding| finding.seen.replace("by promtool's rules: ", ""))
            .collect()
    }

    #[test]
    fn the_linter_agrees_with_the_page_about_names() {
        let rows = rows("docs/en/reference/naming.md", "The linter");
        let of_names = rows.iter().filter(|cells| cells[2] == "3");
        for cells in of_names {
            let page = with_mistake(&cells[0]);
            assert_eq!(words(&page), BTreeSet::from([cells[1].clone()]), "{page}");
        }
    }

    #[test]
    fn an_exposition_that_promtool_cannot_parse_is_rejected() {
        let rows = rows("docs/en/reference/naming.md", "The linter");
        let refused: Vec<_> = rows.iter().filter(|cells| cells[2] == "1").collect();
        assert_eq!(refused.len(), 5);
        for cells in refused {
            let page = with_mistake(&cells[0]);
            assert!(!Page::parse(&page).findings.is_empty(), "{page}");
        }
    }

    /// Pseudo-random numbers that are the same in each run.
    fn random(seed: u64) -> impl FnMut(usize) -> usize {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33) as usize % below
        }
    }

    const PARTS: &str = "queue wait a b s ms sec gb d thermometers total sum count bucket \
                         gauge counter summary Histogram queueLength x:y Total";
    const UNITS: &str = "seconds milliseconds kelvins kelvin bits kilobits kibibytes weeks \
                         metres kilometers yards celsius";
    const LABELS: &str = "module moduleName le quantile x Xy";
    const KINDS: &str = "counter gauge untyped none";

    /// An exposition with names made of parts that the rules look for.
    fn page(random: &mut impl FnMut(usize) -> usize) -> String {
        let mut any = |words: &'static str| {
            let words: Vec<&str> = words.split(' ').collect();
            words[random(words.len())]
        };
        let mut page = String::new();
        for number in 0..20 {
            let mut name = format!("m{number}");
            // Of two units promtool names either one.
            let unit = any("0 1 2 3 4 5");
            for at in ["0", "1", "2"].iter().take(any("1 22 333").len()) {
                let words = if *at == unit { UNITS } else { PARTS };
                name += &format!("_{}", any(words));
            }
            match any("text text text text empty none") {
                "text" => page += &format!("# HELP {name} Text.\n"),
                "empty" => page += &format!("# HELP {name} \n"),
                _ => {}
            }
            match any(KINDS) {
                "none" => {}
                kind => page += &format!("# TYPE {name} {kind}\n"),
            }
            page += &format!("{name}{{{}=\"1\"}} {number}\n", any(LABELS));
        }
        page
    }

    with_each_version!(the_linter_agrees_with_promtool_on_any_name);

    fn the_linter_agrees_with_promtool_on_any_name(version: Version) {
        let mut random = random(20_261_125);
        for _ in 0..150 {
            let page = page(&mut random);
            let output = check_metrics(version.command("promtool"), &page);
            let promtool = String::from_utf8(output.stderr).unwrap();
            let promtool: BTreeSet<String> =
                promtool.lines().map(str::to_owned).collect();
            let mut words = words(&page);
            if version == Version::Three {
                // It looks in a name for the metric's own type, and 2.42 for any.
                let of_types = "metric name should not include type";
                words
                    .retain(|word| promtool.contains(word) || !word.contains(of_types));
            }
            assert_eq!(words, promtool, "{page}");
        }
    }

    fn inconsistencies(page: &str) -> Vec<String> {
        let findings = inconsistent(&Page::parse(page));
        findings.into_iter().map(|finding| finding.seen).collect()
    }

    const HISTOGRAM: &str = "# TYPE h histogram\n\
                             h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 4\nh_count 3\n\
                             h_bucket{x=\"1\",le=\"+Inf\"} 0\nh_sum{x=\"1\"} 0\nh_count{x=\"1\"} 0\n";

    #[test]
    fn buckets_never_fall_and_end_with_the_count() {
        assert_eq!(inconsistencies(HISTOGRAM), [""; 0]);
        let broken =
            |old: &str, new: &str| inconsistencies(&HISTOGRAM.replace(old, new));
        let falls = broken("h_bucket{le=\"1\"} 2", "h_bucket{le=\"1\"} 4");
        assert_eq!(falls, ["h_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 3"]);
        let lacks = broken("h_bucket{le=\"+Inf\"} 3\n", "");
        assert_eq!(lacks, ["h_bucket{le=\"1\"} 2"]);
        assert_eq!(
            broken("h_count 3", "h_count 4"),
            ["h_bucket{le=\"+Inf\"} 3"]
        );
        assert_eq!(broken("h_count 3\n", ""), ["h_bucket{le=\"+Inf\"} 3"]);
        let labelled = broken("h_count{x=\"1\"} 0", "h_count{x=\"1\"} 1");
        assert_eq!(labelled, ["h_bucket{x=\"1\",le=\"+Inf\"} 0"]);
        let timed = "h_bucket{le=\"+Inf\"} 3 1\nh_count 3 1\n\
                     h_bucket{le=\"+Inf\"} 2 2\nh_count 2 2\n";
        assert_eq!(
            inconsistencies(&format!("# TYPE h histogram\n{timed}")),
            [""; 0]
        );
    }

    #[test]
    fn a_quantile_lies_between_0_and_1() {
        let page = "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\n";
        assert_eq!(inconsistencies(page), [""; 0]);
        let seven = page.replace("0.5", "7");
        assert_eq!(inconsistencies(&seven), ["s{quantile=\"7\"} 1"]);
    }
}
