//! Credentials and cookies in the fields that are made for them.

use super::scan::Scan;
use super::secret::{is_placeholder, is_secret, masked};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};

/// `Authorization`: the scheme stays, and of parameters those that are no secret.
pub(super) fn credentials(value: &str) -> String {
    let Some((scheme, rest)) = value.split_once(' ') else {
        return if is_scheme(value) { value.to_owned() } else { masked(value) };
    };
    let named = scheme.len() <= 24 && scheme.bytes().all(|byte| byte.is_ascii_alphabetic() || b"-_".contains(&byte));
    if !named && !is_scheme(scheme) {
        return masked(value);
    }
    let rest = rest.trim_start();
    if scheme.eq_ignore_ascii_case("basic") {
        return format!("{scheme} {}", basic(rest));
    }
    let parameters = rest
        .split_once('=')
        .is_some_and(|(name, value)| !value.is_empty() && !value.starts_with('=') && name.len() < 40 && !name.contains(' '));
    if parameters && (rest.contains(',') || rest.contains('"') || scheme.eq_ignore_ascii_case("digest")) {
        return format!("{scheme} {}", Scan::new(rest, &["response", "cnonce", "mac", "oauth_nonce", "id"]).run());
    }
    // A scheme written twice is a fault that should be seen.
    if let Some((again, token)) = rest.split_once(' ').filter(|(again, _)| again.eq_ignore_ascii_case(scheme)) {
        return format!("{scheme} {again} {}", masked(token.trim()));
    }
    format!("{scheme} {}", masked(rest))
}

/// A field that holds one key; people put a scheme before it, and that is evidence.
pub(super) fn key(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, _)) if is_scheme(scheme) => credentials(value),
        _ => masked(value),
    }
}

fn is_scheme(word: &str) -> bool {
    const SCHEMES: &[&str] = &[
        "Basic",
        "Bearer",
        "Digest",
        "DPoP",
        "Negotiate",
        "NTLM",
        "Kerberos",
        "Token",
        "ApiKey",
        "JWT",
        "AWS",
        "AWS4-HMAC-SHA256",
        "GoogleLogin",
        "SharedKey",
        "SharedAccessSignature",
        "Hawk",
        "OAuth",
        "MAC",
        "PrivateToken",
        "SSWS",
        "Splunk",
        "GenieKey",
        "Signature",
        "HMAC-SHA256",
    ];
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// The user's name may show. Not one character of the Base64 may, since the first may hold the password already.
pub(super) fn basic(token: &str) -> String {
    let token = token.trim();
    if is_placeholder(token) {
        return token.to_owned();
    }
    let length = token.chars().count();
    let user = decoded(token).and_then(|pair| pair.split_once(':').map(|(user, _)| user.to_owned()));
    match user {
        Some(user) if user.is_empty() => format!("… ({length} characters, no user)"),
        Some(user) if is_secret(&user) || user.len() > 64 => format!("… ({length} characters, user {})", masked(&super::clean(&user))),
        Some(user) => format!("… ({length} characters, user {})", super::clean(&user)),
        None => format!("… ({length} characters)"),
    }
}

/// Base64 as text, where it is both.
pub(super) fn decoded(token: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(token).or_else(|_| BASE64_STANDARD_NO_PAD.decode(token.trim_end_matches('='))).ok()?;
    String::from_utf8(bytes).ok()
}

/// `Cookie`: names only.
pub(super) fn cookies(value: &str) -> String {
    value.split(';').map(|pair| cookie(pair.trim())).collect::<Vec<_>>().join("; ")
}

/// `Set-Cookie`: the name, and all attributes.
pub(super) fn set_cookie(value: &str) -> String {
    match value.split_once(';') {
        Some((pair, attributes)) => format!("{};{}", cookie(pair), Scan::new(attributes, &[]).run()),
        None => cookie(value),
    }
}

fn cookie(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", masked(value)),
        None if pair.is_empty() => String::new(),
        None => masked(pair),
    }
}
