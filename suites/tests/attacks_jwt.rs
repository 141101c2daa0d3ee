//! Attacks T53 to T69: tokens that must be refused whatever they say. Each is sent to the real gateway; none may reach
//! the app, and nothing that a token names may be fetched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::get;
use countersign_suites::jwt::{Signer, b64, hmac_token};
use countersign_suites::now;
use countersign_suites::scene::Scene;
use countersign_suites::upstream::Upstream;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Sends tokens; each must be refused, soon, and the app must see nothing.
#[track_caller]
fn refuse(scene: &Scene, tokens: &[(&str, String)]) {
    // A good one first: what follows is refused for its own fault, not because nothing works.
    let good = format!("Bearer {}", scene.issuer.token());
    scene.admitted("/jwt/good", &[("Authorization", &good)]);
    for (what, token) in tokens {
        let began = Instant::now();
        let answer = get(scene.at(), "/jwt/trap", &[("Authorization", &format!("Bearer {token}"))]);
        let shown: String = token.chars().take(200).collect();
        assert!([400, 401, 431].contains(&answer.status), "{what}: {answer:?} to {shown}");
        assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
        if answer.status == 401 {
            let challenge = answer.all("www-authenticate").join(", ");
            assert!(challenge.starts_with("Bearer "), "{what}: {challenge}");
        }
    }
    assert!(scene.upstream.saw("trap").is_empty(), "{:?}", scene.upstream.saw("trap"));
}

fn b64json(value: &Value) -> String {
    b64(value.to_string())
}

#[test]
fn t053_alg_none() {
    let scene = Scene::attacks();
    let claims = scene.issuer.claims();
    let good = scene.issuer.token();
    let signature = good.split('.').nth(2).unwrap();
    let mut tokens = Vec::new();
    for alg in ["none", "None", "NONE", "nOnE", "none ", " none", "", "null"] {
        let signed = format!("{}.{}", b64json(&json!({ "alg": alg, "kid": "es", "typ": "at+jwt" })), b64json(&claims));
        tokens.push(("unsigned", format!("{signed}.")));
        tokens.push(("with a signature", format!("{signed}.{signature}")));
    }
    tokens.push(("no alg", format!("{}.{}.", b64json(&json!({ "typ": "at+jwt" })), b64json(&claims))));
    tokens.push(("alg null", format!("{}.{}.", b64json(&json!({ "alg": null })), b64json(&claims))));
    tokens.push(("alg a list", format!("{}.{}.", b64json(&json!({ "alg": ["none", "ES256"] })), b64json(&claims))));
    refuse(&scene, &tokens);
}

#[test]
fn t054_segments() {
    let scene = Scene::attacks();
    let good = scene.issuer.token();
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    refuse(
        &scene,
        &[
            ("no signature", format!("{header}.{payload}.")),
            ("no payload", format!("{header}..{signature}")),
            ("no header", format!(".{payload}.{signature}")),
            ("two parts", format!("{header}.{payload}")),
            ("one part", header.to_owned()),
            ("dots", "..".to_owned()),
            ("four parts", format!("{good}.x")),
            ("trailing dot", format!("{good}.")),
            ("leading dot", format!(".{good}")),
            ("five parts", format!("{header}.{payload}.{signature}.{payload}.{signature}")),
            ("signature cut", good[..good.len() - 4].to_owned()),
            ("doubled signature", format!("{good}{signature}")),
            ("twice", format!("{good} {good}")),
            ("twice with a comma", format!("{good},{good}")),
        ],
    );
}

#[test]
fn t055_swapped_and_flipped() {
    let scene = Scene::attacks();
    let good = scene.issuer.token();
    let other = scene.issuer.token_of(&scene.issuer.claims_with("sub", "root"));
    let (one, two): (Vec<&str>, Vec<&str>) = (good.split('.').collect(), other.split('.').collect());
    let mut tokens = vec![
        ("other payload", format!("{}.{}.{}", one[0], two[1], one[2])),
        ("other header", format!("{}.{}.{}", b64json(&json!({ "alg": "ES256", "typ": "JWT" })), one[1], one[2])),
        ("other signature", format!("{}.{}.{}", one[0], one[1], two[2])),
    ];
    for at in [10, good.len() / 3, good.len() / 2, good.len() - 30] {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        tokens.push(("flipped", String::from_utf8(bytes).unwrap()));
    }
    refuse(&scene, &tokens);
}

