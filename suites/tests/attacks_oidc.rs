//! Attacks on logins at a provider, T73 to T85: a hostile browser, a hostile provider, and somebody in between. Whatever
//! they do, nobody gets a session that is not theirs, and the token endpoint is asked only for who began here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, get, request};
use countersign_suites::jwt::{Signer, b64, hmac_token};
use countersign_suites::login::{LoginScene, session};
use countersign_suites::now;
use countersign_suites::provider::{CLIENT, Provider, SECRET, cookies};
use countersign_suites::scene::form;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How long an answer may take whatever the provider does.
const DEADLINE: Duration = Duration::from_secs(12);

#[test]
fn t073_what_is_asked_is_random_and_holds_no_secret() {
    let scene = LoginScene::new();
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let request = scene.begin("/page");
        for name in ["state", "nonce", "code_challenge"] {
            let value = request.get(name);
            // 22 letters of base64url are 132 bits.
            assert!(value.len() >= 22, "{name} {value}");
            assert!(seen.insert(value.to_owned()), "{name} came twice: {value}");
            assert!(seen.insert(value[..22].to_owned()), "{name} begins alike: {value}");
        }
        assert_eq!((request.get("response_type"), request.get("code_challenge_method")), ("code", "S256"));
        assert_eq!(request.get("redirect_uri"), format!("http://{}/oauth2/callback", scene.at()));
        for secret in [SECRET, "verifier", "client_secret"] {
            assert!(!request.location.contains(secret), "{}", request.location);
        }
    }
    let request = scene.begin("/page");
    let answer = scene.come_back(&request);
    let form = scene.provider.asked("/token").pop().unwrap();
    // RFC 7636 section 4.1.
    assert!(form["code_verifier"].len() >= 43 && !seen.contains(&form["code_verifier"]));
    assert!(!request.cookies.contains(&form["code_verifier"]) && !format!("{answer:?}").contains(&form["code_verifier"]));
}

#[test]
fn t074_an_answer_counts_only_in_the_browser_that_asked() {
    let scene = LoginScene::new();
    let (mine, theirs) = (scene.begin("/page"), scene.begin("/page"));
    let code = scene.provider.code(&theirs);
    let iss = scene.provider.url();
    let (state, other) = (mine.get("state"), theirs.get("state"));
    let (secret, note) = state.split_once('.').unwrap();
    let (_, other_note) = other.split_once('.').unwrap();
    let swapped = format!("{secret}.{other_note}");
    let flipped = format!("{}{}", if state.starts_with('A') { "B" } else { "A" }, &state[1..]);
    let cut = &state[..state.len() - 1];
    let longer = format!("{state}A");
    for (query, cookies) in [
        (vec![("code", code.as_str())], mine.cookies.as_str()),
        (vec![("code", &code), ("state", "")], &mine.cookies),
        (vec![("code", &code), ("state", "x")], &mine.cookies),
        (vec![("code", &code), ("state", other)], &mine.cookies),
        (vec![("code", &code), ("state", other)], ""),
        (vec![("code", &code), ("state", &swapped)], &mine.cookies),
        (vec![("code", &code), ("state", &flipped)], &mine.cookies),
        (vec![("code", &code), ("state", cut)], &mine.cookies),
        (vec![("code", &code), ("state", &longer)], &mine.cookies),
        (vec![("code", &code), ("state", secret)], &mine.cookies),
        (vec![("code", &code), ("state", note)], &mine.cookies),
        (vec![("code", &code), ("state", state), ("state", other)], &mine.cookies),
    ] {
        let query = [query.as_slice(), &[("iss", iss.as_str())]].concat();
        let answer = scene.callback(&query, cookies);
        assert_eq!(answer.status, 401, "{query:?}");
        scene.refused(&answer, "login-state-unknown");
        assert!(!answer.all("www-authenticate").is_empty() && answer.text().contains("Start again"), "{answer:?}");
    }
    // The cookie of one login under the name of the other.
    let (name, _) = mine.cookies.split_once('=').unwrap();
    let (_, value) = theirs.cookies.split_once('=').unwrap();
    scene.refused(&scene.callback(&[("code", &code), ("state", state), ("iss", &iss)], &format!("{name}={value}")), "login-state-unknown");
    assert_eq!(scene.provider.asked("/token").len(), 0);
    // A code of somebody else's login does not fit the verifier of this one.
    scene.refused(&scene.callback(&[("code", &code), ("state", state), ("iss", &iss)], &mine.cookies), "code-refused");
}

