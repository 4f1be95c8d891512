//! The two files for node exporter: a run that fails leaves the one of the success.

use std::path::PathBuf;

use crate::job::Run;
use crate::metrics::{self, Reported, text};
use crate::textfile::{self, TextfileError};

pub struct Files {
    folder: PathBuf,
    /// The value of the label `backup`.
    backup: String,
}

impl Files {
    /// # Errors
    ///
    /// Returns an error if no file can have this name. Only the end of the run shows
    /// whether the folder exists.
    pub fn new(folder: PathBuf, backup: &str) -> Result<Files, TextfileError> {
        let backup = backup.to_owned();
        let files = Files { folder, backup };
        textfile::file_name(&files.name("run"))?;
        textfile::file_name(&files.name("success"))?;
        Ok(files)
    }

    pub fn write(&self, run: &Run) -> Reported {
        self.write_one("run", &metrics::of_run(run))?;
        if run.result.is_ok() {
            self.write_one("success", &metrics::of_success(run))?;
        }
        Ok(())
    }

    fn write_one(&self, of: &str, metrics: &[metrics::Metric]) -> Reported {
        let text = text(metrics, &self.backup)?;
        Ok(textfile::write(&self.folder, &self.name(of), &text)?)
    }

    fn name(&self, of: &str) -> String {
        format!("backup_{}_{of}", self.backup)
    }
}
