//! Tokens that say nothing by themselves: what their issuers say of them, how often those are asked, and what happens when
//! they do not answer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use countersign_suites::client::{Answer, get, request};
use countersign_suites::gateway::{Folder, Gateway, run};
use countersign_suites::introspection::{AskedScene as Scene, Endpoint, Mood};
use countersign_suites::product::Product;
use countersign_suites::upstream::Upstream;
use countersign_suites::{everywhere, let_pass, now, within};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[test]
fn a_token_is_asked_about_once() {
    let scene = Scene::new();
    scene.one.knows("opaque-1", json!({}));
    scene.admitted("one.test", "opaque-1");
    let seen = scene.upstream.saw("/x").pop().unwrap();
    assert_eq!(seen.read_as("Remote-User"), ["ann"]);
    let asked = scene.one.asked();
    assert_eq!((asked.len(), asked[0]["token"].as_str(), asked[0]["Accept"].as_str()), (1, "opaque-1", "application/json"));
    // The answer holds for every thread for as long as was agreed.
    let until = Instant::now() + Duration::from_secs(2);
    let mut count = 0;
    while Instant::now() < until && count < 40 {
        scene.admitted("one.test", "opaque-1");
        count += 1;
    }
    assert_eq!(scene.one.asked().len(), 1, "after {count} requests");
    // Where a scope lacks it is refused for that.
    let answer = request(scene.gateway.listen, "POST", "/x", &[("Host", "one.test"), ("Authorization", "Bearer opaque-1")], b"");
    assert_eq!((answer.status, scene.gateway.cause(&answer.reference()).as_str()), (403, "scope-insufficient"));
    let metrics = get(scene.gateway.admin, "/metrics", &[]).text();
    assert!(metrics.contains("countersign_introspections_total{issuer=\"one\"} 1"), "{metrics}");
}

#[test]
fn many_at_once_ask_once() {
    let scene = Scene::new();
    scene.one.knows("opaque-1", json!({}));
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| scene.admitted("one.test", "opaque-1"));
        }
    });
    assert_eq!(scene.one.asked().len(), 1);
}

#[test]
fn a_revocation_is_seen_within_the_stated_time() {
    let scene = Scene::new();
    scene.one.knows("opaque-1", json!({}));
    scene.admitted("one.test", "opaque-1");
    scene.one.revokes("opaque-1");
    // Three seconds, and some for a busy machine.
    everywhere(Duration::from_secs(8), "it is refused", || scene.ask("one.test", "/x", "opaque-1").status == 401);
    let report = scene.refused("one.test", "opaque-1", "token-inactive");
    assert_eq!(report["status"], 401);
    assert!(!report.to_string().contains("opaque-1"), "{report}");
}

#[test]
fn what_is_said_is_judged() {
    let scene = Scene::new();
    let check = |members: Value, cause: &str| {
        let token = format!("t-{}", members.to_string().len() + cause.len() * 1000);
        scene.one.knows(&token, members);
        scene.refused("one.test", &token, cause);
    };
    check(json!({ "exp": now() - 60 }), "token-expired");
    check(json!({ "nbf": now() + 120 }), "token-not-yet-valid");
    check(json!({ "aud": "invoices" }), "token-audience-mismatch");
    check(json!({ "aud": [] }), "token-audience-mismatch");
    check(json!({ "iss": "https://elsewhere.example" }), "token-issuer-unknown");
    check(json!({ "token_type": "refresh_token" }), "token-kind-wrong");
    check(json!({ "cnf": { "jkt": "x" } }), "proof-missing");
    check(json!({ "token_type": "DPoP" }), "proof-missing");
    check(json!({ "scope": "other" }), "scope-insufficient");
    check(json!({ "sub": "" }), "introspection-unreachable");
    check(json!({ "active": "yes" }), "introspection-unreachable");
    // What cannot be a token is not asked about.
    let before = scene.one.asked().len();
    for odd in ["", "a b", "a\"b", &"a".repeat(20_000)] {
        let status = scene.ask("one.test", "/x", odd).status;
        assert!([400, 401].contains(&status), "{status} {odd}");
    }
    assert_eq!(scene.one.asked().len(), before);
    // Without an audience it passes where that was agreed, and one that is there has to be right.
    scene.two.knows("free", json!({ "aud": [] }));
    scene.admitted("two.test", "free");
    scene.two.knows("bound", json!({ "aud": "invoices" }));
    scene.refused("two.test", "bound", "token-audience-mismatch");
}

