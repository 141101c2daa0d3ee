//! Which parts of a request are taken for credentials, and what becomes of them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use countersign_doctor::{Header, Headers};

const JWT: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";

pub(super) fn sent(method: &str, url: &str, fields: &[(&str, &str)]) -> Sent {
    let headers = fields.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into(), line: 0 });
    let request = Request { method: method.into(), url: url.into(), headers: Headers(headers.collect()), ..Request::default() };
    Sent::of(&request).unwrap()
}

#[track_caller]
fn check(url: &str, fields: &[(&str, &str)], carried: &[&str], without: &str) {
    let sent = sent("GET", url, fields);
    assert_eq!(sent.carried(), carried);
    let bare = sent.without();
    assert_eq!(bare.carried(), Vec::<String>::new());
    assert_eq!(bare.target.url(), without);
    if let Some(garbage) = sent.garbage(&mut Dice(3), 0) {
        assert_eq!(garbage.carried(), carried, "garbage has the same form");
        for secret in sent.secrets() {
            let text = format!("{} {:?}", garbage.target.url(), garbage.fields);
            assert!(!text.contains(&secret), "{secret} in {text}");
        }
    }
}

#[test]
fn credentials_are_found() {
    let bare = "https://a.example/x";
    check(bare, &[("Authorization", "Basic YW5uOnNlY3JldA==")], &["Authorization (Basic)"], bare);
    check(bare, &[("authorization", &format!("Bearer {JWT}")), ("Accept", "*/*")], &["authorization (Bearer)"], bare);
    check(bare, &[("X-API-Key", "0123456789abcdef"), ("Idempotency-Key", "1")], &["X-API-Key"], bare);
    check(bare, &[("Cookie", "sid=abcdef123; theme=blue9")], &["Cookie"], bare);
    check(bare, &[("Authorization", "0123456789abcdef")], &["Authorization"], bare);
    check("https://a.example/x?a=1&api_key=abc123def&keyword=z", &[], &["query api_key"], "https://a.example/x?a=1&keyword=z");
    check("https://ann:secret@a.example/x", &[], &["Authorization (Basic)"], bare);
    check(bare, &[("Authorization", r#"Digest username="ann", nonce="1", response="abc123""#)], &["Authorization (Digest)"], bare);
}

#[test]
fn what_is_not_the_requests_stays_behind() {
    let fields = [("Host", "a.example"), ("Content-Length", "3"), ("Proxy-Authorization", "Basic eA=="), (":path", "/"), ("X-A", "1")];
    let sent = sent("POST", "https://a.example/", &fields);
    assert_eq!((sent.method.as_str(), sent.fields.len()), ("HEAD", 1));
}

#[test]
fn a_target_without_a_scheme_is_https_except_on_this_machine() {
    assert_eq!(sent("GET", "/x?y", &[("Host", "a.example")]).target.url(), "https://a.example/x?y");
    assert_eq!(sent("GET", "/x", &[("Host", "localhost:8000")]).target.url(), "http://localhost:8000/x");
    assert_eq!(sent("GET", "/x", &[("Host", "a.example:8080")]).target.url(), "https://a.example:8080/x");
}

#[track_caller]
fn repeats(value: &str, expect: bool) {
    assert_eq!(sent("GET", "https://a.example/", &[("Authorization", value)]).unrepeatable().is_none(), expect, "{value}");
}

#[test]
fn what_can_be_sent_again() {
    repeats("Basic YW5uOnNlY3JldA==", true);
    repeats("Bearer abc", true);
    repeats("Bearer $TOKEN", false);
    repeats("Bearer [REDACTED]", false);
    repeats("Bearer eyJh***", false);
    repeats("Digest username=\"ann\"", false);
    repeats("AWS4-HMAC-SHA256 Credential=a", false);
}

#[test]
fn garbage_tokens_keep_header_and_addressees() {
    let garbage = sent("GET", "https://a.example/", &[("Authorization", &format!("Bearer {JWT}"))]).garbage(&mut Dice(1), 1000).unwrap();
    let jwt = garbage.jwt().unwrap();
    let claims = claims(jwt).unwrap();
    assert_eq!(
        (jwt.split('.').next(), &claims["iss"], &claims["exp"]),
        (JWT.split('.').next(), &json!("https://id.example"), &json!(1300))
    );
    assert!(claims["sub"].as_str().unwrap().starts_with("countersign-probe-"));
}

#[test]
fn garbage_passwords_are_nobodys() {
    let garbage = sent("GET", "https://a.example/", &[("Authorization", "Basic YW5uOnNlY3JldA==")]).garbage(&mut Dice(1), 0).unwrap();
    let value = garbage.field("authorization").unwrap().strip_prefix("Basic ").unwrap();
    assert!(String::from_utf8(STANDARD.decode(value).unwrap()).unwrap().starts_with("countersign-probe-"));
}

#[test]
fn secrets_are_hidden_in_what_is_shown() {
    let shown = |url: &str| {
        let sent = sent("GET", url, &[("Authorization", "Bearer of-the-caller")]);
        sent.shown_url(&sent.secrets())
    };
    assert_eq!(shown("https://a.example/?a=1&token=secret"), "https://a.example/?a=1&token=…");
    assert_eq!(shown("https://a.example/bot/of-the-caller/me?x=of-the-caller"), "https://a.example/bot/…/me?x=…");
    let named = sent("GET", "https://a.example/", &[("Authorization", "Bearer of-the-caller"), ("X-Token-of-the-caller", "x")]);
    assert_eq!(named.shown_carried(&named.secrets()).unwrap(), "Authorization (Bearer), X-Token-…");
    assert_eq!(shown("https://of-the-caller.example/"), "https://of-the-caller.example/");
}
