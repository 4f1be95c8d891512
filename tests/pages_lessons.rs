//! What the lessons' pages show beside their programs: the documents' example of the
//! format, a function that registers with a registerer of a test's own, and two unchecked
//! collectors of one series.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod book;
#[path = "pages/registerer.rs"]
mod registerer;

use std::fs;
use std::process::Command;

use exporter_workbook::collect::{CollectError, Collector, Samples};
use exporter_workbook::desc::Desc;
use exporter_workbook::exposition::Format;
use exporter_workbook::prometheus::{Gauge, Histogram, HistogramOpts, IntCounter};
use exporter_workbook::registry::{Registerer, Registry};

use book::{is_update, read, replace};
use registerer::{Names, new_jobs};

const EXAMPLE: &str = "tests/pages/go_goroutines.prom";

#[test]
fn the_documents_example_is_what_a_registry_writes() {
    let help = "Number of goroutines that currently exist.";
    let goroutines = Gauge::new("go_goroutines", help).unwrap();
    goroutines.set(19.0);
    let registry = Registry::new();
    registry.must_register(goroutines);
    let written = Format::TEXT.to_text(registry.gather().families());
    assert_eq!(written, read(EXAMPLE));
}

#[test]
#[ignore = "needs promtool"]
fn promtool_has_nothing_to_say_of_the_documents_example() {
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]);
    let output = promtool.stdin(fs::File::open(EXAMPLE).unwrap()).output();
    let output = output.unwrap();
    let words = [output.stdout, output.stderr].concat();
    assert!(output.status.success() && words.is_empty(), "{words:?}");
}

#[test]
fn a_function_registers_with_a_registry_or_with_a_tests_own() {
    let registry = Registry::new();
    let jobs: IntCounter = new_jobs(&registry).unwrap();
    jobs.inc();
    assert_eq!(registry.gather().families()[0].name(), "jobs_total");

    let names = Names::default();
    new_jobs(&names).unwrap();
    assert_eq!(*names.0.lock().unwrap(), ["jobs_total"]);
    assert!(!names.unregister_described(&[]));
}

/// Describes nothing, and reports a queue's length all the same.
struct QueueLength(Desc);

impl Collector for QueueLength {
    fn describe(&self) -> Vec<&Desc> {
        Vec::new()
    }

    fn collect(&self, samples: &mut Samples<'_>) -> Result<(), CollectError> {
        samples.set(&self.0, 23.0, &[]);
        Ok(())
    }
}

/// `UPDATE_DOCS=1` writes what the scrape says to where the page has it from.
#[test]
fn two_unchecked_collectors_of_one_series_fail_the_scrape() {
    let path = "tests/pages/unchecked_twice.txt";
    let registry = Registry::new();
    for _ in 0..2 {
        let desc = Desc::gauge("queue_length", "The number of items in the queue.");
        registry.must_register(QueueLength(desc));
    }
    let gathered = registry.gather();
    let errors = gathered.errors().iter();
    let now: String = errors.map(|error| format!("{error}\n")).collect();
    if is_update() {
        replace(path, &now);
    }
    assert_eq!(now, read(path));
}

#[test]
fn a_negative_observation_counts_in_the_first_bucket() {
    let opts = HistogramOpts::new("change_celsius", "Changes of temperature.");
    let histogram = Histogram::with_opts(opts.buckets(vec![1.0])).unwrap();
    histogram.observe(-5.0);
    let registry = Registry::new();
    registry.must_register(histogram);
    let text = Format::TEXT.to_text(registry.gather().families());
    assert!(
        text.contains("change_celsius_bucket{le=\"1\"} 1\n"),
        "{text}"
    );
}
