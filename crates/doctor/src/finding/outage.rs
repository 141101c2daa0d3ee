//! Refusals whose words show that the server could not ask or believe its provider. Not a provider that was asked and said no.

use super::said::{Phrase, Said};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::Clue;
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "outage";
const AWAY: Code = Common(Cause::ProviderUnreachable);
const TLS: Code = Foreign(ForeignCause::TlsMisconfigured);
const SET: Code = Foreign(ForeignCause::ProviderMisconfigured);

const PHRASES: &[Phrase] = &[
    Phrase("pkix path", 90, TLS),
    Phrase("unable to find valid certification path", 90, TLS),
    Phrase("certificate verify failed", 86, TLS),
    Phrase("certificate_verify_failed", 86, TLS),
    Phrase("self signed certificate", 86, TLS),
    Phrase("self-signed certificate", 86, TLS),
    Phrase("unable to verify the first certificate", 90, TLS),
    Phrase("unable to get local issuer certificate", 90, TLS),
    Phrase("certificate signed by unknown authority", 90, TLS),
    Phrase("x509: certificate", 84, TLS),
    Phrase("sslhandshakeexception", 86, TLS),
    Phrase("ssl handshake", 74, TLS),
    Phrase("could not create ssl/tls secure channel", 86, TLS),
    Phrase("remote certificate is invalid", 90, TLS),
    Phrase("the ssl connection could not be established", 84, TLS),
    Phrase("err_cert", 84, TLS),
    Phrase("hostname * doesn't match", 76, TLS),
    Phrase("couldn't retrieve remote jwk", 92, AWAY),
    Phrase("could not retrieve * jwk", 92, AWAY),
    Phrase("failed to retrieve * jwk", 92, AWAY),
    Phrase("failed to fetch * jwk", 92, AWAY),
    Phrase("failed to fetch jwk", 92, AWAY),
    Phrase("fetch jwks", 86, AWAY),
    Phrase("unable to fetch * key", 84, AWAY),
    Phrase("jwks fetch", 88, AWAY),
    Phrase("jwks remote fetch is failed", 95, AWAY),
    Phrase("jwks doesn't have", 60, SET),
    Phrase("jwks * unavailable", 86, AWAY),
    Phrase("error retrieving * key", 84, AWAY),
    Phrase("unable to obtain configuration from", 94, AWAY),
    Phrase("idx20803", 95, AWAY),
    Phrase("idx20804", 94, AWAY),
    Phrase("idx20807", 92, AWAY),
    Phrase("failed to discover oidc", 94, AWAY),
    Phrase("oidc discovery", 74, AWAY),
    Phrase("discovery failed", 86, AWAY),
    Phrase("openid-configuration", 60, AWAY),
    Phrase("well-known", 46, AWAY),
    Phrase("introspection failed", 84, AWAY),
    Phrase("introspection * error", 78, AWAY),
    Phrase("introspection endpoint", 72, AWAY),
    Phrase("failed to introspect", 86, AWAY),
    Phrase("authentication service * unavailable", 92, AWAY),
    Phrase("auth service * unavailable", 92, AWAY),
    Phrase("authentication server * unavailable", 90, AWAY),
    Phrase("identity provider * unavailable", 92, AWAY),
    Phrase("identity provider * unreachable", 94, AWAY),
    Phrase("authentication backend", 66, AWAY),
    Phrase("authorization service", 42, AWAY),
    Phrase("ldap * timeout", 86, AWAY),
    Phrase("ldap * connect", 82, AWAY),
    Phrase("can't contact ldap server", 95, AWAY),
    Phrase("ldap server * unavailable", 94, AWAY),
    Phrase("ldap result code 200", 90, AWAY),
    Phrase("radius * timeout", 84, AWAY),
    Phrase("ext_authz_error", 92, AWAY),
    Phrase("econnrefused", 86, AWAY),
    Phrase("etimedout", 82, AWAY),
    Phrase("enotfound", 82, AWAY),
    Phrase("eai_again", 84, AWAY),
    Phrase("getaddrinfo", 82, AWAY),
    Phrase("connection refused", 80, AWAY),
    Phrase("connection reset", 62, AWAY),
    Phrase("connection timed out", 76, AWAY),
    Phrase("connect timed out", 78, AWAY),
    Phrase("no such host", 82, AWAY),
    Phrase("name or service not known", 84, AWAY),
    Phrase("could not resolve host", 80, AWAY),
    Phrase("unknownhostexception", 84, AWAY),
    Phrase("no route to host", 80, AWAY),
    Phrase("i/o timeout", 80, AWAY),
    Phrase("context deadline exceeded", 80, AWAY),
    Phrase("dial tcp", 84, AWAY),
    Phrase("upstream connect error", 66, AWAY),
    Phrase("max retries exceeded with url", 84, AWAY),
    Phrase("unable to connect to * auth", 84, AWAY),
    Phrase("unable to reach", 76, AWAY),
    Phrase("temporarily_unavailable", 86, AWAY),
    Phrase("failed to verify token: failed to", 66, AWAY),
    Phrase("token validation service", 70, AWAY),
    Phrase("oidc: issuer did not match", 95, SET),
    Phrase("issuer did not match the issuer returned by provider", 96, SET),
    Phrase("redirect_uri_mismatch", 95, SET),
    Phrase("redirect uri mismatch", 94, SET),
    Phrase("invalid redirect_uri", 92, SET),
    Phrase("invalid parameter: redirect_uri", 95, SET),
    Phrase("invalid redirect uri", 92, SET),
    Phrase("redirect_uri * not match", 92, SET),
    Phrase("redirect_uri * not registered", 92, SET),
    Phrase("callback url mismatch", 94, SET),
    Phrase("redirect_uri", 52, SET),
    Phrase("client not found", 76, Foreign(ForeignCause::ClientRefused)),
    Phrase("unknown client", 82, Foreign(ForeignCause::ClientRefused)),
    Phrase("invalid client secret", 92, Foreign(ForeignCause::ClientRefused)),
    Phrase("invalid client credentials", 90, Foreign(ForeignCause::ClientRefused)),
    Phrase("client authentication failed", 86, Foreign(ForeignCause::ClientRefused)),
    Phrase("invalid client id", 82, Foreign(ForeignCause::ClientRefused)),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let clues = said.clues(NAME, PHRASES);
    let tls = clues.iter().any(|clue| clue.code == TLS && clue.quotes.iter().all(|quote| !quote.place.starts_with("failure")));
    let away = clues.iter().any(|clue| clue.code == AWAY && clue.weight >= 85);
    let mut kept = clues;
    if tls && away {
        // Both are true: keys could not be fetched, because of a certificate. The certificate is what has to be mended.
        kept.iter_mut().filter(|clue| clue.code == AWAY).for_each(|clue| clue.weight = 58);
    }
    // What a tool reports of its own connection is not the server's trouble with its provider.
    kept.retain(|clue| clue.code != AWAY || clue.quotes.iter().all(|quote| !quote.place.starts_with("failure")));
    kept
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check};
    use super::*;

    #[test]
    fn words_about_a_provider_that_is_away() {
        for (status, body, code) in [
            (401, "Couldn&#39;t retrieve remote JWK set: PKIX path building failed", Some("tls-misconfigured")),
            (401, r#"{"message":"connect ECONNREFUSED 127.0.0.1:8080"}"#, Some("provider-unreachable")),
            (500, "IDX20803: Unable to obtain configuration from: 'https://x'", Some("provider-unreachable")),
            (401, "certificate verify failed: self signed certificate", Some("tls-misconfigured")),
            (400, "Invalid parameter: redirect_uri", Some("provider-misconfigured")),
            (401, "unauthorized", None),
        ] {
            check(see(&answered(status, "", body)), code, 80);
        }
    }
}
