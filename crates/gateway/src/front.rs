//! From a request as it came to the parts that are judged: strict about everything that two readers could take
//! differently. What is refused here reached no rule yet.
//!
//! ```text
//! head ──► framing ──► host ──► target ──► client address ──► Front
//! ```

use crate::client_certificate::{self, Offered};
use crate::config::Plan;
use countersign::{Cause, ClientCertificate, Evidence, Refusal, RequestParts, Subject, Target, Value};
use http::header::{ACCEPT, CONTENT_LENGTH, HOST, HeaderName, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Version};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_REQUESTED_WITH: HeaderName = HeaderName::from_static("x-requested-with");

/// What is known of a connection before its first request.
#[derive(Debug)]
pub(crate) struct Peer {
    /// The other end.
    pub address: SocketAddr,
    /// Is it TLS?
    pub secure: bool,
    /// The address, as the upstream is told.
    pub forwarded_for: HeaderValue,
    /// The certificates that it offered, where it was asked for some.
    pub certificate: Option<Offered>,
}

impl Peer {
    /// A connection from this address.
    pub(crate) fn new(address: SocketAddr, secure: bool) -> Self {
        let text = address.ip().to_canonical().to_string();
        Self {
            address,
            secure,
            forwarded_for: HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("unknown")),
            certificate: None,
        }
    }
}

/// A request's head, read once.
#[derive(Debug)]
pub(crate) struct Front {
    /// The host that it is for, with its port if one was given; in lower case.
    pub host: HeaderValue,
    /// The canonical target; a preflight or log line may want it even where the request is refused.
    pub target: Target,
    /// Where it came from.
    pub client: IpAddr,
    /// Is the peer one of the trusted proxies?
    pub through_proxy: bool,
    /// Did it come over TLS, here or at a trusted proxy?
    pub secure: bool,
    /// The client certificate of its connection, here or at a trusted proxy.
    pub certificate: Option<Rc<ClientCertificate>>,
}

impl Front {
    /// Reads a head.
    ///
    /// # Errors
    /// `request-ambiguous` or `target-ambiguous`.
    pub(crate) fn read(parts: &Parts, peer: &Peer, plan: &Plan) -> Result<Self, Refusal> {
        check_framing(parts)?;
        let host = host(parts)?;
        let target = target(parts)?;
        let through_proxy = plan.server.trusted_proxies.iter().any(|network| network.contains(&peer.address.ip().to_canonical()));
        let client = if through_proxy { forwarded_client(&parts.headers, plan) } else { None };
        let secure = peer.secure || (through_proxy && last_word(&parts.headers, X_FORWARDED_PROTO) == Some("https"));
        let certificate = match &plan.server.client_certificate_header {
            // What a proxy's own connection shows is the proxy's.
            Some(name) if through_proxy => client_certificate::from_proxy(&parts.headers, name).map(Rc::new),
            _ => peer.certificate.as_ref().and_then(Offered::now),
        };
        Ok(Self { host, target, client: client.unwrap_or(peer.address.ip().to_canonical()), through_proxy, secure, certificate })
    }

    /// The host as text.
    pub(crate) fn host(&self) -> &str {
        self.host.to_str().unwrap_or_default()
    }

    /// The parts that the judge reads.
    pub(crate) fn parts<'a>(&'a self, head: &'a Parts) -> RequestParts<'a> {
        RequestParts {
            method: &head.method,
            target: &self.target,
            headers: &head.headers,
            host: self.host(),
            secure: self.secure,
            certificate: self.certificate.as_deref(),
            client: self.client,
            body: None,
        }
    }
}

/// Framing that is read in one way only (RFC 9112 section 6). Several of these never get past the HTTP library either;
/// they stand here so that no change of library opens them.
fn check_framing(parts: &Parts) -> Result<(), Refusal> {
    let headers = &parts.headers;
    let refuse = |what: &str| Err(ambiguous(Subject::Header, what));
    if parts.method == Method::CONNECT {
        return refuse("CONNECT");
    }
    let coding = headers.get(TRANSFER_ENCODING);
    if let Some(coding) = coding {
        let only_chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked") && headers.get_all(TRANSFER_ENCODING).iter().count() == 1;
        if !only_chunked || parts.version != Version::HTTP_11 {
            return refuse("Transfer-Encoding");
        }
        if headers.contains_key(CONTENT_LENGTH) {
            return refuse("Content-Length with Transfer-Encoding");
        }
    }
    if headers.get_all(CONTENT_LENGTH).iter().count() > 1 {
        return refuse("Content-Length");
    }
    let has_body = coding.is_some() || headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    if headers.contains_key(UPGRADE)
        && (has_body || headers.get(UPGRADE).is_some_and(|upgrade| !upgrade.as_bytes().eq_ignore_ascii_case(b"websocket")))
    {
        return refuse("Upgrade");
    }
    Ok(())
}

