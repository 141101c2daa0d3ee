//! One request over one connection: looked up, checked, called, asked, read within bounds. Nothing is followed, kept or
//! unpacked; every failure becomes words in the exchange.

use crate::AGENT;
use crate::certificate::{no_tls, not_after};
use crate::credentials::{Sent, basic};
use crate::target::{Origin, Target};
use bytes::Bytes;
use countersign::Timestamp;
use countersign_doctor::{Exchange, Header, Headers, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

/// The longest that one request may take.
pub(crate) const EACH: Duration = Duration::from_secs(5);
/// The most that is read of a body, in bytes.
const BODY: usize = 1024 * 1024;
/// The most that is read of a head, in bytes, and how many fields it may have.
const HEAD: usize = 64 * 1024;
const FIELDS: usize = 100;

/// Makes connections for one plan.
pub(crate) struct Wire {
    tls: TlsConnector,
    proxy: Option<Target>,
    /// The host that was asked about, and its addresses once they are known: they stay the same for the whole plan.
    asked: Option<String>,
    addresses: Vec<IpAddr>,
}

/// What came of a request.
pub(crate) struct Answer {
    pub(crate) exchange: Exchange,
    /// What could not be seen of it.
    pub(crate) cut: Option<String>,
    /// The end of the server's certificate.
    pub(crate) certificate_ends: Option<Timestamp>,
}

impl Wire {
    pub(crate) fn new(asked: Option<&Origin>, proxy: Option<Target>, authorities: &[CertificateDer<'static>]) -> Self {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(authorities.iter().cloned());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let Ok(versions) = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() else {
            unreachable!("the provider has the default protocol versions");
        };
        let config = versions.with_root_certificates(roots).with_no_client_auth();
        Self { tls: TlsConnector::from(Arc::new(config)), proxy, asked: asked.map(|asked| asked.host.clone()), addresses: Vec::new() }
    }

    /// Sends a request, whose answer has to be there by the deadline.
    pub(crate) async fn ask(&mut self, sent: &Sent, deadline: Instant, at: Timestamp) -> Answer {
        let exchange = Exchange { request: Some(recorded(sent)), at: Some(at), ..Exchange::default() };
        let mut answer = Answer { exchange, cut: None, certificate_ends: None };
        let asked = timeout_at(deadline, self.converse(sent, deadline, &mut answer)).await;
        let failure = match asked {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some("no answer in time".to_owned()),
        };
        // A head that is here is an answer, whatever became of its body.
        match failure {
            Some(failure) if answer.exchange.response.is_some() => answer.cut = Some(failure),
            failure => answer.exchange.failure = failure,
        }
        answer
    }

    async fn converse(&mut self, sent: &Sent, deadline: Instant, answer: &mut Answer) -> Result<(), String> {
        let origin = &sent.target.origin;
        let stream = self.connect(origin).await?;
        if !origin.https {
            let through = self.proxy.as_ref().filter(|_| self.is_asked(origin));
            return exchange(stream, sent, through, deadline, answer).await;
        }
        let name =
            ServerName::try_from(origin.host.clone()).map_err(|_| format!("{} is no name that a certificate could have", origin.host))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| no_tls(&error))?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        answer.certificate_ends = certificate.and_then(|certificate| not_after(certificate));
        exchange(stream, sent, None, deadline, answer).await
    }

    fn is_asked(&self, origin: &Origin) -> bool {
        self.asked.as_ref() == Some(&origin.host)
    }

    /// A connection to the origin, or to the proxy, which then has one.
    async fn connect(&mut self, origin: &Origin) -> Result<TcpStream, String> {
        let Some(proxy) = self.proxy.clone() else {
            let addresses = self.addresses(origin).await?;
            return call(&addresses, origin.port).await;
        };
        // The proxy looks up the name that was asked about; for others it is told the address that was checked here.
        let place = if self.is_asked(origin) {
            origin.clone()
        } else {
            let address = self.addresses(origin).await?.first().copied().ok_or(NO_ADDRESS)?;
            Origin { host: address.to_string(), ..origin.clone() }
        };
        let addresses = resolve(&proxy.origin).await.map_err(|failure| format!("the proxy: {failure}"))?;
        let stream = call(&addresses, proxy.origin.port).await.map_err(|failure| format!("the proxy: {failure}"))?;
        if !origin.https && self.is_asked(origin) { Ok(stream) } else { tunnel(stream, &place, &proxy).await }
    }

    /// Where a host may be called. What was looked up is what is called: a second look-up might say something else.
    async fn addresses(&mut self, origin: &Origin) -> Result<Vec<IpAddr>, String> {
        if !self.is_asked(origin) {
            let mut addresses = resolve(origin).await?;
            addresses.retain(|address| countersign::is_public_address(*address));
            return if addresses.is_empty() { Err(NO_ADDRESS.to_owned()) } else { Ok(addresses) };
        }
        if self.addresses.is_empty() {
            self.addresses = resolve(origin).await?;
        }
        Ok(self.addresses.clone())
    }
}

const NO_ADDRESS: &str = "not called: the host has no public address, and it is not the one that was asked about";

async fn resolve(origin: &Origin) -> Result<Vec<IpAddr>, String> {
    let addresses = lookup_host((origin.host.as_str(), origin.port)).await;
    let addresses = addresses.map_err(|error| format!("the name {} cannot be looked up: {error}", origin.host))?;
    Ok(addresses.map(|address| address.ip()).take(4).collect())
}

async fn call(addresses: &[IpAddr], port: u16) -> Result<TcpStream, String> {
    let mut failure = "the name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect(SocketAddr::new(*address, port)).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = format!("no connection: {error}"),
        }
    }
    Err(failure)
}