#[test]
fn t075_the_same_answer_twice_asks_the_token_endpoint_once() {
    let scene = LoginScene::new();
    let begun = scene.begin("/page");
    let (code, iss) = (scene.provider.code(&begun), scene.provider.url());
    let query = [("code", code.as_str()), ("state", begun.get("state")), ("iss", &iss)];
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..12).map(|_| scope.spawn(|| scene.callback(&query, &begun.cookies))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let (good, bad): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 303);
    assert_eq!(good.len(), 1, "{answers:?}");
    for answer in bad {
        scene.refused(answer, "login-state-unknown");
    }
    scene.refused(&scene.callback(&query, &begun.cookies), "login-state-unknown");
    assert_eq!(scene.provider.asked("/token").len(), 1);
}

#[test]
fn t076_an_answer_of_another_provider_is_refused() {
    let scene = LoginScene::new();
    let own = scene.provider.url();
    let (slash, longer, upper) = (format!("{own}/"), format!("{own}.evil.test"), own.to_uppercase());
    for iss in [None, Some("https://evil.test"), Some(""), Some(slash.as_str()), Some(&longer), Some(&upper)] {
        let begun = scene.begin("/page");
        let code = scene.provider.code(&begun);
        let query: Vec<(&str, &str)> =
            [("code", code.as_str()), ("state", begun.get("state"))].into_iter().chain(iss.map(|iss| ("iss", iss))).collect();
        scene.refused(&scene.callback(&query, &begun.cookies), "login-issuer-mismatch");
    }
    assert_eq!(scene.provider.asked("/token").len(), 0);
    scene.provider.claims("iss", "https://evil.test");
    scene.refused(&scene.come_back(&scene.begin("/page")), "login-issuer-mismatch");
}

/// A way to make a bad ID token, and the cause with which it ends.
type Hostile = (&'static str, &'static str, Box<dyn Fn(&Signer, &Value) -> String + Send + Sync>);

fn claims(what: &'static str, cause: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Hostile {
    let make = move |key: &Signer, claims: &Value| {
        let mut claims = claims.clone();
        change(&mut claims);
        key.token(&json!({ "alg": key.alg, "kid": key.kid, "typ": "JWT" }), &claims)
    };
    (what, cause, Box::new(make))
}

