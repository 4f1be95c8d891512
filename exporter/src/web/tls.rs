//! The settings of rustls for what the file says.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, SupportedKxGroup, ring};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{
    NamedGroup, ServerConfig, SupportedCipherSuite, SupportedProtocolVersion, version,
};
use serde_saphyr::{Location, Spanned};

use super::certificates::{Pem, not_after, pem};
use super::clients::{AnyCertificate, Named};
use super::config::{ClientAuthType, TlsServerConfig, Version, at};
use super::files::Files;

/// What a server needs for TLS.
pub struct Tls {
    pub config: Arc<ServerConfig>,
    /// When the certificate expires, in seconds since 1970.
    pub not_after: Option<i64>,
}

/// Reads the files. Their paths are relative to `folder`, that of the configuration.
///
/// # Errors
///
/// Returns an error if one can't be read, if key and certificate don't fit, or if the
/// settings contradict each other.
pub fn build(
    config: &Spanned<TlsServerConfig>,
    files: &Files,
    folder: &Path,
) -> Result<Tls, String> {
    let tls = &config.value;
    let (cert, key) = pair(config, files, folder)?;
    let provider = Arc::new(tls.provider()?);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&tls.versions()?)
        .map_err(|error| at(config.defined, error))?;
    let builder = match tls.verifier(files, folder, &provider)? {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let chain = cert.certificates()?;
    let not_after = chain.first().and_then(not_after);
    let built = builder.with_single_cert(chain, key.key()?);
    let mut server = built.map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            key.wrong("it isn't the key of the certificate")
        }
        error => cert.wrong(&error.to_string()),
    })?;
    resume(tls.client_auth_type(), &mut server);
    Ok(Tls {
        config: Arc::new(server),
        not_after,
    })
}

/// Lets clients resume connections, if who they are doesn't count: their certificate
/// isn't looked at then, and may have expired meanwhile.
fn resume(kind: ClientAuthType, server: &mut ServerConfig) {
    server.session_storage = Arc::new(NoServerSessionStorage {});
    // With tickets, clients keep what is needed for it. This program keeps nothing.
    match (kind, ring::Ticketer::new()) {
        (ClientAuthType::NoClientCert, Ok(ticketer)) => server.ticketer = ticketer,
        _ => server.send_tls13_tickets = 0,
    }
}

/// Returns the certificate and its key.
fn pair(
    config: &Spanned<TlsServerConfig>,
    files: &Files,
    folder: &Path,
) -> Result<(Pem, Pem), String> {
    let tls = &config.value;
    let cert = pem(
        "cert",
        tls.cert_file.as_ref(),
        tls.cert.as_ref(),
        files,
        folder,
    )?;
    let key = pem(
        "key",
        tls.key_file.as_ref(),
        tls.key.as_ref(),
        files,
        folder,
    )?;
    match (cert, key) {
        (Some(cert), Some(key)) => Ok((cert, key)),
        (Some(cert), None) => Err(cert.wrong("it needs a key_file")),
        (None, Some(key)) => Err(key.wrong("it needs a cert_file")),
        (None, None) => {
            let message = "tls_server_config needs a cert_file and a key_file";
            Err(at(config.defined, message))
        }
    }
}

