//! The truth table, row by row.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::dossier::Header;
use crate::finding::staged::{check, exchange};
use Probe::{Garbage, Hop, Metadata, OtherAgent, Own, Preflight, Without};

const GET: &str = "GET https://api.example/x\nAuthorization: Bearer 7f3c1e5a9b2d4680";
const NONE: &str = "GET https://api.example/x\nAccept: */*";

type Answer<'a> = (Probe, u16, &'a str, &'a str);

/// The refusal, then what each probe got: status, fields, body.
fn probed(request: &str, status: u16, answers: &[Answer<'_>]) -> Dossier {
    let mut exchanges = vec![exchange(request, status, "", "")];
    for (probe, status, fields, body) in answers {
        let sent = if matches!(probe, Without | OtherAgent) { NONE } else { GET };
        exchanges.push(Exchange { probe: Some(*probe), ..exchange(sent, *status, fields, body) });
    }
    Dossier { exchanges, ..Dossier::default() }
}

#[track_caller]
fn told(answers: &[Answer<'_>], expect: Option<&str>, least: u8) {
    check(see(&probed(GET, 401, answers)), expect, least);
}

#[test]
fn stripped_or_invalid() {
    let missing = r#"{"detail":"Authentication credentials were not provided."}"#;
    let invalid = r#"{"detail":"Invalid token.","at":"2026-01-01T00:00:00Z"}"#;
    let alike = |body| [(Without, 401, "", body), (Garbage, 401, "", body), (Own, 401, "", body)];
    told(&alike(missing), Some("credentials-stripped"), 70);
    told(&alike(invalid), Some("credentials-invalid"), 50);
    told(&alike(""), Some("credentials-stripped"), 45);
    told(&alike(""), None, 60);
    told(&[(Without, 401, "", missing), (Garbage, 401, "", invalid), (Own, 401, "", invalid)], Some("credentials-invalid"), 70);
    let later = r#"{"detail":"Invalid token.","at":"2026-01-01T00:00:01Z"}"#;
    told(&[(Without, 401, "", missing), (Garbage, 401, "", invalid), (Own, 401, "", later)], Some("credentials-invalid"), 70);
    told(&[(Without, 200, "", ""), (Garbage, 401, "", ""), (Own, 401, "", "")], Some("credentials-invalid"), 65);
}

#[test]
fn challenges_tell_too() {
    let bare = "WWW-Authenticate: Bearer realm=\"x\"";
    let error = "WWW-Authenticate: Bearer realm=\"x\", error=\"invalid_token\"";
    told(&[(Without, 401, bare, ""), (Garbage, 401, bare, ""), (Own, 401, bare, "")], Some("credentials-stripped"), 55);
    told(&[(Without, 401, bare, ""), (Garbage, 401, error, ""), (Own, 401, error, "")], Some("credentials-invalid"), 70);
}

#[test]
fn known_and_not_allowed() {
    told(&[(Without, 401, "", ""), (Garbage, 401, "", ""), (Own, 403, "", "")], Some("permission-insufficient"), 80);
    told(&[(Without, 401, "", ""), (Garbage, 403, "", ""), (Own, 403, "", "")], Some("credentials-invalid"), 50);
    told(&[(Without, 403, "", "no"), (Garbage, 403, "", "no"), (Own, 403, "", "no")], None, 50);
    told(&[(Without, 401, "", ""), (Garbage, 401, "", ""), (Own, 404, "", "")], Some("endpoint-wrong"), 60);
    told(&[(Without, 401, "", ""), (Garbage, 401, "", ""), (Own, 429, "", "")], Some("rate-exceeded"), 75);
}

#[test]
fn the_same_twice() {
    told(&[(Without, 401, "", ""), (Own, 200, "", ""), (Own, 401, "", "")], Some("instance-local-session"), 80);
    told(&[(Without, 401, "", ""), (Own, 200, "", ""), (Own, 200, "", "")], None, 50);
}

#[test]
fn another_method_weighs_less() {
    let post = "POST https://api.example/x\nAuthorization: Bearer 7f3c1e5a9b2d4680";
    let answers = [(Without, 401, "", "a"), (Garbage, 401, "", "b"), (Own, 401, "", "b")];
    check(see(&probed(post, 401, &answers)), Some("credentials-invalid"), 50);
    check(see(&probed(post, 401, &answers)), None, 60);
}

#[test]
fn user_agents() {
    told(&[(Without, 403, "", ""), (OtherAgent, 401, "", "")], Some("blocked"), 85);
    told(&[(Without, 401, "", ""), (OtherAgent, 401, "", "")], None, 1);
    told(&[(Without, 200, "", ""), (OtherAgent, 403, "", "")], Some("blocked"), 50);
}

#[test]
fn preflights() {
    let dossier = |answer: Answer<'_>| {
        let mut dossier = probed("GET https://api.example/x\nOrigin: https://app.example", 0, &[answer]);
        dossier.exchanges[0].response = None;
        dossier.exchanges[0].failure = Some("blocked by CORS".to_owned());
        dossier
    };
    check(see(&dossier((Preflight, 401, "", ""))), Some("preflight-challenged"), 90);
    check(see(&dossier((Preflight, 204, "", ""))), Some("cors-origin-refused"), 50);
    check(see(&dossier((Preflight, 204, "Access-Control-Allow-Origin: *", ""))), None, 1);
    told(&[(Preflight, 401, "", "")], None, 50);
}

#[test]
fn redirects_to_other_origins() {
    let away = "Location: https://other.example/x";
    told(&[(Without, 302, away, ""), (Own, 302, away, ""), (Hop, 401, "", "")], Some("credentials-dropped"), 75);
    told(&[(Without, 302, away, ""), (Own, 302, away, ""), (Hop, 200, "", "")], Some("credentials-dropped"), 35);
    told(&[(Own, 302, "Location: /y", ""), (Hop, 401, "", "")], None, 1);
}

#[test]
fn clocks() {
    let with = |authorization: &str, at| {
        let mut dossier = probed(
            &format!("GET https://api.example/x\n{authorization}"),
            401,
            &[(Without, 401, "Date: Tue, 14 Nov 2023 22:13:20 GMT", "")],
        );
        dossier.exchanges[1].at = Some(at);
        dossier
    };
    check(see(&with("Authorization: AWS4-HMAC-SHA256 x", 1_700_000_900)), Some("clock-skew"), 60);
    check(see(&with("Authorization: AWS4-HMAC-SHA256 x", 1_700_000_030)), None, 1);
    check(see(&with("X-API-Key: x", 1_700_000_900)), None, 20);
}

#[test]
fn tls() {
    let failed = |failure: &str| {
        let mut dossier = probed(GET, 0, &[(Without, 0, "", "")]);
        dossier.exchanges[0].response = None;
        dossier.exchanges[1].response = None;
        dossier.exchanges[1].failure = Some(failure.to_owned());
        dossier
    };
    check(see(&failed("TLS: the server wants a client certificate")), Some("certificate-missing"), 80);
    check(see(&failed("TLS: the server's certificate has expired")), Some("tls-misconfigured"), 75);
    check(see(&failed("no connection")), None, 1);
}

#[test]
fn metadata_of_resources() {
    let mut dossier = probed("GET https://api.example/x", 401, &[(Metadata, 404, "", "")]);
    let value = "Bearer resource_metadata=\"https://api.example/x\"".to_owned();
    dossier.exchanges[0].response.as_mut().unwrap().headers.0.push(Header { name: "WWW-Authenticate".to_owned(), value, line: 2 });
    check(see(&dossier), Some("metadata-missing"), 70);
    dossier.exchanges[1].response.as_mut().unwrap().status = 200;
    check(see(&dossier), None, 1);
}

#[test]
fn what_was_not_probed_tells_nothing() {
    assert!(see(&probed(GET, 401, &[])).is_empty());
    assert!(see(&Dossier::default()).is_empty());
}
