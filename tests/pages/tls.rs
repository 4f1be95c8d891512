//! The listener's page: a server with TLS.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use exporter_workbook::rustls::ServerConfig;
use exporter_workbook::rustls::pki_types::pem::PemObject;
use exporter_workbook::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use exporter_workbook::serve::Server;

pub fn with_tls(
    server: Server,
    certificate: &Path,
    key: &Path,
) -> Result<Server, Box<dyn Error>> {
    // ANCHOR: tls
    let chain = CertificateDer::pem_file_iter(certificate)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            chain.collect::<Result<_, _>>()?,
            PrivateKeyDer::from_pem_file(key)?,
        )?;
    let config = Arc::new(config);
    let server = server.tls(move || Some(Arc::clone(&config)));
    // ANCHOR_END: tls
    Ok(server)
}
