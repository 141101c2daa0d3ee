//! Apache's error log: `[time] [module:level] [pid 1:tid 2] [client address:port] AH01617: what`. The numbers are those of
//! httpd 2.4; 2.2 wrote the same texts without them.

use super::clock;
use super::entry::Entry;
use super::scan::{Scan, between, has, without_port};
use crate::catalogue::Code;
use countersign::{Cause, ForeignCause};

/// Reads a line; one that tells of no refusal has no cause.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut scan = Scan(line);
    let at = clock::apache(scan.bracketed()?)?;
    let mut client: &[u8] = b"";
    while let Some(part) = scan.bracketed() {
        client = part.strip_prefix(b"client ").or_else(|| part.strip_prefix(b"remote ")).map_or(client, without_port);
    }
    let what = scan.0;
    let cause = cause(what);
    let user = between(what, b"user ", b": ").or_else(|| between(what, b"user ", b" not found")).filter(|_| cause.is_some());
    let user = user.map_or(b"".as_slice(), |user| between(user, b"`", b"'").or_else(|| user.split(|c| *c == b' ').next()).unwrap_or(user));
    Some(Entry { at: Some(at), client, target: cause.map(|_| target(what)).unwrap_or_default(), user, cause, ..Entry::default() })
}

/// The path, where it stands at a place that is known.
fn target(what: &[u8]) -> &[u8] {
    let what = memchr::memmem::rfind(what, b", referer: ").and_then(|at| what.get(..at)).unwrap_or(what);
    let quoted = between(what, b"failure for \"", b"\"");
    let last = || what.rsplit(|c| *c == b' ').next().filter(|word| word.starts_with(b"/"));
    quoted.or_else(last).unwrap_or_default()
}

fn cause(what: &[u8]) -> Option<Code> {
    if let Some(number) = what.trim_ascii_start().strip_prefix(b"AH").and_then(|rest| rest.first_chunk::<5>()) {
        if let Some((_, code)) = NUMBERS.iter().find(|(known, _)| known.as_bytes() == number) {
            return Some(*code);
        }
        if number == b"02039" {
            // OpenSSL's number of the error: 10 is an expired certificate, 9 one of the future.
            return Some(match between(what, b"Error (", b")") {
                Some(b"9" | b"10") => Cause::CertificateExpired.into(),
                _ => Cause::CertificateUntrusted.into(),
            });
        }
    }
    WHAT.iter().find(|(text, _)| has(what, text)).map(|(_, code)| *code)
}

/// Messages of mod_auth_basic, mod_auth_digest, mod_authz_core, mod_access_compat, mod_ssl and the core.
const NUMBERS: &[(&str, Code)] = &[
    ("00035", Code::Foreign(ForeignCause::ServerMisconfigured)),
    ("00132", Code::Foreign(ForeignCause::ServerMisconfigured)),
    ("01276", Code::Foreign(ForeignCause::EndpointWrong)),
    ("01614", Code::Common(Cause::SchemeUnaccepted)),
    ("01617", Code::Common(Cause::PasswordWrong)),
    ("01618", Code::Common(Cause::AccountUnknown)),
    ("01629", Code::Common(Cause::CredentialsMissing)),
    ("01630", Code::Foreign(ForeignCause::Blocked)),
    ("01631", Code::Foreign(ForeignCause::PermissionInsufficient)),
    ("01774", Code::Common(Cause::DigestNonceReplayed)),
    ("01776", Code::Common(Cause::DigestNonceStale)),
    ("01777", Code::Common(Cause::DigestNonceStale)),
    ("01778", Code::Common(Cause::DigestNonceStale)),
    ("01779", Code::Common(Cause::DigestNonceStale)),
    ("01781", Code::Common(Cause::SchemeUnaccepted)),
    ("01782", Code::Common(Cause::CredentialsMalformed)),
    ("01783", Code::Common(Cause::CredentialsMalformed)),
    ("01785", Code::Common(Cause::DigestTargetMismatch)),
    ("01786", Code::Common(Cause::DigestTargetMismatch)),
    ("01788", Code::Common(Cause::DigestResponseWrong)),
    ("01789", Code::Common(Cause::SchemeUnaccepted)),
    ("01790", Code::Common(Cause::AccountUnknown)),
    ("01791", Code::Foreign(ForeignCause::CredentialsInvalid)),
    ("01792", Code::Common(Cause::DigestResponseWrong)),
    ("01793", Code::Common(Cause::CredentialsMalformed)),
    ("01794", Code::Common(Cause::DigestResponseWrong)),
    ("01797", Code::Foreign(ForeignCause::Blocked)),
    ("02032", Code::Foreign(ForeignCause::TlsMisconfigured)),
    ("02219", Code::Common(Cause::TransportInsecure)),
    ("02229", Code::Foreign(ForeignCause::PermissionInsufficient)),
    ("02262", Code::Common(Cause::CertificateUntrusted)),
    ("02263", Code::Common(Cause::CertificateMissing)),
];

/// The same by what they say, for versions that do not number them.
const WHAT: &[(&str, Code)] = &[
    ("Password Mismatch", Code::Common(Cause::PasswordWrong)),
    ("password mismatch", Code::Common(Cause::PasswordWrong)),
    ("client denied by server configuration", Code::Foreign(ForeignCause::Blocked)),
    ("client used wrong authentication scheme", Code::Common(Cause::SchemeUnaccepted)),
    ("invalid nonce", Code::Common(Cause::DigestNonceStale)),
    ("nonce expired", Code::Common(Cause::DigestNonceStale)),
    ("nonce-count", Code::Common(Cause::DigestNonceReplayed)),
    ("uri mismatch", Code::Common(Cause::DigestTargetMismatch)),
    ("realm mismatch", Code::Common(Cause::DigestResponseWrong)),
    ("ModSecurity: Access denied", Code::Foreign(ForeignCause::Blocked)),
    ("because search permissions are missing", Code::Foreign(ForeignCause::ServerMisconfigured)),
];
