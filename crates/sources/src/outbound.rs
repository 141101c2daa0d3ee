//! Calls to servers that the operator or an issuer names. No redirects, no proxies, no compression, bounded in size and
//! time, a connection for each; how far an address may lead is the caller's to say.

use crate::reach::{Reach, origin};
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HOST, USER_AGENT};
use http::{HeaderMap, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// The largest answer that is read, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;
/// The longest that a caller should wait for all that one question needs.
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// Makes the calls.
pub(crate) struct Outbound {
    tls: TlsConnector,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum OutboundFault {
    #[error("the address {0} is not one of http or https")]
    Address(String),
    #[error("the host leads to no address that may be called")]
    NoAddress,
    #[error("no connection: {0}")]
    Connect(io::Error),
    #[error("no TLS connection: {0}")]
    Tls(io::Error),
    #[error("its certificate {0}")]
    Certificate(&'static str),
    #[error("no answer: {0}")]
    Http(#[from] hyper::Error),
    #[error("the answer has status {0}; redirects are not followed")]
    Status(StatusCode),
    #[error("the answer is compressed, which was not asked for")]
    Compressed,
    #[error("the answer is larger than {SIZE_LIMIT} bytes, or broke off")]
    Body,
    #[error("no answer within {} s", TIME_LIMIT.as_secs())]
    Time,
}

impl Outbound {
    /// Trusts the public authorities and these.
    pub(crate) fn new(extra_roots: &[CertificateDer<'static>]) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let (_, ignored) = roots.add_parsable_certificates(extra_roots.iter().cloned());
        if ignored > 0 {
            tracing::warn!(ignored, "some certificate authorities for issuers are not certificates");
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let Ok(versions) = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() else {
            unreachable!("the provider has the default protocol versions");
        };
        let config = versions.with_root_certificates(roots).with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)) }
    }

    /// The answer to a GET, if its status is 200.
    pub(crate) async fn get(&self, uri: &Uri, reach: Reach, accept: &'static str) -> Result<(HeaderMap, Bytes), OutboundFault> {
        let mut request = Request::new(Full::default());
        request.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static(accept));
        let (head, body) = self.send(uri, reach, request).await?.into_parts();
        if head.status == StatusCode::OK { Ok((head.headers, body)) } else { Err(OutboundFault::Status(head.status)) }
    }

    /// The answer to a request, whose target and host are set here.
    pub(crate) async fn send(&self, uri: &Uri, reach: Reach, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, OutboundFault> {
        let (scheme, host, port) = origin(uri).ok_or_else(|| OutboundFault::Address(uri.to_string()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream = connect(host, port, reach).await?;
        if scheme == "http" {
            return send_over(stream, uri, request).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| OutboundFault::Address(uri.to_string()))?;
        send_over(self.tls.connect(name, stream).await.map_err(no_tls)?, uri, request).await
    }
}

/// An address as a URI.
pub(crate) fn parse(uri: &str) -> Result<Uri, OutboundFault> {
    uri.parse().map_err(|_| OutboundFault::Address(uri.to_owned()))
}

/// What can be wrong with a certificate, in words short enough for evidence: each has a mend of its own.
fn no_tls(error: io::Error) -> OutboundFault {
    let Some(rustls::Error::InvalidCertificate(wrong)) = error.get_ref().and_then(|error| error.downcast_ref()) else {
        return OutboundFault::Tls(error);
    };
    OutboundFault::Certificate(match wrong {
        // An authority of the same name with another key counts for none.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "is from no authority that is trusted here",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "is for another name",
        _ => "is not valid",
    })
}

async fn connect(host: &str, port: u16, reach: Reach) -> Result<TcpStream, OutboundFault> {
    let addresses = lookup_host((host, port)).await.map_err(OutboundFault::Connect)?;
    let mut fault = OutboundFault::NoAddress;
    // What was looked up is what is called: a second look-up might say something else.
    for address in addresses.filter(|address: &SocketAddr| reach == Reach::Anywhere || countersign::is_public_address(address.ip())) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => fault = OutboundFault::Connect(error),
        }
    }
    Err(fault)
}

async fn send_over(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    uri: &Uri,
    mut request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, OutboundFault> {
    let address = || OutboundFault::Address(uri.to_string());
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    *request.uri_mut() = target.parse().map_err(|_| address())?;
    let host = uri.authority().map_or("", |authority| authority.as_str());
    let fixed = [(HOST, host), (ACCEPT_ENCODING, "identity"), (USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))];
    for (name, value) in fixed {
        request.headers_mut().insert(name, value.parse().map_err(|_| address())?);
    }
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Aborted with this set, whatever becomes of the answer.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let (head, body) = sender.send_request(request).await?.into_parts();
    if head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(OutboundFault::Compressed);
    }
    let body = Limited::new(body, SIZE_LIMIT).collect().await.map_err(|_| OutboundFault::Body)?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