impl TlsServerConfig {
    /// Returns how clients must prove who they are.
    pub fn client_auth_type(&self) -> ClientAuthType {
        let kind = self.client_auth_type.as_ref();
        kind.map(|kind| kind.value).unwrap_or_default()
    }

    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
        let min = self.min_version.as_ref();
        let lowest = min.map_or(Version::TLS12, |min| min.value);
        let highest = self.max_version.unwrap_or(Version::TLS13);
        if let Some(min) = min.filter(|_| lowest > highest) {
            let message =
                format!("min_version {lowest:?} is above max_version {highest:?}");
            return Err(at(min.defined, message));
        }
        let all = [
            (Version::TLS12, &version::TLS12),
            (Version::TLS13, &version::TLS13),
        ];
        let within = all.into_iter();
        let within = within.filter(|(all, _)| (lowest..=highest).contains(all));
        Ok(within.map(|(_, version)| version).collect())
    }

    /// Returns the cryptography, without what the file leaves out. As in Go, the suites
    /// of TLS 1.3 can't be chosen.
    fn provider(&self) -> Result<CryptoProvider, String> {
        let mut provider = ring::default_provider();
        if let Some(chosen) = &self.cipher_suites {
            let name = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite());
            let all = provider.cipher_suites.into_iter();
            let (newest, older): (Vec<_>, Vec<_>) =
                all.partition(|suite| suite.tls13().is_some());
            provider.cipher_suites = choose("cipher_suites", chosen, older, name)?;
            provider.cipher_suites.extend(newest);
        }
        if let Some(chosen) = &self.curve_preferences {
            let groups = provider.kx_groups;
            provider.kx_groups = choose("curve_preferences", chosen, groups, curve)?;
        }
        Ok(provider)
    }

    fn verifier(
        &self,
        files: &Files,
        folder: &Path,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, String> {
        let kind = self.client_auth_type();
        let file = self.client_ca_file.as_ref();
        let ca = pem("client_ca", file, self.client_ca.as_ref(), files, folder)?;
        if kind.verifies() {
            return Ok(Some(self.signed(ca, provider)?));
        }
        if let Some(ca) = ca {
            return Err(ca.wrong(
                "it has no effect without the client_auth_type \
                 RequireAndVerifyClientCert or VerifyClientCertIfGiven",
            ));
        }
        if let Some(sans) = &self.client_allowed_sans {
            let message = "client_allowed_sans needs the client_auth_type \
                           RequireAndVerifyClientCert: anybody can write any name into \
                           a certificate";
            return Err(at(sans.defined, message));
        }
        Ok(match kind {
            ClientAuthType::NoClientCert => None,
            kind => Some(Arc::new(AnyCertificate {
                is_required: kind.requires(),
                algorithms: provider.signature_verification_algorithms,
            })),
        })
    }

    /// Returns what accepts certificates that the authority has signed.
    fn signed(
        &self,
        ca: Option<Pem>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, String> {
        let kind = self.client_auth_type();
        let Some(ca) = ca else {
            let place = self.client_auth_type.as_ref().map(|kind| kind.defined);
            let message = format!("{kind:?} needs a client_ca_file");
            return Err(at(place.unwrap_or(Location::UNKNOWN), message));
        };
        let roots = Arc::new(ca.authorities()?);
        let provider = Arc::clone(provider);
        let builder = WebPkiClientVerifier::builder_with_provider(roots, provider);
        let builder = match kind.requires() {
            true => builder,
            false => builder.allow_unauthenticated(),
        };
        let inner = builder.build();
        let inner = inner.map_err(|error| ca.wrong(&error.to_string()))?;
        Ok(match &self.client_allowed_sans {
            None => inner,
            Some(allowed) if allowed.value.is_empty() => {
                let message = "client_allowed_sans names nobody: leave it out";
                return Err(at(allowed.defined, message));
            }
            Some(allowed) => Arc::new(Named::new(inner, &allowed.value)),
        })
    }
}

/// Returns a curve's name as Go has it.
fn curve(group: &&dyn SupportedKxGroup) -> String {
    match group.name() {
        NamedGroup::secp256r1 => "CurveP256".to_owned(),
        NamedGroup::secp384r1 => "CurveP384".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Returns those of `all` that `chosen` names, in its order; all if it names none.
fn choose<T: Copy>(
    key: &str,
    chosen: &Spanned<Vec<String>>,
    all: Vec<T>,
    name: impl Fn(&T) -> String,
) -> Result<Vec<T>, String> {
    if chosen.value.is_empty() {
        return Ok(all);
    }
    let find = |wanted: &String| {
        let found = all.iter().find(|one| name(one) == *wanted);
        found.copied().ok_or_else(|| {
            let known = all.iter().map(&name).collect::<Vec<_>>().join(", ");
            let message = format!("{key}: {wanted} is unknown; known are {known}");
            at(chosen.defined, message)
        })
    };
    chosen.value.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(settings: &str) -> Result<Tls, String> {
        let config: Spanned<TlsServerConfig> =
            serde_saphyr::from_str(settings).unwrap();
        let folder = Path::new("../tests/certificates");
        let mut files = Files::default();
        let all = config.value.files();
        all.iter().for_each(|file| files.add(folder.join(file)));
        build(&config, &files, folder)
    }

    const PAIR: &str = "cert_file: server.crt\nkey_file: server.key\n";
    const MUTUAL: &str = "client_auth_type: RequireAndVerifyClientCert\n\
                          client_ca_file: ca.crt\n";

    #[test]
    fn a_pair_that_fits_is_accepted_with_its_end() {
        let tls = built(PAIR).unwrap();
        // In the year 2126.
        assert!(tls.not_after.unwrap() > 4_900_000_000);
        let inline = |name: &str| {
            let text = std::fs::read_to_string(format!("../tests/certificates/{name}"));
            text.unwrap().replace('\n', "\n  ")
        };
        let (cert, key) = (inline("server.crt"), inline("server.key"));
        built(&format!("cert: |\n  {cert}\nkey: |\n  {key}\n")).unwrap();
        // The file counts.
        built(&format!("{PAIR}cert: none\nkey: none\n")).unwrap();
        built(&format!("{PAIR}{MUTUAL}client_allowed_sans: [a]\n")).unwrap();
    }

    const WRONG: &[(&str, &str)] = &[
        (
            "\n  {}",
            "tls_server_config needs a cert_file and a key_file",
        ),
        ("cert_file: server.crt", "server.crt: it needs a key_file"),
        (
            "key_file: server.key\ncert_file: ''",
            "key_file ../tests/certificates/server.key: it needs a cert_file",
        ),
        (
            "cert_file: server.crt\nkey_file: client.key",
            "line 2, column 11: key_file ../tests/certificates/client.key: it isn't the key of the certificate",
        ),
        (
            "cert_file: none.crt\nkey_file: server.key",
            "line 1, column 12: cert_file ../tests/certificates/none.crt: cannot read it: No such file or \
                 directory (os error 2)",
        ),
        ("cert_file: .\nkey_file: .", "it isn't a file"),
        (
            "cert_file: server.key\nkey_file: server.key",
            "server.key: no certificate is in it",
        ),
        (
            "cert_file: server.crt\nkey_file: server.crt",
            "server.crt: no private key without a password is in it",
        ),
    ];

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (settings, expected) in WRONG {
            let error = built(settings)
                .err()
                .unwrap_or_else(|| panic!("{settings}"));
            assert!(error.contains(expected), "{error}");
        }
    }

    const CONTRADICTING: &[(&str, &str)] = &[
        (
            "client_ca_file: ca.crt\n",
            "ca.crt: it has no effect without the client_auth_type \
                 RequireAndVerifyClientCert or VerifyClientCertIfGiven",
        ),
        (
            "client_auth_type: RequireAndVerifyClientCert\n",
            "line 3, column 19: RequireAndVerifyClientCert needs a client_ca_file",
        ),
        (
            "client_auth_type: VerifyClientCertIfGiven\nclient_ca_file: \
                 server.key\n",
            "server.key: no certificate is in it",
        ),
        (
            "client_auth_type: RequireAnyClientCert\nclient_allowed_sans: [a]\n",
            "line 4, column 22: client_allowed_sans needs the client_auth_type \
                 RequireAndVerifyClientCert: anybody can write any name into a \
                 certificate",
        ),
        (
            "min_version: TLS13\nmax_version: TLS12\n",
            "line 3, column 14: min_version TLS13 is above max_version TLS12",
        ),
        (
            "cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n",
            "cipher_suites: TLS_RSA_WITH_RC4_128_SHA is unknown; known are TLS_",
        ),
        (
            "curve_preferences: [P256]\n",
            "line 3, column 20: curve_preferences: P256 is unknown; known are \
                 X25519, CurveP256, CurveP384",
        ),
    ];

    #[test]
    fn settings_that_contradict_each_other_are_named_with_their_line() {
        for (settings, expected) in CONTRADICTING {
            let error = built(&format!("{PAIR}{settings}")).err();
            let error = error.unwrap_or_else(|| panic!("{settings}"));
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn suites_and_curves_are_those_chosen_in_their_order() {
        let tls = built(&format!(
            "{PAIR}cipher_suites:\n- TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384\n- \
             TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\ncurve_preferences: [CurveP384, \
             X25519]\n"
        ));
        let config = tls.unwrap().config;
        let suites = config.crypto_provider().cipher_suites.iter();
        let older = suites.filter(|suite| suite.tls13().is_none());
        let older: Vec<_> = older.map(|suite| format!("{:?}", suite.suite())).collect();
        assert_eq!(
            older,
            [
                "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
            ]
        );
        let curves = config.crypto_provider().kx_groups.iter().map(curve);
        assert_eq!(curves.collect::<Vec<_>>(), ["CurveP384", "X25519"]);
    }
}
