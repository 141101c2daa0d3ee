//! A token alone, or in an exchange that was not refused: what it says of itself.
//!
//! Only its dates are certain here; what a server expects of audience, issuer and kind is not in a token.

use super::date;
use super::refusal::Refusal;
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{DocumentKind, Dossier};
use crate::jwt::{self, Jwt};
use crate::mask;
use crate::moment::{from_now, span, utc};
use countersign::{Cause, ForeignCause, Timestamp};
use serde_json::Value;

const NAME: &str = "lone-token";
/// Seconds that servers usually forgive.
const LEEWAY: i64 = 60;

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let alone = dossier.documents.iter().filter(|document| document.kind == DocumentKind::Jwt);
    let mut clues: Vec<Clue> = alone.filter_map(|document| Jwt::read(&document.text)).flat_map(|jwt| of(&jwt, dossier.now, 0)).collect();
    if let (None, Some((index, exchange))) = (Refusal::of(dossier), dossier.refusal()) {
        let date = exchange.response.as_ref().and_then(|response| response.headers.get("date")).and_then(date::http);
        let now = date.or(exchange.at).or(dossier.now);
        let sent = exchange.request.iter().flat_map(|request| request.headers.all("authorization"));
        clues.extend(sent.flat_map(|header| jwt::find(&header.value)).flat_map(|jwt| of(&jwt, now, index + 1)));
    }
    clues
}

/// What one token says of itself.
fn of(jwt: &Jwt, now: Option<Timestamp>, exchange: usize) -> Vec<Clue> {
    let mut clues = Vec::new();
    if let Some(fault) = jwt.fault {
        let because = format!("The token cannot be read as one: {fault}.");
        clues.push(Clue::new(NAME, Cause::TokenMalformed, 85, because).quote(quote(exchange, "token", &jwt.masked())));
    }
    clues.extend(now.into_iter().flat_map(|now| dates(jwt, now, exchange)));
    clues.extend(algorithm(jwt, exchange));
    clues.extend(kind(jwt, exchange));
    clues.extend(encrypted(jwt, exchange));
    if let Some(bound) = jwt.claims.get("cnf").and_then(Value::as_object) {
        let how = if bound.contains_key("jkt") { "a DPoP proof (RFC 9449)" } else { "the client certificate of its key (RFC 8705)" };
        let because =
            format!("The token is bound to a key: each request has to bring {how} with it, and as a plain Bearer token it is refused.");
        clues.push(Clue::new(NAME, Cause::ProofMissing, 40, because).quote(claim(jwt, exchange, "cnf")));
    }
    if !jwt.claims.is_null() {
        clues.push(to_compare(jwt, exchange));
    }
    clues
}

fn dates(jwt: &Jwt, now: Timestamp, exchange: usize) -> Vec<Clue> {
    let mut clues = Vec::new();
    // Year 5138 in seconds: what is beyond was written in milliseconds.
    let milliseconds = ["exp", "nbf", "iat"].into_iter().find(|name| jwt.time(name).is_some_and(|at| at > 100_000_000_000));
    if let Some(name) = milliseconds {
        let because =
            format!("`{name}` is in milliseconds; RFC 7519 counts seconds, so that servers read a date thousands of years ahead.");
        clues.push(Clue::new(NAME, Cause::TokenMalformed, 65, because).quote(claim(jwt, exchange, name)));
        return clues;
    }
    if let Some(expiry) = jwt.time("exp").filter(|&expiry| expiry <= now) {
        let lived = jwt.time("iat").map(|issued| format!(" It was made for {}.", span(expiry - issued))).unwrap_or_default();
        let because = format!("The token expired at {}, {}.{lived}", utc(expiry), from_now(expiry, now));
        let weight = if now - expiry > LEEWAY { 97 } else { 70 };
        let clue = Clue::new(NAME, Cause::TokenExpired, weight, because).quote(claim(jwt, exchange, "exp"));
        clues.push(clue.fix(
            Side::Caller,
            "Ask for a new token, with the refresh token or by logging in again, before this one's `exp`.",
            &[],
        ));
    }
    if let Some(begin) = jwt.time("nbf").filter(|&begin| begin > now) {
        let because = format!("The token is not valid before {}, {}.", utc(begin), from_now(begin, now));
        let weight = if begin - now > LEEWAY { 95 } else { 60 };
        clues.push(Clue::new(NAME, Cause::TokenNotYetValid, weight, because).quote(claim(jwt, exchange, "nbf")));
    }
    if let Some(issued) = jwt.time("iat").filter(|&issued| issued - now > LEEWAY) {
        let because = format!(
            "The token says that it was issued at {}, {}: the issuer's clock and this one disagree.",
            utc(issued),
            from_now(issued, now)
        );
        clues.push(Clue::new(NAME, ForeignCause::ClockSkew, 75, because).quote(claim(jwt, exchange, "iat")));
    }
    clues
}

