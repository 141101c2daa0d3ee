//! Fetching an issuer's keys: discovery (OpenID Connect Discovery section 4), then the JWK set. No redirects, no proxies, no
//! compression, bounded in size and time, a connection for each.

use super::address::{Reach, origin, reach};
use bytes::Bytes;
use countersign::token::{Algorithm, KeySet, KeySetFault};
use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HOST, USER_AGENT};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use serde::Deserialize;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The largest document that is read, in bytes.
const SIZE_LIMIT: usize = 1024 * 1024;
/// The longest that both documents together may take.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How long a set is fresh if its issuer does not say, and the bounds of what it may say.
const AGE: Duration = Duration::from_secs(60 * 60);
const SHORTEST_AGE: Duration = Duration::from_secs(5 * 60);
const LONGEST_AGE: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) struct Fetcher {
    tls: TlsConnector,
}

/// A set of keys, and for how long it is fresh.
pub(super) struct Fetched {
    pub(super) set: KeySet,
    pub(super) age: Duration,
}

/// Why keys could not be fetched.
#[derive(Debug, Error)]
pub(super) enum FetchFault {
    #[error("the address {0} is not one of http or https")]
    Address(String),
    #[error("the discovery document is for the issuer {0}")]
    OtherIssuer(String),
    #[error("the keys lie at {0}: neither at the issuer nor in public over https")]
    KeysElsewhere(String),
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
    #[error("no answer: {0}")]
    Request(#[from] http::Error),
    #[error("the answer has status {0}; redirects are not followed")]
    Status(StatusCode),
    #[error("the answer is compressed, which was not asked for")]
    Compressed,
    #[error("the answer is larger than {SIZE_LIMIT} bytes, or broke off")]
    Body,
    #[error("the discovery document is not one: {0}")]
    Discovery(serde_json::Error),
    #[error("{0}")]
    KeySet(#[from] KeySetFault),
    #[error("no answer within {} s", TIME_LIMIT.as_secs())]
    Time,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Fetcher {
    pub(super) fn new(extra_roots: &[CertificateDer<'static>]) -> Self {
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

    pub(super) async fn fetch(&self, issuer: &str) -> Result<Fetched, FetchFault> {
        timeout(TIME_LIMIT, self.discover_and_get(issuer)).await.unwrap_or(Err(FetchFault::Time))
    }

    async fn discover_and_get(&self, issuer: &str) -> Result<Fetched, FetchFault> {
        let discovery_uri = parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
        let (_, document) = self.get(&discovery_uri, Reach::Anywhere).await?;
        let discovery: Discovery = serde_json::from_slice(&document).map_err(FetchFault::Discovery)?;
        if discovery.issuer != issuer {
            return Err(FetchFault::OtherIssuer(discovery.issuer));
        }
        let uri = parse(&discovery.jwks_uri)?;
        let reach = reach(&uri, &discovery_uri).ok_or(FetchFault::KeysElsewhere(discovery.jwks_uri))?;
        let (headers, document) = self.get(&uri, reach).await?;
        // Which of them may be used is the judge's question, and its answer may change while the set is held.
        Ok(Fetched { set: KeySet::read(&document, Algorithm::ALL)?, age: age(&headers) })
    }

    async fn get(&self, uri: &Uri, reach: Reach) -> Result<(HeaderMap, Bytes), FetchFault> {
        let (scheme, host, port) = origin(uri).ok_or_else(|| FetchFault::Address(uri.to_string()))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let stream = connect(host, port, reach).await?;
        if scheme == "http" {
            return get_over(stream, uri).await;
        }
        let name = ServerName::try_from(host.to_owned()).map_err(|_| FetchFault::Address(uri.to_string()))?;
        get_over(self.tls.connect(name, stream).await.map_err(no_tls)?, uri).await
    }
}

/// What can be wrong with a certificate, in words short enough for evidence: each has a mend of its own.
fn no_tls(error: io::Error) -> FetchFault {
    let Some(rustls::Error::InvalidCertificate(wrong)) = error.get_ref().and_then(|error| error.downcast_ref()) else {
        return FetchFault::Tls(error);
    };
    FetchFault::Certificate(match wrong {
        // An authority of the same name with another key counts for none.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => "is from no authority that is trusted here",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "is for another name",
        _ => "is not valid",
    })
}

fn parse(uri: &str) -> Result<Uri, FetchFault> {
    uri.parse().map_err(|_| FetchFault::Address(uri.to_owned()))
}

async fn connect(host: &str, port: u16, reach: Reach) -> Result<TcpStream, FetchFault> {
    let addresses = lookup_host((host, port)).await.map_err(FetchFault::Connect)?;
    let mut fault = FetchFault::NoAddress;
    // What was looked up is what is called: a second look-up might say something else.
    for address in addresses.filter(|address: &SocketAddr| reach == Reach::Anywhere || countersign::is_public_address(address.ip())) {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => fault = FetchFault::Connect(error),
        }
    }
    Err(fault)
}

async fn get_over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, uri: &Uri) -> Result<(HeaderMap, Bytes), FetchFault> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Aborted with this set, whatever becomes of the answer.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let request = Request::get(uri.path_and_query().map_or("/", |target| target.as_str()))
        .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(ACCEPT, "application/json, application/jwk-set+json")
        .header(ACCEPT_ENCODING, "identity")
        .header(USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")));
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let (head, body) = response.into_parts();
    if head.status != StatusCode::OK {
        return Err(FetchFault::Status(head.status));
    }
    if head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(FetchFault::Compressed);
    }
    let body = Limited::new(body, SIZE_LIMIT).collect().await.map_err(|_| FetchFault::Body)?;
    Ok((head.headers, body.to_bytes()))
}

/// For how long the answer is fresh (RFC 9111 section 5.2.2), within our bounds.
fn age(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let mut age = AGE;
    for directive in directives {
        match directive.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("max-age") => {
                age = value.trim_matches('"').parse().map_or(age, Duration::from_secs);
            }
            None if ["no-store", "no-cache"].iter().any(|name| directive.eq_ignore_ascii_case(name)) => return SHORTEST_AGE,
            _ => {}
        }
    }
    age.clamp(SHORTEST_AGE, LONGEST_AGE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cache_control: &[&str], expect: u64) {
        let headers = cache_control.iter().map(|value| (CACHE_CONTROL, value.parse().unwrap())).collect();
        assert_eq!(age(&headers), Duration::from_secs(expect), "{cache_control:?}");
    }

    #[test]
    fn freshness_within_bounds() {
        check(&[], 3600);
        check(&["public, max-age=7200"], 7200);
        check(&["public", "Max-Age=\"7200\""], 7200);
        check(&["max-age=1"], 300);
        check(&["max-age=99999999"], 86_400);
        check(&["max-age=many"], 3600);
        check(&["max-age=99999999999999999999999"], 3600);
        check(&["max-age=7200, no-store"], 300);
        check(&["private"], 3600);
    }
}
