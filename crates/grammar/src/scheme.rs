//! Names of schemes that are in use. Not which of them a gateway accepts, nor what their credentials mean.

/// Registered at IANA (RFC 9110 section 16.4.1) or in wide use, in their usual spelling.
const REGISTERED: [&str; 20] = [
    "ApiKey",
    "AWS4-HMAC-SHA256",
    "Basic",
    "Bearer",
    "Concealed",
    "Digest",
    "DPoP",
    "GNAP",
    "HOBA",
    "Kerberos",
    "Mutual",
    "Negotiate",
    "NTLM",
    "OAuth",
    "PoP",
    "PrivateToken",
    "SCRAM-SHA-1",
    "SCRAM-SHA-256",
    "Token",
    "vapid",
];

/// The usual spelling of a scheme's name, or `None` for a name that is not in wide use. Case is ignored.
///
/// ```
/// assert_eq!(countersign_grammar::registered_scheme("dpop"), Some("DPoP"));
/// ```
pub fn registered_scheme(name: &str) -> Option<&'static str> {
    REGISTERED.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// Whether challenges of this scheme are made of parameters only, by the scheme's own RFC.
pub(crate) fn challenges_with_params_only(scheme: &str) -> bool {
    ["Basic", "Bearer", "Digest", "DPoP"].iter().any(|known| known.eq_ignore_ascii_case(scheme))
}
