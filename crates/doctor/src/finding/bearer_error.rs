//! Error codes: in Bearer and DPoP challenges (RFC 6750 section 3.1, RFC 9449 section 7.1, RFC 9470) and from token endpoints
//! (RFC 6749 section 5.2, RFC 8628 section 3.5, OpenID Connect Core section 3.1.2.6). Words without a code are `token_words`'.

use super::refusal::{Refusal, json};
use super::sent;
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote};
use crate::dossier::{DocumentKind, Dossier};
use crate::jwt;
use countersign::{Cause, ForeignCause};

const NAME: &str = "bearer-error";
const INVALID: Code = Foreign(ForeignCause::CredentialsInvalid);
const EXPIRED: Code = Common(Cause::TokenExpired);
const GRANT: Code = Foreign(ForeignCause::GrantRevoked);
const OLD_REFRESH: Code = Foreign(ForeignCause::RefreshTokenExpired);
const CODE: Code = Common(Cause::CodeRefused);

/// Words of an `invalid_token`'s description, the first that fits.
const INVALID_TOKEN: &[(&[&str], u8, Code)] = &[
    (&["audience"], 94, Common(Cause::TokenAudienceMismatch)),
    (&["issuer"], 93, Common(Cause::TokenIssuerUnknown)),
    (&["key was not found", "unknown kid", "no matching key", "signing key", "kid"], 92, Common(Cause::TokenKeyUnknown)),
    (&["signature"], 90, Common(Cause::TokenSignatureWrong)),
    (&["not yet valid", "before", "future", "nbf", "not valid yet"], 92, Common(Cause::TokenNotYetValid)),
    (&["revoked", "blacklist", "logged out"], 92, Foreign(ForeignCause::TokenRevoked)),
    (&["expired", "expiry", "expiration", "lifetime"], 95, EXPIRED),
    (&["inactive", "not active"], 82, Common(Cause::TokenInactive)),
    (&["algorithm", "alg "], 86, Common(Cause::TokenAlgorithmRefused)),
    (&["id token", "id_token", "token type", "typ ", "token use", "token_use"], 84, Common(Cause::TokenKindWrong)),
    (&["malformed", "well formed", "well-formed", "parse", "decode", "format", "segments"], 86, Common(Cause::TokenMalformed)),
    (&["jwk", "discovery", "i/o error", "connection", "timeout", "retrieve"], 88, Common(Cause::ProviderUnreachable)),
    (&["missing", "no token", "not provided", "not found in"], 74, Common(Cause::CredentialsMissing)),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let mut clues = Vec::new();
    if let Some(refusal) = Refusal::of(dossier) {
        clues.extend(challenged(&refusal));
        clues.extend(endpoint(&refusal));
    }
    for document in dossier.documents.iter().filter(|document| document.kind == DocumentKind::ErrorBody) {
        let quote = |text: &str| Quote { place: document.name.clone(), exchange: 0, line: 0, text: crate::mask::text(text) };
        clues.extend(token_error(&document.text, "", &quote));
    }
    clues
}

