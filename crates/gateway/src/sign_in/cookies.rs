//! The cookies of the login: what they are called, how they are set and found.

use crate::body::ResponseBody;
use crate::worker::random;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign::{PLAIN_SESSION_COOKIE, SECURE_SESSION_COOKIE};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response};

/// The name of a cookie of ours: the session's, with what `suffix` adds.
pub(super) fn name(secure: bool, suffix: &str) -> String {
    format!("{}{suffix}", if secure { SECURE_SESSION_COOKIE } else { PLAIN_SESSION_COOKIE })
}

/// The first cookie of this name (RFC 6265 section 5.4 puts the most specific first).
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    all(headers).find_map(|(found, value)| (found == name).then_some(value))
}

/// All cookies, as pairs of name and value.
pub(super) fn all(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let fields = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim_start().split_once('='))
}

/// A `Set-Cookie` field; without `max_age` (in seconds) it leaves with the browser.
pub(super) fn set(secure: bool, suffix: &str, value: &str, max_age: Option<u32>) -> String {
    let age = max_age.map_or(String::new(), |age| format!("; Max-Age={age}"));
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{}", name(secure, suffix), if secure { "; Secure" } else { "" })
}

/// A cookie that a form posted by another site brings along. Browsers only take such a cookie over TLS; without, only what
/// comes from the same site brings it.
pub(super) fn set_across_sites(secure: bool, suffix: &str, value: &str, max_age: u32) -> String {
    let sites = if secure { "None; Secure" } else { "Lax" };
    format!("{}={value}; Path=/; HttpOnly; SameSite={sites}; Max-Age={max_age}", name(secure, suffix))
}

/// Adds a cookie to a response, if there is one to add.
pub(super) fn with(mut response: Response<ResponseBody>, cookie: Option<String>) -> Response<ResponseBody> {
    response.headers_mut().extend(cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()).map(|cookie| (SET_COOKIE, cookie)));
    response
}

/// A secret of 256 random bits, in base64url.
pub(super) fn secret() -> String {
    let mut bytes = [0; 32];
    random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}
