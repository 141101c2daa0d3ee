//! The access log of Amazon's application load balancer.
//!
//! `type time name client:port target:port t t t status target_status in out "request" "agent" cipher protocol …`

use super::clock;
use super::entry::{Entry, known};
use super::scan::{Scan, has, request, status, without_port};
use countersign::ForeignCause;

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut scan = Scan(line);
    if !matches!(scan.word()?, b"http" | b"https" | b"h2" | b"grpcs" | b"ws" | b"wss") {
        return None;
    }
    let at = clock::iso(scan.word()?)?;
    let (_name, client, _target) = (scan.word()?, scan.word()?, scan.word()?);
    let (_request_time, _target_time, _response_time) = (scan.word()?, scan.word()?, scan.word()?);
    let status = status(scan.word()?)?;
    let target_status = scan.word()?;
    let (_received, _sent) = (scan.word()?, scan.word()?);
    let (method, target) = scan.quoted().and_then(request).unwrap_or_default();
    let agent = known(scan.quoted());
    let by_firewall = status == 403 && target_status == b"-" && has(scan.0, "\"waf");
    let cause = by_firewall.then_some(ForeignCause::Blocked.into());
    Some(Entry { at: Some(at), client: without_port(client), status, method, target, agent, cause, ..Entry::default() })
}
