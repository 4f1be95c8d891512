//! Where the metrics go: to a Pushgateway, into files or to standard output.

use std::io::{self, Write};
use std::time::SystemTime;

use crate::files::Files;
use crate::grouping::{Grouping, GroupingError};
use crate::job::Run;
use crate::metrics::{self, Reported, text};
use crate::pushgateway::Pushgateway;

const NOWHERE: &str = "reported nowhere: add \
    --pushgateway.url=http://127.0.0.1:9091 or --textfile.directory=FOLDER";

pub struct Report {
    /// The value of the label `backup`.
    pub backup: String,
    pub gateway: Option<Pushgateway>,
    pub files: Option<Files>,
}

impl Report {
    pub fn start(&self, now: SystemTime) -> Reported {
        let Some(gateway) = &self.gateway else {
            return Ok(());
        };
        let text = text(&metrics::of_start(now), &self.backup)?;
        Ok(gateway.put(&self.running()?, &text)?)
    }

    /// Reports to each place: what one refuses, the other may accept.
    pub fn end(&self, run: &Run) -> Vec<Reported> {
        let gateway = self.gateway.iter().map(|gateway| self.push(gateway, run));
        let files = self.files.iter().map(|files| files.write(run));
        let mut reported: Vec<Reported> = gateway.chain(files).collect();
        if reported.is_empty() {
            reported.push(self.print(run));
        }
        reported
    }

    // ANCHOR: push
    fn push(&self, gateway: &Pushgateway, run: &Run) -> Reported {
        let text = text(&metrics::of(run), &self.backup)?;
        if run.result.is_err() {
            // PUT would delete the time of the last success.
            return Ok(gateway.post(&self.group()?, &text)?);
        }
        gateway.put(&self.group()?, &text)?;
        Ok(gateway.delete(&self.running()?)?)
    }

    fn group(&self) -> Result<Grouping, GroupingError> {
        Grouping::of_job("backup")?.label("backup", &self.backup)
    }

    fn running(&self) -> Result<Grouping, GroupingError> {
        self.group()?.label("state", "running")
    }
    // ANCHOR_END: push

    fn print(&self, run: &Run) -> Reported {
        write!(io::stdout(), "{}", text(&metrics::of(run), &self.backup)?)?;
        Ok(writeln!(io::stderr(), "{NOWHERE}")?)
    }
}
