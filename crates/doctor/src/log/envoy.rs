//! Envoy's access log: its default text, and Istio's, which adds why a response came.
//!
//! `[time] "request" status flags (details termination "failure") in out duration upstream "forwarded for" "agent" "id" …`

use super::clock;
use super::entry::{Entry, known};
use super::scan::{Scan, has, request, status, without_port};
use crate::catalogue::Code;
use countersign::{Cause, ForeignCause};

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut scan = Scan(line);
    let at = clock::iso(scan.bracketed()?)?;
    let (method, target) = request(scan.quoted()?)?;
    let status = status(scan.word()?)?;
    let flags = scan.word()?;
    let mut ahead = scan;
    let numbers = ahead.word()?.iter().all(u8::is_ascii_digit);
    let mut details: &[u8] = b"";
    if !numbers {
        details = scan.field()?;
        let (_termination, _failure) = (scan.field()?, scan.field()?);
    }
    let (_received, _sent, _duration, _upstream) = (scan.word()?, scan.word()?, scan.word()?, scan.word()?);
    let forwarded = known(scan.quoted());
    let agent = known(scan.quoted());
    let (_id, _authority, _host) = (scan.quoted(), scan.quoted(), scan.quoted());
    // Istio: cluster, local address to the upstream, local address to the client, the client.
    let remote = if numbers { None } else { std::iter::from_fn(|| scan.word()).nth(3) };
    let client = match forwarded.split(|c| *c == b',').next() {
        Some(first) if !first.is_empty() => first,
        _ => without_port(known(remote)),
    };
    Some(Entry { at: Some(at), client, status, method, target, agent, cause: cause(status, flags, details), ..Entry::default() })
}

/// What flags and details say about the cause.
pub(super) fn cause(status: u16, flags: &[u8], details: &[u8]) -> Option<Code> {
    if !matches!(status, 401 | 403 | 407 | 429) {
        return None;
    }
    let named = DETAILS.iter().find(|(text, _)| has(details, text)).map(|(_, code)| *code);
    let flagged = || flags.split(|c| *c == b',').any(|flag| flag == b"RL").then_some(Code::Foreign(ForeignCause::RateExceeded));
    named.or_else(flagged)
}

/// Envoy's response code details, with the texts of its JWT filter in braces.
const DETAILS: &[(&str, Code)] = &[
    ("Jwt_is_missing", Code::Common(Cause::CredentialsMissing)),
    ("Jwt_is_expired", Code::Common(Cause::TokenExpired)),
    ("Jwt_not_yet_valid", Code::Common(Cause::TokenNotYetValid)),
    ("Jwt_issuer_is_not_configured", Code::Common(Cause::TokenIssuerUnknown)),
    ("Audiences_in_Jwt_are_not_allowed", Code::Common(Cause::TokenAudienceMismatch)),
    ("Jwt_verification_fails", Code::Common(Cause::TokenSignatureWrong)),
    ("Jwks_doesn't_have_key_to_match_kid", Code::Common(Cause::TokenKeyUnknown)),
    ("Jwks_remote_fetch_is_failed", Code::Common(Cause::KeysUnreachable)),
    ("Jwt_is_not_in_the_form", Code::Common(Cause::TokenMalformed)),
    ("Jwt_header_is_an_invalid", Code::Common(Cause::TokenMalformed)),
    ("Jwt_payload_is_an_invalid", Code::Common(Cause::TokenMalformed)),
    ("rbac_access_denied", Code::Foreign(ForeignCause::PermissionInsufficient)),
    ("request_rate_limited", Code::Foreign(ForeignCause::RateExceeded)),
    ("local_rate_limited", Code::Foreign(ForeignCause::RateExceeded)),
    ("ext_authz_error", Code::Common(Cause::ProviderUnreachable)),
];
