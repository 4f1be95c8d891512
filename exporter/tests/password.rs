//! How `09_redis_exporter` logs in, and that nobody but Redis sees the password.

#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::path::PathBuf;

use fake_redis::{Behaviour, FakeRedis, SHORT};
use redis_exporter::{RedisExporter, ends, exporter, redis_samples};
use tempfile::TempDir;

const PASSWORD: &str = "correct horse/=\u{00fc}'\"";
const GOOD: [&str; 2] = ["redis_connected_clients 5", "redis_up 1"];
const DOWN: [&str; 1] = ["redis_up 0"];

/// A folder with a file for a password.
struct Secret {
    folder: TempDir,
}

impl Secret {
    fn new(password: &str) -> Secret {
        let folder = tempfile::tempdir().unwrap();
        let secret = Secret { folder };
        secret.set(password);
        secret
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// Replaces the file, as those do who change passwords.
    fn set(&self, password: &str) {
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{password}\n")).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    fn flag(&self) -> String {
        format!("--redis.password-file={}", self.file().display())
    }
}

fn locked(login: &'static [&'static str]) -> FakeRedis {
    FakeRedis::start(Behaviour::Locked(login, SHORT.to_owned()))
}

#[test]
fn the_password_is_in_a_file() {
    let redis = locked(&[PASSWORD]);
    let secret = Secret::new(PASSWORD);
    let exporter = RedisExporter::with(redis.address, &[&secret.flag()]);
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    let commands = [vec!["AUTH", PASSWORD], vec!["INFO", "ALL"]];
    assert_eq!(redis.commands(), commands);
    assert_eq!(exporter.log(0), [""; 0]);
}

#[test]
fn the_password_is_in_a_variable() {
    let redis = locked(&[PASSWORD]);
    let mut command = exporter(&redis.address.to_string());
    let exporter = RedisExporter::spawn(command.env("REDIS_PASSWORD", PASSWORD));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    let commands = [vec!["AUTH", PASSWORD], vec!["INFO", "ALL"]];
    assert_eq!(redis.commands(), commands);
}

#[test]
fn the_file_comes_before_the_variable_and_the_user_before_the_password() {
    let redis = locked(&["metrics", PASSWORD]);
    let secret = Secret::new(PASSWORD);
    let mut command = exporter(&redis.address.to_string());
    command.args(["--redis.user", "metrics", &secret.flag()]);
    let exporter = RedisExporter::spawn(command.env("REDIS_PASSWORD", "other"));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    let commands = [vec!["AUTH", "metrics", PASSWORD], vec!["INFO", "ALL"]];
    assert_eq!(redis.commands(), commands);
}

#[test]
fn a_new_password_needs_no_restart() {
    let redis = locked(&["old"]);
    let secret = Secret::new("old");
    let exporter = RedisExporter::with(redis.address, &[&secret.flag()]);
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    redis.behaves(Behaviour::Locked(&["new"], SHORT.to_owned()));
    assert_eq!(redis_samples(&exporter.scrape()), DOWN);
    secret.set("new");
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    let log = exporter.log(1);
    let message = format!(
        "cannot read {}: Redis replied WRONGPASS (the rest may have the password in it)",
        redis.address
    );
    assert!(log.len() == 1 && log[0].contains(&message), "{log:?}");
}

#[test]
fn a_server_that_wants_a_password_is_down_without_one() {
    let redis = locked(&[PASSWORD]);
    let exporter = RedisExporter::start(redis.address);
    assert_eq!(redis_samples(&exporter.scrape()), DOWN);
    let log = exporter.log(1);
    let message = "NOAUTH Authentication required.";
    assert!(log.len() == 1 && log[0].contains(message), "{log:?}");
}

