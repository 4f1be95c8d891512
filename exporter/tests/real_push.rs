//! `13_push` with a real Pushgateway, a real node exporter and a real Prometheus.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../src/bin/13_push/attempt.rs"]
mod attempt;
#[path = "../../src/bin/13_push/grouping.rs"]
mod grouping;
#[path = "../../src/bin/13_push/pushgateway.rs"]
mod pushgateway;
mod real_gateway;
#[path = "../../tests/real_prometheus/mod.rs"]
mod real_prometheus;
#[path = "../../src/bin/13_push/replace.rs"]
mod replace;
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

use grouping::Grouping;
use pushgateway::Pushgateway;
use real_gateway::Real;
use real_prometheus::Prometheus;
use support::{PATIENCE, command, free_port};
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

/// The metrics that a Pushgateway has of the backup, after a run with this success.
fn pushed(success: &str) -> Vec<String> {
    let group = "backup=\"docs\",instance=\"\",job=\"backup\"}";
    vec![
        format!("backup_bytes{{{group} 1"),
        format!("backup_duration_seconds{{{group} _"),
        format!("backup_files{{{group} 1"),
        format!("backup_last_success_timestamp_seconds{{{group} _"),
        format!("backup_success{{{group} {success}"),
    ]
}

#[test]
#[ignore = "needs prometheus-pushgateway"]
fn a_failure_leaves_the_success_and_the_next_success_deletes_the_start() {
    let gateway = Real::pushgateway();
    let (_folder, source) = source();
    let away = source.with_extension("away");
    let flags = [format!("--pushgateway.url={}", gateway.url)];
    let success = || {
        let metrics = gateway.metrics();
        let mut lines = metrics.lines();
        let line = lines.find(|line| line.starts_with("backup_last_success"));
        line.unwrap().to_owned()
    };
    backup(&source, &flags);
    gateway.becomes("backup_", &pushed("1"));
    let before = success();
    fs::rename(&source, &away).unwrap();
    backup(&source, &flags);
    assert_eq!(success(), before);
    let running = "backup=\"docs\",instance=\"\",job=\"backup\",state=\"running\"";
    let mut expected = pushed("0");
    expected.insert(4, format!("backup_start_timestamp_seconds{{{running}}} _"));
    assert_eq!(gateway.samples("backup_"), expected);
    fs::rename(&away, &source).unwrap();
    backup(&source, &flags);
    gateway.becomes("backup_", &pushed("1"));
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
        gateway.becomes("pushed", &[]);
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
    gateway.becomes("b{", &[]);
    assert_eq!(names(), [0, 0, 1]);
    // Even if it's not there any more.
    client.delete(&group).unwrap();
}

const INCONSISTENT: &str =
    "pushed metrics are invalid or inconsistent with existing metrics: ";

/// What the gateway refuses, and its first words.
const REFUSED: [(&str, &str, &str); 5] = [
    (
        "a 1",
        "text format parsing error in line 1: ",
        "unexpected end of input stream",
    ),
    (
        "a 1\r\n",
        "text format parsing error in line 1: ",
        "expected float as value, got \"1\\r\"",
    ),
    (
        "b 1 1\n",
        INCONSISTENT,
        "pushed metrics must not have timestamps",
    ),
    // The other group has a counter.
    ("# TYPE a gauge\na 1\n", INCONSISTENT, ""),
    ("b 1\nb 1\n", INCONSISTENT, ""),
];

#[test]
#[ignore = "needs prometheus-pushgateway"]
fn what_the_gateway_refuses_is_reported_with_its_words() {
    let gateway = Real::pushgateway();
    let client = Pushgateway::new(&gateway.url, PATIENCE).unwrap();
    let other = Grouping::of_job("k").unwrap();
    client.put(&other, "# TYPE a counter\na 1\n").unwrap();
    let group = Grouping::of_job("j").unwrap();
    let request = format!("PUT {}/metrics/job/j", gateway.url);
    for (text, begin, words) in REFUSED {
        let error = client.put(&group, text).unwrap_err().to_string();
        let expected = format!("{request}: the server answered 400: {begin}{words}");
        assert!(error.starts_with(&expected), "{error}");
    }
    let metrics = gateway.metrics();
    let mut lines = metrics.lines();
    let failure = "push_failure_time_seconds{instance=\"\",job=\"j\"} ";
    let time = lines.find_map(|line| line.strip_prefix(failure)).unwrap();
    assert_ne!(time, "0");
}

