//! An authority of one's own, certificates from it (made by openssl), and a door that takes TLS off what comes in and
//! passes the rest on to an app or issuer that speaks none.

use crate::gateway::Folder;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// An authority that nobody trusts who is not told to.
#[derive(Debug)]
pub struct Authority(Folder);

/// A certificate and its key, both PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The certificate.
    pub chain: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Authority {
    /// A new one.
    pub fn new() -> Self {
        let authority = Self(Folder::new());
        let arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=Suite"];
        run(Command::new("openssl").args(arguments).arg("-keyout").arg(authority.path("ca.key")).arg("-out").arg(authority.pem()));
        authority
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// A certificate for a host's name, good for two days from now.
    pub fn certify(&self, host: &str) -> Certificate {
        self.certify_by(Command::new("openssl"), host)
    }

    /// The same, made ten days ago.
    pub fn certify_long_ago(&self, host: &str) -> Certificate {
        let mut command = Command::new("faketime");
        command.args(["-f", "-10d", "openssl"]);
        self.certify_by(command, host)
    }

    fn certify_by(&self, mut openssl: Command, host: &str) -> Certificate {
        let (chain, key, request, names) = (self.path("leaf.pem"), self.path("leaf.key"), self.path("leaf.csr"), self.path("names"));
        let arguments = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=leaf"];
        run(Command::new("openssl").args(arguments).arg("-keyout").arg(&key).arg("-out").arg(&request));
        std::fs::write(&names, format!("subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n")).unwrap();
        openssl.args(["x509", "-req", "-days", "2", "-CAcreateserial", "-CA"]).arg(self.pem()).arg("-CAkey").arg(self.path("ca.key"));
        run(openssl.arg("-extfile").arg(&names).arg("-in").arg(&request).arg("-out").arg(&chain));
        Certificate { chain, key }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|fault| panic!("{command:?}: {fault}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Takes TLS off, and agrees on this protocol only; gives the port of `localhost` that it listens on.
pub fn door(certificate: &Certificate, protocol: &str, behind: SocketAddr) -> u16 {
    let chain = CertificateDer::pem_file_iter(&certificate.chain).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(&certificate.key).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = versions.with_no_client_auth().with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut on = tokio::net::TcpStream::connect(behind).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut on).await;
                });
            }
        });
    });
    port
}
