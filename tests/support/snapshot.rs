//! Snapshots of what a program serves or prints, in `snapshots`.

use super::Program;

/// Values that depend on the process, the clock, the machine or the compiler, and
/// estimates by a randomized sketch. Only numbers and the words about the machine are
/// removed: names, types, help texts, labels and order stay.
const VARYING: [(&str, &str); 9] = [
    (r#"(?m)(,quantile="[0-9.]+"\}) [0-9]+$"#, "$1 <value>"),
    (
        r"(?m)^((?:process|rust_memstats|rust_sched|rust_threads)\S*) [0-9.e+-]+$",
        "$1 <value>",
    ),
    (
        r"(?m)^((?:\S*_(?:scrape_duration|age)|probe_duration)_seconds) [0-9.e-]+$",
        "$1 <value>",
    ),
    (
        r"(?m)^(\S*_reload_success_timestamp_seconds) [0-9.e+-]+$",
        "$1 <value>",
    ),
    (
        r"(?m)^(backup_(?:duration|\S+_timestamp)_seconds\S*) [0-9.e+-]+$",
        "$1 <value>",
    ),
    (
        r#"(?m)^(http_request_duration_seconds_bucket\{.*,le="[0-9.]+"\}) [0-9]+$"#,
        "$1 <value>",
    ),
    (
        r"(?m)^(http_request_duration_seconds_sum\{.*\}) [0-9.e-]+$",
        "$1 <value>",
    ),
    (r#"version="[0-9.a-z-]+""#, r#"version="<version>""#),
    (r#"([{,](?:arch|os)=)"[0-9a-z_]+""#, r#"$1"<value>""#),
];

/// Returns the response to the second scrape, which shows the first one in the counters
/// of scrapes.
pub fn second_scrape(program: &Program) -> minreq::Response {
    program.metrics();
    let response = program.get(&program.path);
    assert_eq!(response.status_code, 200);
    response
}

/// Asserts that `program` serves the snapshot of `slug`, and what insta doesn't
/// compare: the ends of the text and of its lines.
pub fn assert_text_format(slug: &str, program: &Program) {
    let response = second_scrape(program);
    assert_eq!(
        response.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let body = response.as_str().unwrap();
    assert!(body.starts_with("# ") && !body.contains('\r'));
    assert!(body.ends_with('\n') && !body.ends_with("\n\n"));
    assert_served(slug, body);
}

pub fn assert_served(slug: &str, body: &str) {
    assert_in("../../snapshots", slug, body);
}

pub fn assert_printed(name: &str, text: &str) {
    assert_in("../../snapshots/printed", name, text);
}

fn assert_in(folder: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_filters(VARYING);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
