//! An exporter with a web configuration file, and clients that speak TLS.

#![allow(dead_code, reason = "each test file uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "this is test code")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::fake_redis::{Behaviour, FakeRedis, SHORT};
use crate::redis_exporter::{RedisExporter, exporter_of};
use crate::support::connect;

pub const CERTIFICATES: &str = "../tests/certificates";
pub const TLS: &str =
    "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";
/// Longer than a file must have been left alone.
pub const SETTLED: Duration = Duration::from_millis(70);
pub const RIGHT: &str = "metrics:secret";

/// The exporter with such a file, beside the certificates.
pub struct Configured {
    pub exporter: RedisExporter,
    pub folder: TempDir,
    _redis: FakeRedis,
}

/// Returns a folder with the certificates.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(CERTIFICATES).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    folder
}

/// A user whose password has the lowest cost.
pub fn user(password: &str) -> String {
    let hash = bcrypt::hash(password, 4).unwrap();
    format!("basic_auth_users:\n  metrics: {hash}\n")
}

impl Configured {
    pub fn start(config: &str) -> Configured {
        Configured::of("09_redis_exporter", Behaviour::info(SHORT), config)
    }

    pub fn of(program: &str, redis: Behaviour, config: &str) -> Configured {
        let folder = folder();
        let file = folder.path().join("web.yml");
        fs::write(&file, config).unwrap();
        let redis = FakeRedis::start(redis);
        let mut command = exporter_of(program, &redis.address.to_string());
        command.arg(format!("--web.config.file={}", file.display()));
        Configured {
            exporter: RedisExporter::spawn(&mut command),
            folder,
            _redis: redis,
        }
    }

    /// Writes a file, and waits until it counts.
    pub fn set(&self, file: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.path().join(file), content).unwrap();
        thread::sleep(SETTLED);
    }

    /// Replaces a file in one step, as editors and `kubectl` do.
    pub fn replace(&self, file: &str, content: impl AsRef<[u8]>) {
        let new = self.folder.path().join(format!("{file}.new"));
        fs::write(&new, content).unwrap();
        fs::rename(new, self.folder.path().join(file)).unwrap();
    }

    /// Returns what comes for a request over TLS, with the client's certificate or
    /// without.
    pub fn asked(
        &self,
        client: Option<&str>,
        request: &str,
    ) -> std::io::Result<String> {
        exchange(encrypted(self.connect(), client), request)
    }

    pub fn connect(&self) -> TcpStream {
        connect(self.exporter.program.address)
    }

    /// Returns whether a scrape over TLS with this password is answered.
    pub fn is_scraped(&self, client: Option<&str>, password: &str) -> bool {
        let text = self.asked(client, &request("GET", "/metrics", password));
        text.is_ok_and(|text| text.contains("\nredis_up 1\n"))
    }
}

pub fn exchange(
    mut stream: impl Read + Write,
    request: &str,
) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

pub type Encrypted = StreamOwned<ClientConnection, TcpStream>;

/// Encrypts the connection of a client that trusts the authority.
pub fn encrypted(stream: TcpStream, client: Option<&str>) -> Encrypted {
    encrypted_with(&client_config(client), stream)
}

pub fn encrypted_with(config: &Arc<ClientConfig>, stream: TcpStream) -> Encrypted {
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::clone(config), name).unwrap();
    StreamOwned::new(connection, stream)
}

/// Returns the settings of a client, whose connections share what they may resume.
pub fn client_config(client: Option<&str>) -> Arc<ClientConfig> {
    let pem = |name: &str| format!("{CERTIFICATES}/{name}");
    let certificate = |name: &str| CertificateDer::from_pem_file(pem(name)).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.crt")).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    Arc::new(match client {
        None => config.with_no_client_auth(),
        Some(name) => {
            let key = PrivateKeyDer::from_pem_file(pem(&format!("{name}.key")));
            let chain = vec![certificate(&format!("{name}.crt"))];
            config.with_client_auth_cert(chain, key.unwrap()).unwrap()
        }
    })
}

/// A request with the password, as in `metrics:secret`, or without one.
pub fn request(method: &str, path: &str, password: &str) -> String {
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
