//! API keys in every place where people put them: `examples/api-keys.toml` as it stands, with a real app behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, request};
use countersign_suites::scene::Scene;

const CONFIG: &str = include_str!("../../examples/api-keys.toml");

fn scene() -> (Scene, String) {
    let config = CONFIG
        .replace("http://127.0.0.1:3000", "UPSTREAM")
        .replace("listen = \"127.0.0.1:8401\"", "listen = \"127.0.0.1:0\"\nadmin_listen = \"127.0.0.1:0\"");
    let scene = Scene::with(&config);
    scene.add_alice();
    let made = scene.gateway.administer_json(&[
        "key",
        "add",
        "--user",
        "alice",
        "--scope",
        "orders:read",
        "--scope",
        "orders:write",
        "--expires",
        "90d",
    ]);
    let key = made["key"].as_str().unwrap().to_owned();
    (scene, key)
}

fn post(scene: &Scene, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    request(scene.at(), "POST", target, headers, body.as_bytes())
}

/// A target, fields and a body.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str);

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_key_counts_in_each_place_and_the_app_does_not_see_it() {
    let (scene, key) = scene();
    assert!(key.starts_with("csk_live_"), "{key}");
    let scheme = format!("ApiKey {key}");
    let (query, cookie) = (format!("/a?b=1&key={key}&c=2"), format!("x=1; orders_key={key}; y=2"));
    let (form, json) = (format!("a=1&api_key={key}"), format!(r#"{{"order":7,"auth":{{"key":"{key}"}}}}"#));
    let padded = format!(r#"{{"note":"{}","auth":{{"key":"{key}"}}}}"#, "x".repeat(15_000));
    let cases: [Case<'_>; 7] = [
        ("/a", vec![("X-Orders-Key", &key)], ""),
        ("/a", vec![("Authorization", &scheme)], ""),
        (&query, vec![], ""),
        ("/a", vec![("Cookie", &cookie)], ""),
        ("/a", vec![FORM], &form),
        ("/a", vec![JSON], &json),
        ("/a", vec![JSON], &padded),
    ];
    for (target, headers, body) in cases {
        let answer = post(&scene, target, &headers, body);
        assert_eq!(answer.status, 200, "{headers:?} {answer:?}");
        let seen = scene.upstream.requests().pop().unwrap();
        assert_eq!(String::from_utf8(seen.body).unwrap(), body, "the app gets the body whole");
        assert!(!seen.target.contains("csk_"), "{}", seen.target);
        assert!(seen.headers.iter().all(|(_, value)| !value.contains("csk_")), "{:?}", seen.headers);
        if target.contains('?') {
            assert_eq!(seen.target, "/a?b=1&c=2");
        }
        if headers.iter().any(|(name, _)| *name == "Cookie") {
            assert_eq!(seen.headers.iter().find(|(name, _)| name == "cookie").unwrap().1, "x=1; y=2");
        }
    }
}

/// Refused with this cause, as `explain` names it; the app saw nothing, and nobody reads the key.
#[track_caller]
fn refused(scene: &Scene, answer: &Answer, status: u16, cause: &str, key: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let said = scene.gateway.explain(&answer.reference());
    assert_eq!(said["cause"], cause, "{said}");
    assert!(!said.to_string().contains(key) && !answer.text().contains(key), "the key is shown: {said}");
    assert!(scene.upstream.requests().is_empty());
}

#[test]
fn what_is_wrong_with_a_key_is_told_apart() {
    let (scene, key) = scene();
    let slip = key.replace("csk_live_", "csk_live_x");
    let header = |value: &str| post(&scene, "/a", &[("X-Orders-Key", value)], "");
    refused(&scene, &header(&slip), 401, "api-key-mistyped", &slip);
    refused(&scene, &header(&key[..key.len() - 1]), 401, "api-key-mistyped", &key[..key.len() - 1]);
    refused(&scene, &header(&format!("{key}=")), 401, "api-key-mistyped", &key);
    let test = countersign::write_api_key("test", &[3; 32]);
    refused(&scene, &header(&test), 401, "api-key-elsewhere", &test);
    let nobodys = countersign::write_api_key("live", &[3; 32]);
    refused(&scene, &header(&nobodys), 401, "api-key-unknown", &nobodys);
    refused(&scene, &header("another-product-s-key"), 401, "api-key-unknown", "another-product-s-key");
    let misplaced = [("X-API-Key", key.as_str()), ("Authorization", &format!("Bearer {key}")), ("Authorization", &key)];
    for (name, value) in misplaced {
        let answer = post(&scene, "/a", &[(name, value)], "");
        let cause = if name == "Authorization" { "scheme-unaccepted" } else { "api-key-misplaced" };
        refused(&scene, &answer, 401, cause, &key);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains(r#"in="header", name="X-Orders-Key""#), "{challenge}");
    }
    refused(&scene, &post(&scene, &format!("/a?api_key={key}"), &[], ""), 401, "api-key-misplaced", &key);
    let twice = post(&scene, &format!("/a?key={key}"), &[("X-Orders-Key", &key)], "");
    refused(&scene, &twice, 400, "credentials-repeated", &key);
    refused(&scene, &post(&scene, "/a", &[FORM], &format!("api_key={key}&api_key={key}")), 400, "credentials-repeated", &key);
}

#[test]
fn a_body_is_looked_into_within_bounds_only() {
    let (scene, key) = scene();
    let long = format!(r#"{{"note":"{}","auth":{{"key":"{key}"}}}}"#, "x".repeat(17_000));
    refused(&scene, &post(&scene, "/a", &[JSON], &long), 413, "request-too-large", &key);
    // With a key elsewhere the body is none of the judge's business.
    assert_eq!(post(&scene, "/a", &[JSON, ("X-Orders-Key", &key)], &long).status, 200);
    assert_eq!(scene.upstream.requests().pop().unwrap().body.len(), long.len());
    let (scene, key) = self::scene();
    let named = format!(r#"{{"auth":{{"key":["{key}"]}}}}"#);
    let deep = "[".repeat(10_000);
    for body in ["", "{", "null", named.as_str(), deep.as_str(), r#"{"auth":"key"}"#] {
        refused(&scene, &post(&scene, "/a", &[JSON], body), 401, "credentials-missing", &key);
    }
    refused(&scene, &post(&scene, "/a", &[("Content-Type", "text/plain")], &format!("api_key={key}")), 401, "credentials-missing", &key);
}

#[test]
fn a_key_that_ends_soon_says_so_and_its_successor_takes_over() {
    let (scene, key) = scene();
    let header = |value: &str| post(&scene, "/a", &[("X-Orders-Key", value)], "");
    assert_eq!(header(&key).header("countersign-key-expires"), None);
    let id = scene.gateway.administer_json(&["key", "list"])[0]["id"].as_str().unwrap().to_owned();
    let next = scene.gateway.administer_json(&["key", "rotate", &id, "--overlap", "2h"]);
    let next = next["key"].as_str().unwrap();
    countersign_suites::within(std::time::Duration::from_secs(5), "the old key says that it ends", || {
        let answer = header(&key);
        assert_eq!(answer.status, 200);
        answer.header("countersign-key-expires").is_some_and(|date| date.ends_with(" GMT"))
    });
    let answer = header(next);
    assert_eq!((answer.status, answer.header("countersign-key-expires")), (200, None));
}
