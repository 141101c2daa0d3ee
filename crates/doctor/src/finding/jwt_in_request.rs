//! The JWTs that a request carries, read against the time of the answer. Not a verification: nothing is said of signatures.

use super::refusal::{Clock, Refusal};
use super::said::Said;
use super::sent::{self, Place, Sent};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use crate::jwt::{self, Jwt};
use crate::moment::{span, utc};
use countersign::{Cause, ForeignCause, Timestamp};

const NAME: &str = "jwt-in-request";
const EXPIRED: Code = Common(Cause::TokenExpired);
const AUDIENCE: Code = Common(Cause::TokenAudienceMismatch);

/// What checkers commonly allow between two clocks, in seconds.
const LEEWAY: i64 = 300;

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some(request) = refusal.request() else { return Vec::new() };
    if matches!(refusal.status(), 407 | 429) || refusal.is_preflight() {
        return Vec::new();
    }
    let sent = sent::credentials(request);
    let said = Said::of(dossier);
    let mut clues = Vec::new();
    let tokens = sent.iter().filter(|sent| !sent.name.to_ascii_lowercase().contains("hint"));
    for (sent, token) in tokens.filter_map(|sent| Some((sent, Jwt::read(jwt::spot(&sent.value)?).filter(Jwt::signed)?))).take(5) {
        let mut found = Vec::new();
        found.extend(dates(&refusal, sent, &token, &said));
        found.extend(kind(sent, &token));
        found.extend(cognito(&refusal, &token));
        found.extend(audience(&refusal, &token));
        if found.iter().all(|clue: &Clue| clue.weight < 60) {
            found.extend(unexplained(&refusal, sent, &token, &said));
        }
        let share = if sent.place == Place::Authorization {
            100
        } else if matches!(sent.place, Place::Cookie | Place::Body) {
            80
        } else {
            95
        };
        for mut clue in found {
            clue.weight = u8::try_from(u32::from(clue.weight) * share / 100).unwrap_or(clue.weight);
            clues.push(clue.quote(sent.quote(refusal.index)));
        }
    }
    clues
}

fn dates(refusal: &Refusal<'_>, sent: &Sent<'_>, token: &Jwt, said: &Said) -> Vec<Clue> {
    let mut clues = Vec::new();
    let claim = |name: &str, at: Timestamp| Quote {
        place: format!("token claim {name}"),
        exchange: refusal.index + 1,
        line: 0,
        text: format!("{at} ({})", utc(at)),
    };
    if let Some(exp) = token.time("exp").filter(|exp| *exp > 100_000_000_000) {
        let because = "The token's exp is in milliseconds; JWT dates are seconds (RFC 7519 section 2).";
        clues.push(Clue::new(NAME, Common(Cause::TokenMalformed), 55, because).quote(claim("exp", exp)));
    }
    let Some((now, clock)) = refusal.now() else { return clues };
    let date = refusal.date().map(|(_, header)| Quote::header(refusal.index, "response", header));
    let dated = |mut clue: Clue| {
        clue.quotes.extend(date.clone());
        clue
    };
    if let Some(exp) = token.time("exp").filter(|exp| *exp <= now) {
        let over = now.saturating_sub(exp);
        let weight = match (clock, over) {
            (Clock::Reader, 0..=604_800) => 55,
            (Clock::Reader, _) => 32,
            (Clock::Recording, _) => 90,
            (Clock::Server, 0..=LEEWAY) if said.any(&["expire"]).is_none() && refusal.status() != 401 => 62,
            (Clock::Server, 0..=LEEWAY) => 90,
            (Clock::Server, _) if refusal.status() == 401 => 97,
            (Clock::Server, _) => 88,
        };
        let mut because = format!(
            "The token in {} expired at {}, {} before {} says that the request came.",
            sent.whereabouts(),
            utc(exp),
            span(over),
            clock.name()
        );
        if clock == Clock::Reader {
            because = format!(
                "By now the token in {} is over ({}); whether it was when the request came is not known.",
                sent.whereabouts(),
                utc(exp)
            );
        }
        let clue = Clue::new(NAME, EXPIRED, weight, because).quote(claim("exp", exp));
        clues.push(dated(clue.fix(Side::Caller, "Fetch a new token, and renew it some time before its exp.", &[])));
    }
    for (name, weight) in [("nbf", 95_u8), ("iat", 84)] {
        let Some(at) = token.time(name).filter(|at| *at > now && *at < 100_000_000_000 && clock != Clock::Reader) else { continue };
        let ahead = at.saturating_sub(now);
        let weight = match ahead {
            1 => weight - 8,
            _ => weight,
        };
        let because = format!(
            "The token's {name} is {}, {} after {} says that the request came: two clocks disagree.",
            utc(at),
            span(ahead),
            clock.name()
        );
        let clue = Clue::new(NAME, Common(Cause::TokenNotYetValid), weight, because).quote(claim(name, at));
        clues.push(dated(clue.fix(
            Side::Server,
            "Set the clocks by NTP, and allow some leeway; until then the caller can ask again after that time.",
            &["timedatectl set-ntp true"],
        )));
        break;
    }
    clues
}

