//! Which credentials a request carries, before anything is made of them.

use crate::api_key::KeyPlace;
use crate::parts::RequestParts;
use crate::requirement::Scheme;
use countersign_grammar::split_scheme;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use minicbor::{Decode, Encode};
use serde::Serialize;
use std::borrow::Cow;

/// The credentials that a request carries.
#[derive(Clone, Default)]
pub struct Presented<'a> {
    /// `Authorization`; it may be unreadable, which is not the same as absent.
    pub authorization: Option<&'a HeaderValue>,
    /// More than one `Authorization` field?
    pub repeated: bool,
    /// An API key, and where it stood.
    pub api_key: Option<(Cow<'a, str>, Place)>,
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
    /// The body.
    #[n(3)]
    Body,
}

impl<'a> Presented<'a> {
    /// Reads them; API keys are looked for in `places`.
    pub fn read(parts: &RequestParts<'a>, places: &[KeyPlace]) -> Self {
        let mut authorizations = parts.headers.get_all(AUTHORIZATION).iter();
        let authorization = authorizations.next();
        let (mut api_key, mut several) = (None, false);
        for place in places {
            several |= find(parts, place, &mut api_key);
        }
        Self {
            authorization,
            repeated: authorizations.next().is_some(),
            api_key,
            api_key_repeated: several,
            session: cookies(parts, parts.session_cookie()).next(),
        }
    }

    /// What a reference keeps of them: which were there, where, how long.
    pub fn seen(&self) -> Vec<Seen> {
        let mut seen = Vec::with_capacity(3);
        if let Some(authorization) = self.authorization {
            let scheme = authorization.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
            let (kind, other) = if scheme.eq_ignore_ascii_case(b"basic") {
                (Kind::Basic, None)
            } else if scheme.eq_ignore_ascii_case(b"digest") {
                (Kind::Digest, None)
            } else if scheme.eq_ignore_ascii_case(b"bearer") {
                (Kind::Bearer, None)
            } else {
                // A scheme's name is short; anything longer may be a secret without a scheme.
                (Kind::OtherAuthorization, Some(scheme).filter(|name| name.len() <= 12).and_then(text_of_letters))
            };
            seen.push(Seen { kind, place: Place::Header, length: authorization.len() as u32, name: other.map(str::to_ascii_lowercase) });
        }
        if let Some((key, place)) = &self.api_key {
            seen.push(Seen { kind: Kind::ApiKey, place: *place, length: key.len() as u32, name: None });
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

/// Takes the first key that stands in the place; was there another one, here or before?
fn find<'a>(parts: &RequestParts<'a>, place: &KeyPlace, found: &mut Option<(Cow<'a, str>, Place)>) -> bool {
    let mut several = false;
    let mut take = |key: Cow<'a, str>, place| match found {
        Some(_) => several = true,
        None => *found = Some((key, place)),
    };
    match place {
        // A field that is no text is a key that nobody has, not an absent one.
        KeyPlace::Header(name) => {
            let fields = parts.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
            fields.for_each(|key| take(key.into(), Place::Header));
        }
        KeyPlace::Authorization(scheme) => {
            let fields = parts.headers.get_all(AUTHORIZATION).iter().filter_map(|value| split_scheme(value.to_str().ok()?));
            fields.filter(|(name, _)| name.eq_ignore_ascii_case(scheme)).for_each(|(_, key)| take(key.trim().into(), Place::Header));
        }
        KeyPlace::Query(name) => parts.target.parameters(name).for_each(|key| take(key.into(), Place::Query)),
        KeyPlace::Cookie(name) => cookies(parts, name).for_each(|key| take(key.into(), Place::Cookie)),
        KeyPlace::Form(name) if has_form(parts) => {
            let fields = form_urlencoded::parse(parts.body.unwrap_or_default());
            fields.filter(|(key, _)| key == name).for_each(|(_, key)| take(key, Place::Body));
        }
        KeyPlace::Json(names) if has_json(parts) => {
            let body: serde_json::Value = serde_json::from_slice(parts.body.unwrap_or_default()).unwrap_or_default();
            let member = names.iter().try_fold(&body, |value, name| value.get(name));
            member.and_then(|value| value.as_str()).into_iter().for_each(|key| take(key.to_owned().into(), Place::Body));
        }
        KeyPlace::Form(_) | KeyPlace::Json(_) => {}
    }
    several
}

/// Can an API key stand in the body of this request, and does none stand elsewhere that would count before it?
pub(crate) fn may_be_in_body(parts: &RequestParts<'_>, places: &[KeyPlace]) -> bool {
    let fits = |place: &KeyPlace| match place {
        KeyPlace::Form(_) => has_form(parts),
        KeyPlace::Json(_) => has_json(parts),
        _ => false,
    };
    places.iter().any(fits) && !parts.headers.contains_key(AUTHORIZATION) && Presented::read(parts, places).api_key.is_none()
}

fn has_form(parts: &RequestParts<'_>) -> bool {
    media_type(parts).eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn has_json(parts: &RequestParts<'_>) -> bool {
    let media_type = media_type(parts);
    let suffix = media_type.len().checked_sub(5).and_then(|at| media_type.get(at..));
    media_type.eq_ignore_ascii_case("application/json") || suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
}

fn media_type<'a>(parts: &RequestParts<'a>) -> &'a str {
    let value = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// The cookies of this name (RFC 6265 section 5.4 puts the most specific first).
fn cookies<'a, 'n>(parts: &RequestParts<'a>, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
    let fields = parts.headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(';')).filter_map(move |pair| pair.trim_start().strip_prefix(name)?.strip_prefix('='))
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
    #[n(5)]
    Digest,
}

impl From<Scheme> for Kind {
    fn from(scheme: Scheme) -> Self {
        match scheme {
            Scheme::Basic => Kind::Basic,
            Scheme::Bearer => Kind::Bearer,
            Scheme::ApiKey => Kind::ApiKey,
            Scheme::Session => Kind::Session,
            Scheme::Digest => Kind::Digest,
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
