//! The web configuration file of the Prometheus ecosystem, as exporter-toolkit defines
//! it: TLS, headers, a rate limit, and users with hashes of their passwords.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::PathBuf;

use exporter_workbook::debug_is_message;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

/// The content of the file. An empty one is valid: plain HTTP for everyone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    pub tls_server_config: Option<Spanned<TlsServerConfig>>,
    pub http_server_config: Option<HttpServerConfig>,
    pub rate_limit: Option<RateLimit>,
    /// Hashes by bcrypt, by user.
    pub basic_auth_users: Option<BTreeMap<String, Spanned<Option<String>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsServerConfig {
    pub cert: Option<Spanned<String>>,
    pub cert_file: Option<Spanned<PathBuf>>,
    pub key: Option<Spanned<String>>,
    pub key_file: Option<Spanned<PathBuf>>,
    pub client_ca: Option<Spanned<String>>,
    pub client_ca_file: Option<Spanned<PathBuf>>,
    pub client_auth_type: Option<Spanned<ClientAuthType>>,
    /// Names, addresses, e-mail addresses or URIs, of which a client's certificate must
    /// have one.
    pub client_allowed_sans: Option<Spanned<Vec<String>>>,
    pub min_version: Option<Spanned<Version>>,
    pub max_version: Option<Version>,
    pub cipher_suites: Option<Spanned<Vec<String>>>,
    pub curve_preferences: Option<Spanned<Vec<String>>>,
    /// The server's order always counts here.
    pub prefer_server_cipher_suites: Option<bool>,
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

impl ClientAuthType {
    /// Returns whether a certificate that the authority hasn't signed is refused.
    pub fn verifies(self) -> bool {
        matches!(
            self,
            ClientAuthType::VerifyClientCertIfGiven
                | ClientAuthType::RequireAndVerifyClientCert
        )
    }

    /// Returns whether a client without a certificate is refused.
    pub fn requires(self) -> bool {
        matches!(
            self,
            ClientAuthType::RequireAnyClientCert
                | ClientAuthType::RequireAndVerifyClientCert
        )
    }
}

/// Older versions are insecure, and rustls doesn't have them.
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
    pub headers: Option<BTreeMap<String, Spanned<Option<String>>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    pub interval: Option<Spanned<String>>,
    pub burst: Option<Spanned<u32>>,
}

/// Why the file can't be used.
#[derive(thiserror::Error)]
#[error("{}: {message}", file.display())]
#[non_exhaustive]
pub struct WebConfigError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it or with a file that it names, and in which line.
    pub message: String,
}

debug_is_message!(WebConfigError);

/// Returns `message` with the line that it's about.
pub fn at(location: Location, message: impl Display) -> String {
    let (line, column) = (location.line(), location.column());
    format!("line {line}, column {column}: {message}")
}

/// Hides what may be a key or the hash of a password, which stands where something else
/// should.
pub fn discreet(message: String) -> String {
    match ["-----", "$2"].iter().any(|text| message.contains(text)) {
        true => hidden(&message),
        false => message,
    }
}

fn hidden(message: &str) -> String {
    let place = message.split_once(": ").map(|(place, _)| place);
    let place = place.filter(|place| place.starts_with("line "));
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    format!(
        "{place}this isn't expected here; it isn't shown, because it may be a secret"
    )
}

/// Returns whether a word of `text` may be a line of a key: no word of the format is as
/// long.
fn has_line_of_key(text: &str) -> bool {
    let is_of_key =
        |c: char| c.is_ascii_alphanumeric() || ['+', '/', '=', '$'].contains(&c);
    let mut words = text.split(|c: char| !is_of_key(c));
    words.any(|word| word.len() >= 30)
}

impl WebConfig {
    pub fn parse(text: &str) -> Result<WebConfig, String> {
        let mut lines = text.lines().map(str::trim);
        if lines.all(|line| line.is_empty() || line.starts_with('#')) {
            return Ok(WebConfig::default());
        }
        // Without the lines around an error: they may have hashes of passwords.
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let text = error.to_string();
            // What only programmers can do about it.
            let text = text
                .replace("; use Option<String>", "")
                .replace(", set DuplicateKeyPolicy in Options if acceptable", "");
            let message = match (text.rsplit_once(" at line "), error.location()) {
                (Some((message, _)), Some(location)) => at(location, message),
                _ => text,
            };
            match has_line_of_key(&message) {
                true => hidden(&message),
                false => discreet(message),
            }
        })
    }
}

