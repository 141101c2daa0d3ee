//! Header fields at the border: what is taken away from a request on its way in, and what is set for the upstream.
//!
//! Delete, then set: every identity header is removed in every spelling before the gateway sets its own, on public
//! routes too.

use crate::config::Profile;
use countersign::Identity;
use http::header::{CONNECTION, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderValue};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The headers by which some app somewhere knows who asks. None of them may come from outside.
const IDENTITY: &[&str] = &[
    "remote-user",
    "remote-name",
    "remote-email",
    "remote-groups",
    "x-remote-user",
    "x-remote-groups",
    "x-forwarded-user",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-access-token",
    "x-auth-request-user",
    "x-auth-request-email",
    "x-auth-request-groups",
    "x-auth-request-preferred-username",
    "x-auth-request-access-token",
    "x-authenticated-user",
    "x-webauth-user",
    "x-user",
    "countersign-subject",
    "countersign-email",
    "countersign-scheme",
    "countersign-scopes",
    "countersign-roles",
    "countersign-ref",
];

/// What proxies say of a request; from anybody but a trusted proxy it is hearsay.
const FORWARDING: &[&str] = &[
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-method",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "x-forwarded-proto",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-uri",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
];

/// Fields that concern one connection only (RFC 9110 section 7.6.1), as far as they always do.
const HOP_BY_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The identity headers among the fields, in any spelling; for sites that refuse instead of removing.
pub(crate) fn spoofed(headers: &HeaderMap) -> Option<&HeaderName> {
    headers.keys().find(|name| is_identity(name.as_str()))
}

