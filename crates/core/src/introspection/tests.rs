//! Answers of introspection endpoints, good and bad.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;
use crate::token::{Algorithm, SigningKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const NOW: Timestamp = 1_800_000_000;

fn introspector(signed: bool) -> Introspector {
    Introspector {
        endpoint: None,
        client_id: "gate way".into(),
        proof: ClientProof::Secret(ClientAuthentication::Basic, Secret::new("s:1")),
        all: false,
        reuse: 60,
        signed,
        require_audience: true,
    }
}

fn issuer(signed: bool) -> Arc<Issuer> {
    Arc::new(Issuer {
        name: "id".into(),
        issuer: "https://id.test".into(),
        audiences: vec!["orders".into()],
        algorithms: vec![Algorithm::EdDsa],
        leeway: 30,
        access_token_type: true,
        binding: crate::issuer::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: Some(Arc::new(introspector(signed))),
    })
}

fn say(read: Result<Introspection, AnswerFault>) -> String {
    match read {
        Err(fault) => fault.to_string(),
        Ok(Introspection { finding: Finding::Inactive, .. }) => "inactive".into(),
        Ok(Introspection { finding: Finding::Foreign(named), .. }) => format!("of {named}"),
        Ok(Introspection { finding: Finding::Active(token), .. }) => {
            format!(
                "{} {} {:?}",
                token.subject,
                token.scopes.join("+"),
                token.other_kind.or(token.confirmation.is_some().then_some("bound"))
            )
        }
    }
}

#[track_caller]
fn check(body: &str, expect: &str) {
    assert_eq!(say(plain(&issuer(false), body.as_bytes(), NOW)), expect, "{body}");
}

#[test]
fn answers_in_json() {
    check(r#"{"active":false}"#, "inactive");
    check(r#"{"active":false,"sub":"ann","iss":"https://other.test"}"#, "inactive");
    check(r#"{"active":true,"sub":"ann","scope":"a b","iss":"https://id.test"}"#, "ann a+b None");
    check(r#"{"active":true,"username":"ann","client_id":"c"}"#, "ann  None");
    check(r#"{"active":true,"client_id":"c","token_type":"Bearer"}"#, "c  None");
    check(r#"{"active":true,"sub":"ann","token_type":"refresh_token"}"#, "ann  Some(\"refresh token\")");
    check(r#"{"active":true,"sub":"ann","token_type":"DPoP"}"#, "ann  Some(\"bound\")");
    check(r#"{"active":true,"sub":"ann","cnf":{"jkt":"x"}}"#, "ann  Some(\"bound\")");
    check(r#"{"active":true,"sub":"ann","iss":"https://other.test"}"#, "of https://other.test");
    check(r#"{"active":true,"sub":""}"#, "the answer names neither a subject nor a client");
    for none in ["", "[]", "{}", "<html>", r#"{"active":"true","sub":"a"}"#, r#"{"active":1}"#, r#"{"active":true,"sub":"a","exp":"soon"}"#]
    {
        check(none, "the answer is not an introspection response");
    }
    check(
        &format!(r#"{{"active":true,"sub":"a","x":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000)),
        "the answer is not an introspection response",
    );
    assert_eq!(say(plain(&issuer(true), br#"{"active":true,"sub":"a"}"#, NOW)), "the answer is not signed");
}

/// A signed answer with this replaced in header or claims.
fn answer(key: &SigningKey, changed: (&str, Value)) -> String {
    let mut header = json!({ "alg": "EdDSA", "typ": "token-introspection+jwt", "kid": "k" });
    let mut claims = json!({
        "iss": "https://id.test", "aud": "gate way", "iat": NOW,
        "token_introspection": { "active": true, "sub": "ann", "scope": "a", "exp": NOW + 60 },
    });
    let part = if header.get(changed.0).is_some() { &mut header } else { &mut claims };
    part.as_object_mut().unwrap().insert(changed.0.to_owned(), changed.1);
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign_bytes(signed.as_bytes())))
}

#[track_caller]
fn check_signed(changed: (&str, Value), expect: &str) {
    let key = SigningKey::from_seed("k", &[7; 32]).unwrap();
    let body = answer(&key, changed.clone());
    assert_eq!(say(signed(&issuer(true), body.as_bytes(), &key.key_set(), NOW)), expect, "{changed:?}");
}

#[test]
fn signed_answers() {
    check_signed(("x", json!(1)), "ann a None");
    check_signed(("typ", json!("application/token-introspection+jwt")), "ann a None");
    check_signed(("typ", json!("JWT")), "the signed answer has another type");
    check_signed(("iss", json!("https://other.test")), "the signed answer has another issuer");
    check_signed(("aud", json!("another")), "the signed answer has another audience");
    check_signed(("iat", json!(NOW - 120)), "the signed answer has another time");
    check_signed(("alg", json!("none")), "the signature of the answer does not pass: token-algorithm-refused");
    check_signed(("kid", json!("other")), "the signature of the answer does not pass: token-key-unknown");
    check_signed(("token_introspection", json!({ "active": false })), "inactive");
    check_signed(("token_introspection", json!("active")), "the answer is not an introspection response");
    let (key, stranger) = (SigningKey::from_seed("k", &[7; 32]).unwrap(), SigningKey::from_seed("k", &[8; 32]).unwrap());
    let forged = answer(&stranger, ("x", json!(1)));
    let wrong = "the signature of the answer does not pass: token-signature-wrong";
    assert_eq!(say(signed(&issuer(true), forged.as_bytes(), &key.key_set(), NOW)), wrong);
}

#[test]
fn a_question_proves_the_client() {
    let asked = question(&introspector(false), &Secret::new("t"));
    let basic = format!("Basic {}", STANDARD.encode("gate%20way:s%3A1"));
    assert_eq!(asked.authorization.as_ref().map(Secret::expose), Some(basic.as_str()));
    assert_eq!(
        asked.form.iter().map(|(name, value)| (*name, value.expose())).collect::<Vec<_>>(),
        [("token", "t"), ("token_type_hint", "access_token")]
    );
    let posting = Introspector { proof: ClientProof::Secret(ClientAuthentication::Post, Secret::new("s")), ..introspector(false) };
    let asked = question(&posting, &Secret::new("t"));
    assert!(asked.authorization.is_none() && asked.form.iter().any(|(name, value)| *name == "client_secret" && value.expose() == "s"));
}
