//! What service providers and identity providers say when they refuse a SAML message: php-saml and its kin (Python, Ruby,
//! Java), node-saml, Shibboleth, Spring, mod_auth_mellon, SimpleSAMLphp, pysaml2, ADFS, Okta, Entra, Cognito, Keycloak.

use super::NAME;
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Side};
use crate::finding::said::{Phrase, Said};
use countersign::{Cause, ForeignCause};

const MALFORMED: Code = Common(Cause::AssertionMalformed);
const SIGNATURE: Code = Common(Cause::AssertionSignatureWrong);
const EXPIRED: Code = Common(Cause::AssertionExpired);
const EARLY: Code = Common(Cause::AssertionNotYetValid);
const AUDIENCE: Code = Common(Cause::AssertionAudienceMismatch);
const RECIPIENT: Code = Common(Cause::AssertionRecipientMismatch);
const REPLAYED: Code = Common(Cause::AssertionReplayed);
const UNSOLICITED: Code = Common(Cause::AssertionUnsolicited);
const STATUS: Code = Common(Cause::AssertionStatusRefused);
const PROVIDER: Code = Foreign(ForeignCause::ProviderMisconfigured);
const PERMISSION: Code = Foreign(ForeignCause::PermissionInsufficient);
const STATE: Code = Common(Cause::LoginStateUnknown);
const PUBLIC_URL: Code = Foreign(ForeignCause::PublicUrlUnknown);
const UNKNOWN: Code = Common(Cause::AccountUnknown);

