//! `13_push` with a real Pushgateway, a real node exporter and a real Prometheus.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../src/bin/13_push/attempt.rs"]
mod attempt;
#[path = "../../src/bin/13_push/grouping.rs"]
mod grouping;
#[path = "../../src/bin/13_push/pushgateway.rs"]
mod pushgateway;
mod real_gateway;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/tables/mod.rs"]
mod tables;
#[path = "../../src/bin/13_push/textfile.rs"]
mod textfile;
#[path = "../../src/bin/13_push/url.rs"]
mod url;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use grouping::Grouping;
use pushgateway::Pushgateway;
use real_gateway::Real;
use support::{PATIENCE, command, free_port, prometheus};
use versions::{Version, with_each_version};

/// Runs the backup of `source`, and asserts that nothing but the end of a failed one is
/// reported.
fn backup(source: &Path, flags: &[String]) {
    let is_there = source.exists();
    let mut program = command("13_push");
    program.arg("--source").arg(source);
    program
        .arg("--destination")
        .arg(source.with_extension("copy"));
    let output = program.args(flags).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(i32::from(!is_there)), "{words}");
    assert_eq!(words.is_empty(), is_there, "{words}");
    assert!(!words.contains("cannot report"), "{words}");
}

/// A folder to back up, with a file.
fn source() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("a"), "1").unwrap();
    (folder, source)
}

#[test]
#[ignore = "needs prometheus-pushgateway"]
fn a_failure_leaves_the_success_and_the_next_success_deletes_the_start() {
    let gateway = Real::pushgateway();
    let (_folder, source) = source();
    let flags = [format!("--pushgateway.url={}", gateway.url)];
    let group = "backup=\"docs\",instance=\"\",job=\"backup\"}";
    let of_success = [
        format!("backup_bytes{{{group} 1"),
        format!("backup_duration_seconds{{{group} _"),
        format!("backup_files{{{group} 1"),
        format!("backup_last_success_timestamp_seconds{{{group} _"),
        format!("backup_success{{{group} 1"),
    ];
    backup(&source, &flags);
    assert_eq!(gateway.samples("backup_"), of_success);
    fs::rename(&source, source.with_extension("away")).unwrap();
    let success = |metrics: String| {
        let mut lines = metrics.lines().map(str::to_owned);
        lines
            .find(|line| line.starts_with("backup_last_success"))
            .unwrap()
    };
    let before = success(gateway.metrics());
    backup(&source, &flags);
    assert_eq!(success(gateway.metrics()), before);
    let running = group.replace('}', ",state=\"running\"}");
    let mut of_failure = of_success.to_vec();
    of_failure[4] = format!("backup_success{{{group} 0");
    of_failure.insert(4, format!("backup_start_timestamp_seconds{{{running} _"));
    assert_eq!(gateway.samples("backup_"), of_failure);
    fs::rename(source.with_extension("away"), &source).unwrap();
    backup(&source, &flags);
    assert_eq!(gateway.samples("backup_"), of_success);
}

/// As `push.rs` has them, with those that need an escape in a label.
const VALUES: [&str; 15] = [
    "docs",
    "a b",
    "a+b",
    "100%",
    "?#&;=",
    "\n\\\"",
    "é花",
    "a.b-c_d~",
    "...",
    ".",
    "..",
    "/",
    "/srv/",
    "/\u{3fb}>",
    "a/?\u{7ff}",
];

#[test]
#[ignore = "needs prometheus-pushgateway"]
fn each_value_of_a_label_arrives_as_it_was_set_and_its_group_is_deleted() {
    let gateway = Real::pushgateway();
    let client = Pushgateway::new(&gateway.url, PATIENCE).unwrap();
    for value in VALUES.into_iter().chain([""]) {
        let group = Grouping::of_job(&format!("j{value}")).unwrap();
        let group = group.label("l", value).unwrap();
        client.put(&group, "pushed 1\n").unwrap();
        let escaped = value
            .replace('\\', "\\\\")
            .replace('\n', "\\n")
            .replace('"', "\\\"");
        let labels = format!("instance=\"\",job=\"j{escaped}\",l=\"{escaped}\"");
        let expected = format!("pushed{{{labels}}} 1");
        assert_eq!(gateway.samples("pushed"), [expected], "{value:?}");
        client.delete(&group).unwrap();
        assert_eq!(gateway.samples("pushed"), [""; 0], "{value:?}");
    }
}

#[test]
#[ignore = "needs prometheus-pushgateway"]
fn put_replaces_the_group_post_adds_to_it_and_delete_spares_the_others() {
    let gateway = Real::pushgateway();
    let client = Pushgateway::new(&gateway.url, PATIENCE).unwrap();
    let group = Grouping::of_job("j").unwrap();
    let larger = group.clone().label("l", "1").unwrap();
    client.put(&larger, "c 1\n").unwrap();
    client.put(&group, "a 1\nb 1\n").unwrap();
    client.post(&group, "b 2\n").unwrap();
    let names = || ["a{", "b{", "c{"].map(|name| gateway.samples(name).len());
    assert_eq!(names(), [1, 1, 1]);
    assert_eq!(gateway.samples("b{"), ["b{instance=\"\",job=\"j\"} 2"]);
    client.put(&group, "b 3\n").unwrap();
    assert_eq!(names(), [0, 1, 1]);
    client.delete(&group).unwrap();
    assert_eq!(names(), [0, 0, 1]);
    // Even if it's not there any more.
    client.delete(&group).unwrap();
}