fn algorithm(jwt: &Jwt, exchange: usize) -> Option<Clue> {
    let algorithm = jwt.head("alg")?;
    let by_provider = jwt.header.get("kid").is_some() || jwt.text("iss").is_some_and(|iss| iss.starts_with("https://"));
    let (weight, because) = if algorithm.eq_ignore_ascii_case("none") {
        (85, "The token is not signed (`alg` is `none`): no server should take it.".to_owned())
    } else if algorithm.starts_with("HS") && by_provider {
        (
            35,
            format!(
                "The token is signed with a shared secret ({algorithm}), though its issuer or key id speaks of published keys: a server that checks by those refuses it."
            ),
        )
    } else {
        return None;
    };
    let at = quote(exchange, "token header alg", algorithm);
    Some(Clue::new(NAME, Cause::TokenAlgorithmRefused, weight, because).quote(at))
}

/// Is it something else than an access token?
fn kind(jwt: &Jwt, exchange: usize) -> Option<Clue> {
    let header = jwt.head("typ").unwrap_or_default().to_ascii_lowercase();
    let own = jwt.text("typ").unwrap_or_default().to_ascii_lowercase();
    let used = jwt.text("token_use").unwrap_or_default();
    let has = |name: &str| jwt.claims.get(name).is_some();
    let (weight, what, rests_on) = match (header.trim_start_matches("application/"), own.as_str(), used) {
        ("at+jwt", ..) | (_, "bearer", _) | (_, _, "access") => return None,
        ("logout+jwt" | "secevent+jwt" | "dpop+jwt" | "kb+jwt" | "oauth-authz-req+jwt", ..) => {
            (75, "no access token but a message of a protocol", "typ")
        }
        (_, "refresh" | "offline", _) => (70, "a refresh token, which only the token endpoint takes", "typ"),
        (_, "id", _) => (65, "an ID token, which tells a client who logged in", "typ"),
        (_, "logout", _) => (75, "a logout token", "typ"),
        (_, _, "id") => (60, "an ID token of Cognito; its authorizers and user pool APIs ask for one kind each", "token_use"),
        _ if has("at_hash") || has("c_hash") || has("s_hash") => (55, "an ID token, which tells a client who logged in", "at_hash"),
        _ if has("nonce") && !has("scope") && !has("scp") => (50, "an ID token, which tells a client who logged in", "nonce"),
        _ => return None,
    };
    let because = format!("By its `{rests_on}` this is {what}. An API that expects an access token refuses it.");
    let clue = Clue::new(NAME, Cause::TokenKindWrong, weight, because);
    Some(clue.quote(claim(jwt, exchange, rests_on)).fix(
        Side::Caller,
        "Send the `access_token` of the token response, not its `id_token` or `refresh_token`.",
        &[],
    ))
}

fn encrypted(jwt: &Jwt, exchange: usize) -> Option<Clue> {
    if !jwt.encrypted() {
        return None;
    }
    let issuer = jwt.head("iss").unwrap_or_default();
    let at = quote(exchange, "token header", &mask::text(&jwt.header.to_string()));
    let clue = if issuer.contains("auth0.com") || (jwt.head("alg") == Some("dir") && !issuer.is_empty()) {
        let because = "The token is encrypted for its own issuer: Auth0 gives such a token, good for `/userinfo` only, where the login asked for no `audience`.";
        Clue::new(NAME, Cause::TokenAudienceMismatch, 75, because).fix(
            Side::Caller,
            "Ask for the API when logging in.",
            &["audience=<the API's identifier>"],
        )
    } else {
        Clue::new(
            NAME,
            Cause::TokenMalformed,
            35,
            "The token is encrypted (JWE): only who holds its key can read it, and a server that expects a signed JWT cannot.",
        )
    };
    Some(clue.quote(at))
}