/// T30: what one issuer says of a token is not taken for what another says of the same.
#[test]
fn t030_one_issuers_word_is_not_anothers() {
    let scene = Scene::new();
    scene.one.knows("shared", json!({ "sub": "ann", "scope": "orders:read orders:write" }));
    scene.two.knows("shared", json!({ "sub": "bob", "scope": "orders:read" }));
    for _ in 0..4 {
        for (host, subject, status) in [("one.test", "ann", 200), ("two.test", "bob", 403)] {
            scene.admitted(host, "shared");
            assert_eq!(scene.upstream.saw("/x").pop().unwrap().read_as("Remote-User"), [subject]);
            let answer = request(scene.gateway.listen, "PUT", "/x", &[("Host", host), ("Authorization", "Bearer shared")], b"");
            assert_eq!(answer.status, status, "{host}");
        }
    }
    scene.two.revokes("shared");
    everywhere(Duration::from_secs(8), "it is refused at two", || scene.ask("two.test", "/x", "shared").status == 401);
    scene.admitted("one.test", "shared");
    // Where both are trusted, one after the other is asked.
    scene.two.knows("only-two", json!({ "sub": "bob" }));
    scene.admitted("both.test", "only-two");
    scene.refused("both.test", "nobodys", "token-inactive");
    // One that does not answer might have known it.
    scene.one.mood(Mood::Down);
    scene.refused("both.test", "nobodys-either", "introspection-unreachable");
}

#[test]
fn an_endpoint_that_is_down_is_an_outage_or_is_bridged() {
    let scene = Scene::new();
    scene.one.knows("opaque-1", json!({}));
    scene.admitted("one.test", "opaque-1");
    assert_eq!(scene.ask("one.test", "/patient/x", "opaque-1").status, 200);
    scene.one.mood(Mood::Says("503 Down", ""));
    let_pass(Duration::from_millis(3100));
    everywhere(Duration::from_secs(5), "it is undecided", || scene.ask("one.test", "/x", "opaque-1").status == 503);
    scene.refused("one.test", "opaque-1", "introspection-unreachable");
    for _ in 0..12 {
        assert_eq!(scene.ask("one.test", "/patient/x", "opaque-1").status, 200);
    }
    assert_eq!(scene.ask("one.test", "/patient/x", "never-seen").status, 503);
    // By now it is left alone: few of many questions reach it.
    let before = scene.one.asked().len();
    let began = Instant::now();
    for number in 0..60 {
        assert_eq!(scene.ask("one.test", "/x", &format!("new-{number}")).status, 503);
    }
    let reached = scene.one.asked().len() - before;
    assert!(reached <= 2 + usize::try_from(began.elapsed().as_secs()).unwrap(), "{reached} of 60 in {:?}", began.elapsed());
    assert!(get(scene.gateway.admin, "/metrics", &[]).text().contains("countersign_introspection_open{issuer=\"one\"} 1"));
    // It comes back by itself.
    scene.one.mood(Mood::Good);
    within(Duration::from_secs(40), "it is asked again", || scene.ask("one.test", "/x", "opaque-1").status == 200);
    scene.one.revokes("opaque-1");
    everywhere(Duration::from_secs(8), "a revocation counts", || scene.ask("one.test", "/patient/x", "opaque-1").status == 401);
}

