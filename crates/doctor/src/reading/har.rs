//! HAR 1.2, as browsers and proxies write it: Chrome, Edge, Firefox, Safari, Charles, Fiddler, mitmproxy, Insomnia.
//!
//! ```text
//! JSON ─► file (lenient, bodies cut) ─► entries in order of start ─► session (refusals and the chain before them)
//!      ─► exchanges, and what the exporter is known to leave out
//! ```

mod file;
mod redaction;
mod session;

use super::ReadFault;
use crate::dossier::{Dossier, Exchange, Header, Headers, Request, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use file::{Cookie, Entry, File, Message, Text};

/// The most of one body that is kept, in bytes.
const BODY_LIMIT: usize = 256 * 1024;
/// The most entries that are read.
const ENTRY_LIMIT: usize = 50_000;

/// Is it JSON with a log of entries?
pub(crate) fn recognise(name: &str, text: &str) -> bool {
    let json = text.trim_start().starts_with('{');
    json && (name.to_ascii_lowercase().ends_with(".har") || (text.contains("\"log\"") && text.contains("\"entries\"")))
}

/// Reads it.
pub(crate) fn read(name: &str, text: &str) -> Result<Dossier, ReadFault> {
    let _ = name;
    let broken = |why: String| ReadFault::Broken { form: "a HAR", why };
    let file: File = serde_json::from_str(text).map_err(|fault| match fault.is_eof() {
        true => broken(format!("it breaks off at line {}, column {}: it was cut while saving or pasting", fault.line(), fault.column())),
        false => broken(format!("it is not JSON of that form: {fault}")),
    })?;
    let log = file.log;
    let total = log.entries.len();
    let mut entries = log.entries;
    if entries.is_empty() {
        return Err(broken("it has no entries: record again with the network panel open".to_owned()));
    }
    entries.truncate(ENTRY_LIMIT);
    let times: Vec<i64> = entries.iter().map(|entry| entry.started.milliseconds().unwrap_or(i64::MIN)).collect();
    if times.iter().all(|&time| time != i64::MIN) {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        order.sort_by_key(|&at| times.get(at));
        let mut slots: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
        entries = order.into_iter().filter_map(|at| slots.get_mut(at).and_then(Option::take)).collect();
    }
    let mut not_seen = redaction::notes(&log.creator, &log.browser, &entries);
    let kept = session::choose(&entries);
    if kept.len() < total {
        not_seen.push(format!("Of the {total} entries of the recording, {} that bear on its refusals are looked at.", kept.len()));
    }
    let exchanges: Vec<Exchange> = entries
        .into_iter()
        .enumerate()
        .filter_map(|(at, entry)| kept.binary_search(&at).is_ok().then(|| exchange(entry, &mut not_seen)))
        .collect();
    not_seen.dedup();
    Ok(Dossier { exchanges, not_seen, ..Dossier::default() })
}

fn exchange(entry: Entry, not_seen: &mut Vec<String>) -> Exchange {
    let failure = session::failure(&entry);
    let at = entry.started.milliseconds().map(|at| at.div_euclid(1000));
    let Message { headers, cookies, method, url, post, .. } = entry.request;
    let mut fields = fields(headers);
    if fields.get("cookie").is_none() && !cookies.is_empty() {
        let pairs: Vec<String> = cookies.iter().map(|cookie| format!("{}={}", cookie.name.0, cookie.value.0)).collect();
        fields.0.push(field("Cookie", pairs.join("; ")));
    }
    let body = if post.text.0.is_empty() {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(post.params.iter().take(200).map(|pair| (&pair.name.0, &pair.value.0)));
        form.finish()
    } else {
        plain(post.text, &post.encoding)
    };
    let request = Request { method: method.0, url: url.0, headers: fields, body, line: 0 };

    let Message { headers, cookies, status, redirect, content, .. } = entry.response;
    let status = status.0.parse::<f64>().map_or(0, |status| if (100.0..1000.0).contains(&status) { status as u16 } else { 0 });
    let response = (status != 0).then(|| {
        let mut fields = self::fields(headers);
        if fields.get("set-cookie").is_none() {
            fields.0.extend(cookies.iter().map(|cookie| field("Set-Cookie", set_cookie(cookie))));
        }
        if fields.get("location").is_none() && !redirect.0.is_empty() && (300..400).contains(&status) {
            fields.0.push(field("Location", redirect.0));
        }
        let size = content.size.0.parse::<f64>().unwrap_or(0.0);
        if content.text.0.is_empty() && size > 0.0 && status >= 400 {
            not_seen.push("The recording does not hold the body of a refusal: it was saved without content.".to_owned());
        }
        Response { status, headers: fields, body: plain(content.text, &content.encoding), line: 0 }
    });
    Exchange { request: Some(request), response, at, failure, ..Exchange::default() }
}

/// The fields as lines of HTTP/1: pseudo-fields of HTTP/2 leave, and values that an exporter joined by line ends part.
fn fields(pairs: Vec<file::Pair>) -> Headers {
    let authority = pairs.iter().find(|pair| pair.name.0 == ":authority").map(|pair| pair.value.0.clone());
    let mut fields = Headers::default();
    for pair in pairs.into_iter().filter(|pair| !pair.name.0.starts_with(':') && !pair.name.0.is_empty()).take(500) {
        fields.0.extend(pair.value.0.split('\n').map(|value| field(&pair.name.0, value.trim().to_owned())));
    }
    match authority {
        Some(authority) if fields.get("host").is_none() => fields.0.insert(0, field("Host", authority)),
        _ => {}
    }
    fields
}

fn field(name: &str, value: String) -> Header {
    Header { name: name.to_owned(), value, line: 0 }
}

fn set_cookie(cookie: &Cookie) -> String {
    let mut text = format!("{}={}", cookie.name.0, cookie.value.0);
    let named = [("Path", &cookie.path), ("Domain", &cookie.domain), ("Expires", &cookie.expires), ("SameSite", &cookie.same_site)];
    for (name, value) in named.into_iter().filter(|(_, value)| !value.0.is_empty()) {
        text.push_str(&format!("; {name}={}", value.0));
    }
    for (name, set) in [("HttpOnly", &cookie.http_only), ("Secure", &cookie.secure)] {
        if set.0 == "true" {
            text.push_str(&format!("; {name}"));
        }
    }
    text
}

/// A body as text, decoded where it is in base64, and cut.
fn plain(text: Text, encoding: &Text) -> String {
    if !encoding.0.eq_ignore_ascii_case("base64") {
        return text.cut(BODY_LIMIT);
    }
    let compact: Vec<u8> = text.0.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').collect();
    let whole = if compact.len() % 4 == 1 { compact.len() - 1 } else { compact.len() };
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(compact.get(..whole).unwrap_or_default())
        .or_else(|_| STANDARD.decode(&text.0))
        .unwrap_or_default();
    Text(String::from_utf8_lossy(&bytes).into_owned()).cut(BODY_LIMIT)
}

#[cfg(test)]
mod tests;