/// A token that is there for something else.
fn kind(sent: &Sent<'_>, token: &Jwt) -> Option<Clue> {
    if sent.place == Place::Body
        || sent.name.to_ascii_lowercase().contains("refresh")
        || sent.name.to_ascii_lowercase().contains("id") && sent.place != Place::Authorization
    {
        return None;
    }
    let says = ["typ", "token_type", "type", "token_use", "tokenType", "scope_type"]
        .iter()
        .find_map(|name| token.text(name))
        .map(str::to_ascii_lowercase)
        .unwrap_or_default();
    let head = token.head("typ").unwrap_or_default().to_ascii_lowercase();
    let (weight, what) = match (says.as_str(), head.as_str()) {
        ("refresh" | "offline" | "refresh_token", _) | (_, "rt+jwt" | "refresh+jwt") => {
            (92, "a refresh token, which only the token endpoint takes")
        }
        (_, "dpop+jwt") => (90, "a DPoP proof, which belongs in the DPoP field beside the token"),
        (_, "logout+jwt") => (92, "a log-out token"),
        ("id", _) => (66, "an ID token, which is for the client alone and no access token"),
        _ if token.text("nonce").is_some() || token.text("at_hash").is_some() || token.text("c_hash").is_some() => {
            (56, "an ID token by its claims, which is for the client alone and no access token")
        }
        _ => return None,
    };
    let because = format!("The token in {} is {what}.", sent.whereabouts());
    Some(Clue::new(NAME, Common(Cause::TokenKindWrong), weight, because).fix(
        Side::Caller,
        "Send the access token that the token endpoint gave for this API.",
        &[],
    ))
}

/// API Gateway's Cognito authorizer takes the ID token, and the access token only for methods that ask for scopes.
fn cognito(refusal: &Refusal<'_>, token: &Jwt) -> Option<Clue> {
    let gateway = refusal.answered("x-amzn-errortype").is_some_and(|header| header.value.contains("UnauthorizedException"));
    let access =
        token.text("token_use").is_some_and(|kind| kind == "access") && token.text("iss").is_some_and(|iss| iss.contains("cognito-idp"));
    (gateway && access && refusal.status() == 401).then(|| {
        let because =
            "The token is Cognito's access token, and a Cognito authorizer takes the ID token unless scopes are set for the method.";
        Clue::new(NAME, Common(Cause::TokenKindWrong), 72, because).fix(
            Side::Caller,
            "Send the ID token, or set scopes for the method.",
            &[],
        )
    })
}

