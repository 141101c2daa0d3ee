//! TLS: the listener's certificate, taken anew when its files change, and what upstreams are checked against.

use crate::client_certificate::Clients;
use crate::config::Tls;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file that cannot be read, or is not PEM.
    #[error("{path}: {reason}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Certificate and key do not belong together.
    #[error("the certificate and its key do not fit: {0}")]
    Mismatch(#[from] rustls::Error),
}

/// What the listener speaks TLS with.
pub(crate) struct Secured {
    /// For handshakes.
    pub config: Arc<ServerConfig>,
    /// Who certifies clients, where they are asked for certificates.
    pub clients: Option<Clients>,
}

/// Reads the listener's certificate and key, and the authorities of its clients.
///
/// # Errors
/// [`TlsError`] names the file and what is wrong with it.
pub(crate) fn secured(tls: &Tls) -> Result<Arc<Secured>, TlsError> {
    let fault = |path: &Path, reason: String| TlsError::File { path: path.to_owned(), reason };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&tls.certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|error| fault(&tls.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(fault(&tls.certificate, "there is no certificate in it".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| fault(&tls.key, error.to_string()))?;
    let clients = |path: &Path| Clients::read(path, provider()).map_err(|reason| fault(path, reason));
    let clients = tls.client_authorities.as_deref().map(clients).transpose()?;
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match &clients {
        Some(clients) => builder.with_client_cert_verifier(clients.taking_all()),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(Secured { config: Arc::new(config), clients }))
}

/// What upstreams are checked against: the public authorities, and those of a file if one is given.
///
/// # Errors
/// [`TlsError`] if the file cannot be read.
pub(crate) fn client_config(authorities: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = authorities {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
        let chain = chain.map_err(|error| TlsError::File { path: path.to_owned(), reason: error.to_string() })?;
        roots.add_parsable_certificates(chain);
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
