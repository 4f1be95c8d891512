//! What happens when the web configuration file, or a file that it names, changes.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod configured;
mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use configured::{
    CERTIFICATES, Configured, RIGHT, SETTLED, TLS, client_config, encrypted_with,
    exchange, request, user,
};
use rustls::{ClientConfig, HandshakeKind};

fn certificate(file: &str) -> Vec<u8> {
    fs::read(format!("{CERTIFICATES}/{file}")).unwrap()
}

/// Returns the metrics on the last change: whether it was valid, and when the settings
/// were read.
fn reload(metrics: &str) -> [f64; 2] {
    ["successful", "success_timestamp_seconds"].map(|name| {
        let name = format!("redis_exporter_web_config_last_reload_{name} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap().parse().unwrap()
    })
}

#[test]
fn new_files_count_at_once_and_wrong_ones_change_nothing() {
    let configured = Configured::start(&format!("{TLS}{}", user("secret")));
    let scrape = |password: &str| configured.is_scraped(None, password);
    assert!(scrape(RIGHT));
    configured.set("web.yml", format!("{TLS}{}", user("new")));
    assert!(!scrape(RIGHT) && scrape("metrics:new"));
    for wrong in ["x: 1\n", "basic_auth_users: {}\n", "", TLS] {
        configured.set("web.yml", wrong);
        assert!(!scrape("") && scrape("metrics:new"), "{wrong:?}");
    }
    configured.set("server.key", "none");
    configured.set("web.yml", format!("{TLS}{}", user("secret")));
    assert!(!scrape(RIGHT) && scrape("metrics:new"));
    configured.set("server.key", certificate("server.key"));
    assert!(scrape(RIGHT) && !scrape("metrics:new"));
}

#[test]
fn a_file_that_is_missing_counts_when_it_appears() {
    let configured = Configured::start(&format!("{TLS}{}", user("secret")));
    let later = format!("{TLS}{}", user("new")).replace("server.", "later.");
    configured.set("web.yml", later);
    assert!(configured.is_scraped(None, RIGHT));
    configured.set("later.crt", certificate("renewed.crt"));
    assert!(configured.is_scraped(None, RIGHT));
    configured.set("later.key", certificate("renewed.key"));
    assert!(configured.is_scraped(None, "metrics:new"));
}

/// Also a file that its editor has emptied before it writes it anew.
#[test]
fn no_protection_ends_without_a_restart() {
    let mutual = format!(
        "{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  \
         client_allowed_sans: [client.example]\n"
    );
    let given = mutual.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven");
    let any = format!("{TLS}  client_auth_type: RequireAnyClientCert\n");
    let without_names = mutual.replace("  client_allowed_sans: [client.example]\n", "");
    let configured = Configured::start(&mutual);
    for (config, ended) in [
        (String::new(), "TLS"),
        (TLS.to_owned(), "a required client certificate"),
        (given, "a required client certificate"),
        (any, "a verified client certificate"),
        (without_names, "client_allowed_sans"),
    ] {
        configured.set("web.yml", &config);
        let log = format!("{ended} ends only with a restart");
        assert!(configured.is_scraped(Some("client"), ""), "{config}");
        assert!(!configured.is_scraped(None, ""), "{config}");
        let lines = configured.exporter.log(1);
        assert!(lines.iter().any(|line| line.contains(&log)), "{lines:?}");
    }
}

#[test]
fn passwords_do_not_end_and_tls_begins_without_a_restart() {
    let configured = Configured::start(&user("secret"));
    let status = |file: &str| {
        configured.set("web.yml", file);
        configured.exporter.response("/metrics").status_code
    };
    assert_eq!(["", "{}", "x: 1"].map(status), [401, 401, 401]);
    // Whoever has the password sees that TLS begins.
    configured.set("web.yml", format!("{TLS}{}", user("secret")));
    assert!(configured.is_scraped(None, RIGHT) && !configured.is_scraped(None, ""));
    let plain = request("GET", "/metrics", RIGHT);
    let answer = configured.exporter.program.exchange(plain.as_bytes());
    assert!(
        answer.ends_with("use https:// instead of http://.\n"),
        "{answer}"
    );
}

#[test]
fn metrics_say_whether_the_last_change_was_valid() {
    let configured = Configured::start("{}");
    let [successful, started] = reload(&configured.exporter.scrape());
    assert_eq!(successful, 1.0);
    configured.set("web.yml", "x: 1\n");
    assert_eq!(reload(&configured.exporter.scrape()), [0.0, started]);
    configured.set("web.yml", "http_server_config: {http2: false}\n");
    let [successful, read] = reload(&configured.exporter.scrape());
    assert!(successful == 1.0 && read > started, "{read} {started}");
    // Once for each change, however often it's scraped.
    for _ in 0..5 {
        configured.exporter.scrape();
    }
    let lines = configured.exporter.log(2);
    assert_eq!(lines.len(), 2, "{lines:?}");
}

/// Scrapes until the end, each time successfully. Returns the certificates that the
/// server had.
fn scraped(
    configured: &Configured,
    client: &Arc<ClientConfig>,
    is_over: &AtomicBool,
) -> BTreeSet<Vec<u8>> {
    let get = request("GET", "/metrics", RIGHT);
    let mut certificates = BTreeSet::new();
    while !is_over.load(Ordering::Relaxed) {
        let mut stream = encrypted_with(client, configured.connect());
        let text = exchange(&mut stream, &get).unwrap();
        assert!(text.contains("\nredis_up 1\n"), "{text}");
        certificates.insert(stream.conn.peer_certificates().unwrap()[0].to_vec());
    }
    certificates
}

#[test]
fn no_scrape_fails_while_the_files_are_replaced() {
    let mutual =
        "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n";
    // The same password with other salts.
    let configs = [0, 1].map(|_| format!("{TLS}{mutual}{}", user("secret")));
    let configured = Configured::start(&configs[0]);
    let pairs = ["server", "renewed"]
        .map(|name| ["crt", "key"].map(|kind| certificate(&format!("{name}.{kind}"))));
    let client = client_config(Some("client"));
    let is_over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let scrape = || scraped(&configured, &client, &is_over);
        let scrapes = [(); 8].map(|()| scope.spawn(scrape));
        for number in 1..=100 {
            let [crt, key] = &pairs[number % 2];
            // Between these two, the key doesn't fit.
            configured.replace("server.crt", crt);
            configured.replace("server.key", key);
            configured.replace("web.yml", &configs[number % 2]);
            thread::sleep(SETTLED);
        }
        is_over.store(true, Ordering::Relaxed);
        let seen = scrapes.into_iter().flat_map(|all| all.join().unwrap());
        seen.collect::<BTreeSet<_>>()
    });
    // Both certificates were in use.
    assert_eq!(seen.len(), 2);
}

