//! Certificates and keys in PEM, from a file or from the configuration itself.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_saphyr::{Location, Spanned};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::config::at;
use super::files::Files;

/// Text in PEM, and the setting that names it.
pub struct Pem {
    text: Vec<u8>,
    setting: String,
    location: Location,
}

/// Returns the PEM of the file that `key` names, or else of the setting itself, or
/// `None` if neither is set.
///
/// # Errors
///
/// Returns an error if the file can't be read.
pub fn pem(
    key: &str,
    file: Option<&Spanned<PathBuf>>,
    inline: Option<&Spanned<String>>,
    files: &Files,
    folder: &Path,
) -> Result<Option<Pem>, String> {
    let file = file.filter(|file| !file.value.as_os_str().is_empty());
    if let Some(file) = file {
        let path = folder.join(&file.value);
        let setting = format!("{key}_file {}", path.display());
        let text = files.content(&path);
        let text = text
            .map_err(|error| at(file.defined, format!("{setting}: {error}")))?
            .to_vec();
        return Ok(Some(Pem {
            text,
            setting,
            location: file.defined,
        }));
    }
    let inline = inline.filter(|inline| !inline.value.trim().is_empty());
    Ok(inline.map(|inline| Pem {
        text: inline.value.clone().into_bytes(),
        setting: key.to_owned(),
        location: inline.defined,
    }))
}

impl Pem {
    /// Returns the certificates: that of the server or client, and those that sign it.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none, or one that can't be read.
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, String> {
        let all = CertificateDer::pem_slice_iter(&self.text);
        match all.collect::<Result<Vec<_>, _>>() {
            Ok(all) if !all.is_empty() => Ok(all),
            Ok(_) => Err(self.wrong("no certificate is in it")),
            Err(error) => Err(self.wrong(&error.to_string())),
        }
    }

    /// Returns the private key.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none, or if it's encrypted.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>, String> {
        PrivateKeyDer::from_pem_slice(&self.text)
            .map_err(|_| self.wrong("no private key without a password is in it"))
    }

    /// Returns the authorities.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none, or one that can't be read.
    pub fn authorities(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates()? {
            let added = roots.add(certificate);
            added.map_err(|error| self.wrong(&error.to_string()))?;
        }
        Ok(roots)
    }

    /// Returns an error about this text.
    pub fn wrong(&self, message: &str) -> String {
        at(self.location, format!("{}: {message}", self.setting))
    }
}

/// Returns the end of a certificate's validity in seconds since 1970, if it can be
/// read.
pub fn not_after(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    Some(parsed.validity().not_after.timestamp())
}