/// Phrases that speak of SAML by themselves.
const SPECIFIC: &[Phrase] = &[
    // php-saml, python3-saml, ruby-saml, java-saml.
    Phrase("the response was received at", 92, RECIPIENT),
    Phrase("is not a valid audience for this response", 95, AUDIENCE),
    Phrase("invalid audience for this response", 95, AUDIENCE),
    Phrase("invalid audience. the audience", 94, AUDIENCE),
    Phrase("invalid audiences. the audience", 94, AUDIENCE),
    Phrase("could not validate timestamp: not yet valid", 96, EARLY),
    Phrase("could not validate timestamp: expired", 96, EXPIRED),
    Phrase("current time is earlier than notbefore", 96, EARLY),
    Phrase("current time is on or after notonorafter", 96, EXPIRED),
    Phrase("timing issues (please check your clock settings)", 64, EXPIRED),
    Phrase("timing issues (please check your clock settings)", 58, EARLY),
    Phrase("signature validation failed. saml response rejected", 95, SIGNATURE),
    Phrase("no signature found. saml response rejected", 96, SIGNATURE),
    Phrase("invalid signature on saml response", 95, SIGNATURE),
    Phrase("fingerprint mismatch", 82, SIGNATURE),
    Phrase("the message of the response is not signed", 96, SIGNATURE),
    Phrase("the assertion of the response is not signed", 96, SIGNATURE),
    Phrase("found an unexpected signature element", 90, SIGNATURE),
    Phrase("found an invalid signed element", 90, SIGNATURE),
    Phrase("duplicated reference uri", 85, SIGNATURE),
    Phrase("the assertion of the response is not encrypted", 80, PROVIDER),
    Phrase("a valid subjectconfirmation was not found", 70, RECIPIENT),
    Phrase("a valid subjectconfirmation was not found", 45, EXPIRED),
    Phrase("the inresponseto of the response", 90, UNSOLICITED),
    Phrase("the response has an inresponseto attribute", 90, UNSOLICITED),
    Phrase("invalid issuer in the assertion/response", 88, SIGNATURE),
    Phrase("doesn't match the issuer, expected", 85, SIGNATURE),
    Phrase("the attributes have expired, based on the sessionnotonorafter", 96, EXPIRED),
    Phrase("the status code of the response was not success", 96, STATUS),
    Phrase("not match the saml-schema-protocol", 88, MALFORMED),
    Phrase("saml response must contain 1 assertion", 85, MALFORMED),
    Phrase("saml response could not be processed", 70, MALFORMED),
    Phrase("saml response not found", 82, MALFORMED),
    Phrase("the destination in the saml message", 85, RECIPIENT),
    // ruby-saml and omniauth-saml.
    Phrase("blank response", 62, MALFORMED),
    // node-saml and passport-saml.
    Phrase("saml assertion not yet valid", 96, EARLY),
    Phrase("saml assertion expired", 96, EXPIRED),
    Phrase("saml assertion audience mismatch", 96, AUDIENCE),
    Phrase("saml assertion has no audiencerestriction", 94, AUDIENCE),
    Phrase("inresponseto is not valid", 88, UNSOLICITED),
    Phrase("inresponseto is missing from response", 90, UNSOLICITED),
    Phrase("inresponseto does not match subjectinresponseto", 88, UNSOLICITED),
    Phrase("subjectinresponseto is not valid", 88, UNSOLICITED),
    Phrase("unknown saml issuer", 85, SIGNATURE),
    Phrase("missing saml issuer", 80, MALFORMED),
    Phrase("invalid document signature", 88, SIGNATURE),
    Phrase("invalid signature from encrypted assertion", 94, SIGNATURE),
    Phrase("saml provider returned responder error", 95, STATUS),
    Phrase("saml provider returned requester error", 95, STATUS),
    Phrase("saml response is not valid for this audience", 95, AUDIENCE),
    // Shibboleth.
    Phrase("opensaml::securitypolicyexception", 60, SIGNATURE),
    Phrase("message was signed, but signature could not be verified", 96, SIGNATURE),
    Phrase("unable to establish security of incoming assertion", 88, SIGNATURE),
    Phrase("unable to locate metadata for identity provider", 92, PROVIDER),
    Phrase("no metadata found, can't establish identity of issuer", 90, PROVIDER),
    Phrase("message expired, was issued too long ago", 92, EXPIRED),
    Phrase("assertion is no longer valid", 94, EXPIRED),
    Phrase("assertion is not yet valid", 94, EARLY),
    Phrase("rejected replayed message", 95, REPLAYED),
    Phrase("saml message delivered with post to incorrect server url", 95, RECIPIENT),
    Phrase("saml message delivered with * to incorrect server url", 95, RECIPIENT),
    Phrase("unacceptable audiencerestriction", 95, AUDIENCE),
    Phrase("assertion contains an unacceptable audiencerestriction", 96, AUDIENCE),
    Phrase("unable to locate satisfiable bearer subjectconfirmation", 70, RECIPIENT),
    Phrase("a valid authentication statement was not found in the incoming message", 78, MALFORMED),
    Phrase("cannot create a session from a reused assertion", 95, REPLAYED),
    Phrase("saml response reported an idp error", 94, STATUS),
    Phrase("unsupported request * the application you have accessed is not registered", 88, PROVIDER),
    Phrase("application you have accessed is not registered for use with this service", 92, PROVIDER),
    Phrase("web login service - stale request", 88, STATE),
    Phrase("stale request", 76, STATE),
    Phrase("request did not meet security requirements", 62, SIGNATURE),
    // Spring Security.
    Phrase("invalid_destination", 90, RECIPIENT),
    Phrase("invalid destination [", 92, RECIPIENT),
    Phrase("invalid_assertion", 50, EXPIRED),
    Phrase("invalid assertion [", 55, EXPIRED),
    Phrase("invalid_in_response_to", 90, UNSOLICITED),
    Phrase("invalid_issuer", 62, SIGNATURE),
    Phrase("invalid issuer [", 72, SIGNATURE),
    Phrase("malformed_response_data", 88, MALFORMED),
    Phrase("no relying party registration found", 82, PROVIDER),
    Phrase("relying_party_registration_not_found", 86, PROVIDER),
    Phrase("intended destination * doesn't match any of the endpoint urls", 94, RECIPIENT),
    Phrase("endpoint with message binding", 60, RECIPIENT),
    Phrase("authentication statement is too old to be used", 94, EXPIRED),
    Phrase("response issue time is either too old or with date in the future", 82, EXPIRED),
    Phrase("doesn't correspond to sent message", 86, UNSOLICITED),
    Phrase("local entity is not the intended audience of the assertion", 95, AUDIENCE),
    // SimpleSAMLphp.
    Phrase("received an assertion that is valid in the future", 96, EARLY),
    Phrase("received an assertion that has expired", 96, EXPIRED),
    Phrase("received an assertion with a session that has expired", 94, EXPIRED),
    Phrase("this sp * is not a valid audience for the assertion", 96, AUDIENCE),
    Phrase("destination in response doesn't match the current url", 96, RECIPIENT),
    Phrase("recipient in assertion doesn't match the current url", 96, RECIPIENT),
    Phrase("unable to validate signature", 84, SIGNATURE),
    Phrase("neither the assertion nor the response was signed", 97, SIGNATURE),
    Phrase("metadata not found", 62, PROVIDER),
    Phrase("no saml response provided", 80, MALFORMED),
    Phrase("no saml message provided", 80, MALFORMED),
    Phrase("state information lost", 88, STATE),
    Phrase("unable to locate the state information", 88, STATE),
    Phrase("error received from identity provider", 74, STATUS),
    Phrase("no authentication request found", 60, UNSOLICITED),
    // pysaml2, djangosaml2.
    Phrase("unsolicitedresponse", 92, UNSOLICITED),
    Phrase("unsolicited response", 90, UNSOLICITED),
    Phrase("responselifetimeexceed", 94, EXPIRED),
    Phrase("statusauthnfailed", 94, STATUS),
    Phrase("statusnoauthncontext", 94, STATUS),
    Phrase("audiencerestrictions conditions not satisfied", 94, AUDIENCE),
    Phrase("unable to parse saml2 response: unsolicited response", 96, UNSOLICITED),
    Phrase("unable to parse saml2 response: failed to verify signature", 95, SIGNATURE),
    Phrase("unable to parse saml2 response: can't use response yet", 95, EARLY),
    Phrase("can't use * yet", 72, EARLY),
    // ADFS, Entra.
    Phrase("msis7001", 50, PROVIDER),
    Phrase("msis7046", 78, PROVIDER),
    Phrase("msis3127", 80, PROVIDER),
    Phrase("msis7042", 78, STATE),
    Phrase("msis7066", 60, STATUS),
    Phrase("msis7007", 82, PROVIDER),
    Phrase("msis0006", 72, SIGNATURE),
    Phrase("msis0038", 72, SIGNATURE),
    Phrase("saml request is not properly signed", 85, SIGNATURE),
    Phrase("id4037", 82, SIGNATURE),
    Phrase("id4175", 90, SIGNATURE),
    Phrase("id4223", 94, EXPIRED),
    Phrase("id4222", 94, EARLY),
    Phrase("id4148", 94, EXPIRED),
    Phrase("id4147", 94, EARLY),
    Phrase("id1038", 94, AUDIENCE),
    // Salesforce, Cognito, Okta, Google, GitLab.
    Phrase("assertion invalid: audience", 92, AUDIENCE),
    Phrase("issuer mismatched", 82, SIGNATURE),
    Phrase("replay detected", 82, REPLAYED),
    Phrase("replay_detected", 86, REPLAYED),
    Phrase("invalid samlresponse or relaystate from identity provider", 70, STATE),
    Phrase("invalid relaystate from identity provider", 86, STATE),
    Phrase("invalid saml response received: audience restriction", 95, AUDIENCE),
    Phrase("audience restriction was not fulfilled", 94, AUDIENCE),
    Phrase("response signature is invalid", 88, SIGNATURE),
    Phrase("issuer or signing certificate is not valid", 90, SIGNATURE),
    Phrase("app_not_configured_for_user", 94, PERMISSION),
    Phrase("app_not_configured", 90, PROVIDER),
    Phrase("app_not_enabled_for_user", 95, PERMISSION),
    Phrase("invalid_nameid_value", 80, UNKNOWN),
    // Keycloak.
    Phrase("invalidrequestedissuer", 84, PROVIDER),
    Phrase("invalid_saml_response", 60, MALFORMED),
    Phrase("invalid_saml_document", 80, MALFORMED),
    Phrase("invalid_saml_authn_response", 60, MALFORMED),
    Phrase("unsolicited saml response", 92, UNSOLICITED),
    // mod_auth_mellon, lasso.
    Phrase("error processing authn response", 66, SIGNATURE),
    Phrase("lasso_profile_error_status_not_success", 95, STATUS),
    Phrase("lasso_profile_error_cannot_verify_signature", 94, SIGNATURE),
    Phrase("lasso_profile_error_invalid_msg", 82, MALFORMED),
    Phrase("unable to find idp entry", 80, PROVIDER),
];

