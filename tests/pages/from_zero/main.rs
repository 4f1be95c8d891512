//! Reports how many files wait in a folder.

// ANCHOR: exporter
use std::error::Error;
use std::fs;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::promhttp::{self, HandlerOpts};
use exporter_workbook::registry::Registry;
use exporter_workbook::serve::{self, Landing, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let listener = serve::listen(&serve::address_argument("127.0.0.1:9000")?)?;
    let registry = Registry::new();
    registry.must_register(SpoolCollector::new("spool"));
    let handler = promhttp::handler_for(&registry, HandlerOpts::default())?;
    Server::new(listener)
        .landing(Landing::new("Spool exporter"))
        .route("/metrics", handler)
        .run()?;
    Ok(())
}

struct SpoolCollector {
    folder: &'static str,
    files: Desc,
}

impl SpoolCollector {
    fn new(folder: &'static str) -> SpoolCollector {
        let files = Desc::gauge("spool_files", "Files that wait in the spool folder.");
        SpoolCollector { folder, files }
    }
}

impl Collector for SpoolCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.files]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let files = fs::read_dir(self.folder)?.count();
        samples.set(&self.files, files as f64, &[]);
        Ok(())
    }
}
// ANCHOR_END: exporter

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;
    use exporter_workbook::testutil;

    #[test]
    fn each_file_counts() {
        // The package's own `src`, which holds this file alone.
        let metrics = testutil::collect_to_text(SpoolCollector::new("src")).unwrap();
        assert!(metrics.ends_with("\nspool_files 1\n"), "{metrics}");
    }

    #[test]
    fn a_missing_folder_fails_the_scrape() {
        assert!(testutil::collect_to_text(SpoolCollector::new("missing")).is_err());
    }
}
// ANCHOR_END: tests