#[test]
fn t056_public_key_as_a_secret() {
    let scene = Scene::attacks();
    let mut tokens = Vec::new();
    for key in &scene.issuer.keys {
        let jwk = key.jwk();
        let public = key.public();
        let base64 = base64_of(&public);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----");
        let secrets = [
            public.clone(),
            base64.clone().into_bytes(),
            b64(&public).into_bytes(),
            pem.clone().into_bytes(),
            format!("{pem}\n").into_bytes(),
            jwk.to_string().into_bytes(),
            jwk["x"].as_str().or(jwk["n"].as_str()).unwrap().as_bytes().to_vec(),
            json!({ "keys": [jwk] }).to_string().into_bytes(),
        ];
        for secret in secrets {
            let header = json!({ "alg": "HS256", "kid": key.kid, "typ": "at+jwt" });
            tokens.push(("public key", hmac_token(&header, &scene.issuer.claims(), &secret)));
        }
    }
    refuse(&scene, &tokens);
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn t057_guessable_secrets() {
    let scene = Scene::attacks();
    let secrets = ["", "secret", "password", "\0", "changeme", "your-256-bit-secret", "orders", "countersign"];
    let tokens: Vec<_> = secrets
        .iter()
        .flat_map(|secret| {
            ["HS256", "HS384", "HS512"].map(|alg| ("guess", hmac_token(&json!({ "alg": alg, "typ": "at+jwt" }), &scene.issuer.claims(), secret.as_bytes())))
        })
        .collect();
    refuse(&scene, &tokens);
}

#[test]
fn t058_t059_keys_that_the_token_brings() {
    let scene = Scene::attacks();
    let trap = Upstream::start();
    let url = format!("http://{}/keys", trap.address);
    let mine = Signer::new("es", "ES256");
    let mut tokens = Vec::new();
    let with = |members: Value| {
        let mut header = mine.header();
        header.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        header
    };
    for header in [
        with(json!({ "jwk": mine.jwk() })),
        with(json!({ "jwk": mine.jwk(), "kid": "mine" })),
        with(json!({ "jku": url })),
        with(json!({ "jku": format!("{}/jwks", scene.issuer.url()) })),
        with(json!({ "jku": format!("{}@{}/keys", scene.issuer.url(), trap.address) })),
        with(json!({ "x5u": url })),
        with(json!({ "x5c": ["MIIB"] })),
        with(json!({ "x5c": [] })),
        with(json!({ "kid": url })),
    ] {
        tokens.push(("my key", mine.token(&header, &scene.issuer.claims())));
        let real = scene.issuer.key("ES256");
        let mut named = header.clone();
        if named["kid"] == "es" {
            named["alg"] = json!("ES256");
            tokens.push(("the issuer's key, and a key of its own", real.token(&named, &scene.issuer.claims())));
        }
    }
    for issuer in [url.clone(), format!("http://{}", trap.address)] {
        tokens.push(("unknown issuer", mine.token(&mine.header(), &scene.issuer.claims_with("iss", issuer))));
    }
    refuse(&scene, &tokens);
    assert_eq!(trap.connections(), 0, "the trap was visited: {:?}", trap.requests());
}

#[test]
fn t060_hostile_kids() {
    let scene = Scene::attacks();
    let kids: Vec<Value> = vec![
        json!("../../../../etc/passwd"),
        json!("/dev/null"),
        json!("es\0"),
        json!("es "),
        json!("ES"),
        json!(""),
        json!("' OR '1'='1"),
        json!("'; DROP TABLE account; --"),
        json!("$(id)"),
        json!("`id`"),
        json!("| id"),
        json!("{{7*7}}"),
        json!("http://127.0.0.1:9/"),
        json!("file:///etc/passwd"),
        json!("k".repeat(8000)),
        json!("\u{202e}se"),
        json!("\r\nX: y"),
        json!(0),
        json!(true),
        json!(["es"]),
        json!({ "kid": "es" }),
    ];
    let key = scene.issuer.key("ES256");
    let tokens: Vec<_> = kids.iter().map(|kid| ("kid", key.token(&json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }), &scene.issuer.claims()))).collect();
    refuse(&scene, &tokens);
    let requests = scene.issuer.other_requests();
    assert!(requests.is_empty(), "{requests:?}");
}

