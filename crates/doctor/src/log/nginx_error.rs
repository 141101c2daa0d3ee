//! nginx's error log: `2024/01/02 03:04:05 [error] 12#12: *7 what, client: …, server: …, request: "…", host: "…"`.

use super::clock;
use super::entry::Entry;
use super::scan::{Scan, between, has, request};
use crate::catalogue::Code;
use countersign::{Cause, ForeignCause};

/// Reads a line; one that tells of no refusal has no cause.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let at = clock::iso(line)?;
    let level = line.get(19..)?.strip_prefix(b" [").and_then(|rest| Scan(rest).until(b']'))?;
    if !matches!(level, b"debug" | b"info" | b"notice" | b"warn" | b"error" | b"crit" | b"alert" | b"emerg") {
        return None;
    }
    let (what, context) = match memchr::memmem::rfind(line, b", client: ") {
        Some(end) => (line.get(..end)?, line.get(end + 10..)?),
        None => (line, b"".as_slice()),
    };
    let client = context.split(|c| *c == b',').next().unwrap_or_default();
    let (method, target) = between(context, b"request: \"", b"\"").and_then(request).unwrap_or_default();
    let user = between(what, b"user \"", b"\"").unwrap_or_default();
    Some(Entry { at: Some(at), client, method, target, user, cause: cause(what), ..Entry::default() })
}

fn cause(what: &[u8]) -> Option<Code> {
    if has(what, "client SSL certificate verify error") {
        // OpenSSL's number of the error: 10 is an expired certificate, 9 one of the future.
        return Some(match between(what, b"verify error: (", b":") {
            Some(b"9" | b"10") => Cause::CertificateExpired.into(),
            _ => Cause::CertificateUntrusted.into(),
        });
    }
    WHAT.iter().find(|(text, _)| has(what, text)).map(|(_, code)| *code)
}

/// What nginx's modules write, and what it means.
const WHAT: &[(&str, Code)] = &[
    ("no user/password was provided for basic authentication", Code::Common(Cause::CredentialsMissing)),
    ("was not found in", Code::Common(Cause::AccountUnknown)),
    ("password mismatch", Code::Common(Cause::PasswordWrong)),
    ("client sent no required SSL certificate", Code::Common(Cause::CertificateMissing)),
    ("access forbidden by rule", Code::Foreign(ForeignCause::Blocked)),
    ("directory index of", Code::Foreign(ForeignCause::EndpointWrong)),
    ("auth request unexpected status", Code::Common(Cause::ProviderUnreachable)),
    ("limiting requests, excess", Code::Foreign(ForeignCause::RateExceeded)),
    ("limiting connections by zone", Code::Foreign(ForeignCause::RateExceeded)),
    ("(13: Permission denied)", Code::Foreign(ForeignCause::ServerMisconfigured)),
    ("SSL certificate verify error", Code::Foreign(ForeignCause::TlsMisconfigured)),
    ("JWT validation failed", Code::Foreign(ForeignCause::CredentialsInvalid)),
    ("ModSecurity: Access denied", Code::Foreign(ForeignCause::Blocked)),
];