fn challenged(refusal: &Refusal<'_>) -> Vec<Clue> {
    let mut clues = Vec::new();
    for header in refusal.response().into_iter().flat_map(|response| response.headers.all("www-authenticate")) {
        for challenge in countersign_grammar::parse_challenges(&header.value).value {
            let Some(error) = challenge.value("error") else { continue };
            let words = challenge.value("error_description").unwrap_or_default().to_ascii_lowercase();
            let quote = Quote::header(refusal.index, "response", header);
            let clue = |code, weight, because: String| Clue::new(NAME, code, weight, because).quote(quote.clone());
            match error {
                "invalid_token" => clues.extend(invalid_token(refusal, &words, &quote)),
                "insufficient_scope" => {
                    let wanted = challenge
                        .value("scope")
                        .map(|scope| format!(" It names what is needed: `{}`.", crate::mask::text(scope)))
                        .unwrap_or_default();
                    clues.push(clue(
                        Common(Cause::ScopeInsufficient),
                        96,
                        format!("The challenge's error is insufficient_scope (RFC 6750 section 3.1).{wanted}"),
                    ));
                }
                "invalid_request" => {
                    let missing =
                        words.contains("missing") || words.contains("not found") || words.contains("no ") || words.contains("required");
                    let (code, weight) =
                        if missing { (Common(Cause::CredentialsMissing), 66) } else { (Common(Cause::CredentialsMalformed), 70) };
                    clues.push(clue(
                        code,
                        weight,
                        "The challenge's error is invalid_request: the request itself could not be read (RFC 6750 section 3.1).".to_owned(),
                    ));
                }
                "invalid_dpop_proof" => clues.push(clue(
                    Common(Cause::ProofWrong),
                    94,
                    "The challenge's error is invalid_dpop_proof (RFC 9449 section 7.1).".to_owned(),
                )),
                "use_dpop_nonce" => clues.push(clue(
                    Common(Cause::ProofNonceNeeded),
                    94,
                    "The server wants its own nonce in the proof, and gives one in DPoP-Nonce (RFC 9449 section 9).".to_owned(),
                )),
                "insufficient_user_authentication" => {
                    let old = challenge.value("max_age").is_some();
                    let code = Common(if old { Cause::AuthenticationTooOld } else { Cause::AuthenticationTooWeak });
                    clues.push(clue(code, 95, "The challenge asks for a fresher or stronger log-in (RFC 9470).".to_owned()));
                }
                "insufficient_claims" => clues.push(clue(
                    Common(Cause::AuthenticationTooWeak),
                    88,
                    "The challenge asks for claims that the token lacks, as conditional access does.".to_owned(),
                )),
                "invalid_client" => {
                    clues.push(clue(Foreign(ForeignCause::ClientRefused), 88, "The challenge's error is invalid_client.".to_owned()))
                }
                "unauthorized" | "authentication_required" => {
                    clues.push(clue(Common(Cause::CredentialsMissing), 40, format!("The challenge's error is {error}.")))
                }
                "access_denied" => clues.push(clue(
                    Foreign(ForeignCause::PermissionInsufficient),
                    66,
                    "The challenge's error is access_denied.".to_owned(),
                )),
                _ => {}
            }
        }
    }
    clues
}

/// Does the sign occur at the beginning of a word? "Invalid token" says nothing of an "id token".
fn begins_a_word(words: &str, sign: &str) -> bool {
    let letter = |text: &str| text.ends_with(|c: char| c.is_ascii_alphanumeric()) && sign.starts_with(|c: char| c.is_ascii_alphanumeric());
    words.match_indices(sign).any(|(at, _)| words.get(..at).is_some_and(|before| !letter(before)))
}

fn invalid_token(refusal: &Refusal<'_>, words: &str, quote: &Quote) -> Vec<Clue> {
    let hedged = words.contains(" or ") && (words.contains("expired") || words.contains("revoked")) || words.contains("expired, revoked");
    let told = INVALID_TOKEN.iter().find(|(signs, ..)| signs.iter().any(|sign| begins_a_word(words, sign)));
    if let Some((_, weight, code)) = told.filter(|_| !hedged) {
        let because = "The challenge's error is invalid_token, and its description names the reason (RFC 6750 section 3.1).";
        return vec![Clue::new(NAME, *code, *weight, because).quote(quote.clone())];
    }
    let token = refusal
        .request()
        .map(sent::credentials)
        .unwrap_or_default()
        .into_iter()
        .find_map(|sent| jwt::Jwt::read(jwt::spot(&sent.value)?).filter(jwt::Jwt::signed));
    let dated = token.as_ref().and_then(|token| token.time("exp")).zip(refusal.now()).is_some_and(|(exp, (now, _))| exp > now);
    let weights: &[(Code, u8)] = match (&token, dated) {
        (Some(_), true) => &[
            (Common(Cause::TokenSignatureWrong), 30),
            (Common(Cause::TokenAudienceMismatch), 32),
            (Common(Cause::TokenKeyUnknown), 20),
            (Foreign(ForeignCause::TokenRevoked), 20),
            (Common(Cause::TokenIssuerUnknown), 18),
        ],
        (Some(_), false) => &[(EXPIRED, 30), (Common(Cause::TokenSignatureWrong), 24), (Common(Cause::TokenAudienceMismatch), 24)],
        (None, _) => &[(INVALID, 44), (EXPIRED, 40), (Foreign(ForeignCause::TokenRevoked), 26)],
    };
    let because = "The challenge's error is invalid_token without a reason: expired, revoked, malformed, or invalid in another way (RFC 6750 section 3.1).";
    weights.iter().map(|(code, weight)| Clue::new(NAME, *code, *weight, because).quote(quote.clone())).collect()
}