/// What a reader can compare with what the server expects.
fn to_compare(jwt: &Jwt, exchange: usize) -> Clue {
    let audience = jwt.texts("aud");
    let graph = audience.iter().any(|aud| aud == "00000003-0000-0000-c000-000000000000" || aud.starts_with("https://graph.microsoft.com"));
    let (weight, because) = match audience.as_slice() {
        _ if graph => (45, "The token was made for Microsoft Graph: no other API can take it, nor verify its signature.".to_owned()),
        [] => (22, "The token names no audience: servers that check one refuse it.".to_owned()),
        named => (18, format!("The token was made for {}; a server that goes by another name refuses it.", named.join(", "))),
    };
    let mut clue = Clue::new(NAME, Cause::TokenAudienceMismatch, weight, mask::text(&because));
    for name in ["aud", "iss", "azp", "client_id", "scope", "scp"].into_iter().filter(|name| jwt.claims.get(name).is_some()) {
        clue = clue.quote(claim(jwt, exchange, name));
    }
    clue
}

fn claim(jwt: &Jwt, exchange: usize, name: &str) -> Quote {
    let (place, value) = match jwt.claims.get(name) {
        Some(value) => (format!("token claim {name}"), value),
        None => (format!("token header {name}"), jwt.header.get(name).unwrap_or(&Value::Null)),
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    quote(exchange, &place, &text)
}

/// `exchange` counts from 1; 0 is a document.
fn quote(exchange: usize, place: &str, text: &str) -> Quote {
    Quote { place: place.to_owned(), exchange, line: usize::from(exchange == 0), text: mask::text(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    const NOW: Timestamp = 1_700_000_000;

    /// The codes of what is seen in a token, each with its weight, the strongest first.
    #[track_caller]
    fn check(header: &str, claims: &str, expect: &[(&str, u8)]) {
        let token = format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let jwt = Jwt::read(&token);
        let mut clues: Vec<_> = jwt.iter().flat_map(|jwt| of(jwt, Some(NOW), 0)).map(|clue| (clue.code.code(), clue.weight)).collect();
        clues.retain(|(_, weight)| *weight > 20);
        clues.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        assert_eq!(clues, expect, "{claims}");
    }

    #[test]
    fn dates() {
        let header = r#"{"alg":"RS256"}"#;
        check(header, r#"{"aud":"a","exp":1700000100}"#, &[]);
        check(header, r#"{"aud":"a","exp":1699990000,"iat":1699980000}"#, &[("token-expired", 97)]);
        check(header, r#"{"aud":"a","exp":"1699999990"}"#, &[("token-expired", 70)]);
        check(header, r#"{"aud":"a","exp":1700000100000}"#, &[("token-malformed", 65)]);
        check(header, r#"{"aud":"a","nbf":1700000900}"#, &[("token-not-yet-valid", 95)]);
        check(header, r#"{"aud":"a","iat":1700000900}"#, &[("clock-skew", 75)]);
    }

    #[test]
    fn kinds() {
        let header = r#"{"alg":"RS256"}"#;
        check(header, r#"{"aud":"a","typ":"Refresh"}"#, &[("token-kind-wrong", 70)]);
        check(header, r#"{"aud":"a","token_use":"id"}"#, &[("token-kind-wrong", 60)]);
        check(header, r#"{"aud":"a","at_hash":"x"}"#, &[("token-kind-wrong", 55)]);
        check(header, r#"{"aud":"a","nonce":"x","scope":"b"}"#, &[]);
        check(r#"{"alg":"RS256","typ":"at+jwt"}"#, r#"{"aud":"a","nonce":"x"}"#, &[]);
        check(r#"{"alg":"none"}"#, r#"{"aud":"a"}"#, &[("token-algorithm-refused", 85)]);
        check(header, r#"{"scope":"x"}"#, &[("token-audience-mismatch", 22)]);
        check(header, r#"{"aud":"a","cnf":{"jkt":"x"}}"#, &[("proof-missing", 40)]);
    }
}
