//! Which credentials a request carries, before anything is made of them.

use crate::parts::{API_KEY_HEADER, API_KEY_PARAMETER, RequestParts};
use crate::requirement::Scheme;
use http::HeaderValue;
use http::header::{AUTHORIZATION, COOKIE};
use minicbor::{Decode, Encode};
use serde::Serialize;

/// The credentials that a request carries.
#[derive(Clone, Copy, Default)]
pub struct Presented<'a> {
    /// `Authorization`; it may be unreadable, which is not the same as absent.
    pub authorization: Option<&'a HeaderValue>,
    /// More than one `Authorization` field?
    pub repeated: bool,
    /// An API key, and where it stood.
    pub api_key: Option<(&'a str, Place)>,
    /// An API key in two places?
    pub api_key_repeated: bool,
    /// The session cookie's value.
    pub session: Option<&'a str>,
}

/// Where a credential stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "lowercase")]
#[cbor(index_only)]
pub enum Place {
    /// A header field of its own, or `Authorization`.
    #[n(0)]
    Header,
    /// The query.
    #[n(1)]
    Query,
    /// A cookie.
    #[n(2)]
    Cookie,
}

impl<'a> Presented<'a> {
    /// Reads them.
    pub fn read(parts: &RequestParts<'a>) -> Self {
        let mut authorizations = parts.headers.get_all(AUTHORIZATION).iter();
        let authorization = authorizations.next();
        let mut keys = parts.headers.get_all(API_KEY_HEADER).iter();
        let in_header = keys.next().map(|value| (value.to_str().unwrap_or_default(), Place::Header));
        let mut parameters = parts.target.parameters(API_KEY_PARAMETER);
        let in_query = parameters.next().map(|value| (value, Place::Query));
        let several = keys.next().is_some() || parameters.next().is_some() || (in_header.is_some() && in_query.is_some());
        Self {
            authorization,
            repeated: authorizations.next().is_some(),
            api_key: in_header.or(in_query),
            api_key_repeated: several,
            session: cookie(parts, parts.session_cookie()),
        }
    }

    /// What a reference keeps of them: which were there, where, how long.
    pub fn seen(&self) -> Vec<Seen> {
        let mut seen = Vec::with_capacity(3);
        if let Some(authorization) = self.authorization {
            let scheme = authorization.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
            let (kind, other) = if scheme.eq_ignore_ascii_case(b"basic") {
                (Kind::Basic, None)
            } else if scheme.eq_ignore_ascii_case(b"bearer") {
                (Kind::Bearer, None)
            } else {
                // A scheme's name is short; anything longer may be a secret without a scheme.
                (Kind::OtherAuthorization, Some(scheme).filter(|name| name.len() <= 12).and_then(text_of_letters))
            };
            seen.push(Seen { kind, place: Place::Header, length: authorization.len() as u32, name: other.map(str::to_ascii_lowercase) });
        }
        if let Some((key, place)) = self.api_key {
            seen.push(Seen { kind: Kind::ApiKey, place, length: key.len() as u32, name: None });
        }
        if let Some(session) = self.session {
            seen.push(Seen { kind: Kind::Session, place: Place::Cookie, length: session.len() as u32, name: None });
        }
        seen
    }
}

fn text_of_letters(name: &[u8]) -> Option<&str> {
    let letters = name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-') && !name.is_empty();
    std::str::from_utf8(name).ok().filter(|_| letters)
}

/// The first cookie of this name (RFC 6265 section 5.4 puts the most specific first).
fn cookie<'a>(parts: &RequestParts<'a>, name: &str) -> Option<&'a str> {
    let fields = parts.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(';')).find_map(|pair| pair.trim_start().strip_prefix(name)?.strip_prefix('='))
}

/// What kind of credential it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cbor(index_only)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    #[n(0)]
    Basic,
    #[n(1)]
    Bearer,
    #[n(2)]
    ApiKey,
    #[n(3)]
    Session,
    #[n(4)]
    OtherAuthorization,
}

impl From<Scheme> for Kind {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Basic => Kind::Basic,
            Scheme::Bearer => Kind::Bearer,
            Scheme::ApiKey => Kind::ApiKey,
            Scheme::Session => Kind::Session,
        }
    }
}

/// A credential that a request carried, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Serialize)]
#[cbor(array)]
pub struct Seen {
    /// Its kind.
    #[n(0)]
    pub kind: Kind,
    /// Where it stood.
    #[n(1)]
    pub place: Place,
    /// Its length in bytes, scheme included.
    #[n(2)]
    pub length: u32,
    /// The scheme's name, where it is another one.
    #[n(3)]
    pub name: Option<String>,
}
