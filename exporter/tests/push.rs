//! `13_push` with a fake Pushgateway, with folders, and with neither.

#![allow(clippy::unwrap_used, reason = "this is test code")]

#[path = "../../src/bin/13_push/copy.rs"]
mod copy;
#[path = "../../src/bin/13_push/failure.rs"]
mod failure;
mod fake_gateway;
#[path = "../../src/bin/13_push/grouping.rs"]
mod grouping;
#[path = "../../src/bin/13_push/job.rs"]
mod job;
#[path = "../../src/bin/13_push/metrics.rs"]
#[allow(dead_code, reason = "the program tests the rest")]
mod metrics;
#[path = "../../src/bin/13_push/overlap.rs"]
mod overlap;
#[path = "../../src/bin/13_push/replace.rs"]
mod replace;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../src/bin/13_push/textfile.rs"]
mod textfile;
#[path = "../../src/bin/13_push/url.rs"]
mod url;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use exporter_workbook::testutil;
use fake_gateway::{Answer, FakeGateway, Received};
use grouping::{Grouping, GroupingError};
use job::Backup;
use support::{command, snapshot};

const GROUP: &str = "/metrics/job/backup/backup/docs";
const RUNNING: &str = "/metrics/job/backup/backup/docs/state/running";

/// A folder with a source of three files in two folders.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Folders {
        let folders = Folders(tempfile::tempdir().unwrap());
        fs::create_dir_all(folders.path("source/of/none")).unwrap();
        for (file, text) in [("a", "1"), ("b", ""), ("of/c", "22\n")] {
            fs::write(folders.path("source").join(file), text).unwrap();
        }
        folders
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn backup(&self) -> Backup {
        Backup {
            source: self.path("source"),
            destination: self.path("destination"),
        }
    }

    /// Returns a command that makes a backup here.
    fn program(&self, flags: &[&str]) -> Command {
        let mut program = command("13_push");
        program.arg("--source").arg(self.path("source"));
        program.arg("--destination").arg(self.path("destination"));
        program.arg("--push.timeout=2").args(flags);
        program
    }

    fn run(&self, flags: &[&str]) -> Ended {
        Ended::of(self.program(flags).output().unwrap())
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }
}

#[derive(Debug, PartialEq)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ended {
    fn of(output: Output) -> Ended {
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Of a run that says nothing.
    fn silent() -> Ended {
        Ended {
            code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        }
    }
}

