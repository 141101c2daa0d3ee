//! Recordings as browsers write them, and as they come apart.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use serde_json::{Value, json};

fn entry(second: u32, method: &str, url: &str, status: u16) -> Value {
    json!({
        "startedDateTime": format!("2026-01-01T00:{:02}:{:02}.000Z", second / 60, second % 60),
        "request": {"method": method, "url": url, "headers": [], "cookies": []},
        "response": {"status": status, "headers": [], "content": {}, "redirectURL": ""},
    })
}

fn har(entries: &[Value]) -> String {
    json!({"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "entries": entries}}).to_string()
}

fn with_agent(mut entry: Value, version: &str) -> Value {
    let agent = format!("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{version} Safari/537.36");
    entry["request"]["headers"] = json!([{"name": "User-Agent", "value": agent}]);
    entry
}

/// What is read of a file, one line an exchange.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    assert!(recognise("-", text));
    let dossier = read("-", text).unwrap();
    let lines: Vec<String> = dossier
        .exchanges
        .iter()
        .map(|exchange| {
            let request = exchange.request.as_ref().unwrap();
            let answer = exchange.response.as_ref().map_or_else(|| exchange.failure.clone().unwrap_or_default(), |r| r.status.to_string());
            format!("{} {} {answer}", request.method, request.path())
        })
        .collect();
    assert_eq!(lines, expect);
}

#[track_caller]
fn check_note(text: &str, expect: Option<&str>) {
    let notes = read("-", text).unwrap().not_seen.join(" ");
    assert_eq!(notes.contains("redacted"), expect.is_some(), "{notes}");
    assert!(notes.contains(expect.unwrap_or_default()), "{notes}");
}

#[test]
fn entries_come_in_order_of_start() {
    let entries = [entry(2, "GET", "https://a.example/two", 401), entry(1, "POST", "https://a.example/one", 200)];
    check(&har(&entries), &["POST /one 200", "GET /two 401"]);
}

#[test]
fn a_session_shrinks_to_its_refusals() {
    let mut entries: Vec<Value> = (0..300).map(|n| entry(n, "GET", &format!("https://cdn.example/{n}.js"), 200)).collect();
    entries.push(entry(301, "POST", "https://id.example/oauth2/token", 200));
    entries.push(entry(302, "OPTIONS", "https://api.example/v1/me", 204));
    entries.push(entry(303, "GET", "https://api.example/v1/me", 401));
    entries.push(entry(304, "GET", "https://api.example/favicon.ico", 403));
    check(&har(&entries), &["POST /oauth2/token 200", "OPTIONS /v1/me 204", "GET /v1/me 401"]);
}

#[test]
fn failures_are_told_from_what_the_browser_gave_up() {
    let mut blocked = entry(3, "GET", "https://tracker.example/t", 0);
    blocked["response"]["_error"] = json!("net::ERR_BLOCKED_BY_CLIENT");
    let mut cors = entry(2, "GET", "https://api.example/me", 0);
    cors["request"]["headers"] = json!([{"name": "Origin", "value": "https://app.example"}]);
    cors["response"]["_error"] = json!("net::ERR_FAILED");
    let mut tls = entry(1, "GET", "https://api.example/tls", 0);
    tls["response"]["_error"] = json!("net::ERR_CERT_DATE_INVALID");
    check(
        &har(&[blocked, cors, tls]),
        &[
            "GET /tls net::ERR_CERT_DATE_INVALID",
            "GET /me net::ERR_FAILED on a request to another origin: a browser reports a refusal by CORS like this",
        ],
    );
}

#[test]
fn bodies_cookies_and_pseudo_fields_become_plain() {
    let mut one = entry(1, "POST", "https://a.example/login", 302);
    one["request"]["headers"] = json!([{"name": ":authority", "value": "a.example"}, {"name": ":path", "value": "/login"}]);
    one["request"]["cookies"] = json!([{"name": "a", "value": "1"}, {"name": "b", "value": 2}]);
    one["request"]["postData"] = json!({"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "u", "value": "x y"}]});
    one["response"]["content"] = json!({"size": 5, "text": "aGVsbG8=", "encoding": "base64"});
    one["response"]["cookies"] = json!([{"name": "sid", "value": "z", "path": "/", "httpOnly": true, "secure": true, "sameSite": "Lax"}]);
    one["response"]["redirectURL"] = json!("/home");
    let dossier = read("-", &har(&[one])).unwrap();
    let exchange = &dossier.exchanges[0];
    let (request, response) = (exchange.request.as_ref().unwrap(), exchange.response.as_ref().unwrap());
    assert_eq!(exchange.at, Some(1_767_225_601));
    assert_eq!(request.headers.get("host"), Some("a.example"));
    assert_eq!(request.headers.get("cookie"), Some("a=1; b=2"));
    assert_eq!(request.body, "u=x+y");
    assert_eq!(response.body, "hello");
    assert_eq!(response.headers.get("location"), Some("/home"));
    assert_eq!(response.headers.get("set-cookie"), Some("sid=z; Path=/; SameSite=Lax; HttpOnly; Secure"));
}

#[test]
fn redaction_is_told_from_absence() {
    let plain = entry(1, "GET", "https://a.example/", 401);
    check_note(&har(std::slice::from_ref(&plain)), Some("may have been redacted"));
    check_note(&har(&[with_agent(plain.clone(), "131.0.0.0")]), Some("may have been redacted"));
    check_note(&har(&[with_agent(plain.clone(), "120.0.0.0")]), None);
    check_note(&har(std::slice::from_ref(&plain)).replace("WebInspector", "Firefox"), None);
    let mut sent = plain.clone();
    sent["request"]["headers"] = json!([{"name": "authorization", "value": "Bearer abc"}]);
    check_note(&har(&[sent]), None);
    for value in ["[REDACTED]", "Bearer ***", "<redacted>", "Bearer [REDACTED]"] {
        let mut hidden = plain.clone();
        hidden["request"]["headers"] = json!([{"name": "authorization", "value": value}]);
        check_note(&har(&[hidden]), Some("The value of authorization was redacted"));
    }
}

#[test]
fn broken_files_say_where() {
    let whole = har(&[entry(1, "GET", "https://a.example/", 401)]);
    for (text, why) in [
        (&whole[..whole.len() - 20], "it breaks off at line 1"),
        (r#"{"log": {"entries": []}}"#, "it has no entries"),
        (r#"{"log": {"entries": 5}}"#, "it is not JSON of that form"),
    ] {
        assert!(recognise("-", text));
        let fault = read("-", text).unwrap_err();
        assert!(matches!(&fault, ReadFault::Broken { why: said, .. } if said.starts_with(why)), "{fault}");
    }
    let odd = r#"{"log": {"creator": {"name": 5}, "entries": [{"request": {"url": null, "headers": null}, "response": {"status": "x", "content": null}}]}}"#;
    assert_eq!(read("-", odd).unwrap().exchanges.len(), 1);
    let deep = format!(r#"{{"log": {{"entries": [{}"#, "[".repeat(100_000));
    assert!(read("-", &deep).is_err());
}
