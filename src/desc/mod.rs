//! Descriptors of metrics: name, help text, type and labels.
//!
//! The counterpart of Go's `prometheus.Desc`. Registering the collector reports a
//! mistake in a descriptor, so creating one needs no error handling.

pub(crate) mod compare;
mod kind;
pub(crate) mod labels;

pub use kind::MetricKind;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use self::labels::{Owner, Template};
use crate::names::Names;

/// The name, help text, type and label names that all samples of a metric share.
///
/// ```
/// use exporter_workbook::desc::Desc;
///
/// let requests = Desc::counter("requests_total", "The number of requests handled.")
///     .namespace("shop")
///     .label("method")
///     .const_label("zone", "eu-1");
/// assert_eq!(requests.name(), "shop_requests_total");
/// ```
///
/// A clone is the same descriptor and is cheap.
#[derive(Clone)]
pub struct Desc(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    name: Arc<str>,
    help: Arc<str>,
    /// `None` for the crate's descriptors, which have no type.
    kind: Option<MetricKind>,
    names: Names,
    constant: Vec<(String, String)>,
    variable: Vec<String>,
    /// Rendered on first use.
    template: OnceLock<Result<Template, String>>,
}

impl Desc {
    /// Describes a gauge.
    #[must_use]
    pub fn gauge(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::Gauge))
    }

    /// Describes a counter; by convention its name ends in `_total`.
    #[must_use]
    pub fn counter(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::Counter))
    }

    /// Describes a metric whose source doesn't state its type.
    #[must_use]
    pub fn untyped(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::Untyped))
    }

    /// Describes a histogram.
    #[must_use]
    pub fn histogram(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::Histogram))
    }

    /// Describes a summary.
    #[must_use]
    pub fn summary(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::Summary))
    }

    /// Describes information about the program, such as its version, whose samples have
    /// the value 1; its name ends in `_info`. See
    /// [`Samples::info`](crate::collect::Samples::info).
    #[must_use]
    pub fn info(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::Info))
    }

    /// Describes states that are each on or off. The label that names the state has the
    /// metric's name, prefixes included. See
    /// [`Samples::states`](crate::collect::Samples::states).
    #[must_use]
    pub fn state_set(name: &str, help: &str) -> Desc {
        Desc::new(name, help, Some(MetricKind::StateSet))
    }

    pub(crate) fn new(name: &str, help: &str, kind: Option<MetricKind>) -> Desc {
        Desc(Arc::new(Inner {
            name: name.into(),
            help: help.into(),
            kind,
            names: Names::Classic,
            constant: Vec::new(),
            variable: Vec::new(),
            template: OnceLock::new(),
        }))
    }

    /// Creates a descriptor that can't be registered, for the reason `problem`.
    pub(crate) fn invalid(problem: &str) -> Desc {
        let desc = Desc::untyped("", "");
        let _ = desc.0.template.set(Err(problem.to_owned()));
        desc
    }

    /// Prefixes the name with `namespace` and `_`, unless `namespace` is empty.
    #[must_use]
    pub fn namespace(self, namespace: &str) -> Desc {
        match namespace {
            "" => self,
            _ => self.prefix(&format!("{namespace}_")),
        }
    }

    /// Prefixes the name with `prefix` as it is.
    #[must_use]
    pub fn prefix(self, prefix: &str) -> Desc {
        self.changed(|inner| inner.name = format!("{prefix}{}", inner.name).into())
    }

    /// Adds a variable label. Samples state the values in the order of these calls.
    #[must_use]
    pub fn label(self, name: &str) -> Desc {
        self.changed(|inner| inner.variable.push(name.to_owned()))
    }

    /// Adds a label with one value for all samples.
    #[must_use]
    pub fn const_label(self, name: &str, value: &str) -> Desc {
        self.changed(|inner| inner.constant.push((name.to_owned(), value.to_owned())))
    }

    pub(crate) fn with_kind(self, kind: MetricKind) -> Desc {
        self.changed(|inner| inner.kind = Some(kind))
    }

    /// Permits any text without NUL as the name of the metric and of its labels, such as
    /// OpenTelemetry's `http.server.duration`; without it, a name that isn't classic is
    /// an error of registration, because it is probably a typo.
    ///
    /// Prometheus 3 asks for such names. Other clients get them
    /// [escaped](crate::exposition::Escaping).
    #[must_use]
    pub fn utf8(self) -> Desc {
        self.with_names(Names::Utf8)
    }

    pub(crate) fn with_names(self, names: Names) -> Desc {
        self.changed(|inner| inner.names = names)
    }

    fn changed(self, change: impl FnOnce(&mut Inner)) -> Desc {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        inner.template = OnceLock::new();
        Desc(Arc::new(inner))
    }

    /// Returns the name of the metric family.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the help text, which may be empty.
    #[must_use]
    pub fn help(&self) -> &str {
        &self.0.help
    }

    /// Returns the type, or `None` for a descriptor of the `prometheus` crate, which
    /// has none.
    #[must_use]
    pub fn kind(&self) -> Option<MetricKind> {
        self.0.kind
    }

    /// Returns the names of the variable labels, whose values each sample states.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.0.variable
    }

    /// Returns the constant labels, which all samples share, with their values.
    #[must_use]
    pub fn const_labels(&self) -> &[(String, String)] {
        &self.0.constant
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.0.name)
    }

    pub(crate) fn shared_help(&self) -> Arc<str> {
        Arc::clone(&self.0.help)
    }

    pub(crate) fn names(&self) -> Names {
        self.0.names
    }

    /// Returns the labels of this metric as a template, or the problem with them or
    /// with the name.
    pub(crate) fn template(&self) -> Result<&Template, String> {
        let make = || match self.owner().name_problem() {
            Some(problem) => Err(problem),
            None => Template::checked(
                self.const_labels().iter().map(|(n, v)| (&**n, &**v)),
                self.labels().iter().map(String::as_str),
                self.owner(),
            ),
        };
        let made = self.0.template.get_or_init(make);
        made.as_ref().map_err(String::clone)
    }

    /// Returns what decides which name and labels the metric may have.
    fn owner(&self) -> Owner<'_> {
        Owner {
            name: self.name(),
            kind: self.kind(),
            names: self.names(),
        }
    }

    /// Returns whether both are the same value in memory, and so equal.
    pub(crate) fn is(&self, other: &Desc) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl PartialEq for Desc {
    fn eq(&self, other: &Desc) -> bool {
        self.is(other)
            || (self.name() == other.name()
                && self.help() == other.help()
                && self.kind() == other.kind()
                && self.names() == other.names()
                && self.const_labels() == other.const_labels()
                && self.labels() == other.labels())
    }
}