/// The exposition with `_` in place of times.
fn untimed(text: &str) -> String {
    let line = |line: &str| match line.split_once("} ") {
        Some((series, _)) if series.contains("_seconds{") => format!("{series}}} _\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

const OF_RUN: &str = "\
# HELP backup_duration_seconds How long the last run took.
# TYPE backup_duration_seconds gauge
backup_duration_seconds{backup=\"docs\"} _
";

fn of_run(success: &str) -> String {
    format!(
        "{OF_RUN}\
         # HELP backup_success Whether the last run succeeded.\n\
         # TYPE backup_success gauge\n\
         backup_success{{backup=\"docs\"}} {success}\n"
    )
}

const OF_SUCCESS: &str = "\
# HELP backup_bytes The size of the last backup.
# TYPE backup_bytes gauge
backup_bytes{backup=\"docs\"} 4
# HELP backup_files The number of files in the last backup.
# TYPE backup_files gauge
backup_files{backup=\"docs\"} 3
# HELP backup_last_success_timestamp_seconds When a run last succeeded.
# TYPE backup_last_success_timestamp_seconds gauge
backup_last_success_timestamp_seconds{backup=\"docs\"} _
";

/// Of both, by name.
fn whole() -> String {
    let of_run = of_run("1");
    let (duration, success) = of_run.split_at(OF_RUN.len());
    let (bytes, others) =
        OF_SUCCESS.split_at(OF_SUCCESS.find("# HELP backup_files").unwrap());
    format!("{bytes}{duration}{others}{success}")
}

fn of_start() -> String {
    "# HELP backup_start_timestamp_seconds When the run began that hasn't ended well yet.\n\
     # TYPE backup_start_timestamp_seconds gauge\n\
     backup_start_timestamp_seconds{backup=\"docs\"} _\n"
        .to_owned()
}

/// A request as it arrives, and its body without times.
fn request(line: String, body: String) -> Received {
    Received {
        line,
        headers: vec![
            "Content-Length: _".to_owned(),
            "Content-Type: text/plain; version=0.0.4; charset=utf-8".to_owned(),
        ],
        body,
    }
}

fn received(gateway: &FakeGateway) -> Vec<Received> {
    let mut all = gateway.received();
    for request in &mut all {
        assert!(request.body.is_empty() || request.body.ends_with('\n'));
        let length = format!("Content-Length: {}", request.body.len());
        assert_eq!(request.headers[0], length);
        "Content-Length: _".clone_into(&mut request.headers[0]);
        request.body = untimed(&request.body);
    }
    all
}

#[test]
fn a_run_that_succeeds_replaces_its_group_and_deletes_that_of_its_start() {
    let gateway = FakeGateway::start(&[]);
    assert_eq!(Folders::new().run(&[&gateway.flag()]), Ended::silent());
    assert_eq!(
        received(&gateway),
        [
            request(format!("PUT {RUNNING}"), of_start()),
            request(format!("PUT {GROUP}"), whole()),
            request(format!("DELETE {RUNNING}"), String::new()),
        ]
    );
}

#[test]
fn a_run_that_fails_adds_to_its_group_and_leaves_that_of_its_start() {
    let gateway = FakeGateway::start(&[]);
    let folders = Folders::new();
    fs::remove_dir_all(folders.path("source")).unwrap();
    let ended = folders.run(&[&gateway.flag()]);
    assert_eq!((ended.code, &*ended.stdout), (Some(1), ""));
    let source = folders.path("source");
    let expected = format!("the backup failed: cannot read {}: ", source.display());
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
    assert_eq!(
        received(&gateway),
        [
            request(format!("PUT {RUNNING}"), of_start()),
            request(format!("POST {GROUP}"), of_run("0")),
        ]
    );
}

#[test]
fn the_flags_name_reaches_the_label_and_the_group() {
    let gateway = FakeGateway::start(&[]);
    let ended = Folders::new().run(&["--name=/srv/a \"b\"", &gateway.flag()]);
    assert_eq!(ended, Ended::silent());
    let put = &gateway.received()[1];
    let path = "/metrics/job/backup/backup@base64/L3Nydi9hICJiIg";
    assert_eq!(put.line, format!("PUT {path}"));
    let sample = "\nbackup_success{backup=\"/srv/a \\\"b\\\"\"} 1\n";
    assert!(put.body.contains(sample), "{}", put.body);
    let ended = Folders::new().run(&["--name="]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
}

#[test]
fn what_may_pass_is_tried_twice_and_what_the_gateway_refuses_once() {
    let ok = Answer::Status(202, "");
    for (first, times) in [
        (Answer::Status(503, "starting\n"), 2),
        (Answer::Close, 2),
        (Answer::Hang, 2),
        (Answer::Trickle, 2),
        (Answer::Cut, 2),
        (Answer::Status(400, "no\n"), 1),
        (Answer::Status(307, ""), 1),
        (ok.clone(), 1),
    ] {
        let gateway = FakeGateway::start(&[ok.clone(), first.clone()]);
        let ended = Folders::new().run(&[&gateway.flag()]);
        let put = format!("PUT {GROUP}");
        let mut expected = vec![format!("PUT {RUNNING}")];
        expected.extend(vec![put; times]);
        let refused = matches!(first, Answer::Status(300.., _)) && times == 1;
        if !refused {
            expected.push(format!("DELETE {RUNNING}"));
        }
        assert_eq!(gateway.lines(), expected, "{first:?}");
        assert_eq!((ended.code, ended.stderr.is_empty()), (Some(0), !refused));
    }
}

/// The gateway's words are those of version 1.5.1.
const NO_NEWLINE: &str =
    "text format parsing error in line 1: unexpected end of input stream\n\u{1b}[2J";

/// Characters that control a terminal or turn its text around, and others, one of which
/// combines with the letter before it.
const SPOOFED: &str = "a\u{9b}b\u{202e}c\u{2066}d\u{200f}e\u{2028}f \"\\' é花e\u{301}";

#[test]
fn a_push_that_fails_is_reported_and_the_code_is_the_backups() {
    let timeout = "the timeout of the request was reached";
    for (answer, words) in [
        (
            Answer::Status(400, NO_NEWLINE),
            "the server answered 400: text format parsing error in line 1: unexpected end \
             of input stream  [2J",
        ),
        (
            Answer::Status(400, SPOOFED),
            "the server answered 400: a b c d e f \"\\' é花e\u{301}",
        ),
        (Answer::Status(503, ""), "the server answered 503"),
        (Answer::Cut, "the server's response ends too early"),
        (Answer::Hang, timeout),
        (Answer::Trickle, timeout),
    ] {
        let ok = Answer::Status(200, "");
        let gateway = FakeGateway::start(&[ok, answer.clone(), answer.clone()]);
        let ended = Folders::new().run(&[&gateway.flag()]);
        let url = format!("http://{}{GROUP}", gateway.address);
        let expected = format!("cannot report the end: PUT {url}: {words}\n");
        assert_eq!(ended.stderr, expected, "{answer:?}");
        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""));
    }
}

#[test]
fn without_a_gateway_at_the_address_the_backup_is_made_and_its_code_counts() {
    let folders = Folders::new();
    let port = support::free_port();
    let flag = format!("--pushgateway.url=http://127.0.0.1:{port}/");
    let ended = folders.run(&[&flag]);
    let url = format!("http://127.0.0.1:{port}");
    let expected = [("start", RUNNING), ("end", GROUP)].map(|(what, path)| {
        let refused = "Connection refused (os error 111)";
        format!("cannot report the {what}: PUT {url}{path}: {refused}\n")
    });
    if cfg!(target_os = "linux") {
        assert_eq!(ended.stderr, expected.concat());
    }
    assert_eq!(ended.code, Some(0));
    assert_eq!(folders.read("destination/of/c"), "22\n");
    fs::remove_dir_all(folders.path("source")).unwrap();
    assert_eq!(folders.run(&[&flag]).code, Some(1));
}

#[test]
fn metrics_go_nowhere_but_to_the_named_gateway() {
    let other = FakeGateway::start(&[]);
    let place = format!("http://{}/elsewhere", other.address);
    let gateway = FakeGateway::start(&[Answer::Redirect(place)]);
    let folders = Folders::new();
    let mut program = folders.program(&[&gateway.flag()]);
    for proxy in ["http_proxy", "all_proxy", "ALL_PROXY"] {
        program.env(proxy, format!("http://{}", other.address));
    }
    let ended = Ended::of(program.output().unwrap());
    let url = format!("http://{}{RUNNING}", gateway.address);
    let expected =
        format!("cannot report the start: PUT {url}: the server answered 307\n");
    assert_eq!(ended.stderr, expected);
    assert_eq!((gateway.lines().len(), other.lines().len()), (3, 0));
}

#[test]
fn each_value_of_a_label_has_its_path() {
    for (value, segment) in [
        ("docs", "l/docs"),
        ("a b", "l/a%20b"),
        ("a+b", "l/a%2Bb"),
        ("100%", "l/100%25"),
        ("?#&;=", "l/%3F%23%26%3B%3D"),
        ("\n\\\"", "l/%0A%5C%22"),
        ("é花", "l/%C3%A9%E8%8A%B1"),
        ("a.b-c_d~", "l/a.b-c_d%7E"),
        ("...", "l/..."),
        ("", "l@base64/="),
        (".", "l@base64/Lg"),
        ("..", "l@base64/Li4"),
        ("/", "l@base64/Lw"),
        ("/srv/", "l@base64/L3Nydi8"),
        ("/\u{3fb}>", "l@base64/L8-7Pg"),
        ("a/?\u{7ff}", "l@base64/YS8_378"),
    ] {
        let group = Grouping::of_job("a").unwrap().label("l", value).unwrap();
        assert_eq!(
            group.path(),
            format!("/metrics/job/a/{segment}"),
            "{value:?}"
        );
    }
    let group = Grouping::of_job("a/b").unwrap();
    assert_eq!(group.path(), "/metrics/job@base64/YS9i");
}

#[test]
fn a_group_has_a_job_and_labels_with_different_names() {
    assert_eq!(Grouping::of_job("").err(), Some(GroupingError::NoJob));
    let group = Grouping::of_job("a").unwrap().label("_1", "a").unwrap();
    for name in ["", "1a", "a-b", "a/b", "é", "__a", "a b"] {
        let error = group.clone().label(name, "a").err();
        assert_eq!(error, Some(GroupingError::Name(name.to_owned())));
    }
    for name in ["job", "_1"] {
        let error = group.clone().label(name, "a").err();
        assert_eq!(error, Some(GroupingError::Twice(name.to_owned())));
    }
}

#[test]
fn a_url_that_the_client_would_read_otherwise_is_a_wrong_flag() {
    for (url, expected) in [
        ("http://a", Some("http://a")),
        ("http://a:1/b/", Some("http://a:1/b")),
        ("http://127.0.0.1:9091//", Some("http://127.0.0.1:9091")),
        ("https://a", None),
        ("a:9091", None),
        ("HTTP://a", None),
        ("http://", None),
        ("http://:9091", None),
        ("http://a:", None),
        ("http://a:65536", None),
        ("http://a:0", None),
        ("http://a:b", None),
        ("http://[::1]:9091", None),
        ("http://a?b", None),
        ("http://a/#b", None),
        ("http://a b", None),
        ("http://a\r\nb", None),
        ("http://é", None),
        ("http://secret@a", None),
    ] {
        assert_eq!(url::checked(url).ok(), expected, "{url}");
    }
}

#[test]
fn a_url_that_others_would_accept_is_refused_with_the_reason() {
    for (url, why) in [
        (
            "http://[::1]:9091",
            "must have a name or an IPv4 address: this client knows no IPv6 address",
        ),
        (
            "HTTP://a",
            "must begin with http://, in lower case: this client has no TLS",
        ),
    ] {
        assert_eq!(url::checked(url), Err(why));
    }
}

/// What is said of a wrong flag, from its second line on.
const USAGE: &str = "

Usage: 13_push [OPTIONS]

For more information, try '--help'.
";

#[test]
fn a_wrong_flag_is_reported_before_the_backup_begins() {
    let folders = Folders::new();
    let long = format!("--name={}", "n".repeat(236));
    let directory = format!("--textfile.directory={}", folders.0.path().display());
    let name = "can't be the name of a file: leave out the slashes, and use at most 250 \
                bytes";
    for (flags, expected) in [
        (
            ["--pushgateway.url=http://a:secret@127.0.0.1:1", &directory],
            "the URL of the Pushgateway must not have a password: all users see a command \
             line"
                .to_owned(),
        ),
        (
            ["--name=/srv", &directory],
            format!("`backup_/srv_run` {name}"),
        ),
        (
            [&long, &directory],
            format!("`backup_{}_success` {name}", &long[7..]),
        ),
    ] {
        let ended = folders.run(&flags);
        assert_eq!(ended.stderr, format!("error: {expected}{USAGE}"));
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
        assert!(!folders.path("destination").exists());
    }
    assert_eq!(folders.run(&[&long[..242], &directory]), Ended::silent());
}

#[test]
fn the_files_have_the_metrics_and_a_failure_leaves_those_of_the_success() {
    let folders = Folders::new();
    let folder = folders.path("textfile");
    fs::create_dir(&folder).unwrap();
    let flag = format!("--textfile.directory={}", folder.display());
    assert_eq!(folders.run(&[&flag]), Ended::silent());
    let success = folders.read("textfile/backup_docs_success.prom");
    assert_eq!(untimed(&success), OF_SUCCESS);
    assert_eq!(
        untimed(&folders.read("textfile/backup_docs_run.prom")),
        of_run("1")
    );
    fs::remove_dir_all(folders.path("source")).unwrap();
    assert_eq!(folders.run(&[&flag]).code, Some(1));
    assert_eq!(folders.read("textfile/backup_docs_success.prom"), success);
    assert_eq!(
        untimed(&folders.read("textfile/backup_docs_run.prom")),
        of_run("0")
    );
    assert_eq!(
        names(&folder),
        ["backup_docs_run.prom", "backup_docs_success.prom"]
    );
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

#[test]
fn a_reader_of_the_file_sees_a_whole_one_and_never_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let texts = ["1\n".repeat(100_000), "2\n".repeat(50_000)];
    textfile::write(folder.path(), "a", &texts[0]).unwrap();
    let path = folder.path().join("a.prom");
    thread::scope(|scope| {
        let write = || {
            for text in texts.iter().cycle().take(100) {
                textfile::write(folder.path(), "a", text).unwrap();
            }
        };
        let writers = [scope.spawn(write), scope.spawn(write)];
        while writers.iter().any(|writer| !writer.is_finished()) {
            let read = fs::read_to_string(&path).unwrap();
            assert!(texts.contains(&read), "{} bytes", read.len());
        }
    });
    assert_eq!(names(folder.path()), ["a.prom"]);
}

#[test]
fn a_file_that_cannot_be_replaced_stays_and_nothing_is_left_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.prom");
    fs::create_dir(&path).unwrap();
    let error = textfile::write(folder.path(), "a", "b 1\n").unwrap_err();
    let expected = format!("cannot write {}: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
    assert_eq!(names(folder.path()), ["a.prom"]);
}

#[test]
#[cfg(unix)]
fn everyone_may_read_the_file_whatever_the_processs_mask_is() {
    use std::os::unix::fs::PermissionsExt;
    let folders = Folders::new();
    let mut shell = Command::new("sh");
    let program = folders.program(&[]);
    shell.args(["-c", "umask 077 && exec \"$@\"", "sh"]);
    shell.arg(program.get_program()).args(program.get_args());
    shell.arg("--textfile.directory").arg(folders.0.path());
    assert_eq!(Ended::of(shell.output().unwrap()), Ended::silent());
    let file = folders.path("backup_docs_success.prom");
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(format!("{mode:o}"), "100644");
}

#[test]
fn a_folder_or_a_name_that_no_file_can_have_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = |folder: &Path, name: &str| {
        textfile::write(folder, name, "").unwrap_err().to_string()
    };
    let expected = format!("there is no folder {}: ", missing.display());
    assert!(error(&missing, "a").starts_with(&expected));
    let expected = "`../a` can't be the name of a file: leave out the slashes, and use at \
                    most 250 bytes";
    assert_eq!(error(folder.path(), "../a"), expected);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn what_one_place_refuses_the_other_one_gets() {
    let folders = Folders::new();
    let gateway = FakeGateway::start(&[]);
    let missing = format!("--textfile.directory={}", folders.path("no").display());
    let ended = folders.run(&[&gateway.flag(), &missing]);
    let expected = format!(
        "cannot report the end: there is no folder {}: create it, or name node exporter's\n",
        folders.path("no").display()
    );
    assert_eq!((ended.code, ended.stderr), (Some(0), expected));
    assert_eq!(gateway.lines().len(), 3);
    let refuses = FakeGateway::start(&vec![Answer::Status(400, ""); 2]);
    let folder = format!("--textfile.directory={}", folders.0.path().display());
    folders.run(&[&refuses.flag(), &folder]);
    let written = folders.read("backup_docs_success.prom");
    assert_eq!(untimed(&written), OF_SUCCESS);
}

#[test]
fn the_success_is_when_the_clock_says_that_the_run_has_ended() {
    let at = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let run = Folders::new().backup().run(|| at);
    let text = metrics::text(&metrics::of_success(&run), "docs").unwrap();
    let expected = OF_SUCCESS.replace("} _", "} 1.7e+09");
    assert_eq!(text, expected);
}

#[test]
fn a_backup_has_the_files_and_replaces_those_of_the_earlier_one() {
    let folders = Folders::new();
    let backup = folders.backup();
    for text in ["first", "second"] {
        let file = folders.path("source/a");
        fs::write(&file, text).unwrap();
        let mut mode = fs::metadata(&file).unwrap().permissions();
        mode.set_readonly(true);
        fs::set_permissions(&file, mode.clone()).unwrap();
        let copied = backup.run(SystemTime::now).result.unwrap();
        assert_eq!((copied.files, copied.bytes), (3, text.len() as u64 + 3));
        assert_eq!(folders.read("destination/a"), text);
        assert_eq!(folders.read("destination/of/c"), "22\n");
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn an_empty_source_and_overlapping_folders_are_failures() {
    let folders = Folders::new();
    fs::create_dir_all(folders.path("empty/too")).unwrap();
    let failure = |source: &str, destination: &str| {
        let (source, destination) = (folders.path(source), folders.path(destination));
        let backup = Backup {
            source,
            destination,
        };
        backup.run(SystemTime::now).result.unwrap_err().to_string()
    };
    let empty = folders.path("empty");
    let expected = format!("{} has no files: is its disk mounted?", empty.display());
    assert_eq!(failure("empty", "destination"), expected);
    for (source, destination) in [
        ("source", "source"),
        ("source", "source/of/copy"),
        ("source", "source/new/copy"),
        ("source/of", "source"),
        ("source", "empty/../source"),
    ] {
        let error = failure(source, destination);
        assert!(
            error.ends_with(" overlap: name two separate folders"),
            "{error}"
        );
    }
    assert!(failure("source", "source/new/../copy").starts_with("cannot find "));
    assert_eq!(folders.read("source/of/c"), "22\n");
    assert_eq!(names(&folders.path("source")), ["a", "b", "of"]);
    assert_eq!(names(&folders.path("source/of")), ["c", "none"]);
}

#[test]
#[cfg(unix)]
fn no_link_in_the_destination_is_followed() {
    use std::os::unix::fs::symlink;
    let folders = Folders::new();
    fs::create_dir(folders.path("destination")).unwrap();
    for name in ["a", "of"] {
        let (to, link) = (format!("source/{name}"), format!("destination/{name}"));
        symlink(folders.path(&to), folders.path(&link)).unwrap();
    }
    let run = || folders.backup().run(SystemTime::now).result;
    let link = folders.path("destination/of");
    let expected = format!(
        "{} isn't a folder: remove it, or name another destination",
        link.display()
    );
    assert_eq!(run().unwrap_err().to_string(), expected);
    assert_eq!(folders.read("source/of/c"), "22\n");
    assert_eq!(names(&folders.path("source/of")), ["c", "none"]);
    fs::remove_file(link).unwrap();
    run().unwrap();
    fs::write(folders.path("destination/a"), "changed").unwrap();
    assert_eq!(folders.read("source/a"), "1");
    // The destination itself may be one.
    let elsewhere = folders.path("elsewhere");
    fs::rename(folders.path("destination"), &elsewhere).unwrap();
    symlink(&elsewhere, folders.path("destination")).unwrap();
    run().unwrap();
    assert_eq!(folders.read("elsewhere/a"), "1");
}

/// The limit acts as a disk that is full after so many blocks of 512 bytes.
#[test]
#[cfg(target_os = "linux")]
fn the_earlier_copy_stays_if_a_new_one_fails() {
    let folders = Folders::new();
    let long = "long".repeat(1000);
    fs::write(folders.path("source/a"), &long).unwrap();
    assert_eq!(folders.run(&[]).code, Some(0));
    fs::write(folders.path("source/a"), long.to_uppercase()).unwrap();
    let mut shell = Command::new("sh");
    let program = folders.program(&[]);
    shell.args(["-c", "trap '' XFSZ && ulimit -f 4 && exec \"$@\"", "sh"]);
    shell.arg(program.get_program()).args(program.get_args());
    let ended = Ended::of(shell.output().unwrap());
    let [from, to] = ["source/a", "destination/a"].map(|file| folders.path(file));
    let expected = format!(
        "the backup failed: cannot copy {} to {}: File too large (os error 27)\n",
        from.display(),
        to.display()
    );
    assert!(ended.stderr.ends_with(&expected), "{}", ended.stderr);
    assert_eq!(ended.code, Some(1));
    assert_eq!(folders.read("destination/a"), long);
    assert_eq!(names(&folders.path("destination")), ["a", "b", "of"]);
}

#[test]
#[cfg(unix)]
fn a_copy_has_the_mode_of_its_file() {
    use std::os::unix::fs::PermissionsExt;
    let folders = Folders::new();
    for mode in [0o600, 0o755, 0o444] {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(folders.path("source/a"), mode.clone()).unwrap();
        folders.backup().run(SystemTime::now).result.unwrap();
        let copy = fs::metadata(folders.path("destination/a")).unwrap();
        assert_eq!(copy.permissions().mode() & 0o777, mode.mode() & 0o777);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_whose_output_nobody_can_take_reports_by_its_code() {
    for lost in [">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"] {
        let folders = Folders::new();
        let mut shell = Command::new("sh");
        let program = folders.program(&[]);
        shell.args(["-c", &format!("exec \"$@\" {lost}"), "sh"]);
        shell.arg(program.get_program()).args(program.get_args());
        assert_eq!(shell.output().unwrap().status.code(), Some(0), "{lost}");
        fs::remove_dir_all(folders.path("source")).unwrap();
        assert_eq!(shell.output().unwrap().status.code(), Some(1), "{lost}");
    }
}

#[test]
fn without_a_place_to_report_to_it_prints_what_it_would_push() {
    let ended = Folders::new().run(&[]);
    assert_eq!(ended.code, Some(0));
    assert_eq!(
        ended.stderr,
        "reported nowhere: add --pushgateway.url=http://127.0.0.1:9091 or \
         --textfile.directory=FOLDER\n"
    );
    assert_eq!(untimed(&ended.stdout), whole());
    snapshot::assert_served("13_push", &ended.stdout);
}

#[test]
fn the_names_and_help_texts_satisfy_the_linter() {
    let text = Folders::new().run(&[]).stdout;
    let registry = exporter_workbook::registry::Registry::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
        let (name, help) = line.split_once(' ').unwrap();
        let gauge = exporter_workbook::prometheus::Gauge::new(name, help).unwrap();
        registry.must_register(gauge);
    }
    assert_eq!(testutil::gather_and_lint(&registry), []);
}
