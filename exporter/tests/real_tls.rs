//! `11_web_config` as its page has it, with real clients: curl, OpenSSL and Prometheus.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod configured;
mod fake_redis;
#[path = "../../tests/real_prometheus/mod.rs"]
mod real_prometheus;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;
#[path = "../../tests/versions/mod.rs"]
mod versions;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use configured::{Configured, TLS, user};
use fake_redis::{Behaviour, FakeRedis, SHORT};
use real_prometheus::Prometheus;
use redis_exporter::{RedisExporter, exporter_of};
use tempfile::TempDir;
use versions::{Version, with_each_version};

with_each_version! {
    prometheus_scrapes_with_its_certificate_and_password,
}

/// The lesson's program with its file, and new certificates by its script.
struct Lesson {
    exporter: RedisExporter,
    folder: TempDir,
    _redis: FakeRedis,
}

fn make_certificates(folder: &Path) {
    let made = Command::new("../prometheus/11_web_config.sh")
        .arg(folder)
        .stdout(Stdio::null())
        .status();
    assert!(made.unwrap().success());
}

/// Returns one of the lesson's files with the certificates of `folder`.
fn file_of_the_lesson(name: &str, folder: &Path) -> String {
    let text = fs::read_to_string(format!("../prometheus/{name}")).unwrap();
    let shown = "../target/11_web_config/";
    assert!(text.contains(shown));
    text.replace(shown, &format!("{}/", folder.display()))
}

impl Lesson {
    fn start() -> Lesson {
        let folder = tempfile::tempdir().unwrap();
        make_certificates(folder.path());
        let file = folder.path().join("web.yml");
        let config = file_of_the_lesson("11_web_config.web.yml", folder.path());
        fs::write(&file, config).unwrap();
        let redis = FakeRedis::start(Behaviour::info(SHORT));
        let mut command = exporter_of("11_web_config", &redis.address.to_string());
        command.arg(format!("--web.config.file={}", file.display()));
        Lesson {
            exporter: RedisExporter::spawn(&mut command),
            folder,
            _redis: redis,
        }
    }

    /// Returns the status that curl gets with these arguments, or 000 without one, and
    /// the body.
    fn curl(&self, scheme: &str, path: &str, arguments: &[&str]) -> (String, String) {
        let address = self.exporter.program.address;
        let output = Command::new("curl")
            .args([
                "--silent",
                "--max-time",
                "60",
                "--write-out",
                "\n%{http_code}",
            ])
            .args(arguments)
            .arg(format!("{scheme}://{address}{path}"))
            .current_dir(self.folder.path())
            .output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let (body, status) = text.rsplit_once('\n').unwrap();
        (status.to_owned(), body.to_owned())
    }
}

const CERTIFICATES: [&str; 6] = [
    "--cacert",
    "ca.crt",
    "--cert",
    "client.crt",
    "--key",
    "client.key",
];

#[test]
#[ignore = "needs curl and openssl"]
fn curl_gets_nothing_without_the_password_or_the_certificate() {
    let lesson = Lesson::start();
    let with = |more: &[&'static str]| [&CERTIFICATES[..], more].concat();
    for (path, method) in [
        ("/metrics", "GET"),
        ("/", "GET"),
        ("/none", "GET"),
        ("/metrics", "POST"),
    ] {
        for password in [&[][..], &["--user", "prometheus:wrong"]] {
            let arguments = with(&[password, &["--request", method]].concat());
            let (status, body) = lesson.curl("https", path, &arguments);
            assert_eq!((&*status, &*body), ("401", "Unauthorized\n"), "{path}");
        }
    }
    let right = ["--user", "prometheus:scrape"];
    let (status, body) = lesson.curl("https", "/metrics", &with(&right));
    assert_eq!(status, "200");
    assert!(body.contains("\nredis_up 1\n"), "{body}");
    let without = [&CERTIFICATES[..2], &right].concat();
    assert_eq!(lesson.curl("https", "/metrics", &without).0, "000");
    let (status, body) = lesson.curl("http", "/metrics", &right);
    let plain = "This is HTTPS: use https:// instead of http://.\n";
    assert_eq!((&*status, &*body), ("400", plain));
}

/// Returns the protocol on which OpenSSL agrees with the exporter, or why it doesn't.
fn agreed(configured: &Configured, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(["s_client", "-brief", "-connect"])
        .arg(configured.exporter.program.address.to_string())
        // Otherwise it has no old version itself.
        .args(["-cipher", "DEFAULT@SECLEVEL=0"])
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    let version =
        |line: &str| line.strip_prefix("Protocol version: ").map(str::to_owned);
    said.lines().find_map(version).unwrap_or(said)
}

#[test]
#[ignore = "needs openssl"]
fn openssl_agrees_on_the_configured_versions_only() {
    let refused = "SSL alert number";
    for (settings, expected) in [
        ("", [refused, refused, "TLSv1.2", "TLSv1.3"]),
        (
            "  min_version: TLS13\n",
            [refused, refused, refused, "TLSv1.3"],
        ),
        (
            "  max_version: TLS12\n",
            [refused, refused, "TLSv1.2", refused],
        ),
    ] {
        let configured = Configured::start(&format!("{TLS}{settings}"));
        let versions = ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"];
        for (version, expected) in versions.into_iter().zip(expected) {
            let agreed = agreed(&configured, &[version]);
            assert!(agreed.contains(expected), "{settings} {version}: {agreed}");
        }
    }
    let suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    let settings = format!("{TLS}  cipher_suites: [{suite}]\n{}", user("secret"));
    let configured = Configured::start(&settings);
    for (cipher, expected) in [
        ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLSv1.2"),
        ("ECDHE-ECDSA-AES128-GCM-SHA256", refused),
    ] {
        let agreed = agreed(&configured, &["-tls1_2", "-cipher", cipher]);
        assert!(agreed.contains(expected), "{cipher}: {agreed}");
    }
}

fn prometheus_scrapes_with_its_certificate_and_password(version: Version) {
    let lesson = Lesson::start();
    let folder = lesson.folder.path();
    let address = lesson.exporter.program.address.to_string();
    let config = file_of_the_lesson("11_web_config.yml", folder)
        .replace("127.0.0.1:9121", &address)
        .replace("5s", "1s");
    let up = |prometheus: &Prometheus, value: u8| {
        let series = format!("up{{instance=\"{address}\", job=\"redis\"}} => {value}");
        prometheus.assert_becomes("up", &[series]);
    };
    // Version 3 keeps the password that it read first.
    fs::write(folder.join("password"), "wrong").unwrap();
    let prometheus = Prometheus::with_config(version, &config);
    up(&prometheus, 0);
    prometheus.assert_targets_have("server returned HTTP status 401 Unauthorized");
    drop(prometheus);
    fs::write(folder.join("password"), "scrape").unwrap();
    let prometheus = Prometheus::with_config(version, &config);
    up(&prometheus, 1);
    prometheus.assert_becomes("count(redis_up == 1)", &["{} => 1"]);
    // New certificates by a new authority, for both.
    make_certificates(folder);
    let reloaded = "redis_exporter_web_config_last_reload_success_timestamp_seconds";
    let one = ["{} => 1"];
    let changed = format!("count(changes({reloaded}[1m]) > 0)");
    prometheus.assert_becomes(&changed, &one);
    prometheus.assert_becomes("count(redis_up == 1)", &one);
    up(&prometheus, 1);
}