/// Phrases that are SAML's where SAML is spoken.
const IN_CONTEXT: &[Phrase] = &[
    Phrase("signature validation failed", 88, SIGNATURE),
    Phrase("signature verification failed", 88, SIGNATURE),
    Phrase("failed to verify signature", 90, SIGNATURE),
    Phrase("invalid signature", 86, SIGNATURE),
    Phrase("invalid_signature", 86, SIGNATURE),
    Phrase("signature is not valid", 86, SIGNATURE),
    Phrase("signature is invalid", 86, SIGNATURE),
    Phrase("signature not valid", 84, SIGNATURE),
    Phrase("signature trust establishment failed", 90, SIGNATURE),
    Phrase("signature cryptographic validation not successful", 94, SIGNATURE),
    Phrase("certificate mismatch", 84, SIGNATURE),
    Phrase("untrusted issuer", 80, SIGNATURE),
    Phrase("unknown issuer", 80, SIGNATURE),
    Phrase("not signed", 84, SIGNATURE),
    Phrase("unsigned", 76, SIGNATURE),
    Phrase("no signature", 82, SIGNATURE),
    Phrase("not yet valid", 92, EARLY),
    Phrase("notbefore", 78, EARLY),
    Phrase("notonorafter", 80, EXPIRED),
    Phrase("assertion * expired", 90, EXPIRED),
    Phrase("response * expired", 84, EXPIRED),
    Phrase("clock skew", 60, EXPIRED),
    Phrase("clock skew", 55, EARLY),
    Phrase("clocks are skewed", 60, EARLY),
    Phrase("audience", 78, AUDIENCE),
    Phrase("destination", 72, RECIPIENT),
    Phrase("recipient", 74, RECIPIENT),
    Phrase("replay", 80, REPLAYED),
    Phrase("already been used", 86, REPLAYED),
    Phrase("already used", 84, REPLAYED),
    Phrase("already been processed", 86, REPLAYED),
    Phrase("inresponseto", 80, UNSOLICITED),
    Phrase("in_response_to", 80, UNSOLICITED),
    Phrase("unsolicited", 86, UNSOLICITED),
    Phrase("idp-initiated", 70, UNSOLICITED),
    Phrase("idp initiated", 70, UNSOLICITED),
    Phrase("urn:oasis:names:tc:saml:2.0:status:responder", 90, STATUS),
    Phrase("urn:oasis:names:tc:saml:2.0:status:requester", 90, STATUS),
    Phrase("urn:oasis:names:tc:saml:2.0:status:authnfailed", 95, STATUS),
    Phrase("urn:oasis:names:tc:saml:2.0:status:nopassive", 95, STATUS),
    Phrase("urn:oasis:names:tc:saml:2.0:status:noauthncontext", 95, STATUS),
    Phrase("urn:oasis:names:tc:saml:2.0:status:invalidnameidpolicy", 95, STATUS),
    Phrase("invalidnameidpolicy", 90, STATUS),
    Phrase("noauthncontext", 90, STATUS),
    Phrase("could not decrypt", 76, PROVIDER),
    Phrase("decryption failed", 76, PROVIDER),
    Phrase("failed to decrypt", 76, PROVIDER),
    Phrase("relaystate", 62, STATE),
    Phrase("relay state", 62, STATE),
    Phrase("missing attribute", 66, PROVIDER),
    Phrase("required attribute", 64, PROVIDER),
    Phrase("nameid", 48, PROVIDER),
    Phrase("malformed", 74, MALFORMED),
    Phrase("could not parse", 72, MALFORMED),
    Phrase("unable to parse", 55, MALFORMED),
    Phrase("unable to decode", 72, MALFORMED),
    Phrase("invalid xml", 80, MALFORMED),
];