#[test]
#[ignore = "needs prometheus-pushgateway"]
fn what_the_gateway_refuses_is_reported_with_its_words() {
    let gateway = Real::pushgateway();
    let client = Pushgateway::new(&gateway.url, PATIENCE).unwrap();
    let group = Grouping::of_job("j").unwrap();
    let other = Grouping::of_job("k").unwrap();
    client.put(&other, "# TYPE a counter\na 1\n").unwrap();
    let begin = format!(
        "PUT {}/metrics/job/j: the server answered 400: ",
        gateway.url
    );
    for (text, words) in [
        (
            "a 1",
            "text format parsing error in line 1: unexpected end of input stream",
        ),
        (
            "a 1\r\n",
            "text format parsing error in line 1: expected float as value, got \"1\\r\"",
        ),
        (
            "b 1 1\n",
            "pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps",
        ),
        (
            "# TYPE a gauge\na 1\n",
            "pushed metrics are invalid or inconsistent with existing metrics: ",
        ),
        (
            "b 1\nb 1\n",
            "pushed metrics are invalid or inconsistent with existing metrics: ",
        ),
    ] {
        let error = client.put(&group, text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{begin}{words}")), "{error}");
    }
    let failed = gateway.metrics();
    let failed = failed
        .lines()
        .find(|line| line.starts_with("push_failure_time_seconds"));
    assert!(!failed.unwrap().ends_with(" 0"), "{failed:?}");
}

#[test]
#[ignore = "needs prometheus-node-exporter"]
fn node_exporter_reads_the_files_and_when_they_were_written() {
    let (_folder, source) = source();
    let folder = tempfile::tempdir().unwrap();
    let node = Real::node_exporter(folder.path());
    backup(
        &source,
        &[format!("--textfile.directory={}", folder.path().display())],
    );
    assert_eq!(
        node.samples("backup_"),
        [
            "backup_bytes{backup=\"docs\"} 1",
            "backup_duration_seconds{backup=\"docs\"} _",
            "backup_files{backup=\"docs\"} 1",
            "backup_last_success_timestamp_seconds{backup=\"docs\"} _",
            "backup_success{backup=\"docs\"} 1",
        ]
    );
    assert_eq!(
        node.samples("node_textfile_scrape_error"),
        ["node_textfile_scrape_error 0"]
    );
    let files = ["run", "success"].map(|kind| {
        let file = folder.path().join(format!("backup_docs_{kind}.prom"));
        format!(
            "node_textfile_mtime_seconds{{file=\"{}\"}} _",
            file.display()
        )
    });
    assert_eq!(node.samples("node_textfile_mtime_seconds"), files);
    // A mistake costs all that its file has, and the others nothing.
    textfile::write(folder.path(), "wrong", "right 1\nwrong").unwrap();
    assert_eq!(
        node.samples("node_textfile_scrape_error"),
        ["node_textfile_scrape_error 1"]
    );
    assert_eq!(node.samples("right"), [""; 0]);
    assert_eq!(node.samples("backup_success").len(), 1);
}

#[test]
#[ignore = "needs prometheus and promtool, version 2 as in Debian 12"]
fn promtool_accepts_the_metrics_and_the_configuration() {
    let (folder, source) = source();
    let mut program = command("13_push");
    program.arg("--source").arg(source);
    program.arg("--destination").arg(folder.path().join("copy"));
    let metrics = program.output().unwrap().stdout;
    let output = tables::check_metrics(Version::Installed.command("promtool"), metrics);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut check = Version::Installed.command("promtool");
    let output = check.args(["check", "config", "../prometheus/13_push.yml"]);
    let output = output.output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

with_each_version! {
    prometheus_sees_the_backups_own_labels_and_fires_when_it_fails,
}

fn prometheus_sees_the_backups_own_labels_and_fires_when_it_fails(version: Version) {
    let (folder, source) = source();
    let gateway = Real::pushgateway();
    let textfiles = tempfile::tempdir().unwrap();
    let node = Real::node_exporter(textfiles.path());
    let flags = [
        format!("--pushgateway.url={}", gateway.url),
        format!("--textfile.directory={}", textfiles.path().display()),
    ];
    backup(&source, &flags);
    fs::remove_dir_all(&source).unwrap();
    backup(&source, &flags);
    for file in ["13_push.yml", "13_push.rules.yml"] {
        let text = fs::read_to_string(format!("../prometheus/{file}")).unwrap();
        let text = text
            .replace("127.0.0.1:9091", gateway.address())
            .replace("127.0.0.1:9100", node.address());
        fs::write(folder.path().join(file), text).unwrap();
    }
    let port = free_port();
    let config = folder.path().join("13_push.yml");
    let server = version.command("prometheus");
    let _prometheus = prometheus(server, &config, &folder.path().join("data"), port);
    let answers = |query: &str, expected: &[&str]| {
        let started = Instant::now();
        loop {
            let mut promtool = version.command("promtool");
            let server = format!("http://127.0.0.1:{port}");
            let output = promtool.args(["query", "instant", &server, query]).output();
            let text = String::from_utf8(output.unwrap().stdout).unwrap();
            let lines = text.lines().map(|line| line.split(" @[").next().unwrap());
            let mut lines: Vec<&str> = lines.collect();
            lines.sort_unstable();
            if lines == expected {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{query}: {text}");
            thread::sleep(Duration::from_millis(200));
        }
    };
    let of_node = format!(
        "{{backup=\"docs\", instance=\"{}\", job=\"node\"}} => 0",
        node.address()
    );
    answers(
        "sum by (backup, instance, job) (backup_success)",
        &[&of_node, "{backup=\"docs\", job=\"backup\"} => 0"],
    );
    answers(
        "sum by (alertname, backup, alertstate) (ALERTS)",
        &["{alertname=\"BackupFailed\", alertstate=\"firing\", backup=\"docs\"} => 1"],
    );
    answers(
        "time() - max by (backup) (backup_last_success_timestamp_seconds) < bool 3600",
        &["{backup=\"docs\"} => 1"],
    );
}