#[test]
fn t061_t062_times() {
    let scene = Scene::attacks();
    let claims = |name: &str, text: &str| {
        let mut claims = scene.issuer.claims();
        claims.as_object_mut().unwrap().remove(name);
        let rest = claims.to_string();
        format!("{{\"{name}\":{text},{}", &rest[1..])
    };
    let key = scene.issuer.key("ES256");
    let sign = |claims: String| key.token_of(key.header().to_string(), claims);
    let mut tokens: Vec<(&str, String)> = Vec::new();
    for text in [
        "\"9999999999\"", "null", "true", "[9999999999]", "{}", "-1", "0", "1e999", "-1e30", "NaN", "Infinity", "99999999999999999999", "1e18", "\"\"",
        "\"never\"", "9223372036854775807", "4294967296000000",
    ] {
        tokens.push(("exp", sign(claims("exp", text))));
    }
    let mut without = scene.issuer.claims();
    without.as_object_mut().unwrap().remove("exp");
    tokens.push(("no exp", key.token(&key.header(), &without)));
    let ahead = (now() + 600).to_string();
    for name in ["nbf", "iat"] {
        for text in [ahead.as_str(), "\"1\"", "[1]", "-5", "1e300", "{}", "true"] {
            tokens.push((name, sign(claims(name, text))));
        }
    }
    refuse(&scene, &tokens);
}

#[test]
fn t063_issuers() {
    let scene = Scene::attacks();
    let right = scene.issuer.url();
    let wrong: Vec<Value> = vec![
        json!(format!("{right}/")),
        json!(right.to_uppercase()),
        json!(format!("{right}@evil.example")),
        json!(format!("{right}.evil.example")),
        json!(format!(" {right}")),
        json!(right.replace("http:", "https:")),
        json!(format!("{right}#x")),
        json!(format!("{right}?x")),
        json!(""),
        json!(null),
        json!([right.clone()]),
        json!([right.clone(), "https://evil.example"]),
        json!(1),
    ];
    let tokens: Vec<_> = wrong.into_iter().map(|iss| ("iss", scene.issuer.token_of(&scene.issuer.claims_with("iss", iss)))).collect();
    refuse(&scene, &tokens);
}

#[test]
fn t064_audiences() {
    let scene = Scene::attacks();
    let wrong: Vec<Value> = vec![
        json!("order"),
        json!("orders "),
        json!("Orders"),
        json!("orders,other"),
        json!("orders other"),
        json!("other"),
        json!(""),
        json!([]),
        json!(null),
        json!(["other", "another"]),
        json!([["orders"]]),
        json!({ "orders": true }),
        json!(["orders", 1]),
        json!("*"),
        json!("orders/"),
    ];
    let mut tokens: Vec<_> = wrong.into_iter().map(|aud| ("aud", scene.issuer.token_of(&scene.issuer.claims_with("aud", aud)))).collect();
    let mut without = scene.issuer.claims();
    without.as_object_mut().unwrap().remove("aud");
    tokens.push(("no aud", scene.issuer.token_of(&without)));
    refuse(&scene, &tokens);
    let among = scene.issuer.token_of(&scene.issuer.claims_with("aud", json!(["other", "orders"])));
    scene.admitted("/jwt/among", &[("Authorization", &format!("Bearer {among}"))]);
}

#[test]
fn t065_members_twice() {
    let scene = Scene::attacks();
    let key = scene.issuer.key("ES256");
    let (header, claims) = (key.header().to_string(), scene.issuer.claims().to_string());
    let more_header = |text: &str| key.token_of(format!("{},{text}}}", &header[..header.len() - 1]), &claims);
    let more_claims = |text: &str| key.token_of(&header, format!("{},{text}}}", &claims[..claims.len() - 1]));
    refuse(
        &scene,
        &[
            ("alg twice", more_header("\"alg\":\"none\"")),
            ("the same alg twice", more_header("\"alg\":\"ES256\"")),
            ("kid twice", more_header("\"kid\":\"rs\"")),
            ("typ twice", more_header("\"typ\":\"JWT\"")),
            ("alg escaped", more_header("\"\\u0061lg\":\"none\"")),
            ("exp twice", more_claims(&format!("\"exp\":{}", now() + 9000))),
            ("sub twice", more_claims("\"sub\":\"root\"")),
            ("iss twice", more_claims("\"iss\":\"https://evil.example\"")),
            ("aud twice", more_claims("\"aud\":\"orders\"")),
            ("scope twice", more_claims("\"scope\":\"admin\"")),
            ("sub escaped", more_claims("\"s\\u0075b\":\"root\"")),
        ],
    );
}

