//! Requests judged again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use crate::dossier::{Document, Exchange, Header, Headers, Request, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const DATE: (&str, &str) = ("Date", "Tue, 14 Nov 2023 22:13:20 GMT");

fn token(claims: &str) -> String {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let claims = format!(r#"{{"iss":"https://id.example","aud":"orders","sub":"a",{claims}}}"#);
    format!("Bearer {}.{}.{}", part(r#"{"alg":"ES256","kid":"a"}"#), part(&claims), "A".repeat(86))
}

fn case(authorization: &str, status: u16, challenge: &str, documents: Vec<Document>) -> Dossier {
    let headers = |fields: &[(&str, &str)]| {
        Headers(fields.iter().map(|(name, value)| Header { name: (*name).into(), value: (*value).into(), line: 1 }).collect())
    };
    let request = Request {
        method: "GET".into(),
        url: "https://api.example.com/orders".into(),
        headers: headers(&[("Authorization", authorization)]),
        ..Request::default()
    };
    let response = Response { status, headers: headers(&[DATE, ("WWW-Authenticate", challenge)]), ..Response::default() };
    let exchange = Exchange { request: Some(request), response: Some(response), ..Exchange::default() };
    Dossier { exchanges: vec![exchange], documents, ..Dossier::default() }
}

fn configuration(audience: &str) -> Vec<Document> {
    let text = format!("[[issuer]]\nname = \"corp\"\nissuer = \"https://id.example\"\naudiences = [\"{audience}\"]\n");
    vec![Document { kind: DocumentKind::Configuration, text, name: "countersign.toml".into() }]
}

/// The cause that the judge refuses for, and whether it says that something was not seen.
#[track_caller]
fn check(dossier: &Dossier, expect: Option<&str>, not_seen: &str) {
    let replay = replay(dossier);
    assert_eq!(replay.clue.as_ref().map(|clue| clue.code.code()), expect, "{:?}", replay.clue);
    assert_eq!(replay.not_seen.is_empty(), not_seen.is_empty(), "{:?}", replay.not_seen);
    assert!(replay.not_seen.iter().any(|text| text.contains(not_seen)) || not_seen.is_empty(), "{:?}", replay.not_seen);
}

#[test]
fn the_judge_refuses_what_it_can_see_to_be_wrong() {
    let (over, good) = (token(r#""exp":1699999000"#), token(r#""exp":1800000000,"scope":"orders:read""#));
    check(&case(&over, 401, "Bearer", vec![]), Some("token-expired"), "signature");
    check(&case(&token(r#""exp":1800000000,"nbf":1700009999"#), 401, "Bearer", vec![]), Some("token-not-yet-valid"), "signature");
    let scope = r#"Bearer error="insufficient_scope", scope="orders:write""#;
    check(&case(&good, 403, scope, vec![]), Some("scope-insufficient"), "signature");
    let stronger = r#"Bearer error="insufficient_user_authentication", acr_values="mfa""#;
    check(&case(&good, 401, stronger, vec![]), Some("authentication-too-weak"), "signature");
}

#[test]
fn our_own_configuration_is_what_it_compares_with() {
    let good = token(r#""exp":1800000000"#);
    check(&case(&good, 401, "Bearer", configuration("invoices")), Some("token-audience-mismatch"), "signature");
    check(&case(&good, 401, "Bearer", configuration("orders")), None, "What refuses");
    let set = Document {
        kind: DocumentKind::KeySet,
        // The public key of RFC 7515 appendix A.3.
        text: r#"{"keys":[{"kid":"a","kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
            .into(),
        name: "-".into(),
    };
    check(&case(&good, 401, "Bearer", vec![set]), Some("token-signature-wrong"), "");
}

#[test]
fn what_it_asks_for_was_not_seen() {
    check(&case("Basic YTpi", 401, "Basic", vec![]), None, "store of accounts");
    check(&case(&token(r#""exp":1800000000"#), 401, "Bearer", vec![]), None, "What refuses");
    check(&case("Bearer opaque", 401, "Bearer", vec![]), None, "");
    let mut undated = case(&token(r#""exp":1699999000"#), 401, "Bearer", vec![]);
    undated.exchanges[0].response.as_mut().unwrap().headers.0.clear();
    undated.now = Some(1_700_000_000);
    check(&undated, None, "");
}
