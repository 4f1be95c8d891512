//! The settings of rustls for what the file says.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, SupportedKxGroup, WebPkiSupportedAlgorithms, ring,
    verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, NamedGroup, RootCertStore,
    ServerConfig, SignatureScheme, SupportedCipherSuite, SupportedProtocolVersion,
    version,
};

use super::config::{ClientAuthType, TlsServerConfig, Version, WebConfigError};
use super::sans::Named;

impl TlsServerConfig {
    /// Reads the files. Their paths are relative to `folder`, that of the configuration.
    ///
    /// # Errors
    ///
    /// Returns an error if one can't be read, or if key and certificate don't fit.
    pub fn build(&self, folder: &Path) -> Result<Arc<ServerConfig>, WebConfigError> {
        let (file, pem) = text(self.cert.as_ref(), self.cert_file.as_ref(), folder)?;
        let certificates = certificates(&file, &pem)?;
        let (key_file, pem) = text(self.key.as_ref(), self.key_file.as_ref(), folder)?;
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| invalid(&key_file, &format!("no private key: {error}")))?;
        let builder = ServerConfig::builder_with_provider(Arc::new(self.provider()?))
            .with_protocol_versions(&self.versions())
            .map_err(|error| invalid(&file, &error.to_string()))?;
        let builder = match self.verifier(folder)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let config = builder
            .with_single_cert(certificates, key)
            .map_err(|error| invalid(&key_file, &error.to_string()))?;
        Ok(Arc::new(config))
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let min = self.min_version.unwrap_or(Version::TLS12);
        let max = self.max_version.unwrap_or(Version::TLS13);
        let all = [
            (Version::TLS12, &version::TLS12),
            (Version::TLS13, &version::TLS13),
        ];
        let within = all.into_iter().filter(|(all, _)| (min..=max).contains(all));
        within.map(|(_, version)| version).collect()
    }

    /// The cryptography, without what the file leaves out. As in Go, the suites of TLS
    /// 1.3 can't be chosen.
    fn provider(&self) -> Result<CryptoProvider, WebConfigError> {
        let mut provider = ring::default_provider();
        let suite = |suite: &SupportedCipherSuite| format!("{:?}", suite.suite());
        let suites = &mut provider.cipher_suites;
        if !self.cipher_suites.is_empty() {
            check_known(
                "cipher_suites",
                &self.cipher_suites,
                suites.iter().map(suite),
            )?;
            suites.retain(|all| {
                suite(all).starts_with("TLS13_")
                    || self.cipher_suites.contains(&suite(all))
            });
        }
        // Go's names.
        let curve = |group: &&dyn SupportedKxGroup| match group.name() {
            NamedGroup::secp256r1 => "CurveP256".to_owned(),
            NamedGroup::secp384r1 => "CurveP384".to_owned(),
            other => format!("{other:?}"),
        };
        let groups = &mut provider.kx_groups;
        if !self.curve_preferences.is_empty() {
            let known = groups.iter().map(curve);
            check_known("curve_preferences", &self.curve_preferences, known)?;
            groups.retain(|all| self.curve_preferences.contains(&curve(all)));
        }
        Ok(provider)
    }

    fn verifier(
        &self,
        folder: &Path,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, WebConfigError> {
        let any = |is_required| -> Result<_, WebConfigError> {
            let algorithms = self.provider()?.signature_verification_algorithms;
            let any = AnyCertificate {
                is_required,
                algorithms,
            };
            Ok(Some(Arc::new(any) as Arc<dyn ClientCertVerifier>))
        };
        match self.client_auth_type {
            ClientAuthType::NoClientCert => Ok(None),
            ClientAuthType::RequestClientCert => any(false),
            ClientAuthType::RequireAnyClientCert => any(true),
            ClientAuthType::VerifyClientCertIfGiven => self.signed(folder, false),
            ClientAuthType::RequireAndVerifyClientCert => self.signed(folder, true),
        }
    }

    /// Returns what accepts certificates that the authority has signed.
    fn signed(
        &self,
        folder: &Path,
        is_required: bool,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, WebConfigError> {
        let ca = (self.client_ca.as_ref(), self.client_ca_file.as_ref());
        let (file, pem) = text(ca.0, ca.1, folder)?;
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&file, &pem)? {
            let added = roots.add(certificate);
            added.map_err(|error| invalid(&file, &error.to_string()))?;
        }
        let provider = Arc::new(self.provider()?);
        let builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        let builder = match is_required {
            true => builder,
            false => builder.allow_unauthenticated(),
        };
        let verifier = builder.build();
        let inner = verifier.map_err(|error| invalid(&file, &error.to_string()))?;
        Ok(Some(match self.client_allowed_sans.is_empty() {
            true => inner,
            false => Arc::new(Named {
                inner,
                allowed: self.client_allowed_sans.clone(),
            }),
        }))
    }
}

