//! The web configuration file of the Prometheus ecosystem, as exporter-toolkit defines
//! it: TLS, headers, and users with hashes of their passwords.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

/// The content of the file. An empty one is valid: plain HTTP for everyone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    pub tls_server_config: Option<TlsServerConfig>,
    pub http_server_config: HttpServerConfig,
    /// Hashes by bcrypt, by user.
    pub basic_auth_users: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsServerConfig {
    pub cert: Option<String>,
    pub cert_file: Option<PathBuf>,
    pub key: Option<String>,
    pub key_file: Option<PathBuf>,
    pub client_ca: Option<String>,
    pub client_ca_file: Option<PathBuf>,
    pub client_auth_type: ClientAuthType,
    /// Names, addresses, e-mail addresses or URIs, of which a client's certificate must
    /// have one.
    pub client_allowed_sans: Vec<String>,
    pub min_version: Option<Version>,
    pub max_version: Option<Version>,
    pub cipher_suites: Vec<String>,
    pub curve_preferences: Vec<String>,
    /// The server's order always counts here.
    pub prefer_server_cipher_suites: bool,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum ClientAuthType {
    #[default]
    NoClientCert,
    RequestClientCert,
    #[serde(alias = "RequireClientCert")]
    RequireAnyClientCert,
    VerifyClientCertIfGiven,
    RequireAndVerifyClientCert,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    TLS12,
    TLS13,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpServerConfig {
    /// Accepted, but the server speaks HTTP/1.1 only.
    pub http2: Option<bool>,
    pub headers: BTreeMap<String, String>,
}

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebConfigError {
    /// It, or a file that it names, can't be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It isn't YAML, or has an unknown key or value.
    #[error("{}: {message}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong, and in which line.
        message: String,
    },
}

impl WebConfig {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be read, or if it is invalid.
    pub fn read(file: &Path) -> Result<WebConfig, WebConfigError> {
        let text =
            fs::read_to_string(file).map_err(|source| WebConfigError::Unreadable {
                file: file.to_owned(),
                source,
            })?;
        let invalid = |message| WebConfigError::Invalid {
            file: file.to_owned(),
            message,
        };
        let config = WebConfig::parse(&text).map_err(invalid)?;
        config.check().map_err(invalid)?;
        Ok(config)
    }

    fn parse(text: &str) -> Result<WebConfig, String> {
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.starts_with('#'))
        {
            return Ok(WebConfig::default());
        }
        // Without the lines around an error: they may have hashes of passwords.
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| error.to_string())
    }

    fn check(&self) -> Result<(), String> {
        if let Some(tls) = &self.tls_server_config {
            tls.check()?;
        }
        for (name, value) in &self.http_server_config.headers {
            check_header(name, value)?;
        }
        for (user, hash) in &self.basic_auth_users {
            check_hash(user, hash)?;
        }
        Ok(())
    }
}

impl TlsServerConfig {
    fn check(&self) -> Result<(), String> {
        let has_cert = self.cert.is_some() || self.cert_file.is_some();
        let has_key = self.key.is_some() || self.key_file.is_some();
        match (has_cert, has_key) {
            (true, true) => {}
            (true, false) => return Err("cert_file needs key_file".to_owned()),
            (false, true) => return Err("key_file needs cert_file".to_owned()),
            (false, false) => {
                return Err("tls_server_config needs cert_file and key_file".to_owned());
            }
        }
        self.check_clients()?;
        match (self.min_version, self.max_version) {
            (Some(min), Some(max)) if min > max => {
                Err(format!("min_version {min:?} is above max_version {max:?}"))
            }
            _ => Ok(()),
        }
    }

    fn check_clients(&self) -> Result<(), String> {
        if !self.client_allowed_sans.is_empty() && !self.client_auth_type.verifies() {
            return Err(
                "client_allowed_sans needs a client_auth_type that verifies: \
                        anybody can write any name into a certificate"
                    .to_owned(),
            );
        }
        let has_ca = self.client_ca.is_some() || self.client_ca_file.is_some();
        match (has_ca, self.client_auth_type.verifies()) {
            (true, false) => Err(
                "client_ca_file has no effect without a client_auth_type that \
                 verifies: RequireAndVerifyClientCert or VerifyClientCertIfGiven"
                    .to_owned(),
            ),
            (false, true) => {
                Err(format!("{:?} needs client_ca_file", self.client_auth_type))
            }
            _ => Ok(()),
        }
    }
}

impl ClientAuthType {
    pub fn verifies(self) -> bool {
        matches!(
            self,
            ClientAuthType::VerifyClientCertIfGiven
                | ClientAuthType::RequireAndVerifyClientCert
        )
    }
}

