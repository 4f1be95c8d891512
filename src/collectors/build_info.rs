//! The version of the program: the usual `<program>_build_info` of exporters.

use std::env::consts;

use crate::collect::{CollectError, Collector, Samples};
use crate::desc::Desc;

/// Exports `<program>_build_info`, which is always 1 and whose labels describe the
/// build. Go's `version.NewCollector`.
///
/// ```
/// use exporter_workbook::collectors::BuildInfoCollector;
///
/// // The revision is set if GIT_REVISION was set for the build.
/// let build_info = BuildInfoCollector::new("queue_exporter", env!("CARGO_PKG_VERSION"))
///     .revision(option_env!("GIT_REVISION").unwrap_or_default())
///     .branch("main")
///     .label("features", "tls");
/// ```
#[derive(Debug)]
pub struct BuildInfoCollector {
    desc: Desc,
    branch: String,
    revision: String,
    version: String,
}

impl BuildInfoCollector {
    /// Creates a collector for version `version` of `program`, which must be a valid
    /// start of a metric name, such as `queue_exporter` (and not `queue-exporter`). The
    /// other labels are `branch` and `revision`, empty until they are set, and
    /// `rustversion`, `os` and `arch`, which describe the build of this library.
    #[must_use]
    pub fn new(program: &str, version: &str) -> BuildInfoCollector {
        let help = format!(
            "A metric with a constant '1' value labeled by version, revision, branch, \
             rustversion from which {program} was built, and the os and arch for the \
             build."
        );
        let labels = ["branch", "revision", "version", "rustversion", "os", "arch"];
        let desc = Desc::info(&format!("{program}_build_info"), &help);
        BuildInfoCollector {
            desc: labels.into_iter().fold(desc, Desc::label),
            branch: String::new(),
            revision: String::new(),
            version: version.to_owned(),
        }
    }

    /// Sets the revision in version control.
    #[must_use]
    pub fn revision(mut self, revision: &str) -> BuildInfoCollector {
        revision.clone_into(&mut self.revision);
        self
    }

    /// Sets the branch in version control.
    #[must_use]
    pub fn branch(mut self, branch: &str) -> BuildInfoCollector {
        branch.clone_into(&mut self.branch);
        self
    }

    /// Adds a label of your own.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> BuildInfoCollector {
        self.desc = self.desc.const_label(name, value);
        self
    }
}

impl Collector for BuildInfoCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let values = [
            self.branch.as_str(),
            &self.revision,
            &self.version,
            env!("RUSTC_VERSION"),
            consts::OS,
            consts::ARCH,
        ];
        samples.info(&self.desc, &values);
        Ok(())
    }
}