/// Removes what may not pass from a request: the fields of its connection, those that `Connection` names included;
/// identity headers in every spelling; and what only a trusted proxy may say, which the caller sets anew.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    remove_named_by_connection(headers);
    let trailers = headers.get(TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    remove_where(headers, |name| match name.as_bytes().first() {
        // No name of the lists begins otherwise, and most fields do.
        Some(b'c' | b'f' | b'k' | b'p' | b'r' | b't' | b'u' | b'x') => {
            is_untrusted(name) || HOP_BY_HOP.contains(&name) || FORWARDING.contains(&name)
        }
        _ => has_odd_name(name),
    });
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Removes the fields of its connection from a response.
pub(crate) fn clean_response(headers: &mut HeaderMap) {
    remove_named_by_connection(headers);
    remove_where(headers, |name| matches!(name.as_bytes().first(), Some(b'c' | b'k' | b'p' | b't' | b'u')) && HOP_BY_HOP.contains(&name));
}

/// Removes identity headers and odd names from trailers.
pub(crate) fn remove_untrusted(headers: &mut HeaderMap) {
    remove_where(headers, is_untrusted);
}

/// `Connection: keep-alive` and `close` are all that most peers ever send.
fn remove_named_by_connection(headers: &mut HeaderMap) {
    if !headers.contains_key(CONNECTION) {
        return;
    }
    let names = |value: &HeaderValue| value.to_str().unwrap_or_default().split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    let named: Vec<String> = headers.get_all(CONNECTION).iter().flat_map(names).collect();
    for name in named.iter().filter(|name| !name.is_empty()) {
        headers.remove(name.as_str());
    }
    headers.remove(CONNECTION);
}

/// An identity header in any spelling, or a name that an upstream could read as another one: gateways and CGI turn `_`
/// and `.` into `-`.
fn is_untrusted(name: &str) -> bool {
    is_identity(name) || has_odd_name(name)
}

fn has_odd_name(name: &str) -> bool {
    name.bytes().any(|byte| !byte.is_ascii_alphanumeric() && byte != b'-')
}

/// The protocol that an upgrade asks for, which is set anew once the rest is cleaned.
pub(crate) fn upgrade_of(headers: &HeaderMap) -> Option<HeaderValue> {
    headers.get(UPGRADE).cloned()
}

/// The trailer names that the sender announced, if the body is chunked: without them none may be sent on.
pub(crate) fn announced_trailers(headers: &HeaderMap) -> Option<HeaderValue> {
    if headers.contains_key(TRANSFER_ENCODING) { headers.get(TRAILER).cloned() } else { None }
}

/// Sets who it is, under the names of the profile; what was there before has been removed.
pub(crate) fn set_identity(headers: &mut HeaderMap, profile: Profile, identity: &Identity) {
    let Some(subject) = identity.subject() else { return };
    let names: [Option<HeaderName>; 5] = match profile {
        Profile::None => return,
        Profile::RemoteUser => [Some(REMOTE_USER), Some(REMOTE_GROUPS), Some(REMOTE_EMAIL), None, None],
        Profile::XForwardedUser => [Some(X_FORWARDED_USER), Some(X_FORWARDED_GROUPS), Some(X_FORWARDED_EMAIL), None, None],
        Profile::XAuthRequest => [Some(X_AUTH_REQUEST_USER), Some(X_AUTH_REQUEST_GROUPS), Some(X_AUTH_REQUEST_EMAIL), None, None],
        Profile::Countersign => [Some(SUBJECT), Some(ROLES), Some(EMAIL), Some(SCOPES), Some(SCHEME)],
    };
    let [user, groups, email, scopes, scheme] = names;
    let mut set = |name: Option<HeaderName>, value: HeaderValue| {
        if let Some(name) = name.filter(|_| !value.is_empty()) {
            headers.insert(name, value);
        }
    };
    set(user, text(subject));
    if !identity.roles().is_empty() {
        set(groups, list(identity.roles(), ',', COMMAS));
    }
    if let Some(address) = identity.federated().and_then(|person| person.email.as_deref()) {
        set(email, text(address));
    }
    if scopes.is_some() {
        set(scopes, list(identity.scopes(), ' ', BLANKS));
        set(scheme, identity.scheme().map_or(HeaderValue::from_static(""), |scheme| HeaderValue::from_static(scheme.name())));
    }
}

const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");
const REMOTE_GROUPS: HeaderName = HeaderName::from_static("remote-groups");
const REMOTE_EMAIL: HeaderName = HeaderName::from_static("remote-email");
const X_FORWARDED_EMAIL: HeaderName = HeaderName::from_static("x-forwarded-email");
const X_AUTH_REQUEST_EMAIL: HeaderName = HeaderName::from_static("x-auth-request-email");
const EMAIL: HeaderName = HeaderName::from_static("countersign-email");
const X_FORWARDED_USER: HeaderName = HeaderName::from_static("x-forwarded-user");
const X_FORWARDED_GROUPS: HeaderName = HeaderName::from_static("x-forwarded-groups");
const X_AUTH_REQUEST_USER: HeaderName = HeaderName::from_static("x-auth-request-user");
const X_AUTH_REQUEST_GROUPS: HeaderName = HeaderName::from_static("x-auth-request-groups");
const SUBJECT: HeaderName = HeaderName::from_static("countersign-subject");
const ROLES: HeaderName = HeaderName::from_static("countersign-roles");
const SCOPES: HeaderName = HeaderName::from_static("countersign-scopes");
const SCHEME: HeaderName = HeaderName::from_static("countersign-scheme");

/// Visible ASCII as it is; the rest, and the percent sign, percent-encoded, so that every name has one spelling.
fn text(text: &str) -> HeaderValue {
    const ENCODED: &AsciiSet = &CONTROLS.add(b'%');
    if text.bytes().all(|byte| (b' '..0x7f).contains(&byte) && byte != b'%') {
        return HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    }
    HeaderValue::try_from(utf8_percent_encode(text, ENCODED).to_string()).unwrap_or(HeaderValue::from_static(""))
}

const COMMAS: &AsciiSet = &CONTROLS.add(b',');
const BLANKS: &AsciiSet = &CONTROLS.add(b' ');

/// A list; a member that holds the separator is encoded so that it stays one member.
fn list(members: &[String], separator: char, encoded: &'static AsciiSet) -> HeaderValue {
    let mut list = String::with_capacity(members.iter().map(|member| member.len() + 1).sum());
    for member in members {
        if !list.is_empty() {
            list.push(separator);
        }
        list.extend(utf8_percent_encode(member, encoded));
    }
    HeaderValue::try_from(list).unwrap_or(HeaderValue::from_static(""))
}

fn is_identity(name: &str) -> bool {
    if name.bytes().any(|byte| byte == b'_' || byte == b'.') {
        let folded: String = name.chars().map(|c| if matches!(c, '_' | '.') { '-' } else { c }).collect();
        return IDENTITY.contains(&folded.as_str());
    }
    // Most names begin otherwise.
    matches!(name.as_bytes().first(), Some(b'r' | b'x' | b'c')) && IDENTITY.contains(&name)
}

fn remove_where(headers: &mut HeaderMap, unwanted: impl Fn(&str) -> bool) {
    while let Some(name) = headers.keys().find(|name| unwanted(name.as_str())).cloned() {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(fields: &[(&str, &str)], expect: &[&str]) {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        clean_request(&mut headers);
        let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expect);
    }

    #[test]
    fn nothing_from_outside_names_an_identity() {
        check(
            &[("Remote-User", "evil"), ("Remote_User", "evil"), ("remote.user", "evil"), ("X_Forwarded-User", "e"), ("Accept", "*/*")],
            &["accept"],
        );
        check(&[("Connection", "X-Trace, close"), ("X-Trace", "1"), ("Accept", "*/*")], &["accept"]);
        check(&[("Connection", "close"), ("Connection", "X-Trace"), ("X-Trace", "1"), ("Accept", "*/*")], &["accept"]);
        check(&[("Connection", "keep-alive"), ("Keep-Alive", "timeout=5"), ("TE", "trailers")], &["te"]);
        check(&[("TE", "gzip"), ("Proxy-Authorization", "Basic x")], &[]);
        check(&[("X_Other", "1"), ("X-Other", "1")], &["x-other"]);
    }

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(text("alice"), "alice");
        assert_eq!(text("Jürgen 5%\r\n"), "J%C3%BCrgen 5%25%0D%0A");
        assert_eq!(list(&["a,b".into(), "c".into()], ',', COMMAS), "a%2Cb,c");
    }
}