/// Audiences that are known to be some API's alone, with the hosts of that API.
const KNOWN: &[(&str, &[&str], &str)] = &[
    ("00000003-0000", &["graph.microsoft.com", "graph.microsoft.us"], "Microsoft Graph"),
    ("graph.microsoft.com", &["graph.microsoft.com"], "Microsoft Graph"),
    ("00000002-0000", &["graph.windows.net"], "Azure AD Graph"),
    ("management.azure.com", &["management.azure.com"], "Azure Resource Manager"),
    ("management.core.windows.net", &["management.azure.com", "management.core.windows.net"], "Azure Resource Manager"),
    ("vault.azure.net", &["vault.azure.net"], "Azure Key Vault"),
    ("storage.azure.com", &["core.windows.net", "fabric.microsoft.com"], "Azure Storage"),
    ("auth0.com/userinfo", &["auth0.com"], "Auth0's own userinfo"),
    ("auth0.com/api/v2", &["auth0.com"], "Auth0's management API"),
];

fn audience(refusal: &Refusal<'_>, token: &Jwt) -> Option<Clue> {
    let host = refusal.request().map(crate::dossier::Request::host).unwrap_or_default();
    let audiences = token.texts("aud");
    let quote =
        |text: &str| Quote { place: "token claim aud".to_owned(), exchange: refusal.index + 1, line: 0, text: crate::mask::text(text) };
    let own = |audience: &str| KNOWN.iter().find(|(part, ..)| audience.contains(part));
    if host.is_empty() {
        return None;
    }
    if let [audience] = audiences.as_slice() {
        if let Some((_, hosts, api)) = own(audience) {
            if !hosts.iter().any(|own| host == *own || host.ends_with(&format!(".{own}")) || host.ends_with(own)) {
                let because = format!("The token was made for {api}, and it was sent to {host}. No other server can take it.");
                return Some(
                    Clue::new(NAME, AUDIENCE, if refusal.response().is_some() { 84 } else { 54 }, because).quote(quote(audience)).fix(
                        Side::Caller,
                        "Ask the provider for a token whose audience or scope is this API.",
                        &[],
                    ),
                );
            }
            return None;
        }
        let elsewhere = |aimed: &str| super::refusal::site(aimed) != super::refusal::site(&host);
        if let Some((_, aimed, _)) = super::refusal::origin(audience).filter(|(_, aimed, _)| elsewhere(aimed)) {
            let because = format!("The token's audience is {aimed}, and it was sent to {host}.");
            return Some(Clue::new(NAME, AUDIENCE, 34, because).quote(quote(audience)));
        }
    }
    None
}

