//! Attacks T67 to T72: other ways to write a token, critical extensions and kinds, signatures that only look like some, and keys that are not for
//! this; then Wycheproof's vectors against the core's verifier.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign::token::{Algorithm, KeySet, TokenFault, Unverified};
use countersign_suites::client::get;
use countersign_suites::gateway::Gateway;
use countersign_suites::issuer::{Issuer, Mood};
use countersign_suites::jwt::{Signer, b64};
use countersign_suites::scene::{Scene, fill};
use countersign_suites::upstream::Upstream;
use countersign_suites::within;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[track_caller]
fn check(scene: &Scene, what: &str, token: &str, cause: &str) {
    let answer = scene.refused("/jwt/trap", &[("Authorization", &format!("Bearer {token}"))]);
    assert_eq!(scene.gateway.cause(&answer.reference()), cause, "{what}");
}

#[test]
fn t067_base64() {
    let scene = Scene::attacks();
    // EdDSA: 64 bytes leave four unused bits in the last character of the signature.
    let key = scene.issuer.key("EdDSA");
    let good = key.token(&key.header(), &scene.issuer.claims());
    scene.admitted("/jwt/t067", &[("Authorization", &format!("Bearer {good}"))]);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = alphabet.find(good.chars().last().unwrap()).unwrap();
    let sibling = |bits: usize| format!("{}{}", &good[..good.len() - 1], alphabet.chars().nth(last ^ bits).unwrap());
    let parts: Vec<&str> = good.split('.').collect();
    let mut tokens = vec![
        ("unused bits", sibling(1)),
        ("unused bits", sibling(2)),
        ("unused bits", sibling(15)),
        ("padding", format!("{good}=")),
        ("padding", format!("{good}==")),
        ("padding inside", format!("{}=.{}.{}", parts[0], parts[1], parts[2])),
        ("blank", format!("{}.{} .{}", parts[0], parts[1], parts[2])),
        ("tilde", format!("{}.{}~.{}", parts[0], parts[1], parts[2])),
    ];
    let standard = good.replace('-', "+").replace('_', "/");
    if standard != good {
        tokens.push(("standard alphabet", standard));
    }
    scene.refuse_tokens(&tokens);
}