#[test]
fn t066_size_and_nesting() {
    let scene = Scene::attacks();
    let key = scene.issuer.key("ES256");
    let (header, claims) = (key.header().to_string(), scene.issuer.claims().to_string());
    let more = |text: &str| format!("{},{text}}}", &claims[..claims.len() - 1]);
    let deep = |open: &str, close: &str, count: usize| format!("\"x\":{}1{}", open.repeat(count), close.repeat(count));
    refuse(
        &scene,
        &[
            ("17 KiB", key.token_of(&header, more(&format!("\"x\":\"{}\"", "a".repeat(14_000))))),
            ("64 KiB", key.token_of(&header, more(&format!("\"x\":\"{}\"", "a".repeat(48_000))))),
            ("200 KiB", key.token_of(&header, more(&format!("\"x\":\"{}\"", "a".repeat(150_000))))),
            ("deep lists", key.token_of(&header, more(&deep("[", "]", 4000)))),
            ("deep objects", key.token_of(&header, more(&deep("{\"a\":", "}", 1500)))),
            ("deep header", key.token_of(format!("{},{}}}", &header[..header.len() - 1], deep("[", "]", 4000)), &claims)),
            ("not UTF-8", key.token_of(&header, [claims.as_bytes(), b"\xff"].concat())),
            ("not UTF-8 in a string", key.token_of(&header, claims.replace("\"ann\"", "\"\u{fffd}nn\"").into_bytes().iter().map(|b| if *b == 0xef { 0xff } else { *b }).collect::<Vec<_>>())),
            ("trailing bytes", key.token_of(&header, format!("{claims}x"))),
            ("trailing object", key.token_of(&header, format!("{claims}{{}}"))),
            ("byte order mark", key.token_of(&header, format!("\u{feff}{claims}"))),
            ("a list", key.token_of(&header, format!("[{claims}]"))),
            ("a string", key.token_of(&header, "\"claims\"")),
            ("a number for a subject", key.token_of(&header, claims.replace("\"ann\"", "7"))),
            ("UTF-16", key.token_of(&header, claims.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
            ("lone surrogate", key.token_of(&header, claims.replace("\"ann\"", "\"\\ud800\""))),
        ],
    );
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
    refuse(&scene, &tokens);
}

#[test]
fn t068_other_serialisations() {
    let scene = Scene::attacks();
    let good = scene.issuer.token();
    let parts: Vec<&str> = good.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string();
    let general = json!({ "payload": parts[1], "signatures": [{ "protected": parts[0], "signature": parts[2] }] }).to_string();
    let jwe = |header: Value| format!("{}.{}.{}.{}.{}", b64json(&header), "", b64([0; 12]), parts[1], b64([0; 16]));
    let key = scene.issuer.key("ES256");
    let with = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        key.token(&header, &scene.issuer.claims())
    };
    refuse(
        &scene,
        &[
            ("flattened JSON", flattened.clone()),
            ("general JSON", general),
            ("JSON in base64", b64(flattened)),
            ("JWE", jwe(json!({ "alg": "dir", "enc": "A256GCM" }))),
            ("JWE around none", jwe(json!({ "alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT" }))),
            ("PBES2 bomb", jwe(json!({ "alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2c": 2_147_483_647_u32, "p2s": "AAAA" }))),
            ("PBES2 in three parts", with("p2c", json!(2_147_483_647_u32)).replacen(&parts[0][..4], "xxxx", 1)),
            ("enc", with("enc", json!("A256GCM"))),
            ("zip", with("zip", json!("DEF"))),
        ],
    );
}
