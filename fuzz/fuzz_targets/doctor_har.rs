//! A HAR: as it comes, or made of arbitrary texts, so that what is inside is reached too.

#![no_main]

use countersign_fuzz::{SECRET, doctor};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"{") {
        return doctor("a.har", bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split('\n');
    let mut next = || parts.next().unwrap_or_default().to_owned();
    let (method, url, status, mime, encoding, when, failure) = (next(), next(), next(), next(), next(), next(), next());
    let fields: Vec<Value> = (0..4).map(|_| next()).map(|line| field(&line)).collect();
    let answered: Vec<Value> = (0..4).map(|_| next()).map(|line| field(&line)).collect();
    let body = parts.collect::<Vec<_>>().join("\n");
    let mut sent = vec![field(&format!("Authorization: Bearer {SECRET}"))];
    sent.extend(fields);
    let entry = json!({
        "startedDateTime": when, "time": 12,
        "request": { "method": method, "url": url, "headers": sent, "cookies": [], "postData": { "mimeType": mime, "text": body } },
        "response": {
            "status": status.parse::<i64>().unwrap_or(401), "statusText": "", "headers": answered, "redirectURL": url,
            "content": { "mimeType": mime, "encoding": encoding, "text": body }, "_error": failure,
        },
    });
    let har = json!({ "log": { "version": "1.2", "creator": { "name": "a" }, "entries": [entry.clone(), entry] } });
    doctor("a.har", har.to_string().as_bytes());
});

fn field(line: &str) -> Value {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    json!({ "name": name, "value": value.trim_start() })
}