/// A well-formed token in its time, refused without a reason.
fn unexplained(refusal: &Refusal<'_>, sent: &Sent<'_>, token: &Jwt, said: &Said) -> Vec<Clue> {
    if refusal.status() != 401 && refusal.status() != 500 || sent.place == Place::Body {
        return Vec::new();
    }
    let told = said
        .any(&[
            "expire",
            "signature",
            "audience",
            "issuer",
            "permission",
            "scope",
            "role",
            "revoked",
            "not provided",
            "missing",
            "malformed",
            "locked",
            "disabled",
        ])
        .is_some();
    if told || refusal.challenge_tells_error() {
        return Vec::new();
    }
    let quiet = u8::from(said.is_silent()) * 6;
    let mut clues = Vec::new();
    let mut speak = |code: Code, weight: u8, because: &str| clues.push(Clue::new(NAME, code, weight, because));
    let symmetric = token.head("alg").is_some_and(|alg| alg.starts_with("HS"));
    match token.head("alg") {
        Some("none") => speak(Common(Cause::TokenAlgorithmRefused), 84, "The token is not signed (`alg` is none), which checkers refuse."),
        Some(_) if symmetric => speak(
            Common(Cause::TokenSignatureWrong),
            38 + quiet,
            "The token is in its time and signed with a shared secret: another secret on the other side, or the same one read as text here and as base64 there, gives a refusal without a word.",
        ),
        _ => speak(
            Common(Cause::TokenSignatureWrong),
            26 + quiet,
            "The token is in its time; a signature that does not fit would explain the refusal.",
        ),
    }
    if let Some(kid) = token.head("kid") {
        let because = format!(
            "The token names the key {}; a server that holds an older key set does not know it after a rotation.",
            crate::mask::name(kid)
        );
        clues.push(Clue::new(NAME, Common(Cause::TokenKeyUnknown), 32 + quiet, because));
    }
    let mut speak = |code: Code, weight: u8, because: &str| clues.push(Clue::new(NAME, code, weight, because));
    if token.texts("aud").is_empty() && token.text("iss").is_some_and(|iss| iss.contains("://")) {
        speak(AUDIENCE, 30 + quiet, "The token names no audience, and a server that checks it refuses.");
    } else if !token.texts("aud").is_empty() {
        speak(AUDIENCE, 26 + quiet, "The token was made for an audience that this server may not take for its own.");
    }
    if token.text("iss").is_some_and(|iss| {
        iss.starts_with("http://localhost") || iss.contains("127.0.0.1") || iss.contains(".local") || iss.contains("host.docker.internal")
    }) {
        speak(
            Common(Cause::TokenIssuerUnknown),
            34,
            "The token's issuer is a name of one machine; the server may know the provider under another.",
        );
    }
    if refusal.now().is_none() && token.time("exp").is_some() {
        speak(EXPIRED, 34, "The token has a date of expiry, and nothing given says what time it was.");
    }
    speak(Foreign(ForeignCause::TokenRevoked), 12, "A token that is in its time can have been revoked.");
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchanged};
    use super::*;

    /// {"alg":"HS256"} . claims . sig
    fn with(claims: &str) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::new();
        for chunk in claims.as_bytes().chunks(3) {
            let bits = chunk.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for at in 0..=chunk.len() {
                text.push(char::from(*ALPHABET.get(((bits >> (18 - 6 * at)) & 63) as usize).unwrap_or(&b'A')));
            }
        }
        format!("GET https://api.example.com/x\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.{text}.c2ln")
    }

    const DATE: &str = "Date: Tue, 14 Nov 2023 22:13:20 GMT";

    #[test]
    fn tokens_and_the_time() {
        check(see(&exchanged(&with(r#"{"exp":1699999000}"#), 401, DATE, "User does not have permission")), Some("token-expired"), 95);
        check(see(&exchanged(&with(r#"{"exp":1699999000}"#), 403, DATE, "")), Some("token-expired"), 80);
        check(see(&exchanged(&with(r#"{"exp":1800000000,"nbf":1700000030}"#), 401, DATE, "")), Some("token-not-yet-valid"), 90);
        check(see(&exchanged(&with(r#"{"exp":1800000000}"#), 401, DATE, "")), Some("token-signature-wrong"), 30);
        check(see(&exchanged(&with(r#"{"exp":1800000000,"iat":1699999999}"#), 403, DATE, "")), None, 10);
        let mut undated = exchanged(&with(r#"{"exp":1600000000}"#), 401, "", "x");
        undated.now = Some(1_700_000_000);
        assert!(see(&undated).iter().all(|clue| clue.code != EXPIRED || clue.weight < 60));
    }

    #[test]
    fn tokens_for_something_else() {
        check(see(&exchanged(&with(r#"{"exp":1800000000,"typ":"Refresh"}"#), 401, DATE, "")), Some("token-kind-wrong"), 90);
        check(see(&exchanged(&with(r#"{"exp":1800000000,"nonce":"a","at_hash":"b"}"#), 401, DATE, "")), Some("token-kind-wrong"), 55);
        check(
            see(&exchanged(&with(r#"{"exp":1800000000,"aud":"https://graph.microsoft.com"}"#), 401, DATE, "")),
            Some("token-audience-mismatch"),
            80,
        );
        check(see(&exchanged("GET https://a.example/\nAuthorization: Bearer abc", 401, DATE, "")), None, 10);
    }
}
