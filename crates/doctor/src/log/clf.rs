//! The common log format of web servers and what grew out of it: nginx, Apache, Caddy's and Traefik's text.
//!
//! `client - user [time] "request" status size "referer" "agent" …`, with the virtual host before it in `vhost_combined`.

use super::clock;
use super::entry::{Entry, known};
use super::scan::{Scan, is_address, request, status, without_port};

/// Reads a line.
pub(super) fn read(line: &[u8]) -> Option<Entry<'_>> {
    let mut scan = Scan(line);
    let mut client = scan.word()?;
    // A virtual host, told by the address behind it.
    if !is_address(client) {
        let mut ahead = scan;
        if let Some(second) = ahead.word().filter(|word| is_address(word)) {
            client = second;
            scan = ahead;
        }
    }
    let _identity = scan.word()?;
    let (user, (at, zone)) = user_and_time(&mut scan)?;
    let (method, target) = scan.quoted().and_then(request).unwrap_or_default();
    let status = status(scan.word()?)?;
    let _size = scan.word();
    let _referer = scan.quoted();
    let agent = scan.quoted();
    Some(Entry {
        at: Some(at),
        zone,
        client: without_port(client),
        status,
        method,
        target,
        agent: known(agent),
        user: known(Some(user)),
        ..Entry::default()
    })
}

/// The user and the time behind it. The name is as it was sent, and may have spaces and brackets in it.
fn user_and_time<'a>(scan: &mut Scan<'a>) -> Option<(&'a [u8], (i64, i64))> {
    let text = scan.0;
    memchr::memchr_iter(b'[', text).take(16).find_map(|bracket| {
        let end = bracket.checked_sub(1).filter(|end| text.get(*end) == Some(&b' '))?;
        scan.0 = text.get(bracket + 1..)?;
        let at = clock::zoned(scan.until(b']')?)?;
        Some((text.get(..end)?, at))
    })
}

/// Which of the formats it is, for the report.
pub(super) fn name(line: &[u8]) -> &'static str {
    let mut scan = Scan(line);
    let vhost = scan.word().is_some_and(|word| !is_address(word)) && scan.word().is_some_and(is_address);
    let (mut scan, mut quoted) = (Scan(line), 0);
    while let Some(at) = memchr::memchr(b'"', scan.0) {
        scan.0 = scan.0.get(at..).unwrap_or_default();
        if scan.quoted().is_none() {
            break;
        }
        quoted += 1;
    }
    match (vhost, quoted) {
        (true, _) => "vhost_combined",
        (false, 0..=2) => "common log",
        (false, 5..) if line.ends_with(b"ms") => "Traefik's common log",
        (false, _) => "combined log",
    }
}
