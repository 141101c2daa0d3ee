//! HAProxy's HTTP log format, with or without what syslog writes before it.
//!
//! `client:port [time] frontend backend/server a/b/c/d/e status bytes cookie cookie state conns queues {captures} "request"`

use super::clock;
use super::entry::Entry;
use super::scan::{Scan, request, status, without_port};
use crate::catalogue::Code;
use countersign::ForeignCause;

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let open = memchr::memmem::find(line, b" [")?;
    // What syslog wrote has `haproxy[1234]:` in it.
    let (head, mut scan) = match line.get(open..)?.first_chunk::<4>() {
        Some([_, _, b'0'..=b'9', b'0'..=b'9']) => (line.get(..open)?, Scan(line.get(open..)?)),
        _ => return None,
    };
    let client = head.rsplit(|c| *c == b' ').next()?;
    let at = clock::common(scan.bracketed()?)?;
    let _frontend = scan.word()?;
    let server = scan.word()?;
    let timers = scan.word()?;
    if !server.contains(&b'/') || memchr::memchr_iter(b'/', timers).count() != 4 {
        return None;
    }
    let status = status(scan.word()?)?;
    let (_bytes, _cookie, _set) = (scan.word()?, scan.word()?, scan.word()?);
    let state = scan.word()?;
    let at_request = memchr::memchr(b'"', scan.0)?;
    scan.0 = scan.0.get(at_request..)?;
    // A request that was too long is cut, and has no closing mark.
    let line = scan.quoted().unwrap_or_else(|| scan.0.get(1..).unwrap_or_default());
    let (method, target) = request(line).unwrap_or_default();
    Some(Entry {
        at: Some(at),
        client: without_port(client),
        status,
        method,
        target,
        cause: cause(status, server, state),
        ..Entry::default()
    })
}

/// What HAProxy itself decided is told by the session's state: `P` as the first letter, and no server.
fn cause(status: u16, server: &[u8], state: &[u8]) -> Option<Code> {
    if !server.ends_with(b"/<NOSRV>") || !matches!(state.first(), Some(b'P' | b'L')) {
        return None;
    }
    match status {
        403 => Some(ForeignCause::Blocked.into()),
        407 => Some(ForeignCause::ProxyAuthenticationRequired.into()),
        429 => Some(ForeignCause::RateExceeded.into()),
        _ => None,
    }
}
