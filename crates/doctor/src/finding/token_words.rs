//! Words about a token: expired, not yet valid, signature, key, audience, issuer, kind, form. Not error codes of RFC 6750: those are
//! `bearer_error`'s.

use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::Clue;
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "token-words";
const EXPIRED: Code = Common(Cause::TokenExpired);
const EARLY: Code = Common(Cause::TokenNotYetValid);
const SIGNATURE: Code = Common(Cause::TokenSignatureWrong);
const KEY: Code = Common(Cause::TokenKeyUnknown);
const ALGORITHM: Code = Common(Cause::TokenAlgorithmRefused);
const AUDIENCE: Code = Common(Cause::TokenAudienceMismatch);
const ISSUER: Code = Common(Cause::TokenIssuerUnknown);
const KIND: Code = Common(Cause::TokenKindWrong);
const MALFORMED: Code = Common(Cause::TokenMalformed);
const OLD_KEY: Code = Common(Cause::ApiKeyExpired);
const REFRESH: Code = Foreign(ForeignCause::RefreshTokenExpired);
const SKEW: Code = Foreign(ForeignCause::ClockSkew);

const PHRASES: &[Phrase] = &[
    Phrase("jwt expired", 95, EXPIRED),
    Phrase("jwt is expired", 95, EXPIRED),
    Phrase("jwt has expired", 95, EXPIRED),
    Phrase("expired jwt", 92, EXPIRED),
    Phrase("expiredjwtexception", 95, EXPIRED),
    Phrase("token has expired", 93, EXPIRED),
    Phrase("token is expired", 93, EXPIRED),
    Phrase("token expired", 92, EXPIRED),
    Phrase("token_expired", 93, EXPIRED),
    Phrase("tokenexpired", 92, EXPIRED),
    Phrase("token * expired", 84, EXPIRED),
    Phrase("expired token", 88, EXPIRED),
    Phrase("expired_token", 88, EXPIRED),
    Phrase("expiredtoken", 90, EXPIRED),
    Phrase("expired access token", 92, EXPIRED),
    Phrase("expired_access_token", 92, EXPIRED),
    Phrase("expired_auth", 84, EXPIRED),
    Phrase("authentication expired", 74, EXPIRED),
    Phrase("authorization * expired", 72, EXPIRED),
    Phrase("signature has expired", 90, EXPIRED),
    Phrase("credentials have expired", 62, EXPIRED),
    Phrase("credentials * expired", 56, EXPIRED),
    Phrase("the token's lifetime", 76, EXPIRED),
    Phrase("lifetime validation failed", 84, EXPIRED),
    Phrase("the token expired at", 95, EXPIRED),
    Phrase("\"exp\" claim timestamp check failed", 93, EXPIRED),
    Phrase("exp claim", 55, EXPIRED),
    Phrase("link has expired", 72, EXPIRED),
    Phrase("url has expired", 84, EXPIRED),
    Phrase("request has expired", 66, EXPIRED),
    Phrase("refresh token has expired", 94, REFRESH),
    Phrase("refresh token is expired", 94, REFRESH),
    Phrase("refresh token expired", 94, REFRESH),
    Phrase("refresh_token_expired", 94, REFRESH),
    Phrase("refresh token * expired", 88, REFRESH),
    Phrase("api key has expired", 94, OLD_KEY),
    Phrase("api key is expired", 94, OLD_KEY),
    Phrase("api key expired", 93, OLD_KEY),
    Phrase("api_key_expired", 93, OLD_KEY),
    Phrase("api key * expired", 84, OLD_KEY),
    Phrase("expired api key", 90, OLD_KEY),
    Phrase("key has expired", 88, OLD_KEY),
    Phrase("code: expired", 86, EXPIRED),
    Phrase("reason: expired", 86, EXPIRED),
    Phrase("error: expired", 86, EXPIRED),
    Phrase("message: expired", 80, EXPIRED),
    Phrase("jwt not active", 94, EARLY),
    Phrase("not yet valid", 93, EARLY),
    Phrase("not valid yet", 93, EARLY),
    Phrase("not valid before", 84, EARLY),
    Phrase("before its time", 82, EARLY),
    Phrase("token used before issued", 94, EARLY),
    Phrase("used before issued", 92, EARLY),
    Phrase("token used too early", 94, EARLY),
    Phrase("used too early", 90, EARLY),
    Phrase("issued in the future", 93, EARLY),
    Phrase("is in the future", 82, EARLY),
    Phrase("in the future", 60, EARLY),
    Phrase("immaturesignature", 94, EARLY),
    Phrase("premature", 70, EARLY),
    Phrase("\"nbf\" claim", 84, EARLY),
    Phrase("nbf claim", 80, EARLY),
    Phrase("iat claim", 66, EARLY),
    Phrase("clock skew", 66, SKEW),
    Phrase("invalid signature", 80, SIGNATURE),
    Phrase("signature is invalid", 84, SIGNATURE),
    Phrase("signature invalid", 82, SIGNATURE),
    Phrase("invalid_signature", 82, SIGNATURE),
    Phrase("invalid token signature", 90, SIGNATURE),
    Phrase("invalid jwt signature", 92, SIGNATURE),
    Phrase("bad signature", 82, SIGNATURE),
    Phrase("bad_signature", 82, SIGNATURE),
    Phrase("signature verification failed", 90, SIGNATURE),
    Phrase("signature verification", 80, SIGNATURE),
    Phrase("signature validation failed", 88, SIGNATURE),
    Phrase("signature does not match", 82, SIGNATURE),
    Phrase("signature did not match", 82, SIGNATURE),
    Phrase("signature doesn't match", 82, SIGNATURE),
    Phrase("signature mismatch", 84, SIGNATURE),
    Phrase("signature not match", 80, SIGNATURE),
    Phrase("signature * not valid", 78, SIGNATURE),
    Phrase("signature error", 72, SIGNATURE),
    Phrase("verify * signature", 62, SIGNATURE),
    Phrase("failed to verify signature", 84, SIGNATURE),
    Phrase("couldn't verify", 55, SIGNATURE),
    Phrase("crypto/rsa: verification error", 94, SIGNATURE),
    Phrase("verification error", 60, SIGNATURE),
    Phrase("signatureexception", 88, SIGNATURE),
    Phrase("jws verification failed", 90, SIGNATURE),
    Phrase("signature key was not found", 94, KEY),
    Phrase("no matching key", 88, KEY),
    Phrase("no applicable key found", 93, KEY),
    Phrase("unable to find a signing key", 94, KEY),
    Phrase("unable to find * key", 84, KEY),
    Phrase("unable to match key", 92, KEY),
    Phrase("signing key not found", 93, KEY),
    Phrase("key not found", 52, KEY),
    Phrase("unknown kid", 93, KEY),
    Phrase("invalid kid", 88, KEY),
    Phrase("kid not found", 93, KEY),
    Phrase("no key * kid", 90, KEY),
    Phrase("kid * not found", 90, KEY),
    Phrase("kid * not match", 90, KEY),
    Phrase("jwks * does not contain", 90, KEY),
    Phrase("jwks_no_matching_key", 92, KEY),
    Phrase("no suitable key", 88, KEY),
    Phrase("another algorithm expected", 90, ALGORITHM),
    Phrase("invalid algorithm", 88, ALGORITHM),
    Phrase("algorithm not allowed", 92, ALGORITHM),
    Phrase("alg not allowed", 92, ALGORITHM),
    Phrase("algorithm is not allowed", 92, ALGORITHM),
    Phrase("unsupported algorithm", 84, ALGORITHM),
    Phrase("unexpected signing method", 88, ALGORITHM),
    Phrase("algorithm mismatch", 86, ALGORITHM),
    Phrase("jwt audience invalid", 95, AUDIENCE),
    Phrase("invalid audience", 93, AUDIENCE),
    Phrase("invalid_audience", 93, AUDIENCE),
    Phrase("invalid token audience", 93, AUDIENCE),
    Phrase("audience is invalid", 93, AUDIENCE),
    Phrase("audience * is invalid", 92, AUDIENCE),
    Phrase("audience invalid", 92, AUDIENCE),
    Phrase("audience * did not match", 92, AUDIENCE),
    Phrase("audience doesn't match", 92, AUDIENCE),
    Phrase("audience mismatch", 92, AUDIENCE),
    Phrase("audience validation failed", 92, AUDIENCE),
    Phrase("audience * not allowed", 90, AUDIENCE),
    Phrase("expected audience", 88, AUDIENCE),
    Phrase("wrong audience", 92, AUDIENCE),
    Phrase("token audience", 74, AUDIENCE),
    Phrase("aud claim", 82, AUDIENCE),
    Phrase("\"aud\" claim", 86, AUDIENCE),
    Phrase("'aud' claim", 86, AUDIENCE),
    Phrase("incorrect audience", 92, AUDIENCE),
    Phrase("unexpected \"aud\"", 93, AUDIENCE),
    Phrase("audiences in jwt are not allowed", 95, AUDIENCE),
    Phrase("jwt issuer invalid", 95, ISSUER),
    Phrase("invalid issuer", 92, ISSUER),
    Phrase("invalid_issuer", 92, ISSUER),
    Phrase("invalid token issuer", 93, ISSUER),
    Phrase("wrong issuer", 93, ISSUER),
    Phrase("issuer is invalid", 92, ISSUER),
    Phrase("issuer * is invalid", 92, ISSUER),
    Phrase("issuer invalid", 90, ISSUER),
    Phrase("issuer mismatch", 90, ISSUER),
    Phrase("issuer * not match", 90, ISSUER),
    Phrase("issuer doesn't match", 90, ISSUER),
    Phrase("expected issuer", 88, ISSUER),
    Phrase("unknown issuer", 90, ISSUER),
    Phrase("issuer not trusted", 92, ISSUER),
    Phrase("untrusted issuer", 92, ISSUER),
    Phrase("issuer is not configured", 92, ISSUER),
    Phrase("jwt issuer is not configured", 95, ISSUER),
    Phrase("unexpected \"iss\"", 93, ISSUER),
    Phrase("iss claim", 80, ISSUER),
    Phrase("\"iss\" claim", 84, ISSUER),
    Phrase("issuer validation failed", 92, ISSUER),
    Phrase("incorrect issuer", 92, ISSUER),
    Phrase("not an access token", 92, KIND),
    Phrase("wrong token type", 92, KIND),
    Phrase("invalid token type", 88, KIND),
    Phrase("invalid_token_type", 88, KIND),
    Phrase("token has wrong type", 93, KIND),
    Phrase("token type is not", 82, KIND),
    Phrase("wrong type of token", 92, KIND),
    Phrase("given token not valid for any token type", 30, KIND),
    Phrase("only access tokens are allowed", 94, KIND),
    Phrase("only refresh tokens are allowed", 94, KIND),
    Phrase("not_allowed_token_type", 94, KIND),
    Phrase("token type * not * supported", 84, KIND),
    Phrase("expected an access token", 93, KIND),
    Phrase("use an access token", 82, KIND),
    Phrase("must use a personal access token", 92, KIND),
    Phrase("use a personal access token", 88, KIND),
    Phrase("personal access token is required", 90, KIND),
    Phrase("use a token instead", 84, KIND),
    Phrase("support for password authentication was removed", 94, KIND),
    Phrase("password authentication is not supported", 84, KIND),
    Phrase("basic authentication with passwords is deprecated", 92, KIND),
    Phrase("app password", 74, KIND),
    Phrase("application-specific password required", 92, KIND),
    Phrase("user access token is required", 90, KIND),
    Phrase("user token required", 88, KIND),
    Phrase("requires user authentication", 80, KIND),
    Phrase("requires a user access token", 90, KIND),
    Phrase("user access token", 58, KIND),
    Phrase("requires user context", 90, KIND),
    Phrase("application-only is forbidden", 90, KIND),
    Phrase("unsupported authentication with oauth 2.0 application-only", 94, KIND),
    Phrase("bot token", 60, KIND),
    Phrase("id token * not", 66, KIND),
    Phrase("jwt malformed", 86, MALFORMED),
    Phrase("malformed jwt", 88, MALFORMED),
    Phrase("malformedjwt", 88, MALFORMED),
    Phrase("malformed token", 84, MALFORMED),
    Phrase("token is malformed", 86, MALFORMED),
    Phrase("token malformed", 84, MALFORMED),
    Phrase("token_malformed", 84, MALFORMED),
    Phrase("not enough segments", 90, MALFORMED),
    Phrase("wrong number of segments", 90, MALFORMED),
    Phrase("invalid number of segments", 90, MALFORMED),
    Phrase("invalid number of segements", 90, MALFORMED),
    Phrase("token contains an invalid number", 90, MALFORMED),
    Phrase("invalid token format", 82, MALFORMED),
    Phrase("invalid jwt format", 84, MALFORMED),
    Phrase("jwt is not in the form", 90, MALFORMED),
    Phrase("invalid compact jws", 88, MALFORMED),
    Phrase("invalid jwt serialization", 88, MALFORMED),
    Phrase("jwt strings must contain exactly 2 period", 93, MALFORMED),
    Phrase("not well formed", 82, MALFORMED),
    Phrase("not well-formed", 80, MALFORMED),
    Phrase("failed to parse token", 72, MALFORMED),
    Phrase("failed to parse jwt", 76, MALFORMED),
    Phrase("could not decode token", 70, MALFORMED),
    Phrase("error decoding token", 66, MALFORMED),
    Phrase("cannot decode token", 66, MALFORMED),
    Phrase("error decoding signature", 62, MALFORMED),
    Phrase("invalid header padding", 84, MALFORMED),
    Phrase("malformed authorization header", 84, MALFORMED),
    Phrase("badly formatted", 66, MALFORMED),
    Phrase("token已过期", 92, EXPIRED),
    Phrase("令牌已过期", 92, EXPIRED),
    Phrase("token过期", 90, EXPIRED),
    Phrase("签名错误", 82, SIGNATURE),
    Phrase("签名验证失败", 88, SIGNATURE),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    let refresh = clues.iter().any(|clue| clue.code == REFRESH);
    let key = clues.iter().any(|clue| clue.code == OLD_KEY);
    clues.retain(|clue| clue.code != EXPIRED || !(refresh || key));
    if let Some(hedge) = said.hedge() {
        let both = [(EXPIRED, 38), (Foreign(ForeignCause::CredentialsInvalid), 38), (Foreign(ForeignCause::TokenRevoked), 18)];
        let named = |code: Code| match code {
            EXPIRED => hedge.words.to_ascii_lowercase().contains("expired"),
            _ => true,
        };
        clues.extend(both.into_iter().filter(|(code, _)| named(*code)).map(|(code, weight)| {
            Clue::new(
                NAME,
                code,
                weight,
                format!("The server names two causes in one sentence, and does not tell which it is: “{}”.", hedge.words),
            )
            .quote(hedge.quote.clone())
        }));
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn words_about_tokens() {
        for (body, code) in [
            (r#"{"error":"JWT expired at 2018-04-02T12:59:44Z. Current time: …"}"#, Some("token-expired")),
            (r#"{ "message": "Invalid JWT. Wrong Issuer. Access denied." }"#, Some("token-issuer-unknown")),
            ("jwt audience invalid. expected: x", Some("token-audience-mismatch")),
            ("Token used before issued", Some("token-not-yet-valid")),
            ("Refresh token has expired", Some("refresh-token-expired")),
            ("jwt malformed", Some("token-malformed")),
            ("The specified signature key was not found: the signature key was not found", Some("token-key-unknown")),
            ("unauthorized", None),
        ] {
            check(see(&answered(401, "", body)), code, 80);
        }
        check(see(&answered(401, "", "Invalid or expired token")), Some("token-expired"), 30);
    }
}
