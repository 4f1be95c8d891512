//! The metrics, which a registry turns into text.

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use exporter_workbook::exposition::Format;
use exporter_workbook::registry::Registry;

use crate::job::Run;

/// A metric's name, its help text and its value.
pub type Metric = (&'static str, &'static str, f64);

/// What it returns that reports something.
pub type Reported<T = ()> = Result<T, Box<dyn Error>>;

pub fn of_start(now: SystemTime) -> Vec<Metric> {
    vec![(
        "backup_start_timestamp_seconds",
        "When the run began that hasn't ended well yet.",
        seconds(now),
    )]
}

// ANCHOR: metrics
/// What every run reports.
#[rustfmt::skip]
pub fn of_run(run: &Run) -> Vec<Metric> {
    let (took, success) = (run.took.as_secs_f64(), f64::from(run.result.is_ok()));
    vec![
        ("backup_duration_seconds", "How long the last run took.", took),
        ("backup_success", "Whether the last run succeeded.", success),
    ]
}

/// What only a successful run reports.
#[rustfmt::skip]
pub fn of_success(run: &Run) -> Vec<Metric> {
    let Ok(copied) = &run.result else { return Vec::new() };
    let (files, bytes) = (copied.files as f64, copied.bytes as f64);
    vec![
        ("backup_files", "The number of files in the last backup.", files),
        ("backup_bytes", "The size of the last backup.", bytes),
        ("backup_last_success_timestamp_seconds", "When a run last succeeded.",
            seconds(run.ended)),
    ]
}

pub fn of(run: &Run) -> Vec<Metric> {
    [of_run(run), of_success(run)].concat()
}

/// Returns the exposition of `metrics`, each of which gets the label `backup`.
pub fn text(metrics: &[Metric], backup: &str) -> Reported<String> {
    let registry = Registry::new().with_labels(&[("backup", backup)]);
    for (name, help, value) in metrics {
        let gauge = exporter_workbook::prometheus::Gauge::new(*name, *help)?;
        gauge.set(*value);
        registry.register(gauge)?;
    }
    Ok(Format::TEXT.to_text(registry.gather().families()))
}
// ANCHOR_END: metrics

fn seconds(time: SystemTime) -> f64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs_f64()
}
