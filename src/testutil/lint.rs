//! The rules of Prometheus's linter for one metric family, with its messages.
//!
//! They are those of promtool 2.42 (client_golang's `promlint`).

use std::collections::BTreeSet;
use std::fmt;

/// Each known unit, and the base unit to use instead.
const UNITS: [(&str, &str); 24] = [
    ("amperes", "amperes"),
    ("bits", "bytes"),
    ("bytes", "bytes"),
    ("calories", "joules"),
    ("celsius", "celsius"),
    ("days", "seconds"),
    ("fahrenheit", "celsius"),
    ("grams", "grams"),
    ("hours", "seconds"),
    ("inches", "meters"),
    ("joules", "joules"),
    ("kelvin", "kelvin"),
    ("kelvins", "kelvin"),
    ("meters", "meters"),
    ("metres", "metres"),
    ("miles", "meters"),
    ("minutes", "seconds"),
    ("ounces", "grams"),
    ("pounds", "grams"),
    ("rankine", "celsius"),
    ("seconds", "seconds"),
    ("volts", "volts"),
    ("weeks", "seconds"),
    ("yards", "meters"),
];

const PREFIXES: [&str; 19] = [
    "", "pico", "nano", "micro", "milli", "centi", "deci", "deca", "hecto", "kilo",
    "kibi", "mega", "mibi", "giga", "gibi", "tera", "tebi", "peta", "pebi",
];

const ABBREVIATIONS: [&str; 14] = [
    "s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d",
];

/// A problem that the linter finds, as `promtool check metrics` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The name of the metric family.
    pub metric: String,
    /// The rule that it breaks.
    pub rule: Rule,
}

/// A rule of the linter, with what breaks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A metric has a help text.
    Help,
    /// A metric uses base units.
    MetricUnits {
        /// The unit in the name.
        unit: String,
        /// The base unit to use.
        base: &'static str,
    },
    /// A counter's name ends in `_total`.
    CounterTotal,
    /// No other name ends in `_total`.
    OnlyCounterTotal,
    /// Only histograms and summaries have these suffixes.
    ReservedSuffix {
        /// The suffix.
        suffix: &'static str,
        /// The types that may not have it.
        who: &'static str,
    },
    /// Only histograms have `le`, and only summaries `quantile`.
    ReservedLabel {
        /// The label.
        label: &'static str,
        /// The type that it belongs to.
        owner: &'static str,
    },
    /// A name doesn't contain the type.
    TypeInName {
        /// The type.
        kind: &'static str,
    },
    /// A name has no colon.
    ReservedChars,
    /// A metric name is in snake case.
    CamelCaseName,
    /// A label name is in snake case.
    CamelCaseLabel,
    /// Units aren't abbreviated.
    UnitAbbreviations,
}

impl Rule {
    /// Returns the name of the rule's function in the linter.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Rule::Help => "help",
            Rule::MetricUnits { .. } => "metric-units",
            Rule::CounterTotal | Rule::OnlyCounterTotal => "counter",
            Rule::ReservedSuffix { .. } | Rule::ReservedLabel { .. } => {
                "histogram-summary-reserved"
            }
            Rule::TypeInName { .. } => "metric-type-in-name",
            Rule::ReservedChars => "reserved-chars",
            Rule::CamelCaseName | Rule::CamelCaseLabel => "camel-case",
            Rule::UnitAbbreviations => "unit-abbreviations",
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snake_case = "should be written in 'snake_case' not 'camelCase'";
        write!(f, "{} ", self.metric)?;
        match &self.rule {
            Rule::Help => write!(f, "no help text"),
            Rule::MetricUnits { unit, base } => {
                write!(f, "use base unit \"{base}\" instead of \"{unit}\"")
            }
            Rule::CounterTotal => {
                write!(f, "counter metrics should have \"_total\" suffix")
            }
            Rule::OnlyCounterTotal => {
                write!(f, "non-counter metrics should not have \"_total\" suffix")
            }
            Rule::ReservedSuffix { suffix, who } => {
                write!(f, "{who} metrics should not have \"{suffix}\" suffix")
            }
            Rule::ReservedLabel { label, owner } => {
                write!(f, "non-{owner} metrics should not have \"{label}\" label")
            }
            Rule::TypeInName { kind } => {
                write!(f, "metric name should not include type '{kind}'")
            }
            Rule::ReservedChars => write!(f, "metric names should not contain ':'"),
            Rule::CamelCaseName => write!(f, "metric names {snake_case}"),
            Rule::CamelCaseLabel => write!(f, "label names {snake_case}"),
            Rule::UnitAbbreviations => {
                write!(f, "metric names should not contain abbreviated units")
            }
        }
    }
}

