//! Attacks T53 to T66: tokens that must be refused whatever they say. Each is sent to the real gateway; none may reach
//! the app, and nothing that a token names may be fetched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::jwt::{Signer, b64, hmac_token};
use countersign_suites::now;
use countersign_suites::scene::Scene;
use countersign_suites::upstream::Upstream;
use serde_json::{Value, json};

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
    scene.refuse_tokens(&tokens);
}

#[test]
fn t054_segments() {
    let scene = Scene::attacks();
    let good = scene.issuer.token();
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    scene.refuse_tokens(&[
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
    ]);
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
    scene.refuse_tokens(&tokens);
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
    scene.refuse_tokens(&tokens);
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
            ["HS256", "HS384", "HS512"]
                .map(|alg| ("guess", hmac_token(&json!({ "alg": alg, "typ": "at+jwt" }), &scene.issuer.claims(), secret.as_bytes())))
        })
        .collect();
    scene.refuse_tokens(&tokens);
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
    scene.refuse_tokens(&tokens);
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
    let tokens: Vec<_> = kids
        .iter()
        .map(|kid| ("kid", key.token(&json!({ "alg": "ES256", "typ": "at+jwt", "kid": kid }), &scene.issuer.claims())))
        .collect();
    scene.refuse_tokens(&tokens);
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
        "\"9999999999\"",
        "null",
        "true",
        "[9999999999]",
        "{}",
        "-1",
        "0",
        "1e999",
        "-1e30",
        "NaN",
        "Infinity",
        "99999999999999999999",
        "1e18",
        "\"\"",
        "\"never\"",
        "9223372036854775807",
        "4294967296000000",
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
    scene.refuse_tokens(&tokens);
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
    scene.refuse_tokens(&tokens);
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
    scene.refuse_tokens(&tokens);
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
    scene.refuse_tokens(&[
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
    ]);
}

#[test]
fn t066_size_and_nesting() {
    let scene = Scene::attacks();
    let key = scene.issuer.key("ES256");
    let (header, claims) = (key.header().to_string(), scene.issuer.claims().to_string());
    let more = |text: &str| format!("{},{text}}}", &claims[..claims.len() - 1]);
    let deep = |open: &str, close: &str, count: usize| format!("\"x\":{}1{}", open.repeat(count), close.repeat(count));
    scene.refuse_tokens(&[
        ("17 KiB", key.token_of(&header, more(&format!("\"x\":\"{}\"", "a".repeat(14_000))))),
        ("64 KiB", key.token_of(&header, more(&format!("\"x\":\"{}\"", "a".repeat(48_000))))),
        ("200 KiB", key.token_of(&header, more(&format!("\"x\":\"{}\"", "a".repeat(150_000))))),
        ("deep lists", key.token_of(&header, more(&deep("[", "]", 4000)))),
        ("deep objects", key.token_of(&header, more(&deep("{\"a\":", "}", 1500)))),
        ("deep header", key.token_of(format!("{},{}}}", &header[..header.len() - 1], deep("[", "]", 4000)), &claims)),
        ("not UTF-8", key.token_of(&header, [claims.as_bytes(), b"\xff"].concat())),
        (
            "not UTF-8 in a string",
            key.token_of(
                &header,
                claims
                    .replace("\"ann\"", "\"\u{fffd}nn\"")
                    .into_bytes()
                    .iter()
                    .map(|b| if *b == 0xef { 0xff } else { *b })
                    .collect::<Vec<_>>(),
            ),
        ),
        ("trailing bytes", key.token_of(&header, format!("{claims}x"))),
        ("trailing object", key.token_of(&header, format!("{claims}{{}}"))),
        ("byte order mark", key.token_of(&header, format!("\u{feff}{claims}"))),
        ("a list", key.token_of(&header, format!("[{claims}]"))),
        ("a string", key.token_of(&header, "\"claims\"")),
        ("a number for a subject", key.token_of(&header, claims.replace("\"ann\"", "7"))),
        ("UTF-16", key.token_of(&header, claims.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>())),
        ("lone surrogate", key.token_of(&header, claims.replace("\"ann\"", "\"\\ud800\""))),
    ]);
}