/// A node exporter with the files of a backup.
fn written() -> (Real, tempfile::TempDir) {
    let (_folder, source) = source();
    let folder = tempfile::tempdir().unwrap();
    let flag = format!("--textfile.directory={}", folder.path().display());
    backup(&source, &[flag]);
    (Real::node_exporter(folder.path()), folder)
}

#[test]
#[ignore = "needs prometheus-node-exporter"]
fn node_exporter_reads_the_files_and_when_they_were_written() {
    let (node, folder) = written();
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
    let error = node.samples("node_textfile_scrape_error");
    assert_eq!(error, ["node_textfile_scrape_error 0"]);
    let files = ["run", "success"].map(|kind| {
        let file = folder.path().join(format!("backup_docs_{kind}.prom"));
        format!(
            "node_textfile_mtime_seconds{{file=\"{}\"}} _",
            file.display()
        )
    });
    assert_eq!(node.samples("node_textfile_mtime_seconds"), files);
}

#[test]
#[ignore = "needs prometheus-node-exporter"]
fn a_mistake_in_a_file_costs_all_of_it_and_nothing_of_the_others() {
    let (node, folder) = written();
    textfile::write(folder.path(), "wrong", "right 1\nwrong").unwrap();
    let error = node.samples("node_textfile_scrape_error");
    assert_eq!(error, ["node_textfile_scrape_error 1"]);
    assert_eq!(node.samples("right"), [""; 0]);
    assert_eq!(node.samples("backup_").len(), 5);
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

/// Whether the end of the last run was pushed later than its start: a part of a rule.
const PUSHED_SINCE: &str = "\
    max by (backup) (push_time_seconds{job=\"backup\", state=\"\"}) \
    > bool max by (backup) (push_time_seconds{job=\"backup\", state=\"running\"})";

/// A Pushgateway, a node exporter and a Prometheus with the lesson's configuration.
struct Scraped {
    gateway: Real,
    node: Real,
    prometheus: Prometheus,
    folder: tempfile::TempDir,
}

impl Scraped {
    fn start(version: Version) -> Scraped {
        let folder = tempfile::tempdir().unwrap();
        let gateway = Real::pushgateway();
        let node = Real::node_exporter(folder.path());
        for file in ["13_push.yml", "13_push.rules.yml"] {
            let text = fs::read_to_string(format!("../prometheus/{file}")).unwrap();
            let text = text
                .replace("127.0.0.1:9091", gateway.address())
                .replace("127.0.0.1:9100", node.address());
            fs::write(folder.path().join(file), text).unwrap();
        }
        let config = folder.path().join("13_push.yml");
        Scraped {
            prometheus: Prometheus::start(version, &config, free_port()),
            gateway,
            node,
            folder,
        }
    }
}

fn prometheus_sees_the_backups_own_labels_and_fires_when_it_fails(version: Version) {
    let scraped = Scraped::start(version);
    let prometheus = &scraped.prometheus;
    let (_folder, source) = source();
    let flags = [
        format!("--pushgateway.url={}", scraped.gateway.url),
        format!("--textfile.directory={}", scraped.folder.path().display()),
    ];
    backup(&source, &flags);
    let node = scraped.node.address();
    let of_node = format!("{{backup=\"docs\", instance=\"{node}\", job=\"node\"}} => ");
    let of_job = "{backup=\"docs\", job=\"backup\"} => ";
    let both =
        |value: &str| [&*of_node, of_job].map(|series| format!("{series}{value}"));
    let success = "sum by (backup, instance, job) (backup_success)";
    let alerts = "sum by (alertname, backup, alertstate) (ALERTS)";
    let age = "time() - max by (backup) (backup_last_success_timestamp_seconds)";
    prometheus.assert_becomes(success, &both("1"));
    prometheus.assert_becomes(alerts, &[""]);
    fs::remove_dir_all(&source).unwrap();
    backup(&source, &flags);
    prometheus.assert_becomes(success, &both("0"));
    let firing =
        "{alertname=\"BackupFailed\", alertstate=\"firing\", backup=\"docs\"} => 1";
    prometheus.assert_becomes(alerts, &[firing]);
    // It has ended, and so doesn't hang.
    prometheus.assert_becomes(PUSHED_SINCE, &["{backup=\"docs\"} => 1"]);
    // The last success still counts.
    let is_known = format!("{age} < bool 3600");
    prometheus.assert_becomes(&is_known, &["{backup=\"docs\"} => 1"]);
}
