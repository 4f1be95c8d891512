//! The rules that every program must follow, whatever its lesson wants.

use serde::Deserialize;

/// A rule. A `lesson.toml` names it in kebab case to check it in words of its own.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// The program runs, listens where it is told to, and doesn't exit.
    Runs,
    /// Each request gets a readable response.
    Answers,
    Slow,
    Status,
    ContentType,
    /// Prometheus and promtool can parse the exposition.
    Format,
    LineEnd,
    Duplicate,
    /// Buckets and quantiles are consistent.
    Consistent,
    /// What must not change between scrapes doesn't.
    Steady,
    /// The landing page has no dead links.
    Links,
    Panics,
    /// Not a rule: what the lesson itself wants.
    Wanted,
    // The rules of promtool's linter, named after its functions.
    Help,
    MetricUnits,
    Counter,
    HistogramSummaryReserved,
    MetricTypeInName,
    ReservedChars,
    CamelCase,
    UnitAbbreviations,
}
