//! What exporters leave out of a recording: an absent credential is evidence only where the exporter would have kept it.

use super::file::{Entry, Pair, Tool};
use crate::reading::is_redacted;

/// The fields that sanitising exporters take out.
const SENSITIVE: &[&str] = &["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-csrf-token", "x-xsrf-token"];

/// Chrome's first version that leaves credentials out of exports unless it is told otherwise.
const CHROME_SANITISES: u32 = 130;

/// What is to be said about redaction.
pub(super) fn notes(creator: &Tool, browser: &Tool, entries: &[Entry]) -> Vec<String> {
    let mut notes = Vec::new();
    let requests = || entries.iter().flat_map(|entry| &entry.request.headers);
    let responses = || entries.iter().flat_map(|entry| &entry.response.headers);
    let cookies = entries.iter().any(|entry| !entry.request.cookies.is_empty() || !entry.response.cookies.is_empty());
    let carried = cookies || requests().chain(responses()).any(|pair| matches(&pair.name.0, &["authorization", "cookie", "set-cookie"]));
    if !carried && sanitises(creator, browser, entries) {
        notes.push(
            "Authorization, Cookie and Set-Cookie may have been redacted: this browser leaves them out of exported recordings by default, and \
             none is in this one. Their absence is no evidence; export again \"with sensitive data\"."
                .to_owned(),
        );
    }
    let mut redacted: Vec<&str> = Vec::new();
    for pair in requests().chain(responses()).filter(|pair| matches(&pair.name.0, SENSITIVE) && is_redacted(&pair.value.0)) {
        if !redacted.iter().any(|name| name.eq_ignore_ascii_case(&pair.name.0)) {
            redacted.push(&pair.name.0);
        }
    }
    notes.extend(
        redacted.iter().map(|name| format!("The value of {name} was redacted in the recording: it was sent, and cannot be judged.")),
    );
    notes
}

fn matches(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Is it an export of a browser that sanitises? Chrome's creator is `WebInspector` with a constant version, so that the
/// version is that of the user agent; where there is none, it may be one.
fn sanitises(creator: &Tool, browser: &Tool, entries: &[Entry]) -> bool {
    let name = creator.name.0.to_ascii_lowercase();
    if name != "webinspector" && !browser.name.0.to_ascii_lowercase().contains("chrom") {
        return false;
    }
    let agent = |pair: &&Pair| pair.name.0.eq_ignore_ascii_case("user-agent");
    let version = entries.iter().filter_map(|entry| entry.request.headers.iter().find(agent)).find_map(|pair| chrome(&pair.value.0));
    version.is_none_or(|version| version >= CHROME_SANITISES)
}

fn chrome(agent: &str) -> Option<u32> {
    let (_, rest) = agent.split_once("Chrome/")?;
    rest.split('.').next()?.parse().ok()
}