#[test]
fn a_client_that_is_refused_is_our_outage() {
    let scene = Scene::with(|config| config, &[("gateway.secret", "mistaken")]);
    scene.one.knows("opaque-1", json!({}));
    let report = scene.refused("one.test", "opaque-1", "introspection-unreachable");
    let text = report.to_string();
    assert!(text.contains("it refuses this gateway's client: 401 invalid_client") && !text.contains("mistaken"), "{text}");
}

#[test]
fn t033_endpoints_that_answer_without_end() {
    let mut scene = Scene::new();
    scene.one.knows("good", json!({}));
    scene.admitted("one.test", "good");
    for mood in [Mood::Hanging, Mood::Huge, Mood::Bomb, Mood::Redirecting, Mood::Dripping, Mood::Down, Mood::Says("200 OK", "<html>")] {
        scene.two.mood(mood.clone());
        let began = Instant::now();
        let answer = scene.ask("two.test", "/x", &format!("{mood:?}").replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        assert_eq!(answer.status, 503, "{mood:?}: {answer:?}");
        assert!(began.elapsed() < Duration::from_secs(12), "{mood:?}: {:?}", began.elapsed());
    }
    assert!(scene.gateway.memory() < 128 << 10, "{} KiB", scene.gateway.memory());
    assert!(scene.gateway.alive());
    scene.admitted("one.test", "good");
}

#[test]
fn signed_answers() {
    let scene = Scene::with(|config| config.replacen("reuse = \"3s\"", "reuse = \"0s\"\nsigned = true", 1), &[]);
    scene.one.knows("opaque-1", json!({}));
    scene.one.mood(Mood::Signed("token-introspection+jwt"));
    scene.admitted("one.test", "opaque-1");
    assert_eq!(scene.one.asked()[0]["Accept"], "application/token-introspection+jwt");
    for mood in [Mood::Good, Mood::Signed("JWT"), Mood::Signed("at+jwt")] {
        scene.one.mood(mood);
        scene.refused("one.test", "opaque-1", "introspection-unreachable");
    }
}

#[test]
fn every_token_is_asked_about_where_that_is_agreed() {
    let scene = Scene::with(|config| config.replacen("reuse = \"3s\"", "reuse = \"3s\"\ntokens = \"all\"", 1), &[]);
    let claims = |of: &Endpoint| json!({ "iss": of.url(), "sub": "ann", "aud": "orders", "scope": "orders:read", "exp": now() + 300 });
    // A JWT of the issuer that is asked about all: revoked, though its signature holds.
    let token = scene.one.jwt(&claims(&scene.one));
    scene.refused("one.test", &token, "token-inactive");
    let token =
        scene.one.jwt(&json!({ "iss": scene.one.url(), "sub": "ann", "aud": "orders", "scope": "orders:read", "exp": now() + 301 }));
    scene.one.knows(&token, json!({}));
    scene.admitted("one.test", &token);
    scene.admitted("both.test", &token);
    assert!(scene.two.asked().is_empty(), "a JWT is shown to nobody but its issuer");
    // One of the other is verified here.
    let token = scene.two.jwt(&claims(&scene.two));
    scene.admitted("two.test", &token);
    scene.admitted("both.test", &token);
    assert!(scene.two.asked().is_empty());
}

#[test]
fn a_client_proves_itself_by_a_key() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let der = pair.to_pkcs8v1().unwrap();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()));
    let change = |config: String| {
        let key = "client_auth = \"private_key_jwt\"\nclient_key_file = \"key.pem\"\nclient_key_id = \"k1\"";
        config.replacen("client_secret_file = \"gateway.secret\"", key, 1)
    };
    let scene = Scene::with(change, &[("key.pem", &pem)]);
    scene.one.takes_assertions();
    for token in ["opaque-1", "opaque-2"] {
        scene.one.knows(token, json!({}));
        scene.admitted("one.test", token);
    }
    let asked = scene.one.asked();
    let read = |number: usize| {
        let form = &asked[number];
        assert_eq!(form["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert_eq!((form["client_id"].as_str(), form["Authorization"].as_str()), ("gateway", ""));
        let (signed, signature) = form["client_assertion"].rsplit_once('.').unwrap();
        let public = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED, public_key(&pair));
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let parts: Vec<Value> =
            signed.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()).collect();
        assert_eq!(parts[0], json!({ "alg": "ES256", "typ": "JWT", "kid": "k1" }));
        let claims = &parts[1];
        assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("gateway"), Some("gateway")));
        assert_eq!(claims["aud"], json!(scene.one.url()));
        assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 60);
        claims["jti"].as_str().unwrap().to_owned()
    };
    assert_ne!(read(0), read(1));
}

