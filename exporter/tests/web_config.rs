//! `--web.config.file`: TLS, client certificates, passwords, headers and the rate limit
//! of `09_redis_exporter`, and those of `11_web_config`.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod configured;
mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use configured::{Configured, RIGHT, TLS, folder, request, user};
use fake_redis::{Behaviour, FakeRedis, REDIS_7_0, SHORT};
use redis_exporter::{Ended, RedisExporter, ends, redis_samples};
use support::snapshot;

/// The file of the lesson, with the certificates of the tests.
fn of_the_lesson() -> String {
    let config = fs::read_to_string("../prometheus/11_web_config.web.yml").unwrap();
    let (shown, name) = ("../target/11_web_config/", "prometheus.example");
    assert!(config.contains(shown) && config.contains(name));
    config.replace(shown, "").replace(name, "client.example")
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the metrics of /proc are missing")]
fn the_lessons_file_protects_the_lessons_program() {
    let redis = Behaviour::info(REDIS_7_0);
    let configured = Configured::of("11_web_config", redis, &of_the_lesson());
    let password = "prometheus:scrape";
    for (client, password) in [
        (None, password),
        (Some("stranger"), password),
        (Some("client"), ""),
        (Some("client"), "prometheus:secret"),
    ] {
        assert!(!configured.is_scraped(client, password), "{client:?}");
    }
    let get = request("GET", "/metrics", password);
    configured.asked(Some("client"), &get).unwrap();
    let text = configured.asked(Some("client"), &get).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    snapshot::assert_served("11_web_config", body);
}

#[test]
fn nothing_is_served_without_the_password() {
    let configured = Configured::start(&format!("{TLS}{}", user("secret")));
    for (method, path) in [
        ("GET", "/metrics"),
        ("GET", "/"),
        ("GET", "/none"),
        ("POST", "/metrics"),
        ("HEAD", "/metrics"),
        ("GET", "/-/healthy"),
    ] {
        for password in ["", "metrics:wrong", "nobody:secret"] {
            let request = request(method, path, password);
            let text = configured.asked(None, &request).unwrap();
            assert!(text.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{text}");
            let challenge = "\r\nwww-authenticate: basic\r\n";
            assert!(text.to_lowercase().contains(challenge), "{text}");
            assert!(!text.contains("redis"), "{text}");
        }
    }
    assert!(configured.is_scraped(None, RIGHT));
}

/// By type: whether no certificate, one of the authority, and a stranger's are accepted.
#[test]
fn clients_need_the_certificates_that_the_type_says() {
    let with_ca = "\n  client_ca_file: ca.crt";
    for (kind, ca, expected) in [
        ("NoClientCert", "", [true, true, true]),
        ("RequestClientCert", "", [true, true, true]),
        ("RequireAnyClientCert", "", [false, true, true]),
        ("VerifyClientCertIfGiven", with_ca, [true, true, false]),
        ("RequireAndVerifyClientCert", with_ca, [false, true, false]),
    ] {
        let config = format!("{TLS}  client_auth_type: {kind}{ca}\n");
        let configured = Configured::start(&config);
        let accepted = [None, Some("client"), Some("stranger")]
            .map(|client| configured.is_scraped(client, ""));
        assert_eq!(accepted, expected, "{kind}");
    }
}

#[test]
fn a_clients_certificate_needs_one_of_the_names() {
    let clients = "  client_auth_type: RequireAndVerifyClientCert\n  \
                   client_ca_file: ca.crt\n";
    for (names, expected) in [
        ("client.example", true),
        ("192.0.2.7", true),
        ("a@client.example", true),
        ("'spiffe://example/client'", true),
        ("other.example, client.example", true),
        ("example", false),
        ("other.client.example", false),
        ("192.0.2.70", false),
    ] {
        let config = format!("{TLS}{clients}  client_allowed_sans: [{names}]\n");
        let configured = Configured::start(&config);
        let is_scraped = configured.is_scraped(Some("client"), "");
        assert_eq!(is_scraped, expected, "{names}");
    }
}

#[test]
fn headers_are_set_on_every_response() {
    let config = format!(
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n{}",
        user("secret")
    );
    let configured = Configured::start(&config);
    for (path, password) in [("/metrics", RIGHT), ("/none", RIGHT), ("/metrics", "")] {
        let request = request("GET", path, password);
        let text = configured.exporter.program.exchange(request.as_bytes());
        assert!(
            text.to_lowercase()
                .contains("\r\nx-frame-options: deny\r\n"),
            "{text}"
        );
    }
}

/// Starts with a file of this content, which ends it.
fn ends_with(config: &[u8]) -> Ended {
    let folder = folder();
    let file = folder.path().join("web.yml");
    fs::write(&file, config).unwrap();
    let flag = format!("--web.config.file={}", file.display());
    let mut ended = ends(&["--web.listen-address=127.0.0.1:0", &flag]);
    let folder = folder.path().display().to_string();
    ended.stderr = ended.stderr.replace(&folder, "");
    ended
}

const WRONG: &[(&str, &str)] = &[
    (
        "x: 1\n",
        "line 1, column 1: unknown field `x`, expected one of tls_server_config, \
             http_server_config, rate_limit, basic_auth_users",
    ),
    (
        "tls_server_config:\n  cert_file: server.crt\n  key_file: client.key\n",
        "line 3, column 13: key_file /client.key: it isn't the key of the \
             certificate",
    ),
    (
        "tls_server_config: {cert_file: a, key_file: b}\n",
        "line 1, column 32: cert_file /a: cannot read it: No such file or directory \
             (os error 2)",
    ),
    (
        "rate_limit:\n  interval: 1\n",
        "line 2, column 13: the interval \"1\" isn't a duration such as 1s",
    ),
    (
        "basic_auth_users:\n  metrics: secret\n",
        "line 2, column 12: the password of \"metrics\" isn't a bcrypt hash: \
             `htpasswd -nBC 10 metrics` makes one",
    ),
    (
        "http_server_config: {headers: {X-Frame-Options: no}}\n",
        "line 1, column 49: the header X-Frame-Options must be deny or sameorigin, \
             not \"no\"",
    ),
];

#[test]
fn a_file_that_is_wrong_ends_the_start_with_its_line() {
    for (config, expected) in WRONG {
        let ended = ends_with(config.as_bytes());
        assert_eq!(ended.code, Some(1), "{config}");
        assert_eq!(ended.stderr, format!("Error: /web.yml: {expected}\n"));
    }
    let ended = ends_with(b"\xff");
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.stderr,
        "Error: /web.yml: it isn't text: invalid utf-8 sequence of 1 bytes from index 0\n"
    );
}

#[test]
fn what_is_no_file_ends_the_start() {
    for (file, expected) in [
        ("/none.yml", "No such file or directory (os error 2)"),
        // Whoever reads it would wait for ever, or would never have read it all.
        ("/dev/zero", "it isn't a file"),
        ("/", "it isn't a file"),
    ] {
        let flag = format!("--web.config.file={file}");
        let ended = ends(&["--web.listen-address=127.0.0.1:0", &flag]);
        assert_eq!(ended.code, Some(1), "{file}");
        let expected = format!("Error: {file}: cannot read it: {expected}\n");
        assert_eq!(ended.stderr, expected);
    }
}

#[test]
fn more_requests_than_the_limit_get_status_429() {
    let config = "rate_limit: {interval: 1h, burst: 3}\n";
    let configured = Configured::start(config);
    let statuses = (0..5).map(|_| configured.exporter.response("/none").status_code);
    assert_eq!(statuses.collect::<Vec<_>>(), [404, 404, 404, 429, 429]);
    // A new limit begins anew.
    configured.set("web.yml", "rate_limit: {interval: 2h, burst: 1}\n");
    let statuses = (0..2).map(|_| configured.exporter.response("/none").status_code);
    assert_eq!(statuses.collect::<Vec<_>>(), [404, 429]);
    configured.set("web.yml", "rate_limit: {interval: 0}\n");
    assert_eq!(configured.exporter.response("/none").status_code, 404);
}

/// The hash of cost 10 takes tens of milliseconds, and more without optimization.
#[test]
fn whoever_guesses_passwords_keeps_nobody_else_waiting() {
    let hash = bcrypt::hash("secret", 10).unwrap();
    let configured =
        Configured::start(&format!("basic_auth_users:\n  metrics: {hash}\n"));
    let program = &configured.exporter.program;
    let right = request("GET", "/metrics", RIGHT);
    assert!(
        program
            .exchange(right.as_bytes())
            .contains("\nredis_up 1\n")
    );
    let mut statuses = thread::scope(|scope| {
        let guesses = (0..40).map(|number| {
            let guess = request("GET", "/metrics", &format!("metrics:{number}"));
            scope.spawn(move || program.exchange(guess.as_bytes()))
        });
        let guesses: Vec<_> = guesses.collect();
        // Its password is known, whatever the guesses do.
        for _ in 0..20 {
            let text = program.exchange(right.as_bytes());
            assert!(text.contains("\nredis_up 1\n"), "{text}");
        }
        let texts = guesses.into_iter().map(|guess| guess.join().unwrap());
        texts
            .map(|text| text[..12].to_owned())
            .collect::<BTreeSet<_>>()
    });
    // Two are checked, a few wait, and the others are told to come again.
    assert!(statuses.remove("HTTP/1.1 503"), "{statuses:?}");
    assert!(statuses.remove("HTTP/1.1 401"), "{statuses:?}");
    assert!(statuses.is_empty(), "{statuses:?}");
}

#[test]
fn the_flag_without_exporter_metrics_excludes_those_on_the_file() {
    let configured = Configured::start("{}");
    let body = configured.exporter.scrape();
    assert_eq!(
        redis_samples(&body)
            .into_iter()
            .filter(|line| line.contains("_web_") && !line.contains("timestamp"))
            .collect::<Vec<_>>(),
        ["redis_exporter_web_config_last_reload_successful 1"]
    );
    // Without TLS, there is no certificate.
    assert!(!body.contains("certificate_expiry"), "{body}");
    let redis = FakeRedis::start(Behaviour::info(SHORT));
    let file = configured.folder.path().join("web.yml");
    let flag = format!("--web.config.file={}", file.display());
    let flags = [flag.as_str(), "--web.disable-exporter-metrics"];
    let exporter = RedisExporter::with(redis.address, &flags);
    assert!(!exporter.scrape().contains("_web_"));
}