/// One host, said once (RFC 9110 section 7.2, RFC 9113 section 8.3.1).
fn host(parts: &Parts) -> Result<HeaderValue, Refusal> {
    let mut fields = parts.headers.get_all(HOST).iter();
    let (field, second) = (fields.next(), fields.next());
    if second.is_some() {
        return Err(ambiguous(Subject::Host, "two Host headers"));
    }
    let text = field.map(|value| value.to_str().map_err(|_| ambiguous(Subject::Host, "unreadable"))).transpose()?;
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let host = match (text, authority) {
        (Some(text), Some(authority)) if !text.eq_ignore_ascii_case(authority) => {
            return Err(ambiguous(Subject::Host, "the target names another host than Host"));
        }
        (Some(host), _) | (None, Some(host)) => host,
        (None, None) if parts.version == Version::HTTP_10 => "",
        (None, None) => return Err(ambiguous(Subject::Host, "no Host header")),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if !host.bytes().all(plain) || (host.is_empty() && parts.version != Version::HTTP_10) {
        return Err(ambiguous(Subject::Host, "not a host name"));
    }
    if parts.uri.scheme_str().is_some_and(|scheme| scheme != "http" && scheme != "https") {
        return Err(ambiguous(Subject::Target, "the target has another scheme than http"));
    }
    match field.filter(|_| !host.bytes().any(|byte| byte.is_ascii_uppercase())) {
        Some(field) => Ok(field.clone()),
        None => HeaderValue::try_from(host.to_ascii_lowercase()).map_err(|_| ambiguous(Subject::Host, "not a host name")),
    }
}

fn target(parts: &Parts) -> Result<Target, Refusal> {
    let raw = match parts.uri.path_and_query() {
        // `OPTIONS *` asks about the server as a whole; it is answered as if for its root.
        Some(path) if path.as_str() == "*" && parts.method == Method::OPTIONS => "/",
        Some(path) => path.as_str(),
        None => "/",
    };
    Target::parse(raw)
        .map_err(|fault| Refusal::new(Cause::TargetAmbiguous, Evidence::none().presented(Subject::Form, Value::text(&fault.to_string()))))
}

fn ambiguous(about: Subject, what: &str) -> Refusal {
    Refusal::new(Cause::RequestAmbiguous, Evidence::none().presented(about, Value::text(what)))
}

/// The client that trusted proxies vouch for: the last address of `X-Forwarded-For` that is not itself one of them.
fn forwarded_client(headers: &HeaderMap, plan: &Plan) -> Option<IpAddr> {
    let fields: Vec<&str> = headers.get_all(X_FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let addresses = fields.iter().rev().flat_map(|field| field.rsplit(',')).map(|text| text.trim().parse::<IpAddr>());
    let mut last = None;
    for address in addresses {
        let Ok(address) = address else { break };
        let address = address.to_canonical();
        last = Some(address);
        if !plan.server.trusted_proxies.iter().any(|network| network.contains(&address)) {
            break;
        }
    }
    last
}

/// The last word of a list field: what the nearest proxy said.
fn last_word(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get_all(name).iter().next_back()?.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// Is this a person's browser going to a page, or a program? Told by what only browsers send, in order of weight.
pub(crate) fn is_navigation(method: &Method, headers: &HeaderMap) -> bool {
    if headers.contains_key(X_REQUESTED_WITH) {
        return false;
    }
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    let accepts_pages = accept.is_some_and(|accept| accept.split(',').any(|kind| kind.trim().starts_with("text/html")));
    match headers.get(SEC_FETCH_MODE) {
        Some(mode) => mode == "navigate" && (accepts_pages || accept.is_none()),
        None => accepts_pages && [Method::GET, Method::HEAD, Method::POST].contains(method),
    }
}
