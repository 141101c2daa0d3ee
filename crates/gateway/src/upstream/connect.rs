//! A new connection to an upstream: TCP, TLS where asked for, HTTP/1.1 or HTTP/2 as configured or agreed (ALPN).

use super::{Failure, Sender};
use crate::config::{Upstream, UpstreamScheme};
use hyper::client::conn::{http1, http2};
use hyper::rt::{Read, Write};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::{CertificateError, Error};
use rustls_pki_types::ServerName;
use std::future::Future;
use std::io;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Runs HTTP/2's tasks on the worker's own thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalExecutor;

impl<F> hyper::rt::Executor<F> for LocalExecutor
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}

pub(super) async fn connect(upstream: &Upstream, tls: &TlsConnector, header_limit: usize) -> Result<Sender, Failure> {
    let stream = TcpStream::connect((upstream.host.as_str(), upstream.port)).await.map_err(|_| Failure::Unreachable("no connection"))?;
    // Small requests must not wait for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    match upstream.scheme {
        UpstreamScheme::Http => one(TokioIo::new(stream), header_limit).await,
        UpstreamScheme::H2c => shared(TokioIo::new(stream), header_limit).await,
        UpstreamScheme::Https => {
            let name = ServerName::try_from(upstream.host.clone()).map_err(|_| Failure::Unreachable("not a name that TLS can check"))?;
            let stream = tls.connect(name, stream).await.map_err(|error| Failure::Unreachable(no_tls(&error)))?;
            let agreed = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            if agreed.as_deref() == Some(b"h2") {
                shared(TokioIo::new(stream), header_limit).await
            } else {
                one(TokioIo::new(stream), header_limit).await
            }
        }
    }
}

/// Why there is no TLS: of what can be wrong with a certificate, each has a mend of its own.
fn no_tls(error: &io::Error) -> &'static str {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(Error::InvalidCertificate(wrong)) => match wrong {
            // An authority of the same name with another key counts for none.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => "its certificate is from no authority that is trusted here",
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "its certificate is not valid yet",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "its certificate is for another name",
            _ => "its certificate is not valid",
        },
        _ => "no TLS connection",
    }
}

async fn one<I: Read + Write + Unpin + Send + 'static>(io: I, header_limit: usize) -> Result<Sender, Failure> {
    let shaken = http1::Builder::new().max_buf_size(header_limit.max(64 * 1024)).handshake(io).await;
    let (sender, connection) = shaken.map_err(|_| Failure::Unreachable("no HTTP connection"))?;
    // How a connection ends is told to whoever waits for a response on it.
    tokio::task::spawn_local(async move { drop(connection.with_upgrades().await) });
    Ok(Sender::One(sender))
}

async fn shared<I: Read + Write + Unpin + Send + 'static>(io: I, header_limit: usize) -> Result<Sender, Failure> {
    let limit = u32::try_from(header_limit).unwrap_or(u32::MAX);
    let shaken = http2::Builder::new(LocalExecutor).timer(TokioTimer::new()).max_header_list_size(limit).handshake(io).await;
    let (sender, connection) = shaken.map_err(|_| Failure::Unreachable("no HTTP/2 connection"))?;
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(Sender::Shared(sender))
}
