//! A token alone, as it is copied: bare, in quotes, after `Bearer`, or as a whole `Authorization` line.

use super::ReadFault;
use crate::dossier::{Document, DocumentKind, Dossier};
use crate::jwt::Jwt;

/// The longest text that may be one token, in bytes.
const LIMIT: usize = 64 * 1024;

/// How tokens of well-known issuers begin.
const PREFIXES: &[&str] = &[
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "rk_live_",
    "npm_",
    "pypi-",
    "dckr_pat_",
    "ya29.",
    "AIza",
    "hf_",
    "sk-",
    "csk_",
    "glsa_",
    "SG.",
    "shpat_",
    "lin_api_",
    "dop_v1_",
    "hvs.",
    "ATATT3",
    "nvapi-",
    "sntrys_",
    "PMAK-",
];

/// Is it one token and nothing else?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let _ = name;
    token(text).is_some()
}

/// Reads it.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let (kind, token) = token(text).ok_or(ReadFault::Unrecognised)?;
    let not_seen = match kind {
        DocumentKind::Jwt => [
            "The token's signature was not verified: no key was given.",
            "Which audience, issuer and scopes the server expects is not known from a token alone.",
        ],
        _ => [
            "The token is opaque: only the server that issued it can say what it is and whether it is active.",
            "No exchange was given: where the token was refused, and with which words, is not known.",
        ],
    };
    let document = Document { kind, text: token, name: name.to_owned() };
    Ok(Dossier { documents: vec![document], not_seen: not_seen.map(str::to_owned).to_vec(), ..Dossier::default() })
}

/// The token of a text that is nothing else.
fn token(text: &str) -> Option<(DocumentKind, String)> {
    let text = text.trim();
    if text.is_empty() || text.len() > LIMIT {
        return None;
    }
    let (mut rest, mut named) = (text, false);
    for field in ["authorization:", "dpop:", "x-amzn-oidc-data:", "cf-access-jwt-assertion:", "x-goog-iap-jwt-assertion:", "authorization="]
    {
        if rest.get(..field.len()).is_some_and(|head| head.eq_ignore_ascii_case(field)) {
            rest = rest.get(field.len()..)?.trim();
            named = true;
        }
    }
    rest = unquoted(rest);
    for scheme in ["bearer ", "dpop ", "token ", "jwt "] {
        if rest.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)) {
            rest = rest.get(scheme.len()..)?.trim();
            named = true;
        }
    }
    let rest = unquoted(rest);
    // A terminal or a mail breaks a long token into lines.
    let joined: String = if rest.starts_with("eyJ") { rest.split_whitespace().collect() } else { rest.to_owned() };
    if joined.contains('.') && Jwt::read(&joined).is_some_and(|jwt| looks_signed(&jwt)) {
        return Some((DocumentKind::Jwt, joined));
    }
    opaque(&joined, named).then_some((DocumentKind::OpaqueToken, joined))
}

/// Any base64 of a JSON object reads as a header; that of a token names an algorithm, or has more parts.
fn looks_signed(jwt: &Jwt) -> bool {
    ["alg", "typ", "kid", "enc"].iter().any(|name| jwt.header.get(name).is_some())
}

fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    ['"', '\'', '`'].into_iter().find_map(inner).unwrap_or(text).trim()
}

/// One word of a token's alphabet; without a scheme before it, it must look random or begin like one.
fn opaque(text: &str, named: bool) -> bool {
    let alphabet = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/' | '=' | ':' | '|'));
    if !alphabet || text.contains("://") || text.is_empty() {
        return false;
    }
    let has = |test: fn(&char) -> bool| text.chars().filter(test).count();
    let (digits, letters) = (has(char::is_ascii_digit), has(char::is_ascii_alphabetic));
    let random = text.len() >= 20 && digits >= 3 && letters >= 3 && !text.contains([':', '/']) && text.matches('.').count() <= 1;
    named || random || PREFIXES.iter().any(|prefix| text.len() > prefix.len() + 6 && text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJleHAiOjE3MDAwMDAwMDAsImF1ZCI6ImFwaSJ9.c2ln";

    #[track_caller]
    fn check(text: &str, expect: Option<DocumentKind>) {
        assert_eq!(token(text).map(|(kind, _)| kind), expect, "{text}");
    }

    #[test]
    fn tokens_are_told_from_text() {
        let (jwt, opaque) = (Some(DocumentKind::Jwt), Some(DocumentKind::OpaqueToken));
        check(JWT, jwt);
        check(&format!("Bearer {JWT}\n"), jwt);
        check(&format!("Authorization: Bearer {JWT}"), jwt);
        check(&format!("\"{JWT}\""), jwt);
        check(&JWT.replace('.', ".\n  "), jwt);
        check("Bearer abc", opaque);
        check("ghp_0123456789abcdef", opaque);
        check("7f3c1e5a9b2d46807f3c1e5a", opaque);
        check("hello", None);
        check("https://api.example/v1/0123456789abcdef", None);
        check("access denied", None);
        check("Authorization: Basic YTpi", None);
        check("", None);
    }
}
