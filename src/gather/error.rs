//! Why a gather is incomplete, in terms that a program can match on.

use std::fmt;

use prometheus::proto::LabelPair;

/// Why a gather is incomplete. What is named is missing from its families; the rest is
/// there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError {
    /// A collector panicked. Of a collector that was registered past
    /// [`Registerer`](crate::register::Registerer) the SDK does not tell the metrics, and
    /// no family of that registry is left.
    #[error("{collector} panicked: {message} (the program's log says where)")]
    CollectorPanicked {
        /// Which collector: the metrics that it describes.
        collector: String,
        /// The words of the panic.
        message: String,
    },
    /// A collector left a metric out, and [reported](super::report()) it.
    #[error("`{name}` was not collected: {problem}")]
    NotCollected {
        /// Name of the metric.
        name: String,
        /// Why, in the collector's words.
        problem: String,
    },
    /// A family whose name none may have.
    #[error("metric family dropped: {problem}")]
    InvalidName {
        /// What is wrong with the name.
        problem: String,
    },
    /// Two families of one name and different types; the later one is dropped.
    #[error(
        "`{name}` was collected as a {first} and as a {other}: give both the same type, \
         or one of them another name"
    )]
    InconsistentType {
        /// Name of the families.
        name: String,
        /// The type that was kept.
        first: &'static str,
        /// The type that was dropped.
        other: &'static str,
    },
    /// Two families of one name and different help texts; the later one is dropped.
    #[error(
        "`{name}` was collected with the help {first:?} and with the help {other:?}: \
         give both the same, or one of them another name"
    )]
    InconsistentHelp {
        /// Name of the families.
        name: String,
        /// The help text that was kept.
        first: String,
        /// The help text that was dropped.
        other: String,
    },
    /// A family with the name of a sample of another one.
    #[error(
        "`{name}` collides with the {kind} `{with}`, which has samples of that name: \
         rename one of them"
    )]
    Collision {
        /// Name of the family that was dropped.
        name: String,
        /// Name of the summary or histogram that was kept.
        with: String,
        /// What that one is.
        kind: &'static str,
    },
    /// One series twice in one gather; the later one is dropped.
    #[error(
        "{series} was collected twice: tell the two apart by a label, or collect it once"
    )]
    Duplicate {
        /// The name with its labels.
        series: String,
    },
    /// A metric that Prometheus would refuse or misread.
    #[error("{series} was dropped: {problem}")]
    InvalidMetric {
        /// The name with its labels.
        series: String,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// More than a gather gives.
    #[error("and {0} error(s) more")]
    Further(usize),
    /// More of the same kind.
    #[error("of `{name}`, {dropped} metric(s) more were dropped for such a reason")]
    More {
        /// Name of the family.
        name: String,
        /// How many metrics no other error names.
        dropped: usize,
    },
}

/// A name with its labels, as the text format writes them; of long values the beginning.
pub struct Series<'a>(pub &'a str, pub &'a [LabelPair]);

/// How many characters of a label value stand in a message.
const SHOWN: usize = 100;

impl fmt::Display for Series<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Series(name, labels) = self;
        write!(f, "`{name}")?;
        for (at, label) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let mut rest = label.value().chars();
            let value: String = rest.by_ref().take(SHOWN).collect();
            let end = if rest.next().is_some() { "…" } else { "" };
            write!(f, "{before}{}={value:?}{end}", label.name())?;
        }
        f.write_str(if labels.is_empty() { "`" } else { "}`" })
    }
}