/// Returns the problems of a metric family; `kind` is the word of its TYPE line, and
/// `labels` are the label names of its samples.
#[must_use]
pub fn lint_family(
    name: &str,
    help: &str,
    kind: &str,
    labels: &[&str],
) -> Vec<Problem> {
    let no_help = help.is_empty().then_some(Rule::Help);
    let mut rules: Vec<Rule> = no_help.into_iter().collect();
    rules.extend(metric_units(name));
    rules.extend(total(name, kind));
    if kind != "untyped" {
        rules.extend(reserved_suffix(name, kind));
        rules.extend(reserved_labels(labels, kind));
    }
    rules.extend(types_in_name(name));
    if name.contains(':') {
        rules.push(Rule::ReservedChars);
    }
    rules.extend(camel_case(name, labels));
    let lower = name.to_lowercase();
    if ABBREVIATIONS.iter().any(|part| has_part(&lower, part)) {
        rules.push(Rule::UnitAbbreviations);
    }
    let metric = name.to_owned();
    let problem = |rule| Problem {
        metric: metric.clone(),
        rule,
    };
    rules.into_iter().map(problem).collect()
}

fn types_in_name(name: &str) -> impl Iterator<Item = Rule> {
    let name = name.to_lowercase();
    let types = [
        "counter",
        "gauge",
        "summary",
        "histogram",
        "gauge_histogram",
    ];
    let found = types.into_iter().filter(move |kind| has_part(&name, kind));
    found.map(|kind| Rule::TypeInName { kind })
}

fn metric_units(name: &str) -> Option<Rule> {
    let (unit, base) = UNITS.iter().find_map(|(unit, base)| {
        let prefix = |part: &str| {
            let prefix = part.strip_suffix(unit)?;
            PREFIXES.iter().position(|all| *all == prefix)
        };
        let first = name.split('_').filter_map(prefix).min()?;
        Some((format!("{}{unit}", PREFIXES[first]), *base))
    })?;
    (unit != base).then_some(Rule::MetricUnits { unit, base })
}

fn total(name: &str, kind: &str) -> Option<Rule> {
    match (kind, name.ends_with("_total")) {
        ("counter", false) => Some(Rule::CounterTotal),
        ("counter" | "untyped", _) | (_, false) => None,
        (_, true) => Some(Rule::OnlyCounterTotal),
    }
}

fn reserved_suffix(name: &str, kind: &str) -> Option<Rule> {
    let has_sum = ["histogram", "summary"].contains(&kind);
    [
        ("_bucket", "non-histogram", kind != "histogram"),
        ("_count", "non-histogram and non-summary", !has_sum),
        ("_sum", "non-histogram and non-summary", !has_sum),
    ]
    .into_iter()
    .find(|(suffix, _, is_wrong)| *is_wrong && name.ends_with(suffix))
    .map(|(suffix, who, _)| Rule::ReservedSuffix { suffix, who })
}

fn reserved_labels(labels: &[&str], kind: &str) -> impl Iterator<Item = Rule> {
    let owners = [("histogram", "le"), ("summary", "quantile")];
    let wrong = owners
        .into_iter()
        .filter(move |(owner, label)| kind != *owner && labels.contains(label));
    wrong.map(|(owner, label)| Rule::ReservedLabel { label, owner })
}

fn camel_case(name: &str, labels: &[&str]) -> Vec<Rule> {
    let mut rules = Vec::new();
    if is_camel_case(name) {
        rules.push(Rule::CamelCaseName);
    }
    let labels: BTreeSet<&str> = labels.iter().copied().collect();
    let camel = labels.into_iter().filter(|label| is_camel_case(label));
    rules.extend(camel.map(|_| Rule::CamelCaseLabel));
    rules
}

fn is_camel_case(name: &str) -> bool {
    let two = name.as_bytes().windows(2);
    two.into_iter()
        .any(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase())
}

/// Returns whether the name contains `_part` at its end or before another `_`.
fn has_part(name: &str, part: &str) -> bool {
    name.contains(&format!("_{part}_")) || name.ends_with(&format!("_{part}"))
}