fn header(what: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Hostile {
    let make = move |key: &Signer, claims: &Value| {
        let mut header = json!({ "alg": key.alg, "kid": key.kid, "typ": "JWT" });
        change(&mut header);
        key.token(&header, claims)
    };
    (what, "id-token-refused", Box::new(make))
}

fn raw(what: &'static str, make: impl Fn(&Signer, &Value) -> String + Send + Sync + 'static) -> Hostile {
    (what, "id-token-refused", Box::new(make))
}

fn hostile() -> Vec<Hostile> {
    const NO: &str = "id-token-refused";
    let set = |what, cause, name: &'static str, value: fn() -> Value| claims(what, cause, move |claims| claims[name] = value());
    let without = |what, cause, name: &'static str| {
        claims(what, cause, move |claims| {
            claims.as_object_mut().unwrap().remove(name);
        })
    };
    vec![
        raw("none", |_, claims| format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(claims.to_string()))),
        raw("None with a signature", |key, claims| key.token(&json!({ "alg": "None", "kid": key.kid }), claims)),
        raw("empty", |_, _| String::new()),
        raw("two parts", |key, claims| key.token(&key.header(), claims).rsplit_once('.').unwrap().0.to_owned()),
        raw("four parts", |key, claims| format!("{}.x", key.token(&json!({ "alg": "ES256", "kid": key.kid }), claims))),
        raw("signed with the client's secret", |_, claims| hmac_token(&json!({ "alg": "HS256" }), claims, SECRET.as_bytes())),
        raw("signed with the public key", |key, claims| hmac_token(&json!({ "alg": "HS256", "kid": key.kid }), claims, &key.public())),
        raw("a stranger's key under the known id", |key, claims| {
            let stranger = Signer::new(&key.kid, "ES256");
            stranger.token(&json!({ "alg": "ES256", "kid": key.kid }), claims)
        }),
        raw("a stranger's key under its own id", |_, claims| {
            let stranger = Signer::new("stranger", "ES256");
            stranger.token(&json!({ "alg": "ES256", "kid": "stranger" }), claims)
        }),
        raw("a flipped bit", |key, claims| {
            let token = key.token(&json!({ "alg": "ES256", "kid": key.kid }), claims);
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let first = if signature.starts_with('A') { 'B' } else { 'A' };
            format!("{signed}.{first}{}", &signature[1..])
        }),
        raw("other claims under the signature", |key, claims| {
            let token = key.token(&json!({ "alg": "ES256", "kid": key.kid }), claims);
            let parts: Vec<&str> = token.split('.').collect();
            format!("{}.{}.{}", parts[0], b64(claims.to_string().replace("ann-17", "root-1")), parts[2])
        }),
        raw("a claim twice", |key, claims| {
            let twice = claims.to_string().replacen('{', r#"{"sub":"root-1","#, 1);
            key.token_of(json!({ "alg": "ES256", "kid": key.kid }).to_string(), twice)
        }),
        raw("claims that are a list", |key, _| key.token_of(json!({ "alg": "ES256", "kid": key.kid }).to_string(), "[]")),
        raw("encrypted", |_, claims| format!("{}.a.b.{}.c", b64(r#"{"alg":"dir","enc":"A128GCM"}"#), b64(claims.to_string()))),
        header("a key of its own", |header| header["jwk"] = Signer::new("own", "ES256").jwk()),
        header("an address of keys", |header| header["jku"] = json!("http://127.0.0.1:9/keys")),
        header("critical extensions", |header| header["crit"] = json!(["x"])),
        header("another algorithm of the key", |header| header["alg"] = json!("RS256")),
        header("an access token", |header| header["typ"] = json!("at+jwt")),
        header("a logout token", |header| header["typ"] = json!("logout+jwt")),
        set("another audience", NO, "aud", || json!("invoices")),
        set("no audience in the list", NO, "aud", || json!([])),
        set("two audiences and no azp", NO, "aud", || json!([CLIENT, "invoices"])),
        set("another azp", NO, "azp", || json!("invoices")),
        set("an audience that begins alike", NO, "aud", || json!("orders2")),
        without("no audience", NO, "aud"),
        without("no issuer", NO, "iss"),
        set("another issuer", "login-issuer-mismatch", "iss", || json!("https://evil.test")),
        without("no subject", NO, "sub"),
        set("an empty subject", NO, "sub", || json!("")),
        set("a subject that is a number", NO, "sub", || json!(17)),
        set("a subject of 300 letters", NO, "sub", || json!("a".repeat(300))),
        without("no expiry", NO, "exp"),
        set("expired", NO, "exp", || json!(now() - 60)),
        set("an expiry that is a text", NO, "exp", || json!("9999999999")),
        without("no time of issue", NO, "iat"),
        set("issued ahead", NO, "iat", || json!(now() + 120)),
        set("issued before the login", NO, "iat", || json!(now() - 120)),
        set("not yet valid", NO, "nbf", || json!(now() + 120)),
        set("a hash of another access token", NO, "at_hash", || json!(b64([7_u8; 16]))),
        set("an empty hash", NO, "at_hash", || json!("")),
        set("an event", NO, "events", || json!({ "http://schemas.openid.net/event/backchannel-logout": {} })),
        set("a refresh token", NO, "typ", || json!("Refresh")),
        without("no nonce", "login-nonce-mismatch", "nonce"),
        set("another nonce", "login-nonce-mismatch", "nonce", || json!("n-0S6_WzA2Mj")),
        set("an empty nonce", "login-nonce-mismatch", "nonce", || json!("")),
        claims("a nonce that is cut", "login-nonce-mismatch", |claims| {
            let nonce = claims["nonce"].as_str().unwrap().to_owned();
            claims["nonce"] = json!(nonce[..nonce.len() - 1]);
        }),
    ]
}

#[test]
fn t077_hostile_id_tokens() {
    let scene = LoginScene::new();
    let all = hostile();
    assert!(all.len() >= 40, "{}", all.len());
    for (what, cause, make) in all {
        scene.provider.signs(make);
        let begun = Instant::now();
        let answer = scene.come_back(&scene.begin("/page"));
        assert_eq!(answer.status, 401, "{what}: {answer:?}");
        let report = scene.gateway.explain(&answer.reference());
        assert_eq!(report["cause"], cause, "{what}: {report}");
        assert!(answer.cookie("countersign").is_none(), "{what}");
        assert!(begun.elapsed() < DEADLINE, "{what}");
    }
    scene.provider.honest();
    scene.log_in();
    assert!(scene.gateway.administer_json(&["user", "list"]).to_string().contains("ann"));
    assert_eq!(scene.gateway.administer_json(&["user", "list"]).as_array().unwrap().len(), 1, "nobody else got an account");
}

#[test]
fn t078_userinfo_about_somebody_else_is_never_adopted() {
    for said in
        [json!({ "sub": "root-1", "groups": ["admin"] }), json!({ "groups": ["admin"] }), json!({ "sub": 17 }), json!({ "sub": "" })]
    {
        let provider = Provider::start();
        provider.says(said);
        let scene = LoginScene::with(provider, include_str!("../config/oidc.toml"));
        scene.refused(&scene.come_back(&scene.begin("/page")), "id-token-refused");
        assert_eq!(scene.gateway.administer_json(&["user", "list"]), json!([]));
    }
    let provider = Provider::start();
    provider.says(json!({ "sub": "ann-17", "groups": ["root"], "roles": ["more"] }));
    let scene = LoginScene::with(provider, include_str!("../config/oidc.toml"));
    scene.log_in();
    let account = scene.gateway.administer_json(&["user", "list"])[0].clone();
    // What the ID token says stands: `groups` are those of the token, `roles` are only said here.
    let roles: HashSet<&str> = account["roles"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(roles, HashSet::from(["more", "eng", "staff"]), "{account}");
}

#[test]
fn t079_redirects_of_the_providers_endpoints_are_not_followed() {
    let trap = Provider::start();
    let scene = LoginScene::new();
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        scene.provider.instead("/token", &format!("{status}\r\nLocation: {}/token", trap.url()), "");
        let answer = scene.come_back(&scene.begin("/page"));
        assert_eq!(answer.status, 503, "{answer:?}");
        scene.refused(&answer, "provider-unreachable");
    }
    assert_eq!(trap.asked("/token").len(), 0);
    // Nor is an answer waited for that never comes, or that has no end.
    for (status, body) in [("never", ""), ("200 OK", "x".repeat(2 * 1024 * 1024).as_str())] {
        scene.provider.instead("/token", status, body);
        let begun = Instant::now();
        scene.refused(&scene.come_back(&scene.begin("/page")), "provider-unreachable");
        assert!(begun.elapsed() < DEADLINE, "{status}: {:?}", begun.elapsed());
    }
}

#[test]
fn t080_a_cookie_from_before_the_login_never_becomes_a_session() {
    let scene = LoginScene::new();
    let fixed = "A".repeat(43);
    let begun = scene.begin("/page");
    let all = format!("countersign={fixed}; {}", begun.cookies);
    let code = scene.provider.code(&begun);
    let answer = scene.callback(&[("code", &code), ("state", begun.get("state")), ("iss", &scene.provider.url())], &all);
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_ne!(session(&answer), format!("countersign={fixed}"));
    assert_eq!(scene.page("/page", &format!("countersign={fixed}")).status, 303);
    let mine = session(&answer);
    assert_eq!(scene.page("/page", &mine).status, 200);
    // What a login keeps is no session either.
    let (_, value) = begun.cookies.split_once('=').unwrap();
    assert_ne!(scene.page("/page", &format!("countersign={value}")).status, 200);
    // A second login ends the first session of the browser.
    let again = scene.begin("/page");
    let code = scene.provider.code(&again);
    let query = [("code", code.as_str()), ("state", again.get("state")), ("iss", &scene.provider.url())];
    let second = session(&scene.callback(&query, &format!("{mine}; {}", again.cookies)));
    assert_ne!(mine, second);
    assert_eq!((scene.page("/page", &mine).status, scene.page("/page", &second).status), (303, 200));
}

#[test]
fn t081_the_way_back_stays_here() {
    let scene = LoginScene::new();
    let mut seen = 0;
    for rd in [
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "\\\\evil.test",
        "https://evil.test",
        "https:evil.test",
        "http:/evil.test",
        "HTTPS://evil.test/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/%2f/evil.test",
        "/%5cevil.test",
        "/..//evil.test",
        "/./evil",
        "/a/../../evil.test",
        "/\tevil.test",
        "/\r\nLocation: https://evil.test",
        "/\u{0}",
        "evil.test",
        "@evil.test",
        "/@evil.test/../..",
        " //evil.test",
        "/;@evil.test",
        "?//evil.test",
        "#//evil.test",
        "/oauth2/start?provider=corp",
        "/oauth2/callback?code=a",
        "/oauth2/sign_out",
        "/\u{202e}",
    ] {
        seen += 1;
        let answer = scene.come_back(&scene.begin(rd));
        assert_eq!(answer.status, 303, "{rd:?}: {answer:?}");
        let location = answer.header("location").unwrap();
        assert!(location == "/" || (location == rd && rd == "/@evil.test/../.."), "{rd:?} leads to {location}");
    }
    assert!(seen >= 25);
    // A way back that is too long for a cookie is given up, and the login is not.
    let answer = scene.come_back(&scene.begin(&format!("/page?{}", "a".repeat(3000))));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    let answer = scene.come_back(&scene.begin("/page?a=%2F%2Fevil.test&b=c"));
    assert_eq!(answer.header("location"), Some("/page?a=%2F%2Fevil.test&b=c"));
}

#[test]
fn t082_keys_rotate_without_a_restart() {
    let scene = LoginScene::new();
    scene.log_in();
    let old = scene.provider.key();
    scene.provider.rotates();
    scene.log_in();
    // The old key is not listed any more, so it signs for nobody.
    scene.provider.signs(move |_, claims| old.token(&json!({ "alg": "ES256", "kid": old.kid }), claims));
    scene.refused(&scene.come_back(&scene.begin("/page")), "id-token-refused");
}

fn log_out_from_behind(scene: &LoginScene, token: &str) -> Answer {
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    request(scene.at(), "POST", "/oauth2/backchannel_logout", &headers, form(&[("logout_token", token)]).as_bytes())
}

#[test]
fn t083_back_channel_logout() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    let good = || scene.provider.logout_token(json!({ "sid": "provider-session", "sub": "ann-17" }));
    let key = scene.provider.key();
    let signed = |header: Value, claims: Value| key.token(&header, &claims);
    let whole = json!({
        "iss": scene.provider.url(), "aud": CLIENT, "iat": now(), "exp": now() + 120, "jti": "one", "sid": "provider-session",
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    let stranger = Signer::new("first", "ES256");
    for (what, token) in [
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
        ("a nonce", scene.provider.logout_token(json!({ "sid": "provider-session", "nonce": "x" }))),
        ("another audience", scene.provider.logout_token(json!({ "sid": "provider-session", "aud": "invoices" }))),
        ("another issuer", scene.provider.logout_token(json!({ "sid": "provider-session", "iss": "https://evil.test" }))),
        ("no events", scene.provider.logout_token(json!({ "sid": "provider-session", "events": null }))),
        ("other events", scene.provider.logout_token(json!({ "sid": "provider-session", "events": { "x": {} } }))),
        (
            "an event that is none",
            scene.provider.logout_token(json!({
                "sid": "provider-session", "events": { "http://schemas.openid.net/event/backchannel-logout": true },
            })),
        ),
        ("nobody", scene.provider.logout_token(json!({}))),
        ("no jti", scene.provider.logout_token(json!({ "sid": "provider-session", "jti": null }))),
        ("no iat", scene.provider.logout_token(json!({ "sid": "provider-session", "iat": null }))),
        ("an old one", scene.provider.logout_token(json!({ "sid": "provider-session", "iat": now() - 3600, "exp": null }))),
        ("from ahead", scene.provider.logout_token(json!({ "sid": "provider-session", "iat": now() + 3600 }))),
        ("expired", scene.provider.logout_token(json!({ "sid": "provider-session", "exp": now() - 60 }))),
        ("none", format!("{}.{}.", b64(r#"{"alg":"none","typ":"logout+jwt"}"#), b64(whole.to_string()))),
        ("a stranger's", stranger.token(&json!({ "alg": "ES256", "kid": "first", "typ": "logout+jwt" }), &whole)),
        ("with the client's secret", hmac_token(&json!({ "alg": "HS256", "typ": "logout+jwt" }), &whole, SECRET.as_bytes())),
        ("an access token", signed(json!({ "alg": "ES256", "kid": "first", "typ": "at+jwt" }), whole.clone())),
    ] {
        let answer = log_out_from_behind(&scene, &token);
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
        scene.refused(&answer, "logout-refused");
        assert_eq!(scene.page("/page", &cookie).status, 200, "{what} ended the session");
    }
    // Somebody else's session, and another session of the same person's, do not end this one.
    for other in [json!({ "sub": "bob-1" }), json!({ "sid": "another" }), json!({ "sid": "another", "sub": "ann-17" })] {
        assert_eq!(log_out_from_behind(&scene, &scene.provider.logout_token(other)).status, 200);
        assert_eq!(scene.page("/page", &cookie).status, 200);
    }
    let token = good();
    let answer = log_out_from_behind(&scene, &token);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{answer:?}");
    assert_eq!(scene.page("/page", &cookie).status, 303, "the session is over");
    let again = scene.log_in();
    let replayed = log_out_from_behind(&scene, &token);
    assert_eq!(replayed.status, 400);
    scene.refused(&replayed, "logout-refused");
    assert_eq!(scene.page("/page", &again).status, 200, "a replayed logout ends nothing");
    assert_eq!(log_out_from_behind(&scene, &scene.provider.logout_token(json!({ "sub": "ann-17" }))).status, 200);
    assert_eq!(scene.page("/page", &again).status, 303, "all sessions of the person are over");
}

#[test]
fn t084_a_copied_cookie_is_dead_after_the_logout() {
    let scene = LoginScene::new();
    let cookie = scene.log_in();
    let page = scene.page("/oauth2/sign_out", &cookie);
    let csrf = countersign_suites::scene::hidden(&page.text(), "csrf");
    let all = format!("{cookie}; {}", cookies(&page));
    std::thread::scope(|scope| {
        let busy: Vec<_> = (0..60).map(|_| scope.spawn(|| scene.page("/page", &cookie).status)).collect();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", all.as_str()), ("Accept", "text/html")];
        let out = request(scene.at(), "POST", "/oauth2/sign_out", &headers, form(&[("csrf", &csrf)]).as_bytes());
        assert_eq!(out.status, 200, "{out:?}");
        // Whatever begins after the answer is refused.
        let after: Vec<_> = (0..20).map(|_| scope.spawn(|| scene.page("/page", &cookie).status)).collect();
        assert!(after.into_iter().all(|one| one.join().unwrap() == 303));
        assert!(busy.into_iter().all(|one| [200, 303].contains(&one.join().unwrap())));
    });
}

#[test]
fn t085_bad_discovery_is_refused_and_the_gateway_stays_up() {
    let huge = "x".repeat(3 * 1024 * 1024);
    for (what, status, body) in [
        ("down", "500 Down", "{}"),
        ("silent", "never", ""),
        ("html", "200 OK", "<!doctype html><title>Log in</title>"),
        ("a redirect", "302 Found\r\nLocation: http://127.0.0.1:9/", ""),
        ("huge", "200 OK", huge.as_str()),
        ("compressed", "200 OK\r\nContent-Encoding: gzip", "x"),
        ("a list", "200 OK", "[]"),
        ("nothing in it", "200 OK", "{}"),
        ("deep", "200 OK", &"[".repeat(100_000)),
    ] {
        let provider = Provider::start();
        provider.instead("/.well-known/openid-configuration", status, body);
        check_bad_discovery(provider, what);
    }
    for (member, value) in [
        ("issuer", json!("https://evil.test")),
        ("issuer", Value::Null),
        ("token_endpoint", Value::Null),
        ("authorization_endpoint", json!("javascript:alert(1)")),
        ("authorization_endpoint", json!("//evil.test/auth")),
        ("code_challenge_methods_supported", json!(["plain"])),
    ] {
        let provider = Provider::start();
        provider.publishes(member, value);
        check_bad_discovery(provider, member);
    }
    // An endpoint inside of our network that is not the issuer's own.
    let provider = Provider::start();
    let trap = Provider::start();
    provider.publishes("token_endpoint", json!(format!("{}/token", trap.url())));
    let scene = LoginScene::with(provider, include_str!("../config/oidc.toml"));
    scene.refused(&scene.come_back(&scene.begin("/page")), "provider-unreachable");
    assert_eq!(trap.asked("/token").len(), 0);
}

#[track_caller]
fn check_bad_discovery(provider: Provider, what: &str) {
    let scene = LoginScene::with(provider, include_str!("../config/oidc.toml"));
    let begun = Instant::now();
    let answer = get(scene.at(), "/oauth2/start?provider=corp&rd=/page", &[("Accept", "text/html")]);
    assert_eq!(answer.status, 503, "{what}: {answer:?}");
    assert!(answer.header("retry-after").is_some(), "{what}");
    scene.refused(&answer, "provider-unreachable");
    assert!(begun.elapsed() < DEADLINE, "{what}: {:?}", begun.elapsed());
    assert_eq!(get(scene.at(), "/public/x", &[]).status, 200, "{what}: the gateway is up");
}
