//! What each program serves, recorded over HTTP from the built binary.
//!
//! The second scrape is recorded, because it shows the first one in the counters of
//! scrapes.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod support;

use std::io::Read;
use std::process::Stdio;

use support::{Program, snapshot};

/// Asserts that `slug` serves its snapshot in the text format.
fn assert_text_format(slug: &str) {
    snapshot::assert_text_format(slug, &Program::start(slug));
}

#[test]
fn raw_handler_serves_one_line_without_a_newline() {
    let response = snapshot::second_scrape(&Program::start("00_raw_handler"));
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; charset=UTF-8")
    );
    let body = response.as_str().unwrap();
    assert!(!body.ends_with('\n'));
    snapshot::assert_served("00_raw_handler", body);
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "the `prometheus` crate has a process collector only on Linux"
)]
fn default_registry_serves_the_process_and_the_handler() {
    assert_text_format("01_default_registry");
}

#[test]
fn gauge_ops_end_at_minus_19() {
    assert_text_format("02a_gauge_ops");
}

#[test]
fn counter_ops_end_at_42() {
    assert_text_format("02b_counter_ops");
}

#[test]
fn histogram_ops_serve_cumulative_buckets() {
    assert_text_format("02c_histogram_ops");
}

#[test]
fn summary_ops_serve_quantiles_within_their_errors() {
    assert_text_format("02d_summary_ops");
    let metrics = Program::start("02d_summary_ops").metrics();
    // In 1..=1000 each value is its own rank.
    for (quantile, rank, error) in
        [("0.5", 500, 50), ("0.9", 900, 10), ("0.99", 990, 1)]
    {
        let label = format!(",quantile=\"{quantile}\"}} ");
        let line = metrics.lines().find(|line| line.contains(&label)).unwrap();
        let value: i64 = line.split(' ').next_back().unwrap().parse().unwrap();
        assert!((value - rank).abs() <= error, "{line}");
    }
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "the `prometheus` crate has a process collector only on Linux"
)]
fn registration_serves_the_gauge_in_the_default_registry() {
    assert_text_format("02e_registration");
}

#[test]
fn registration_prints_the_result_of_each_call() {
    let mut command = support::command("02e_registration");
    command.arg("127.0.0.1:0").stderr(Stdio::piped());
    let mut process = Program::spawn(&mut command).process;
    let mut printed = process.0.stderr.take().unwrap();
    // Its end closes the pipe.
    drop(process);
    let mut answers = String::new();
    printed.read_to_string(&mut answers).unwrap();
    snapshot::assert_printed("02e_registration", &answers);
}

#[test]
fn custom_registry_serves_the_gauge_and_the_handlers_errors() {
    assert_text_format("03_custom_registry");
}

#[test]
#[cfg_attr(
    not(all(target_os = "linux", target_env = "gnu")),
    ignore = "the metrics of /proc and of glibc are missing"
)]
fn process_runtime_serves_the_process_and_the_rust_runtime() {
    assert_text_format("04_process_runtime");
}

#[test]
fn custom_collector_serves_a_and_b() {
    assert_text_format("05_custom_collector");
}

#[test]
fn labels_serve_one_series_for_each_combination() {
    assert_text_format("06_labels");
}

#[test]
fn failed_scrapes_serve_the_queues_and_whether_they_were_read() {
    assert_text_format("07_failed_scrapes");
}

// ANCHOR: testing
#[test]
fn testing_serves_the_queues_of_its_file() {
    assert_text_format("08_testing");
}
// ANCHOR_END: testing

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the metrics of /proc are missing")]
fn million_series_serve_each_queue_and_at_most_ten_users() {
    let million = Program::start("14_million_series");
    for user in (1..=12).chain([1]) {
        let done = million.get(&format!("/work?user={user}"));
        assert_eq!(done.as_str().unwrap(), "done\n");
    }
    snapshot::assert_text_format("14_million_series", &million);
}

#[test]
#[cfg(feature = "axum")]
#[cfg_attr(not(target_os = "linux"), ignore = "the metrics of /proc are missing")]
fn service_serves_what_it_was_asked() {
    let service = Program::start("12_service");
    for path in [
        "/orders/7",
        "/orders/7",
        "/orders/8?fault=error",
        "/orders/1000",
        "/x7f3a",
    ] {
        service.get(path);
    }
    snapshot::assert_text_format("12_service", &service);
}