#[test]
fn t068_other_serialisations() {
    let scene = Scene::attacks();
    let good = scene.issuer.token();
    let parts: Vec<&str> = good.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string();
    let general = json!({ "payload": parts[1], "signatures": [{ "protected": parts[0], "signature": parts[2] }] }).to_string();
    let jwe = |header: Value| format!("{}.{}.{}.{}.{}", b64(header.to_string()), "", b64([0; 12]), parts[1], b64([0; 16]));
    let key = scene.issuer.key("ES256");
    let with = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        key.token(&header, &scene.issuer.claims())
    };
    scene.refuse_tokens(&[
        ("flattened JSON", flattened.clone()),
        ("general JSON", general),
        ("JSON in base64", b64(flattened)),
        ("JWE", jwe(json!({ "alg": "dir", "enc": "A256GCM" }))),
        ("JWE around none", jwe(json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT" }))),
        ("PBES2 bomb", jwe(json!({ "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 2_147_483_647_u32, "p2s": "AAAA" }))),
        ("PBES2 in three parts", with("p2c", json!(2_147_483_647_u32)).replacen(&parts[0][..4], "xxxx", 1)),
        ("enc", with("enc", json!("A256GCM"))),
        ("zip", with("zip", json!("DEF"))),
    ]);
}

#[test]
fn t069_crit_and_kinds() {
    let scene = Scene::attacks();
    let key = scene.issuer.key("ES256");
    let header = |members: Value| {
        let mut header = key.header();
        header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        key.token(&header, &scene.issuer.claims())
    };
    for members in [
        json!({ "crit": ["exp"], "exp": 1 }),
        json!({ "crit": ["http://example.com/x"] }),
        json!({ "crit": [] }),
        json!({ "crit": "b64" }),
        json!({ "crit": ["b64"], "b64": false }),
        json!({ "b64": false }),
        json!({ "crit": [1] }),
    ] {
        check(&scene, &members.to_string(), &header(members.clone()), "token-malformed");
    }
    for typ in
        ["id_token", "logout+jwt", "dpop+jwt", "secevent+jwt", "oauth-authz-req+jwt", "at+jwtx", "kb+jwt", "application/logout+jwt", "JOSE"]
    {
        check(&scene, typ, &header(json!({ "typ": typ })), "token-kind-wrong");
    }
    for (name, value) in [
        ("nonce", json!("n")),
        ("at_hash", json!("h")),
        ("typ", json!("ID")),
        ("typ", json!("Refresh")),
        ("token_use", json!("id")),
        ("events", json!({})),
    ] {
        check(&scene, name, &scene.issuer.token_of(&scene.issuer.claims_with(name, value)), "token-kind-wrong");
    }
    check(&scene, "bound", &scene.issuer.token_of(&scene.issuer.claims_with("cnf", json!({ "jkt": "x" }))), "proof-missing");
}

#[test]
fn t070_signatures_that_only_look_like_some() {
    let scene = Scene::attacks();
    let key = scene.issuer.key("ES256");
    let good = scene.issuer.token();
    let signed = good.rsplit_once('.').unwrap().0;
    let bytes = key.sign(signed.as_bytes());
    let (r, s) = bytes.split_at(32);
    let integer = |number: &[u8]| [&[2, u8::try_from(number.len() + 1).unwrap(), 0], number].concat();
    let der = [integer(r), integer(s)].concat();
    let der = [&[0x30, u8::try_from(der.len()).unwrap()], &der[..]].concat();
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
        0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let one = [&[0_u8; 31][..], &[1]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("psychic", vec![0; 64]),
        ("r is zero", [&[0; 32], s].concat()),
        ("s is zero", [r, &[0; 32]].concat()),
        ("r and s are the order", [order, order].concat()),
        ("r and s are one", [&one[..], &one].concat()),
        ("all ones", vec![0xff; 64]),
        ("DER", der),
        ("r and s swapped", [s, r].concat()),
        ("longer", [&bytes[..], &[0]].concat()),
        ("padded", [&[0][..], r, &[0], s].concat()),
        ("shorter", bytes[..63].to_vec()),
        ("one byte", vec![0]),
    ];
    for (what, signature) in cases {
        check(&scene, what, &format!("{signed}.{}", b64(signature)), "token-signature-wrong");
    }
    for alg in ["ES384", "ES256K", "EdDSA", "RS256"] {
        let mine = Signer::new("es", alg);
        let header = json!({ "alg": "ES256", "kid": "es", "typ": "at+jwt" });
        check(&scene, alg, &mine.token(&header, &scene.issuer.claims()), "token-signature-wrong");
    }
    let rsa = scene.issuer.key("RS256");
    let good = rsa.token(&rsa.header(), &scene.issuer.claims());
    let signed = good.rsplit_once('.').unwrap().0;
    for (what, signature) in [
        ("RSA zero", vec![0; 256]),
        ("RSA one", [&[0; 255][..], &[1]].concat()),
        ("RSA short", vec![1; 128]),
        ("RSA ones", vec![0xff; 256]),
    ] {
        check(&scene, what, &format!("{signed}.{}", b64(signature)), "token-signature-wrong");
    }
}

#[test]
fn t071_keys_that_are_not_for_this() {
    let scene = Scene::attacks();
    let spare = |kid: &str, alg| Signer::new(kid, alg);
    let changed = |signer: &Signer, name: &str, value: Value| {
        let mut jwk = signer.jwk();
        jwk[name] = value;
        jwk
    };
    let encryption = spare("encryption", "ES256");
    let operations = spare("operations", "ES256");
    let other_alg = spare("other-alg", "RS256");
    let symmetric = json!({ "kty": "oct", "kid": "symmetric", "alg": "HS256", "k": b64("secret"), "use": "sig" });
    let wrong_curve = spare("wrong-curve", "ES256");
    let mut list: Vec<Value> = scene.issuer.keys.iter().map(Signer::jwk).collect();
    list.extend([
        changed(&encryption, "use", json!("enc")),
        changed(&operations, "key_ops", json!(["encrypt"])),
        changed(&other_alg, "alg", json!("RS512")),
        symmetric,
        changed(&wrong_curve, "crv", json!("P-384")),
        json!({ "kty": "EC", "kid": "broken" }),
        json!("not a key"),
    ]);
    scene.issuer.list(list);
    for signer in [&encryption, &operations, &wrong_curve] {
        check(&scene, &signer.kid, &signer.token(&signer.header(), &scene.issuer.claims()), "token-key-unknown");
    }
    check(&scene, "other-alg", &other_alg.token(&other_alg.header(), &scene.issuer.claims()), "token-algorithm-refused");
    let hmac = countersign_suites::jwt::hmac_token(
        &json!({ "alg": "HS256", "kid": "symmetric", "typ": "at+jwt" }),
        &scene.issuer.claims(),
        b"secret",
    );
    check(&scene, "symmetric", &hmac, "token-algorithm-refused");
    // One key's id with another key's algorithm.
    let rsa = scene.issuer.key("RS256");
    let crossed = rsa.token(&json!({ "alg": "RS256", "kid": "es", "typ": "at+jwt" }), &scene.issuer.claims());
    check(&scene, "crossed", &crossed, "token-algorithm-refused");
}

#[test]
fn t071_a_withdrawn_key_dies() {
    let scene = Scene::attacks();
    let old = scene.issuer.token();
    let old = [("Authorization", &*format!("Bearer {old}"))];
    scene.admitted("/jwt/t071", &old);
    let new = Signer::new("new", "ES256");
    scene.issuer.list(vec![new.jwk()]);
    // A token of the new key makes the gateway ask again, and then the old key is gone.
    let new = format!("Bearer {}", new.token(&new.header(), &scene.issuer.claims()));
    let at = scene.at();
    within(Duration::from_secs(15), "the new key is known", || get(at, "/jwt/t071/new", &[("Authorization", &new)]).status == 200);
    within(Duration::from_secs(2), "the old key is gone", || get(at, "/jwt/t071/old", &old).status == 401);
    assert_eq!(scene.cause("/jwt/t071/old", &old), "token-key-unknown");
}

#[test]
fn t072_unknown_kids_and_downtime() {
    let scene = Scene::attacks();
    let good = format!("Bearer {}", scene.issuer.token());
    scene.admitted("/jwt/t072", &[("Authorization", &good)]);
    let before = scene.issuer.jwks_requests();
    let stranger = Signer::new("x", "ES256");
    for number in 0..60 {
        let header = json!({ "alg": "ES256", "kid": format!("unknown-{number}"), "typ": "at+jwt" });
        let token = format!("Bearer {}", stranger.token(&header, &scene.issuer.claims()));
        scene.refused("/jwt/t072/unknown", &[("Authorization", &token)]);
    }
    let asked = scene.issuer.jwks_requests() - before;
    assert!(asked <= 6, "60 unknown keys caused {asked} requests");
    scene.issuer.mood(Mood::Down);
    scene.admitted("/jwt/t072", &[("Authorization", &format!("Bearer {}", scene.issuer.token()))]);
    let token = format!("Bearer {}", stranger.token(&json!({ "alg": "ES256", "kid": "another", "typ": "at+jwt" }), &scene.issuer.claims()));
    let began = Instant::now();
    scene.refused("/jwt/t072/down", &[("Authorization", &token)]);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn t072_keys_come_back_by_themselves() {
    let (upstream, issuer) = (Upstream::start(), Issuer::start());
    issuer.mood(Mood::Status(503));
    let gateway = Gateway::start(&fill(include_str!("../config/attacks.toml"), &upstream, &issuer));
    let token = format!("Bearer {}", issuer.token());
    let began = Instant::now();
    let answer = get(gateway.listen, "/jwt/t072", &[("Authorization", &token)]);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.header("retry-after").is_some());
    assert!(began.elapsed() < Duration::from_secs(6));
    issuer.mood(Mood::Good);
    within(Duration::from_secs(20), "the keys are fetched", || {
        get(gateway.listen, "/jwt/t072", &[("Authorization", &token)]).status == 200
    });
}

/// Every vector whose algorithm is accepted here verifies as it should. Refused by design, and counted apart, are the
/// valid ones with HMAC, and those whose key is published for another algorithm than the token names (PS384 under a key
/// for PS256, ES512 under one for a misspelt ES521): the key decides the algorithm.
#[test]
fn t072_wycheproof() {
    let vectors: Value = serde_json::from_str(include_str!("../vectors/wycheproof/json_web_signature_test.json")).unwrap();
    let (mut accepted, mut refused, mut by_design, mut differs) = (0, 0, 0, Vec::new());
    for group in vectors["testGroups"].as_array().unwrap() {
        let jwk = group.get("public").or_else(|| group.get("private")).unwrap();
        let named = jwk["alg"].as_str().unwrap_or_default();
        for test in group["tests"].as_array().unwrap() {
            let valid = test["result"] == "valid";
            let jws = test["jws"].as_str().map(str::to_owned).unwrap_or_else(|| test["jws"].to_string());
            let supported = Algorithm::from_name(named).is_some() && algorithm_of(&jws).as_deref() == Some(named);
            match (valid, supported, verifies(&jws, jwk)) {
                (true, true, true) => accepted += 1,
                (true, false, false) => by_design += 1,
                (false, _, false) => refused += 1,
                (_, _, got) => differs.push(format!("{} {named} {}: {} and {got}", test["tcId"], test["comment"], test["result"])),
            }
        }
    }
    assert!(differs.is_empty(), "{differs:#?}");
    assert_eq!(refused, 355, "invalid ones, all refused");
    assert_eq!((accepted, by_design), (32, 14), "valid ones: accepted, and refused by design");
}

/// The algorithm that the header names.
fn algorithm_of(jws: &str) -> Option<String> {
    use base64::Engine;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(jws.split('.').next()?).ok()?;
    Some(serde_json::from_slice::<Value>(&header).ok()?["alg"].as_str()?.to_owned())
}

/// The vectors sign texts that are no claims. So their form is judged as it stands, and their signature with claims in
/// the payload's place; it holds if nothing is missing but what those claims lack.
fn verifies(jws: &str, jwk: &Value) -> bool {
    let Ok(keys) = KeySet::read(json!({ "keys": [jwk] }).to_string().as_bytes(), Algorithm::ALL) else { return false };
    let issuer = Arc::new(countersign::Issuer {
        name: "vectors".into(),
        issuer: "vectors".into(),
        audiences: vec![],
        algorithms: Algorithm::ALL.to_vec(),
        leeway: 0,
        access_token_type: false,
        binding: countersign::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    });
    if !matches!(Unverified::read(jws), Ok(_) | Err(TokenFault::Claims)) {
        return false;
    }
    let parts: Vec<&str> = jws.split('.').collect();
    let with_claims = format!("{}.{}.{}", parts[0], b64("{}"), parts[2]);
    let Ok(token) = Unverified::read(&with_claims) else { return false };
    let (signed, _) = jws.rsplit_once('.').unwrap();
    match keys.verify(Unverified { signed, ..token }, &issuer) {
        Err(countersign::Stop::Refuse(refusal)) => refusal.cause == countersign::Cause::TokenMalformed,
        _ => false,
    }
}