/// An error object in the body of a token endpoint, or of anything that speaks like one.
fn endpoint(refusal: &Refusal<'_>) -> Vec<Clue> {
    let Some(response) = refusal.response() else { return Vec::new() };
    let grant = refusal
        .request()
        .and_then(|request| sent::parameters(request).into_iter().find(|(name, _)| name == "grant_type"))
        .map(|(_, value)| value);
    let quote = |text: &str| Quote::text(refusal.index, "response body", 0, text);
    token_error(&response.body, grant.as_deref().unwrap_or_default(), &quote)
}

fn token_error(body: &str, grant: &str, quote: &dyn Fn(&str) -> Quote) -> Vec<Clue> {
    let Some(value) = json(body) else { return Vec::new() };
    let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let (error, words) = (text("error"), text("error_description").to_ascii_lowercase());
    let any = |signs: &[&str]| signs.iter().any(|sign| begins_a_word(&words, sign));
    let refresh = grant.contains("refresh") || words.contains("refresh token");
    let found: Vec<(Code, u8)> = match error {
        "invalid_client" => vec![(Foreign(ForeignCause::ClientRefused), if any(&["not allowed", "public", "method"]) { 74 } else { 90 })],
        "unauthorized_client" => vec![
            (Foreign(ForeignCause::ClientRefused), if any(&["secret", "credentials"]) { 90 } else { 48 }),
            (Foreign(ForeignCause::ProviderMisconfigured), 58),
        ],
        "unsupported_grant_type" => vec![(Foreign(ForeignCause::ProviderMisconfigured), 66)],
        "invalid_scope" => vec![(Common(Cause::ScopeInsufficient), 84)],
        "invalid_grant" => invalid_grant(grant, refresh, &any),
        "access_denied" => vec![(Foreign(ForeignCause::PermissionInsufficient), 66)],
        "slow_down" => vec![(Foreign(ForeignCause::RateExceeded), 95)],
        "expired_token" => vec![(EXPIRED, 93)],
        "authorization_pending" => vec![(Foreign(ForeignCause::SecondFactorMissing), 60), (Common(Cause::CredentialsMissing), 50)],
        "login_required" => vec![(Common(Cause::SessionUnknown), 84)],
        "interaction_required" | "consent_required" | "account_selection_required" => {
            vec![(Foreign(ForeignCause::SecondFactorMissing), 58), (Common(Cause::SessionUnknown), 30)]
        }
        "temporarily_unavailable" => vec![(Common(Cause::ProviderUnreachable), 90)],
        "invalid_dpop_proof" => vec![(Common(Cause::ProofWrong), 94)],
        "use_dpop_nonce" => vec![(Common(Cause::ProofNonceNeeded), 94)],
        "mfa_required" => vec![(Foreign(ForeignCause::SecondFactorMissing), 95)],
        "insufficient_scope" => vec![(Common(Cause::ScopeInsufficient), 95)],
        "invalid_token" if !words.is_empty() => {
            let told = INVALID_TOKEN.iter().find(|(signs, ..)| any(signs) && !any(&[" or "]));
            told.map(|(_, weight, code)| (*code, *weight)).into_iter().collect()
        }
        "redirect_uri_mismatch" => vec![(Foreign(ForeignCause::ProviderMisconfigured), 95)],
        _ => Vec::new(),
    };
    let quoted = format!("{error}: {}", text("error_description"));
    let because = |code: Code| match code {
        code if error == "invalid_grant" => {
            format!("The token endpoint answers invalid_grant (RFC 6749 section 5.2), which here speaks for {code}.")
        }
        _ => format!("The error code is {error}."),
    };
    found.into_iter().map(|(code, weight)| Clue::new(NAME, code, weight, because(code)).quote(quote(&quoted))).collect()
}

