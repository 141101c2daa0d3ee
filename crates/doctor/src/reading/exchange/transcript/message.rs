//! Parts of a message: what a line of a head or a body says, and where pseudo-fields and the host belong.

use super::Side;
use crate::dossier::{Exchange, Header, Headers, Request, Response};

/// The line without what stands before each line of the message; none where a mark is due and missing.
pub(super) fn undecorated<'a>(decoration: &str, line: &'a str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix(decoration) {
        return Some(rest);
    }
    if decoration.trim().is_empty() {
        let blanks = line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')).count().min(decoration.len());
        // Text at the margin after an indented head is of it only where it looks like it.
        return (line.trim().is_empty() || header(line).is_some()).then(|| line.get(blanks..).unwrap_or(line));
    }
    (line.trim() == decoration.trim()).then_some("")
}

/// A field's name and value. HTTP/2's pseudo-fields count.
pub(super) fn header(line: &str) -> Option<(&str, &str)> {
    let at = line.bytes().skip(1).position(|byte| byte == b':')? + 1;
    let (name, value) = line.split_at_checked(at)?;
    let value = value.strip_prefix(':')?;
    let name = name.trim_end();
    let token = name.strip_prefix(':').unwrap_or(name);
    let letters = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    // `https://…` alone is no field.
    (!token.is_empty() && letters && !value.starts_with("//")).then(|| (name, value.trim()))
}

/// What is known of an announced request and does not show in what was sent.
pub(super) fn complete(sent: &mut Request, said: Request) {
    if sent.url.starts_with('/') && path_of(&said.url) == sent.url {
        sent.url = said.url;
    }
    // A command has fields; the lines below an address alone are no body.
    if said.method == sent.method && sent.body.is_empty() && !said.headers.0.is_empty() {
        sent.body = said.body;
    }
}

/// Path and query of an absolute URL; empty where it is none.
pub(super) fn path_of(url: &str) -> &str {
    let Some((_, rest)) = url.split_once("://") else { return "" };
    let path = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/");
    path.split('#').next().unwrap_or_default()
}

/// A proxy's tunnel that stands says nothing about the refusal.
pub(super) fn is_tunnel(exchange: &Exchange) -> bool {
    let connect = exchange.request.as_ref().is_some_and(|request| request.method == "CONNECT");
    connect && exchange.response.as_ref().is_some_and(|response| (200..300).contains(&response.status))
}

/// Was this what is sent now, told before: a command, or an address with at most a status?
pub(super) fn announces(exchange: &Exchange, sent: &Request) -> bool {
    let same = |said: &Request| said.method == sent.method && (said.url == sent.url || path_of(&said.url) == sent.url);
    let bare = |response: &Response| response.headers.0.is_empty() && response.body.trim().len() < 40;
    match &exchange.response {
        // A command has fields, and its URL may hold variables; an address alone has to be the same.
        None => exchange.failure.is_none() && exchange.request.as_ref().is_some_and(|said| !said.headers.0.is_empty() || same(said)),
        Some(response) => bare(response) && exchange.request.as_ref().is_some_and(same),
    }
}

/// Fields that nearly every message has.
pub(super) fn is_usual(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "host",
        "date",
        "server",
        "content-type",
        "content-length",
        "authorization",
        "user-agent",
        "accept",
        "accept-encoding",
        "connection",
        "www-authenticate",
        "cache-control",
        "cookie",
        "set-cookie",
        "origin",
        "referer",
        "location",
        "vary",
        "transfer-encoding",
    ];
    NAMES.iter().any(|usual| name.eq_ignore_ascii_case(usual)) || name.get(..2).is_some_and(|begin| begin.eq_ignore_ascii_case("x-"))
}