/// What is said, with what is known to help.
pub(super) fn see(said: &Said, in_context: bool) -> Vec<Clue> {
    let mut clues = said.clues(NAME, SPECIFIC);
    if in_context {
        for clue in said.clues(NAME, IN_CONTEXT) {
            match clues.iter_mut().find(|known| known.code == clue.code) {
                Some(known) if known.weight >= clue.weight => {}
                Some(known) => *known = clue,
                None => clues.push(clue),
            }
        }
    }
    if let Some(heard) = said.find("received at http:* instead of https:") {
        let because = format!(
            "The service provider believes that it is reached over plain HTTP (“{}”): TLS ends at a proxy, and the app is not told.",
            heard.words
        );
        let clue = Clue::new(NAME, PUBLIC_URL, 60, because).quote(heard.quote);
        clues.push(clue.fix(
            Side::Proxy,
            "Tell the app the scheme, and let it trust that proxy.",
            &["proxy_set_header Host $host;", "proxy_set_header X-Forwarded-Proto $scheme;"],
        ));
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_in_lower_case_and_once_for_a_cause() {
        for Phrase(phrase, weight, code) in SPECIFIC.iter().chain(IN_CONTEXT) {
            assert_eq!(phrase.to_lowercase(), *phrase);
            assert!((1..=99).contains(weight), "{phrase}");
            let same = SPECIFIC.iter().filter(|other| other.0 == *phrase && other.2 == *code).count();
            assert!(same <= 1, "{phrase}");
        }
    }
}