fn invalid_grant(grant: &str, refresh: bool, any: &dyn Fn(&[&str]) -> bool) -> Vec<(Code, u8)> {
    if any(&["disabled", "locked", "not fully set up", "suspended"]) {
        return Vec::new();
    }
    if any(&["reuse", "already used", "already been used", "already redeemed"]) {
        return vec![(if refresh { Foreign(ForeignCause::RefreshTokenReused) } else { CODE }, 92)];
    }
    if any(&["revoked", "password", "withdrawn", "consent"])
        && !any(&["expired or revoked", "invalid username", "invalid user", "username or password", "incorrect", "expired, revoked"])
    {
        return vec![(GRANT, 90)];
    }
    if any(&["expired or revoked", "expired, revoked", "revoked or expired"]) {
        return vec![(GRANT, 56), (OLD_REFRESH, 44)];
    }
    if any(&["invalid user credentials", "username or password", "invalid username", "invalid user", "bad credentials", "incorrect"]) {
        return vec![(Foreign(ForeignCause::CredentialsInvalid), 92)];
    }
    if any(&["redirect_uri", "redirect uri", "code_verifier", "pkce", "verifier"]) {
        return vec![(CODE, 93)];
    }
    if any(&["iat", "exp", "clock", "time", "lifespan", "not yet valid", "too early"]) && grant.contains("jwt") {
        return vec![(Foreign(ForeignCause::ClockSkew), 88)];
    }
    if any(&["signature"]) {
        return vec![(Common(Cause::TokenSignatureWrong), 90)];
    }
    if any(&["expired", "not active", "inactive", "session"]) && refresh {
        return vec![(OLD_REFRESH, 86)];
    }
    match grant {
        "authorization_code" => vec![(CODE, 86)],
        "password" => vec![(Foreign(ForeignCause::CredentialsInvalid), 86)],
        _ if refresh => vec![(GRANT, 54), (OLD_REFRESH, 48)],
        _ if grant.contains("jwt") => vec![(Foreign(ForeignCause::ClockSkew), 34), (Common(Cause::TokenSignatureWrong), 34)],
        _ => vec![(GRANT, 40), (OLD_REFRESH, 34), (CODE, 30)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn challenges_with_errors() {
        for (challenge, code) in [
            (r#"Bearer error="invalid_token", error_description="The access token expired""#, Some("token-expired")),
            (r#"Bearer error="invalid_token", error_description="The audience 'empty' is invalid""#, Some("token-audience-mismatch")),
            (r#"Bearer error="insufficient_scope", scope="a b""#, Some("scope-insufficient")),
            (r#"DPoP error="use_dpop_nonce""#, Some("proof-nonce-needed")),
            (r#"DPoP error="invalid_dpop_proof""#, Some("proof-wrong")),
            (r#"Bearer error="insufficient_user_authentication", max_age="5""#, Some("authentication-too-old")),
            (r#"Bearer error="invalid_token""#, None),
            ("Bearer", None),
        ] {
            check(see(&answered(401, &format!("WWW-Authenticate: {challenge}"), "")), code, 80);
        }
    }

    #[test]
    fn token_endpoints() {
        let ask = |grant: &str, body: &str| {
            exchanged(
                &format!("POST https://a.example/token\nContent-Type: application/x-www-form-urlencoded\n\ngrant_type={grant}"),
                400,
                "",
                body,
            )
        };
        check(
            see(&ask("refresh_token", r#"{"error":"invalid_grant","error_description":"Token is not active"}"#)),
            Some("refresh-token-expired"),
            80,
        );
        check(see(&ask("authorization_code", r#"{"error":"invalid_grant"}"#)), Some("code-refused"), 80);
        check(see(&ask("password", r#"{"error":"invalid_grant"}"#)), Some("credentials-invalid"), 80);
        check(see(&ask("client_credentials", r#"{"error":"invalid_client"}"#)), Some("client-refused"), 85);
        check(see(&ask("refresh_token", r#"{"error":"invalid_grant","error_description":"The user account is disabled"}"#)), None, 10);
        check(see(&ask("x", r#"{"error":"Not here"}"#)), None, 10);
    }
}