fn public_key(pair: &EcdsaKeyPair) -> Vec<u8> {
    use aws_lc_rs::signature::KeyPair;
    pair.public_key().as_ref().to_vec()
}

/// `oidc-provider` as the issuer: its discovery, its opaque tokens, its signed answers, its revocation.
#[test]
fn a_certified_provider_is_asked() {
    let mut provider = Product::script("node", "provider.mjs");
    let url = format!("http://{}", provider.at);
    let folder = Folder::new();
    let upstream = Upstream::start();
    let config = include_str!("../../examples/introspection.toml");
    let config = config.replace("http://127.0.0.1:3000", &format!("http://{}", upstream.address)).replace("127.0.0.1:8401", "127.0.0.1:0");
    let config =
        config.replace("https://id.example.com", &url).replace("\"gateway\"", "\"orders\"").replace("reuse = \"30s\"", "reuse = \"2s\"");
    folder.write("countersign.toml", config);
    let secret = "COUNTERSIGN_ISSUER__0__INTROSPECTION__CLIENT_SECRET=tests-only";
    let gateway = Gateway::start_under(folder, &["env", secret]).unwrap();
    // By the data alone: the secret that the configuration wants is in the environment of the gateway, not in this one's.
    let cause = |answer: &Answer| {
        let data = gateway.folder.path().join("state");
        let output = run(&["explain", &answer.reference(), "--json", "--data", data.to_str().unwrap()], "");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["cause"].as_str().unwrap().to_owned()
    };
    let authorization = format!("Basic {}", STANDARD.encode("orders:tests-only"));
    let post = |path: &str, body: &str| {
        let headers = [("Authorization", authorization.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        request(provider.at, "POST", path, &headers, body.as_bytes())
    };
    let issued = post("/token", "grant_type=client_credentials&scope=orders:read");
    let token = issued.json()["access_token"].as_str().unwrap_or_else(|| panic!("{issued:?}")).to_owned();
    assert!(!token.contains('.'), "an opaque token");
    let ask = |target: &str| get(gateway.listen, target, &[("Host", "orders.example.com"), ("Authorization", &format!("Bearer {token}"))]);
    let answer = ask("/api/orders");
    assert_eq!(answer.status, 200, "{answer:?} {}", gateway.printed());
    assert_eq!(upstream.saw("/api/orders").pop().unwrap().read_as("Countersign-Subject"), ["orders"]);
    // Down: what was seen of late is served where the rule says so, and elsewhere it is undecided.
    let other = post("/token", "grant_type=client_credentials&scope=orders:read").json()["access_token"].as_str().unwrap().to_owned();
    let revoked = post("/token/revocation", &format!("token={token}"));
    assert_eq!(revoked.status, 200, "{revoked:?}");
    everywhere(Duration::from_secs(8), "the revocation is seen", || ask("/api/orders").status == 401);
    assert_eq!(cause(&ask("/api/orders")), "token-inactive");
    let ask = |target: &str| get(gateway.listen, target, &[("Host", "orders.example.com"), ("Authorization", &format!("Bearer {other}"))]);
    assert_eq!(ask("/status/orders").status, 200);
    provider.end();
    let_pass(Duration::from_millis(2100));
    everywhere(Duration::from_secs(8), "it is undecided", || ask("/api/orders").status == 503);
    assert_eq!(cause(&ask("/api/orders")), "introspection-unreachable");
    assert_eq!(ask("/status/orders").status, 200);
}