/// Accepts any certificate of a client who has its key, whoever signed it.
#[derive(Debug)]
struct AnyCertificate {
    is_required: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Returns an error that names the first unknown value of `key`.
fn check_known(
    key: &str,
    names: &[String],
    known: impl Iterator<Item = String>,
) -> Result<(), WebConfigError> {
    let known: Vec<String> = known.collect();
    match names.iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(unknown) => {
            let known = known.join(", ");
            let message = format!("{unknown} is unknown; known are {known}");
            Err(invalid(Path::new(key), &message))
        }
    }
}

/// Returns the PEM text and where it is from; the file wins.
fn text(
    inline: Option<&String>,
    file: Option<&PathBuf>,
    folder: &Path,
) -> Result<(PathBuf, String), WebConfigError> {
    let Some(file) = file else {
        let text = inline.cloned().unwrap_or_default();
        return Ok((PathBuf::from("the inline PEM"), text));
    };
    let file = folder.join(file);
    match fs::read_to_string(&file) {
        Ok(text) => Ok((file, text)),
        Err(source) => Err(WebConfigError::Unreadable { file, source }),
    }
}

fn certificates(
    file: &Path,
    pem: &str,
) -> Result<Vec<CertificateDer<'static>>, WebConfigError> {
    let all = CertificateDer::pem_slice_iter(pem.as_bytes());
    let all: Result<Vec<_>, _> = all.collect();
    match all {
        Ok(all) if !all.is_empty() => Ok(all),
        Ok(_) => Err(invalid(file, "no certificate")),
        Err(error) => Err(invalid(file, &error.to_string())),
    }
}

fn invalid(file: &Path, message: &str) -> WebConfigError {
    WebConfigError::Invalid {
        file: file.to_owned(),
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn built(config: TlsServerConfig) -> Result<Arc<ServerConfig>, String> {
        let folder = Path::new("../tests/certificates");
        config.build(folder).map_err(|error| error.to_string())
    }

    fn pair(cert: &str, key: &str) -> TlsServerConfig {
        TlsServerConfig {
            cert_file: Some(cert.into()),
            key_file: Some(key.into()),
            ..TlsServerConfig::default()
        }
    }

    #[test]
    fn a_pair_that_fits_is_accepted_and_another_is_named() {
        built(pair("server.crt", "server.key")).unwrap();
        for (cert, key, expected) in [
            (
                "server.crt",
                "client.key",
                "client.key: keys may not be consistent",
            ),
            (
                "none.crt",
                "server.key",
                "cannot read ../tests/certificates/none.crt",
            ),
            ("server.key", "server.key", "server.key: no certificate"),
            ("server.crt", "server.crt", "server.crt: no private key"),
        ] {
            let error = built(pair(cert, key)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_authority_without_certificates_is_an_error() {
        let with_ca = |ca: &str| TlsServerConfig {
            client_ca_file: Some(ca.into()),
            client_auth_type: ClientAuthType::RequireAndVerifyClientCert,
            ..pair("server.crt", "server.key")
        };
        built(with_ca("ca.crt")).unwrap();
        let error = built(with_ca("server.key")).unwrap_err();
        assert!(error.contains("server.key: no certificate"), "{error}");
    }

    #[test]
    fn a_suite_that_is_unknown_is_named_with_the_known_ones() {
        let with_suites = |names: &[&str]| TlsServerConfig {
            cipher_suites: names.iter().copied().map(str::to_owned).collect(),
            ..pair("server.crt", "server.key")
        };
        let one = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        let config = built(with_suites(&[one])).unwrap();
        let suites = config.crypto_provider().cipher_suites.iter();
        let suites: Vec<_> = suites.map(|all| format!("{:?}", all.suite())).collect();
        let older = suites.iter().filter(|all| !all.starts_with("TLS13_"));
        assert_eq!(older.collect::<Vec<_>>(), [one]);
        let error = built(with_suites(&["TLS_RSA_WITH_RC4_128_SHA"])).unwrap_err();
        assert!(
            error.contains("TLS_RSA_WITH_RC4_128_SHA is unknown; "),
            "{error}"
        );
    }
}