/// The headers that may be set, with their values if only these are possible.
const HEADERS: [(&str, &[&str]); 5] = [
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
    ("Content-Security-Policy", &[]),
];

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let mut known = HEADERS.iter();
    let Some((_, values)) = known.find(|(known, _)| known.eq_ignore_ascii_case(name))
    else {
        let names = HEADERS.map(|(name, _)| name).join(", ");
        return Err(format!("the header {name:?} can't be set, only {names}"));
    };
    let is_known = values.iter().any(|known| known.eq_ignore_ascii_case(value));
    if !values.is_empty() && !is_known {
        let values = values.join(" or ");
        return Err(format!("the header {name} must be {values}, not {value:?}"));
    }
    match exporter_workbook::http::HeaderValue::from_str(value) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("the header {name} can't have the value {value:?}")),
    }
}

/// The longest time that a password may take to check is that of cost 14, a second.
fn check_hash(user: &str, hash: &str) -> Result<(), String> {
    if user.contains(':') {
        return Err(format!(
            "the user {user:?} has a colon, which no client can send"
        ));
    }
    let parts: Result<bcrypt::HashParts, _> = hash.parse();
    match parts {
        Ok(parts) if parts.get_cost() <= 14 => Ok(()),
        Ok(parts) => Err(format!(
            "the hash of {user:?} has cost {}, above 14: each wrong password would \
             take seconds",
            parts.get_cost()
        )),
        Err(_) => Err(format!(
            "the password of {user:?} isn't a bcrypt hash: `htpasswd -nBC 10 {user}` \
             makes one"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<WebConfig, String> {
        let config = WebConfig::parse(text)?;
        config.check().map(|()| config)
    }

    const HASH: &str = "$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";

    #[test]
    fn an_empty_file_is_valid() {
        for text in ["", "\n", "# nothing\n", "{}\n", "basic_auth_users: {}\n"] {
            let config = parsed(text).unwrap();
            assert!(config.tls_server_config.is_none(), "{text:?}");
            assert!(config.basic_auth_users.is_empty(), "{text:?}");
        }
    }

    #[test]
    fn a_whole_file_is_read() {
        let text = format!(
            "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  \
             client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  \
             min_version: TLS12\n  max_version: TLS13\nhttp_server_config:\n  http2: \
             false\n  headers:\n    X-Frame-Options: deny\nbasic_auth_users:\n  \
             metrics: {HASH}\n"
        );
        let config = parsed(&text).unwrap();
        let tls = config.tls_server_config.unwrap();
        assert_eq!(tls.cert_file, Some("server.crt".into()));
        assert_eq!(
            tls.client_auth_type,
            ClientAuthType::RequireAndVerifyClientCert
        );
        assert_eq!(config.basic_auth_users["metrics"], HASH);
    }

    const WRONG: &[(&str, &str)] = &[
        ("tls_server_confg: {}\n", "tls_server_confg"),
        ("tls_server_config:\n  cert_fil: a\n", "line 2"),
        (
            "tls_server_config: {cert_file: a}\n",
            "cert_file needs key_file",
        ),
        (
            "tls_server_config: {key_file: a}\n",
            "key_file needs cert_file",
        ),
        ("tls_server_config: {}\n", "needs cert_file and key_file"),
        (
            "tls_server_config: {cert_file: a, key_file: b, min_version: TLS11}\n",
            "TLS11",
        ),
        (
            "tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}\n",
            "client_ca_file has no effect",
        ),
        (
            "tls_server_config: {cert_file: a, key_file: b, client_auth_type: \
                 RequireAndVerifyClientCert}\n",
            "RequireAndVerifyClientCert needs client_ca_file",
        ),
        (
            "tls_server_config: {cert_file: a, key_file: b, min_version: TLS13, \
                 max_version: TLS12}\n",
            "min_version TLS13 is above max_version TLS12",
        ),
        (
            "http_server_config: {headers: {Server: a}}\n",
            "\"Server\" can't be set",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: allow}}\n",
            "must be deny or sameorigin",
        ),
        (
            "basic_auth_users: {metrics: secret}\n",
            "isn't a bcrypt hash",
        ),
        ("basic_auth_users:\n- metrics\n", "line"),
        ("a: [\n", "line"),
    ];

    #[test]
    fn an_error_has_no_hash_in_it() {
        let text = format!("basic_auth_users:\n  metrics: {HASH}\nx: 1\n");
        let error = parsed(&text).err().unwrap();
        assert!(
            error.contains("line 3") && !error.contains("N9qo"),
            "{error}"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in WRONG {
            let error = parsed(text).err().unwrap_or_else(|| panic!("{text}"));
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
