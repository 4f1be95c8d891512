//! Reports how many files wait in a folder.

// ANCHOR: exporter
use std::error::Error;
use std::fs;
use std::path::PathBuf;

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
    folder: PathBuf,
    up: Desc,
    files: Desc,
}

impl SpoolCollector {
    fn new(folder: impl Into<PathBuf>) -> SpoolCollector {
        SpoolCollector {
            folder: folder.into(),
            up: Desc::gauge("spool_up", "Whether the spool folder could be read."),
            files: Desc::gauge("spool_files", "Files waiting in the spool folder."),
        }
    }
}

impl Collector for SpoolCollector {
    fn describe(&self) -> Vec<&Desc> {
        vec![&self.up, &self.files]
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        let files = fs::read_dir(&self.folder);
        samples.set(&self.up, f64::from(files.is_ok()), &[]);
        if let Ok(files) = files {
            samples.set(&self.files, files.count() as f64, &[]);
        }
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
        let folder = std::env::temp_dir().join(format!("spool-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a"), "").unwrap();
        let metrics = testutil::collect_to_text(SpoolCollector::new(&folder)).unwrap();
        fs::remove_dir_all(folder).unwrap();
        assert!(metrics.contains("\nspool_files 1\n"), "{metrics}");
        assert!(metrics.contains("\nspool_up 1\n"), "{metrics}");
    }

    #[test]
    fn without_the_folder_up_is_0_and_no_number_is_invented() {
        let metrics = testutil::collect_to_text(SpoolCollector::new("missing")).unwrap();
        assert!(metrics.contains("\nspool_up 0\n"), "{metrics}");
        assert!(!metrics.contains("spool_files "), "{metrics}");
    }
}
// ANCHOR_END: tests