/// Takes the lengths of a chunked body off, where they were recorded: one before it and a zero after it.
pub(super) fn unchunk(response: &mut Response) {
    let chunked = response.headers.get("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked"));
    let Some((first, rest)) = response.body.split_once('\n').filter(|_| chunked) else { return };
    let length = usize::from_str_radix(first.trim(), 16).ok();
    if let Some(body) = rest.strip_suffix("\n0").filter(|_| first.trim().len() <= 8 && length.is_some()) {
        response.body = body.trim_end().to_owned();
    }
}

pub(super) fn body(exchange: Option<&Exchange>, side: Side) -> &str {
    let Some(exchange) = exchange else { return "" };
    match side {
        Side::Request => exchange.request.as_ref().map_or("", |request| &request.body),
        Side::Response => exchange.response.as_ref().map_or("", |response| &response.body),
    }
}

pub(super) fn body_mut(exchange: Option<&mut Exchange>, side: Side) -> Option<&mut String> {
    let exchange = exchange?;
    match side {
        Side::Request => exchange.request.as_mut().map(|request| &mut request.body),
        Side::Response => exchange.response.as_mut().map(|response| &mut response.body),
    }
}

/// Takes off the blank lines around a body, and the rule or heading that leads to the next message.
pub(super) fn trim(body: &mut String) {
    loop {
        body.truncate(body.trim_end().len());
        let last = body.rsplit('\n').next().unwrap_or_default();
        if last.is_empty() || !leads(last.trim()) {
            break;
        }
        body.truncate(body.len() - last.len());
    }
    let blank = body.len() - body.trim_start_matches(['\n', '\r']).len();
    body.drain(..blank);
}

/// Is it `---`, `Response:`, `## Request`, `// then`?
fn leads(line: &str) -> bool {
    if line.len() >= 3
        && ["-", "=", "*", "_", "~"].iter().any(|rule| line.strip_prefix(rule).is_some_and(|rest| rest.replace(rule, "").is_empty()))
    {
        return true;
    }
    const HEADINGS: &[&str] = &[
        "response",
        "request",
        "headers",
        "response headers",
        "request headers",
        "output",
        "result",
        "reply",
        "answer",
        "then",
        "returns",
        "got",
    ];
    let words = line.trim_matches(['#', '*', '_', ':', '/', '-', '=', '>', '`', ' ']);
    line.len() <= 40 && line != words && HEADINGS.iter().any(|heading| words.eq_ignore_ascii_case(heading))
}

/// Puts pseudo-fields into method and URL, and the host into a URL of which only the scheme is known.
pub(super) fn settle_request(request: &mut Request) {
    let mut pseudo = |name: &str| take(&mut request.headers, name);
    let (method, authority, path, scheme) = (pseudo(":method"), pseudo(":authority"), pseudo(":path"), pseudo(":scheme"));
    if let Some(method) = method {
        request.method = method.value;
    }
    if let Some(authority) = authority {
        let scheme = scheme.map_or("https".to_owned(), |scheme| scheme.value);
        if !request.url.contains("://") {
            request.url = format!("{scheme}://{}{}", authority.value, path.map_or("/".to_owned(), |path| path.value));
        }
        request.headers.0.insert(0, Header { name: "host".to_owned(), ..authority });
    }
    let half = ["https:///", "http:///"].iter().find_map(|half| request.url.strip_prefix(half).map(|path| (half, path)));
    if let Some((half, path)) = half {
        let host = request.headers.get("host").unwrap_or_default();
        request.url = match host {
            "" => format!("/{path}"),
            _ => format!("{}{host}/{path}", half.strip_suffix('/').unwrap_or(half)),
        };
    }
}

/// Puts the pseudo-field into the status.
pub(super) fn settle_response(response: &mut Response) {
    if let Some(status) = take(&mut response.headers, ":status").and_then(|status| super::start::code(&status.value)) {
        response.status = status;
    }
}

fn take(headers: &mut Headers, name: &str) -> Option<Header> {
    // They stand before all other fields; looking no further keeps it cheap.
    let at = headers.0.iter().take(12).position(|header| header.name == name)?;
    Some(headers.0.remove(at))
}
