//! The parts of a request that judging reads. Borrowed: the hot path copies nothing.

use crate::record::Timestamp;
use crate::target::Target;
use http::{HeaderMap, Method};
use std::net::IpAddr;

/// The session cookie where TLS is on.
pub const SECURE_SESSION_COOKIE: &str = "__Host-countersign";
/// The session cookie on plain HTTP, where browsers refuse the `__Host-` prefix.
pub const PLAIN_SESSION_COOKIE: &str = "countersign";

/// A client certificate. Whoever presented it holds its key: that is part of the handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The SHA-256 of its DER form in base64url, as tokens name it (`x5t#S256`, RFC 8705 section 3.1).
    pub thumbprint: String,
    /// Is it to be trusted?
    pub standing: Standing,
}

/// Is a client certificate to be trusted?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Good,
    /// Its lifetime is over, since then where that is known, in seconds since the epoch.
    Expired(Option<Timestamp>),
    /// It is not, for this reason.
    Untrusted(String),
}

/// The parts of a request that judging reads.
#[derive(Clone, Copy, Debug)]
pub struct RequestParts<'a> {
    /// The method.
    pub method: &'a Method,
    /// The target in its canonical form.
    pub target: &'a Target,
    /// All header fields, as they came.
    pub headers: &'a HeaderMap,
    /// The host that the request is for, with its port if one was given.
    pub host: &'a str,
    /// Did it come over TLS, here or at a trusted proxy?
    pub secure: bool,
    /// The client certificate of its connection, here or at a trusted proxy.
    pub certificate: Option<&'a ClientCertificate>,
    /// Where it came from: the peer, or what a trusted proxy says.
    pub client: IpAddr,
    /// The body, whole, where [`reads_body`](crate::reads_body) asked for it.
    pub body: Option<&'a [u8]>,
}

impl RequestParts<'_> {
    /// The name of the session cookie on this connection.
    pub fn session_cookie(&self) -> &'static str {
        if self.secure { SECURE_SESSION_COOKIE } else { PLAIN_SESSION_COOKIE }
    }

    /// The origin that the request's own pages have (RFC 6454).
    pub fn is_own_origin(&self, origin: &str) -> bool {
        let scheme = if self.secure { "https://" } else { "http://" };
        origin.strip_prefix(scheme).is_some_and(|host| host.eq_ignore_ascii_case(self.host))
    }
}
