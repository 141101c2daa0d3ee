//! Start lines: what begins a request or a response. A strict one is nothing else; a loose one is believed only where a
//! start is due.

/// What a line begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start<'a> {
    /// A request.
    Request { method: &'a str, target: &'a str },
    /// A response.
    Response { status: u16, reason: &'a str },
    /// Both on one line, as a browser's console writes it.
    Both { method: &'a str, target: &'a str, status: u16 },
}

/// A start line with its version, and what stands before it on the line: curl's mark, an indentation, a comment's sign.
pub(super) fn strict(line: &str) -> Option<(&str, Start<'_>)> {
    let decoration = line.bytes().take_while(|byte| b" \t><#/*|`-+".contains(byte)).take(24).count();
    let (decoration, rest) = line.split_at_checked(decoration)?;
    let rest = rest.trim_end().trim_end_matches('`');
    response(rest).or_else(|| request(rest)).map(|start| (decoration, start))
}

fn response(line: &str) -> Option<Start<'_>> {
    let (protocol, rest) = line.split_once(' ')?;
    if !is_version(protocol) {
        return None;
    }
    let rest = rest.trim_start();
    let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
    Some(Start::Response { status: code(status)?, reason: reason.trim() })
}

fn request(line: &str) -> Option<Start<'_>> {
    let (method, rest) = line.split_once([' ', '\t'])?;
    let (target, protocol) = rest.trim_end().rsplit_once([' ', '\t'])?;
    let target = target.trim();
    (is_method(method) && is_version(protocol) && !target.is_empty()).then_some(Start::Request { method, target })
}

/// A start without version: `GET https://example.com/`, `--> GET https://…`, `401 Unauthorized`, `Status: 401`,
/// `<-- 401 https://… (12ms)`, `Response Status: 401 Unauthorized in 5 milliseconds`, `GET https://… 401 (Unauthorized)`.
pub(super) fn loose(line: &str) -> Option<Start<'_>> {
    let line = line.trim();
    if line.len() > 16384 {
        return None;
    }
    loose_request(line.strip_prefix("--> ").unwrap_or(line)).or_else(|| loose_response(line))
}

fn loose_request(line: &str) -> Option<Start<'_>> {
    // A browser's console puts `app.js:12` before it.
    let (source, after) = line.split_once(' ').unwrap_or_default();
    let line = if source.contains(".js:") || source.starts_with('(') { after.trim_start() } else { line };
    if line.starts_with("https://") || line.starts_with("http://") {
        return (!line.contains(' ')).then_some(Start::Request { method: "GET", target: line });
    }
    let (method, rest) = line.split_once(' ')?;
    let rest = rest.trim_start();
    let (target, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let likely = ["http://", "https://", "/", "{{", "$"].iter().any(|begin| target.starts_with(begin));
    if !KNOWN_METHODS.contains(&method) || !likely {
        return None;
    }
    let rest = rest.trim().trim_start_matches("net::ERR_FAILED").trim_start();
    match rest.split(' ').next().unwrap_or_default() {
        "" | "http/1.1" | "h2" => Some(Start::Request { method, target }),
        status => Some(Start::Both { method, target, status: code(status)? }),
    }
}

fn loose_response(line: &str) -> Option<Start<'_>> {
    if let Some(rest) = line.strip_prefix("<Response [") {
        return Some(Start::Response { status: code(rest.strip_suffix("]>")?)?, reason: "" });
    }
    if let Some(rest) = line.strip_prefix("<-- ") {
        return Some(Start::Response { status: code(rest.split(' ').next()?)?, reason: "" });
    }
    if let Some(rest) = line.strip_prefix("HTTP request sent, awaiting response... ") {
        return Some(Start::Response { status: code(rest.split(' ').next()?)?, reason: "" });
    }
    if let Some(rest) = line.strip_prefix("StatusCode: ").and_then(|rest| rest.get(..3)) {
        return Some(Start::Response { status: code(rest)?, reason: "" });
    }
    let labelled = LABELS.iter().find_map(|label| {
        let (head, rest) = line.split_at_checked(label.len())?;
        head.eq_ignore_ascii_case(label).then(|| rest.trim_start_matches([':', ' ', '=']))
    });
    let rest = labelled.unwrap_or(line);
    let (status, reason) = rest.split_once([' ', '-', '–', ':']).unwrap_or((rest, ""));
    let status = code(status)?;
    let reason = reason.trim_matches([' ', '-', '–', '(', ')', '.', '"']);
    let spoken = reason.split(" in ").next().unwrap_or_default();
    let known = REASONS.iter().any(|known| spoken.eq_ignore_ascii_case(known));
    (known || (labelled.is_some() && reason.is_empty())).then_some(Start::Response { status, reason })
}

/// Is it `HTTP/1.1`, `HTTP/2`, `http/1.0`, …?
fn is_version(protocol: &str) -> bool {
    let Some((name, number)) = protocol.split_once('/') else { return false };
    name.eq_ignore_ascii_case("http") && matches!(number.as_bytes(), [b'0'..=b'3'] | [b'0'..=b'3', b'.', b'0'..=b'9'])
}

fn is_method(method: &str) -> bool {
    (3..=20).contains(&method.len()) && method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_')
}

/// A status of three digits.
pub(super) fn code(text: &str) -> Option<u16> {
    let status = text.trim().parse().ok()?;
    (text.trim().len() == 3 && (100..=999).contains(&status)).then_some(status)
}

const KNOWN_METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "TRACE", "CONNECT"];

const LABELS: &[&str] = &[
    "axioserror: request failed with status code",
    "error: request failed with status code",
    "request failed with status code",
    "response status code",
    "http response code",
    "http status code",
    "response status",
    "response code",
    "status code",
    "statuscode",
    "http status",
    "http error",
    "http_code",
    "http code",
    "response",
    "status",
    "error",
    "http",
    "code",
];

const REASONS: &[&str] = &[
    "OK",
    "Created",
    "Accepted",
    "No Content",
    "Moved Permanently",
    "Found",
    "See Other",
    "Not Modified",
    "Temporary Redirect",
    "Permanent Redirect",
    "Bad Request",
    "Unauthorized",
    "Unauthorised",
    "Authorization Required",
    "Payment Required",
    "Forbidden",
    "Not Found",
    "Method Not Allowed",
    "Not Acceptable",
    "Proxy Authentication Required",
    "Conflict",
    "Gone",
    "Page Expired",
    "Misdirected Request",
    "Unprocessable Entity",
    "Too Many Requests",
    "Network Authentication Required",
    "Internal Server Error",
    "Not Implemented",
    "Bad Gateway",
    "Service Unavailable",
    "Gateway Timeout",
    "Gateway Time-out",
];
