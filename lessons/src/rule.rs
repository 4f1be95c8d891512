//! The rules that each program is held to, whatever its lesson wants.

use std::fmt;

use serde::Deserialize;

macro_rules! rules {
    ($($(#[$about:meta])* $rule:ident = $name:literal,)*) => {
        /// One of them, by the name that a `lesson.toml` claims it by and a finding shows.
        #[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
        pub enum Rule {
            $($(#[$about])* #[serde(rename = $name)] $rule,)*
        }

        impl Rule {
            const fn name(self) -> &'static str {
                match self {
                    $(Rule::$rule => $name,)*
                }
            }
        }
    };
}

rules! {
    /// It runs, listens where it is told to, and does not end.
    Runs = "runs",
    /// Each request gets an answer that can be read.
    Answers = "answers",
    Slow = "slow",
    Status = "status",
    ContentType = "content-type",
    /// Prometheus and promtool can read the page.
    Format = "format",
    LineEnd = "line-end",
    Duplicate = "duplicate",
    /// Buckets and quantiles add up.
    Consistent = "consistent",
    /// What must not change between scrapes doesn't.
    Steady = "steady",
    /// The links of the page for people lead somewhere.
    Links = "links",
    Panics = "panics",
    /// Not a rule: what the lesson itself wants.
    Wanted = "wanted",
    // Those of promtool's linter, by the names of its functions.
    Help = "help",
    MetricUnits = "metric-units",
    Counter = "counter",
    HistogramSummaryReserved = "histogram-summary-reserved",
    MetricTypeInName = "metric-type-in-name",
    ReservedChars = "reserved-chars",
    CamelCase = "camel-case",
    UnitAbbreviations = "unit-abbreviations",
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