/// Has the proxy connect (RFC 9110 section 9.3.6).
async fn tunnel(mut stream: TcpStream, place: &Origin, proxy: &Target) -> Result<TcpStream, String> {
    let host = if place.host.contains(':') { format!("[{}]:{}", place.host, place.port) } else { format!("{}:{}", place.host, place.port) };
    let user = proxy.user.as_ref().map(|(name, password)| format!("Proxy-{}: {}\r\n", "Authorization", basic(name, password).1));
    let request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {AGENT}\r\n{}\r\n", user.unwrap_or_default());
    let failed = |error: io::Error| format!("the proxy: {error}");
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut head = Vec::new();
    // Byte by byte: what follows the head belongs to the origin.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD / 8 {
            return Err("the proxy's answer has too long a head".to_owned());
        }
        head.push(stream.read_u8().await.map_err(failed)?);
    }
    let line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    match line.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(stream),
        status => Err(format!("the proxy answered {} instead of connecting", status.unwrap_or("nothing that is HTTP"))),
    }
}

async fn exchange<S>(stream: S, sent: &Sent, proxy: Option<&Target>, deadline: Instant, answer: &mut Answer) -> Result<(), String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD).max_headers(FIELDS).title_case_headers(true);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(|error| no_answer(&error))?;
    // Aborted with this set, whatever becomes of the answer.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let (request, left_out) = request(sent, proxy)?;
    answer.cut = left_out;
    let response = sender.send_request(request).await.map_err(|error| no_answer(&error))?;
    let (head, mut body) = response.into_parts();
    let fields = head.headers.iter().map(|(name, value)| Header {
        name: name.as_str().to_owned(),
        value: String::from_utf8_lossy(value.as_bytes()).trim().to_owned(),
        line: 0,
    });
    let response = Response { status: head.status.as_u16(), headers: Headers(fields.collect()), ..Response::default() };
    let packed = response.headers.get("content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"));
    answer.exchange.response = Some(response);
    if packed {
        return Err("its body is compressed, which was not asked for, and is not unpacked".to_owned());
    }
    let mut bytes = Vec::new();
    let end = read(&mut body, &mut bytes, deadline).await;
    if let Some(response) = &mut answer.exchange.response {
        response.body = String::from_utf8_lossy(&bytes).into_owned();
    }
    end
}

async fn read(body: &mut hyper::body::Incoming, bytes: &mut Vec<u8>, deadline: Instant) -> Result<(), String> {
    // A little before the time is over, so that what is here already counts.
    let deadline = deadline.checked_sub(Duration::from_millis(100)).unwrap_or(deadline);
    loop {
        let frame = timeout_at(deadline, body.frame()).await.map_err(|_| "its body did not end in time".to_owned())?;
        match frame {
            None => return Ok(()),
            Some(Err(error)) => return Err(format!("its body broke off: {error}")),
            Some(Ok(frame)) => {
                let Ok(data) = frame.into_data() else { continue };
                bytes.extend(data.iter().take(BODY - bytes.len()));
                if bytes.len() == BODY {
                    return Err(format!("only the first {BODY} bytes of its body were read"));
                }
            }
        }
    }
}

/// The request, and which of its fields could not be written.
fn request(sent: &Sent, proxy: Option<&Target>) -> Result<(http::Request<Empty<Bytes>>, Option<String>), String> {
    let target = if proxy.is_some() { sent.target.url() } else { sent.target.path.clone() };
    let mut builder = http::Request::builder().method(sent.method.as_str()).uri(target);
    let mut left_out = Vec::new();
    let mut fields: Vec<(&str, &str)> = sent.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let authority = sent.target.origin.authority();
    fields.extend([("Host", authority.as_str()), ("Accept-Encoding", "identity"), ("Connection", "close")]);
    if sent.field("user-agent").is_none() {
        fields.push(("User-Agent", AGENT));
    }
    let user = proxy.and_then(|proxy| proxy.user.as_ref()).map(|(name, password)| basic(name, password).1);
    fields.extend(user.as_deref().map(|value| ("Proxy-Authorization", value)));
    for (name, value) in fields {
        match (http::HeaderName::try_from(name), http::HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => builder = builder.header(name, value),
            _ => left_out.push(name.chars().filter(|c| c.is_ascii_graphic()).take(40).collect::<String>()),
        }
    }
    let request = builder.body(Empty::new()).map_err(|error| format!("the request cannot be written: {error}"))?;
    Ok((request, (!left_out.is_empty()).then(|| format!("left out, since no client may send them as they are: {}", left_out.join(", ")))))
}

fn no_answer(error: &hyper::Error) -> String {
    match error {
        error if error.is_parse_too_large() => format!("the answer's head is larger than {HEAD} bytes or has more than {FIELDS} fields"),
        error if error.is_parse() => "what answers there speaks no HTTP/1.1".to_owned(),
        error if error.is_incomplete_message() => "the connection was closed before an answer came".to_owned(),
        error => format!("no answer: {error}"),
    }
}

fn recorded(sent: &Sent) -> Request {
    let field = |(name, value): &(String, String)| Header { name: name.clone(), value: value.clone(), line: 0 };
    let mut fields: Vec<Header> = sent.fields.iter().map(field).collect();
    if sent.field("user-agent").is_none() {
        fields.push(Header { name: "User-Agent".to_owned(), value: AGENT.to_owned(), line: 0 });
    }
    Request { method: sent.method.clone(), url: sent.target.url(), headers: Headers(fields), ..Request::default() }
}
