//! A server's certificate, and a client that speaks TLS with it.

#![allow(dead_code, reason = "each test file uses a part of this module")]

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned,
    SupportedProtocolVersion, version,
};

use crate::support::connect;
use crate::support::running::Running;

pub fn certificates(name: &str) -> Vec<CertificateDer<'static>> {
    let file = format!("tests/certificates/{name}.crt");
    let all = CertificateDer::pem_file_iter(file).unwrap();
    all.collect::<Result<_, _>>().unwrap()
}

pub fn server_config(name: &str) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from_pem_file(format!("tests/certificates/{name}.key"));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates(name), key.unwrap());
    Arc::new(config.unwrap())
}

pub type Client = StreamOwned<ClientConnection, TcpStream>;

pub fn client_with(
    running: &Running,
    versions: &[&'static SupportedProtocolVersion],
) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(certificates("ca").remove(0)).unwrap();
    let config = ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, connect(running.address))
}

pub fn client(running: &Running) -> Client {
    client_with(running, &[&version::TLS13, &version::TLS12])
}