/// Returns whether a scrape is answered, and how its handshake was.
fn handshake(
    configured: &Configured,
    client: &Arc<ClientConfig>,
) -> (bool, Option<HandshakeKind>) {
    let mut stream = encrypted_with(client, configured.connect());
    let text = exchange(&mut stream, &request("GET", "/metrics", ""));
    let is_scraped = text.is_ok_and(|text| text.contains("\nredis_up 1\n"));
    (is_scraped, stream.conn.handshake_kind())
}

/// Otherwise a certificate that has expired, or an authority that has changed, would not
/// be noticed.
#[test]
fn a_connection_is_resumed_only_if_no_certificate_of_the_client_counts() {
    let configured = Configured::start(TLS);
    let client = client_config(Some("client"));
    let scrape = || handshake(&configured, &client);
    assert_eq!(scrape(), (true, Some(HandshakeKind::Full)));
    assert_eq!(scrape(), (true, Some(HandshakeKind::Resumed)));
    let mutual = format!(
        "{TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
    );
    configured.set("web.yml", &mutual);
    for _ in 0..3 {
        assert_eq!(scrape(), (true, Some(HandshakeKind::Full)));
    }
    configured.set("ca.crt", certificate("stranger.crt"));
    assert!(!scrape().0);
    configured.set("ca.crt", certificate("ca.crt"));
    assert!(scrape().0);
    configured.set(
        "web.yml",
        format!("{mutual}  client_allowed_sans: [a.example]\n"),
    );
    assert!(!scrape().0);
}
