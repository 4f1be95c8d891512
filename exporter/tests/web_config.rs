//! `--web.config.file`: TLS, client certificates, passwords and headers of
//! `09_redis_exporter`, and what happens when the files change.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

mod fake_redis;
mod redis_exporter;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;

use fake_redis::{Behaviour, FakeRedis, SHORT};
use redis_exporter::{RedisExporter, ends};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use support::connect;
use tempfile::TempDir;

const CERTIFICATES: &str = "../tests/certificates";
const TLS: &str =
    "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// The exporter with such a file, beside the certificates.
struct Configured {
    exporter: RedisExporter,
    folder: TempDir,
    _redis: FakeRedis,
}

/// Returns a folder with the certificates.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(CERTIFICATES).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// `secret` with the lowest cost.
fn users() -> String {
    let hash = bcrypt::hash("secret", 4).unwrap();
    format!("basic_auth_users:\n  metrics: {hash}\n")
}

impl Configured {
    fn start(config: &str) -> Configured {
        let folder = folder();
        let file = folder.path().join("web.yml");
        fs::write(&file, config).unwrap();
        let redis = FakeRedis::start(Behaviour::info(SHORT));
        let flag = format!("--web.config.file={}", file.display());
        Configured {
            exporter: RedisExporter::with(redis.address, &[&flag]),
            folder,
            _redis: redis,
        }
    }

    fn set(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(file), content).unwrap();
    }

    /// Returns what comes for a request over TLS, with the client's certificate or
    /// without.
    fn asked(&self, client: Option<&str>, request: &str) -> std::io::Result<String> {
        let stream = connect(self.exporter.program.address);
        let mut stream = encrypted(stream, client);
        stream.write_all(request.as_bytes())?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    }
}

fn encrypted(
    stream: TcpStream,
    client: Option<&str>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let pem = |name: &str| format!("{CERTIFICATES}/{name}");
    let certificate = |name: &str| CertificateDer::from_pem_file(pem(name)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.crt")).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    let config = match client {
        None => config.with_no_client_auth(),
        Some(name) => {
            let key = PrivateKeyDer::from_pem_file(pem(&format!("{name}.key")));
            let key = key.unwrap();
            let chain = vec![certificate(&format!("{name}.crt"))];
            config.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = ServerName::try_from("localhost").unwrap();
    StreamOwned::new(
        ClientConnection::new(Arc::new(config), name).unwrap(),
        stream,
    )
}

/// A request with the password, as in `metrics:secret`, or without one.
fn request(method: &str, path: &str, password: &str) -> String {
    use base64::Engine;
    let authorization = match password {
        "" => String::new(),
        _ => {
            let encoded = base64::prelude::BASE64_STANDARD.encode(password);
            format!("Authorization: Basic {encoded}\r\n")
        }
    };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         {authorization}\r\n"
    )
}

const RIGHT: &str = "metrics:secret";

#[test]
fn nothing_is_served_without_the_password() {
    let configured = Configured::start(&format!("{TLS}{}", users()));
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
    let text = configured.asked(None, &request("GET", "/metrics", RIGHT));
    assert!(text.unwrap().contains("\nredis_up 1\n"));
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
        let get = request("GET", "/metrics", "");
        let accepted = [None, Some("client"), Some("stranger")].map(|client| {
            let text = configured.asked(client, &get);
            text.is_ok_and(|text| text.contains("\nredis_up 1\n"))
        });
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
        let text = configured.asked(Some("client"), &request("GET", "/metrics", ""));
        let is_served = text.is_ok_and(|text| text.contains("\nredis_up 1\n"));
        assert_eq!(is_served, expected, "{names}");
    }
}

#[test]
fn headers_are_set_on_every_response() {
    let config = format!(
        "http_server_config:\n  headers:\n    X-Frame-Options: deny\n{}",
        users()
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

#[test]
fn a_file_that_is_wrong_ends_the_start_with_its_name() {
    let folder = folder();
    let file = folder.path().join("web.yml");
    let key = "tls_server_config: {cert_file: server.crt, key_file: client.key}";
    for (config, expected) in [
        ("x: 1\n", "unknown field `x`"),
        (key, "client.key: keys may not be consistent"),
        (
            "tls_server_config: {cert_file: a, key_file: b}\n",
            "cannot read",
        ),
    ] {
        fs::write(&file, config).unwrap();
        let flag = format!("--web.config.file={}", file.display());
        let ended = ends(&["--web.listen-address=127.0.0.1:0", &flag]);
        assert_eq!(ended.code, Some(1), "{config}");
        assert!(
            ended.stderr.contains(expected),
            "{config}: {}",
            ended.stderr
        );
    }
}

#[test]
fn new_files_count_at_once_and_wrong_ones_change_nothing() {
    let configured = Configured::start(&format!("{TLS}{}", users()));
    let scrape = |password: &str| {
        let text = configured.asked(None, &request("GET", "/metrics", password));
        text.unwrap().contains("\nredis_up 1\n")
    };
    assert!(scrape(RIGHT));
    let hash = bcrypt::hash("new", 4).unwrap();
    configured.set(
        "web.yml",
        format!("{TLS}basic_auth_users:\n  metrics: {hash}\n"),
    );
    assert!(!scrape(RIGHT) && scrape("metrics:new"));
    for wrong in ["x: 1\n", "basic_auth_users: {}\n", ""] {
        configured.set("web.yml", wrong);
        assert!(!scrape("") && scrape("metrics:new"), "{wrong:?}");
    }
    configured.set("server.key", "none");
    configured.set("web.yml", format!("{TLS}{}", users()));
    assert!(!scrape(RIGHT) && scrape("metrics:new"));
    let key = fs::read(format!("{CERTIFICATES}/server.key")).unwrap();
    configured.set("server.key", key);
    assert!(scrape(RIGHT) && !scrape("metrics:new"));
}

#[test]
fn no_scrape_fails_while_the_files_are_replaced() {
    let configured = Configured::start(&format!("{TLS}{}", users()));
    let configs = [0, 1].map(|_| format!("{TLS}{}", users()));
    thread::scope(|scope| {
        let scrapes = (0..8).map(|_| {
            scope.spawn(|| {
                for _ in 0..20 {
                    let get = request("GET", "/metrics", RIGHT);
                    let text = configured.asked(None, &get).unwrap();
                    assert!(text.contains("\nredis_up 1\n"), "{text}");
                }
            })
        });
        let scrapes: Vec<_> = scrapes.collect();
        for number in 0..100 {
            // As editors and `kubectl` do.
            let new = configured.folder.path().join("new.yml");
            fs::write(&new, &configs[number % 2]).unwrap();
            fs::rename(new, configured.folder.path().join("web.yml")).unwrap();
            thread::sleep(std::time::Duration::from_millis(5));
        }
        scrapes.into_iter().for_each(|all| all.join().unwrap());
    });
}