impl Eq for Desc {}

impl Hash for Desc {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.name(), self.const_labels(), self.labels()).hash(state);
    }
}

impl fmt::Debug for Desc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desc")
            .field("name", &self.name())
            .field("help", &self.help())
            .field("kind", &self.kind())
            .field("names", &self.names())
            .field("const_labels", &self.const_labels())
            .field("labels", &self.labels())
            .finish()
    }
}

/// Converts options of the `prometheus` crate, which have no type.
impl From<prometheus::Opts> for Desc {
    fn from(opts: prometheus::Opts) -> Desc {
        let desc = Desc::new(&opts.name, &opts.help, None);
        let desc = desc.namespace(&opts.subsystem).namespace(&opts.namespace);
        desc.changed(|inner| {
            inner.constant = opts.const_labels.into_iter().collect();
            inner.constant.sort();
            inner.variable = opts.variable_labels;
        })
    }
}

/// Converts a descriptor of the `prometheus` crate, which has no type.
impl From<&prometheus::core::Desc> for Desc {
    fn from(desc: &prometheus::core::Desc) -> Desc {
        Desc::new(&desc.fq_name, &desc.help, None).changed(|inner| {
            let pairs = desc.const_label_pairs.iter();
            let pairs = pairs.map(|pair| (pair.name().into(), pair.value().into()));
            inner.constant = pairs.collect();
            inner.variable.clone_from(&desc.variable_labels);
        })
    }
}