impl TlsServerConfig {
    /// Returns the files that it names.
    pub fn files(&self) -> Vec<PathBuf> {
        let files = [&self.cert_file, &self.key_file, &self.client_ca_file];
        let named = files.into_iter().flatten();
        named.map(|file| file.value.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_valid() {
        for text in [
            "",
            "\n",
            "# nothing\n",
            "  # nothing\n",
            "{}\n",
            "tls_server_config:\nhttp_server_config:\nrate_limit:\nbasic_auth_users:\n",
        ] {
            let config = WebConfig::parse(text).unwrap();
            assert!(config.tls_server_config.is_none(), "{text:?}");
            assert!(config.basic_auth_users.is_none(), "{text:?}");
        }
    }

    #[test]
    fn a_whole_file_is_read() {
        let text = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n  \
                    client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: \
                    ca.crt\n  client_allowed_sans: [a]\n  min_version: TLS12\n  \
                    max_version: TLS13\n  prefer_server_cipher_suites: true\n\
                    http_server_config:\n  http2: false\n  headers:\n    \
                    X-Frame-Options: deny\nrate_limit:\n  interval: 1s\n  burst: 2\n\
                    basic_auth_users:\n  metrics: $2b$\n";
        let config = WebConfig::parse(text).unwrap();
        let tls = config.tls_server_config.unwrap().value;
        assert_eq!(tls.cert_file.unwrap().value, PathBuf::from("server.crt"));
        let kind = tls.client_auth_type.unwrap();
        assert_eq!(kind.value, ClientAuthType::RequireAndVerifyClientCert);
        assert_eq!(kind.defined.line(), 4);
        let users = config.basic_auth_users.unwrap();
        assert_eq!(users["metrics"].value.as_deref(), Some("$2b$"));
        assert_eq!(config.rate_limit.unwrap().burst.unwrap().value, 2);
    }

    #[test]
    fn what_is_no_such_file_is_an_error_with_its_line() {
        for (text, expected) in [
            ("tls_server_confg: {}\n", "unknown field `tls_server_confg`"),
            (
                "\ntls_server_config:\n  cert_fil: a\n",
                "line 3, column 3: unknown field `cert_fil`",
            ),
            (
                "tls_server_config: {cert_file: a, min_version: TLS11}\n",
                "line 1, column 48: unknown variant `TLS11`, expected one of TLS12, \
                 TLS13",
            ),
            (
                "tls_server_config:\n  client_auth_type: None\n",
                "unknown variant `None`, expected one of NoClientCert",
            ),
            (
                "basic_auth_users:\n- metrics\n",
                "line 2, column 3: expected mapping start",
            ),
            ("basic_auth_users: {a: b, a: c}\n", "duplicate mapping key"),
            ("a: [\n", "line"),
            ("- a\n", "line 1, column 1: expected mapping start"),
            ("rate_limit: {burst: -1}\n", "line 1, column 21: "),
            ("{}\n---\n{}\n", "multiple YAML documents"),
        ] {
            let error = WebConfig::parse(text).err();
            let error = error.unwrap_or_else(|| panic!("{text}"));
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn an_error_has_no_secret_in_it() {
        let hidden = "this isn't expected here; it isn't shown, because it may be a \
                      secret";
        for (text, place) in [
            ("-----BEGIN PRIVATE KEY-----: 1\n", "line 1, column 1: "),
            (
                "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgYUfm: 1\n",
                "line 1, column 1: ",
            ),
            ("$2b$10$N9qo8uLO: metrics\n", "line 1, column 1: "),
            (
                "rate_limit: {burst: $2b$10$N9qo8uLO}\n",
                "line 1, column 21: ",
            ),
        ] {
            let error = WebConfig::parse(text).err().unwrap();
            let is_hidden = error == format!("{place}{hidden}");
            assert!(is_hidden || !error.contains("N9qo"), "{error}");
            assert!(
                !error.contains("MIGH") && !error.contains("BEGIN"),
                "{error}"
            );
        }
        let long = "tls_server_config: {client_auth_type: RequireAndVerifyClientCerts}";
        let error = WebConfig::parse(long).err().unwrap();
        assert!(error.contains("RequireAndVerifyClientCerts"), "{error}");
        let hash = "basic_auth_users:\n  metrics: $2b$10$N9qo8uLO\nx: 1\n";
        let error = WebConfig::parse(hash).err().unwrap();
        assert!(error.starts_with("line 3, column 1: unknown"), "{error}");
    }
}
