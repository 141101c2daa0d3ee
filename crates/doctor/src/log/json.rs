//! Access logs of one JSON object a line: Caddy, Traefik, Envoy, our own trail, and others that use the usual names.
//!
//! The members that matter are found by their names, without reading the whole object. That is safe: within a string
//! quotation marks are escaped, so that no text of a client's can look like `"name":`. Values stay as they are written;
//! escapes are undone when they are shown.

use super::clock;
use super::entry::{Entry, known};
use super::envoy;
use super::scan::{between, is_address, request, status, without_port};
use crate::catalogue::Code;

/// Names of the members, each the first that is there.
pub(super) struct Names {
    time: &'static [&'static str],
    pub(super) status: &'static [&'static str],
    client: &'static [&'static str],
    method: &'static [&'static str],
    target: &'static [&'static str],
    agent: &'static [&'static str],
    user: &'static [&'static str],
}

pub(super) const CADDY: Names = Names {
    time: &["\"ts\":"],
    status: &["\"status\":"],
    client: &["\"client_ip\":", "\"remote_ip\":", "\"remote_addr\":"],
    method: &["\"method\":"],
    target: &["\"uri\":"],
    agent: &["\"User-Agent\":"],
    user: &["\"user_id\":"],
};

pub(super) const TRAEFIK: Names = Names {
    time: &["\"StartUTC\":", "\"time\":"],
    status: &["\"DownstreamStatus\":"],
    client: &["\"ClientHost\":"],
    method: &["\"RequestMethod\":"],
    target: &["\"RequestPath\":"],
    agent: &["\"request_User-Agent\":"],
    user: &["\"ClientUsername\":"],
};

pub(super) const ENVOY: Names = Names {
    time: &["\"start_time\":", "\"timestamp\":"],
    status: &["\"response_code\":"],
    client: &["\"x_forwarded_for\":", "\"downstream_remote_address\":", "\"client_ip\":"],
    method: &["\"method\":"],
    target: &["\"path\":"],
    agent: &["\"user_agent\":"],
    user: &[],
};

pub(super) const TRAIL: Names = Names {
    time: &["\"at\":"],
    status: &["\"status\":"],
    client: &["\"client\":"],
    method: &["\"method\":"],
    target: &["\"path\":"],
    agent: &[],
    user: &["\"subject\":"],
};

pub(super) const OTHER: Names = Names {
    time: &["\"time\":", "\"timestamp\":", "\"@timestamp\":", "\"time_iso8601\":", "\"time_local\":", "\"ts\":", "\"msec\":", "\"date\":"],
    status: &["\"status\":", "\"status_code\":", "\"statusCode\":", "\"response_status\":", "\"http_status\":", "\"response\":"],
    client: &[
        "\"remote_addr\":",
        "\"remote_ip\":",
        "\"client_ip\":",
        "\"clientip\":",
        "\"clientIp\":",
        "\"remoteIp\":",
        "\"ip\":",
        "\"client\":",
    ],
    method: &["\"method\":", "\"request_method\":", "\"requestMethod\":", "\"verb\":", "\"http_method\":"],
    target: &["\"uri\":", "\"request_uri\":", "\"requestUrl\":", "\"path\":", "\"url\":", "\"request\":"],
    agent: &["\"http_user_agent\":", "\"user_agent\":", "\"userAgent\":", "\"agent\":"],
    user: &["\"remote_user\":", "\"user\":", "\"user_id\":"],
};

/// Reads a line with these names; the status must be there, and who asked when or for what.
pub(super) fn read<'a>(line: &'a [u8], names: &Names) -> Option<Entry<'a>> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") || !line.ends_with(b"}") {
        return None;
    }
    let first = |names: &[&str]| names.iter().find_map(|name| member(line, name));
    let status = status(first(names.status)?)?;
    let client = names.client.iter().map(|name| known(member(line, name))).find(|client| !client.is_empty());
    let (mut client, method) = (client.unwrap_or_default(), known(first(names.method)));
    let mut target = known(first(names.target));
    let mut method = method;
    if method.is_empty() {
        // nginx has the whole request line in one variable.
        let line = known(member(line, "\"request\":"));
        (method, target) = request(line).map_or((method, target), |(method, path)| (method, path));
    }
    if client.is_empty() || method.is_empty() {
        return None;
    }
    client = client.split(|c| *c == b',').next().unwrap_or(client).trim_ascii();
    if !is_address(client) && client.len() > 253 {
        return None;
    }
    Some(Entry {
        at: Some(clock::any(first(names.time)?)?),
        client: without_port(client),
        status,
        method,
        target,
        agent: known(first(names.agent)),
        user: known(first(names.user)),
        ..Entry::default()
    })
}

/// Envoy's, whose details name causes.
pub(super) fn read_envoy(line: &[u8]) -> Option<Entry<'_>> {
    let mut entry = read(line, &ENVOY)?;
    let flags = member(line, "\"response_flags\":").unwrap_or_default();
    let details = member(line, "\"response_code_details\":").unwrap_or_default();
    entry.cause = envoy::cause(entry.status, flags, details);
    Some(entry)
}

/// Our own trail, which names the cause of each refusal, and sums up those that came too fast.
pub(super) fn read_trail(line: &[u8]) -> Option<Entry<'_>> {
    let cause = member(line, "\"cause\":").and_then(|code| Code::from_code(std::str::from_utf8(code).ok()?));
    if member(line, "\"event\":") == Some(b"refusals") {
        let count: u64 = std::str::from_utf8(member(line, "\"count\":")?).ok()?.parse().ok()?;
        let at = clock::epoch(member(line, "\"at\":")?);
        let status = match cause? {
            Code::Common(cause) => cause.status(),
            Code::Foreign(_) => return None,
        };
        return Some(Entry { at, status, cause, further: count.saturating_sub(1), ..Entry::default() });
    }
    if member(line, "\"event\":") != Some(b"decision") {
        return None;
    }
    let mut entry = read(line, &TRAIL)?;
    entry.cause = cause;
    Some(entry)
}

/// The value of a member: a string's inside, a list's first string, or a number as it is written. `name` is quoted and
/// ends in a colon.
pub(super) fn member<'a>(line: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let at = memchr::memmem::find(line, name.as_bytes())? + name.len();
    let mut value = line.get(at..)?.trim_ascii_start();
    while let Some(rest) = value.strip_prefix(b"[") {
        value = rest.trim_ascii_start();
    }
    match value.strip_prefix(b"\"") {
        Some(_) => super::scan::Scan(value).quoted(),
        None => {
            let end = value.iter().position(|c| matches!(c, b',' | b'}' | b']' | b' ')).unwrap_or(value.len());
            value.get(..end)
        }
    }
}

/// How the status of a refusal begins in the lines of this log, for looking for it before anything is read.
pub(super) fn needle(line: &[u8], names: &Names) -> Option<Vec<u8>> {
    let name = names.status.iter().find(|name| member(line, name).and_then(status).is_some())?;
    let gap = between(line, name.as_bytes(), member(line, name)?)?;
    Some([name.as_bytes(), gap, b"4"].concat())
}