#[test]
fn a_password_for_a_server_without_one_is_an_error() {
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    let secret = Secret::new(PASSWORD);
    let exporter = RedisExporter::with(redis.address, &[&secret.flag()]);
    assert_eq!(redis_samples(&exporter.scrape()), DOWN);
    let log = exporter.log(1);
    let message = "Redis replied ERR (the rest";
    assert!(log.len() == 1 && log[0].contains(message), "{log:?}");
    // Nothing is asked after the login has failed.
    assert_eq!(redis.commands(), [["AUTH", PASSWORD]]);
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = folder.path().join("bytes");
    fs::write(&bytes, b"\xff\xfe").unwrap();
    for (file, reason) in [
        (
            folder.path().join("none"),
            "cannot read the secret in FILE: No such file",
        ),
        (
            bytes,
            "cannot read the secret in FILE: stream did not contain valid UTF-8",
        ),
        (
            folder.path().to_owned(),
            "FILE has no secret: it isn't a file of 1 byte to 64 KiB",
        ),
    ] {
        let file = file.display().to_string();
        let flag = format!("--redis.password-file={file}");
        let ended = ends(&["--web.listen-address=127.0.0.1:0", &flag]);
        let message = ended.stderr;
        assert_eq!(ended.code, Some(1), "{file}: {message}");
        let expected = format!("Error: {}", reason.replace("FILE", &file));
        assert!(message.starts_with(&expected), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}

/// Whoever reads a pipe waits for the one who writes to it.
#[test]
#[cfg(unix)]
fn a_pipe_is_no_file_with_a_password() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let flag = format!("--redis.password-file={}", pipe.display());
    let ended = ends(&["--web.listen-address=127.0.0.1:0", &flag]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("has no secret"), "{}", ended.stderr);
}

#[test]
fn an_empty_variable_is_no_password() {
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    let mut command = exporter(&redis.address.to_string());
    let exporter = RedisExporter::spawn(command.env("REDIS_PASSWORD", ""));
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    assert_eq!(redis.commands(), [["INFO", "ALL"]]);
}

#[test]
fn a_user_may_have_no_password() {
    let redis = locked(&["metrics", ""]);
    let exporter = RedisExporter::with(redis.address, &["--redis.user=metrics"]);
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
}

#[test]
fn once_the_password_is_sent_the_log_has_of_an_error_only_its_code() {
    let secret = Secret::new(PASSWORD);
    let echo = format!("-ERR {PASSWORD}\r\n");
    let bare = format!("-{PASSWORD}\r\n");
    let late = format!("+OK\r\n-NOPERM {PASSWORD}\r\n");
    for (reply, reason) in [(&echo, "ERR"), (&bare, "an error"), (&late, "NOPERM")] {
        let redis = FakeRedis::start(Behaviour::replies(reply.as_bytes()));
        let exporter = RedisExporter::with(redis.address, &[&secret.flag()]);
        assert_eq!(redis_samples(&exporter.scrape()), DOWN);
        let log = exporter.log(1);
        let reason = format!("Redis replied {reason} (the rest");
        assert!(log[0].contains(&reason), "{log:?}");
        assert!(!log[0].contains(PASSWORD), "{log:?}");
    }
}

#[test]
fn a_file_that_vanishes_makes_redis_down_until_it_is_back() {
    let redis = locked(&[PASSWORD]);
    let secret = Secret::new(PASSWORD);
    let exporter = RedisExporter::with(redis.address, &[&secret.flag()]);
    fs::remove_file(secret.file()).unwrap();
    for metrics in exporter.scrapes(20) {
        assert_eq!(redis_samples(&metrics), DOWN);
    }
    secret.set(PASSWORD);
    assert_eq!(redis_samples(&exporter.scrape()), GOOD);
    let log = exporter.log(1);
    let message = format!("cannot read the secret in {}: ", secret.file().display());
    assert!(log.len() == 1 && log[0].contains(&message), "{log:?}");
}

/// Asserts that the exporter, while Redis behaves so, says nowhere how it logs in.
fn assert_silent(
    behaviour: Behaviour,
    password: &str,
    start: impl Fn(&FakeRedis) -> RedisExporter,
) {
    let redis = FakeRedis::start(behaviour);
    let exporter = start(&redis);
    let metrics = exporter.scrape();
    // There is a reason in the log.
    let mut texts = exporter.log(usize::from(metrics.contains("redis_up 0")));
    texts.push(metrics);
    for path in ["/", "/-/healthy", "/none"] {
        texts.push(exporter.response(path).as_str().unwrap().to_owned());
    }
    #[cfg(target_os = "linux")]
    {
        let process = exporter.program.process.0.id();
        texts.push(fs::read_to_string(format!("/proc/{process}/cmdline")).unwrap());
    }
    for text in texts {
        assert!(!text.contains(&password[..8]), "{text}");
    }
    assert_eq!(redis.commands()[0].last().unwrap(), password);
}

#[test]
fn the_password_is_shown_nowhere() {
    let long = "secret".repeat(100);
    for password in [PASSWORD, &long] {
        for behaviour in [
            Behaviour::info(SHORT),
            Behaviour::Locked(&[PASSWORD], SHORT.to_owned()),
            Behaviour::Ends(Vec::new()),
            Behaviour::Echoes,
        ] {
            let secret = Secret::new(password);
            assert_silent(behaviour.clone(), password, |redis| {
                let flags = ["--log.level=debug", &secret.flag()];
                RedisExporter::with(redis.address, &flags)
            });
            assert_silent(behaviour, password, |redis| {
                let mut command = exporter(&redis.address.to_string());
                command.env("REDIS_PASSWORD", password);
                RedisExporter::spawn(command.arg("--log.level=debug"))
            });
        }
    }
}
