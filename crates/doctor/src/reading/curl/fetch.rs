//! `fetch("https://…", {…})`, as a browser copies a request for its console. Only options in JSON are read.

use crate::dossier::{Header, Headers, Request};
use serde_json::Value;

/// The request of one call.
pub(super) fn requests(text: &str) -> Vec<Request> {
    let Some((_, rest)) = text.split_once("fetch(") else { return Vec::new() };
    let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`')) else { return Vec::new() };
    let Some((url, rest)) = rest.get(1..).and_then(|rest| rest.split_once(quote)) else { return Vec::new() };
    let options = rest.find('{').zip(rest.rfind('}')).and_then(|(first, last)| rest.get(first..=last));
    let options: Value = options.and_then(|options| serde_json::from_str(options).ok()).unwrap_or_default();
    let text = |name: &str| options.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let method = if text("method").is_empty() { "GET".to_owned() } else { text("method") };
    let mut headers: Vec<Header> = Vec::new();
    if let Some(members) = options.get("headers").and_then(Value::as_object) {
        headers.extend(members.iter().map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Header { name: name.clone(), value, line: 1 }
        }));
    }
    if !text("referrer").is_empty() {
        headers.push(Header { name: "Referer".to_owned(), value: text("referrer"), line: 1 });
    }
    vec![Request { method, url: url.to_owned(), headers: Headers(headers), body: text("body"), line: 1 }]
}
