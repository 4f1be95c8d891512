//! Which program this is: the `<program>_build_info` that every exporter has.

use std::collections::HashMap;
use std::env::consts;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use crate::const_metric::ValueType::Gauge;
use crate::const_metric::must_new_const_metric;

/// Exports `<program>_build_info`, which is always 1: the facts are its labels. Go's
/// `version.NewCollector`.
///
/// ```
/// use exporter_workbook::collectors::BuildInfoCollector;
///
/// // The revision is there if the build was started with GIT_REVISION set.
/// let build_info = BuildInfoCollector::new("queue_exporter", env!("CARGO_PKG_VERSION"))?
///     .revision(option_env!("GIT_REVISION").unwrap_or_default())
///     .branch("main");
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Debug)]
pub struct BuildInfoCollector {
    desc: Desc,
    branch: String,
    revision: String,
    version: String,
}

impl BuildInfoCollector {
    /// Of `program`, a name that a metric may begin with, such as `queue_exporter`, in
    /// `version`. The other labels are `branch` and `revision`, empty until they are
    /// given, and as this library was built: `rustversion`, `os` and `arch`.
    ///
    /// # Errors
    ///
    /// As [`Desc::new`], when no metric may begin with `program`.
    pub fn new(program: &str, version: &str) -> prometheus::Result<BuildInfoCollector> {
        let help = format!(
            "A metric with a constant '1' value labeled by version, revision, branch, \
             rustversion from which {program} was built, and the os and arch for the \
             build."
        );
        let labels = ["branch", "revision", "version", "rustversion", "os", "arch"];
        Ok(BuildInfoCollector {
            desc: Desc::new(
                format!("{program}_build_info"),
                help,
                labels.map(ToOwned::to_owned).to_vec(),
                HashMap::new(),
            )?,
            branch: String::new(),
            revision: String::new(),
            version: version.to_owned(),
        })
    }

    /// The revision in version control.
    #[must_use]
    pub fn revision(mut self, revision: &str) -> BuildInfoCollector {
        revision.clone_into(&mut self.revision);
        self
    }

    /// The branch in version control.
    #[must_use]
    pub fn branch(mut self, branch: &str) -> BuildInfoCollector {
        branch.clone_into(&mut self.branch);
        self
    }
}

impl Collector for BuildInfoCollector {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let values = [
            self.branch.as_str(),
            &self.revision,
            &self.version,
            env!("RUSTC_VERSION"),
            consts::OS,
            consts::ARCH,
        ];
        vec![must_new_const_metric(&self.desc, Gauge, 1.0, &values)]
    }
}
