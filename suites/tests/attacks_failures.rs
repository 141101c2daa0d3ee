//! Attacks T26 to T36: what happens when something behind the gateway fails or lies. Errors close the door, and every
//! one of them is told apart from a refusal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{attack, basic, get, get_from, request};
use countersign_suites::gateway::{Folder, Gateway, run};
use countersign_suites::issuer::{Issuer, Mood};
use countersign_suites::jwt::Signer;
use countersign_suites::scene::{PASSWORD, Scene, fill};
use countersign_suites::upstream::Upstream;
use countersign_suites::{now, within};
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[test]
fn t026_broken_store() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let data = scene.gateway.folder.path().join("state");
    for file in ["countersign.sqlite", "countersign.sqlite-wal", "countersign.sqlite-shm"] {
        let path = data.join(file);
        if let Ok(length) = std::fs::metadata(&path).map(|meta| meta.len()) {
            std::fs::write(&path, vec![0x5a; usize::try_from(length).unwrap()]).unwrap();
        }
    }
    let cookie = format!("countersign={}", "A".repeat(43));
    for (name, value) in [("Authorization", alice.as_str()), ("X-API-Key", key.as_str()), ("Cookie", cookie.as_str())] {
        let answer = get(scene.at(), "/private/t026", &[(name, value)]);
        assert_eq!(answer.status, 503, "{name}: {answer:?}");
        assert!(answer.header("retry-after").is_some(), "{name}: {answer:?}");
        assert!(answer.all("www-authenticate").is_empty(), "an outage is no matter of credentials: {answer:?}");
        assert!(answer.all("set-cookie").is_empty(), "an outage ends no session: {answer:?}");
    }
    assert!(scene.upstream.saw("t026").is_empty());
    assert_eq!(get(scene.at(), "/public/t026", &[]).status, 200, "what needs no store goes on");
    assert_eq!(
        get(scene.at(), "/private/t026", &[("Authorization", &format!("Bearer {}", scene.issuer.token()))]).status,
        200,
        "tokens need no store"
    );
}

#[test]
fn t027_garbage_cookies() {
    let scene = Scene::attacks();
    scene.add_alice();
    let good = scene.sign_in("alice", PASSWORD);
    let value = good.strip_prefix("countersign=").unwrap();
    let foreign = Scene::attacks();
    foreign.add_alice();
    let foreign = foreign.sign_in("alice", PASSWORD);
    for cookie in [
        String::new(),
        "x".to_owned(),
        value[..42].to_owned(),
        format!("{value}A"),
        value.to_lowercase(),
        foreign.strip_prefix("countersign=").unwrap().to_owned(),
        "A".repeat(43),
        "A".repeat(4000),
        "%00%0a".to_owned(),
        "\u{fffd}\u{202e}".to_owned(),
        "';DROP TABLE sessions;--".to_owned(),
        format!("\"{value}\""),
        "null".to_owned(),
    ] {
        let answer = scene.refused("/private/t027", &[("Cookie", &format!("countersign={cookie}"))]);
        assert_eq!(answer.status, 401, "{cookie:?}");
        let page = get(scene.at(), "/private/t027", &[("Cookie", &format!("countersign={cookie}")), ("Accept", "text/html")]);
        assert_eq!(page.status, 303, "{cookie:?}: a person is asked to log in: {page:?}");
    }
    assert_eq!(get(scene.at(), "/private/t027", &[("Cookie", &good)]).status, 200);
}

#[test]
fn t028_a_faulty_start_is_no_start() {
    let good = include_str!("../config/attacks.toml")
        .replace("\"UPSTREAM\"", "\"http://127.0.0.1:9\"")
        .replace("\"ISSUER\"", "\"http://127.0.0.1:9\"");
    let faulty = [
        ("unknown key", good.replace("realm =", "relam =")),
        ("unknown section", format!("{good}\n[sever]\nlisten = \"x\"\n")),
        ("unknown scheme", good.replace("\"api-key\"", "\"apikey\"")),
        ("unknown algorithm", good.replace("\"ES384\"", "\"HS256\"")),
        ("no algorithm", good.replace("\"ES384\"", "\"none\"")),
        ("rule without a requirement", format!("{good}\n[[site.rule]]\npath = \"/open/**\"\n")),
        ("missing certificate", good.replace("[limits]", "[server.tls]\ncertificate = \"missing.pem\"\nkey = \"missing.key\"\n\n[limits]")),
        ("bad duration", good.replace("\"2s\"", "\"2 fortnights\"")),
        ("not TOML", format!("{good}\n[[[")),
        ("unknown access", good.replace("\"public\"", "\"publik\"")),
        ("empty", String::new()),
    ];
    for (what, config) in faulty {
        let folder = Folder::new();
        let path = folder.write("countersign.toml", &config);
        let arguments = ["--config".to_owned(), path.to_str().unwrap().to_owned()];
        let started = Gateway::start_with(folder, arguments.to_vec());
        let said = started.err().unwrap_or_else(|| panic!("{what}: it started"));
        assert!(!said.contains("exit status: 0"), "{what}: {said}");
        assert!(said.contains("countersign.toml") || said.contains("missing.pem"), "{what} must be named with its place: {said}");
    }
    // Unreachable keys stop nothing, and open nothing.
    let (upstream, issuer) = (Upstream::start(), Issuer::start());
    issuer.mood(Mood::Down);
    let gateway = Gateway::start(&fill(include_str!("../config/attacks.toml"), &upstream, &issuer));
    let answer = get(gateway.listen, "/jwt/t028", &[("Authorization", &format!("Bearer {}", issuer.token()))]);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(upstream.saw("t028").is_empty());
}

#[test]
fn t028_damaged_keys_are_not_replaced_in_silence() {
    let mut scene = Scene::attacks();
    scene.gateway.stop();
    let key = scene.gateway.folder.path().join("state/keys/token.key");
    std::fs::write(&key, "not a key").unwrap();
    let config = scene.gateway.folder.path().join("countersign.toml");
    let output = run(&["serve", "--config", config.to_str().unwrap(), "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"], "");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("token.key") && !said.contains("not a key"), "{said}");
}

#[test]
fn t029_a_token_dies_with_its_expiry_also_in_caches() {
    let config = include_str!("../config/attacks.toml").replace("audiences =", "leeway = \"0s\"\naudiences =");
    let scene = Scene::with(&config);
    let token = format!("Bearer {}", scene.issuer.token_of(&scene.issuer.claims_with("exp", now() + 2)));
    scene.admitted("/jwt/t029", &[("Authorization", &token)]);
    let at = scene.at();
    within(Duration::from_secs(4), "the token is refused", || get(at, "/jwt/t029", &[("Authorization", &token)]).status == 401);
    assert_eq!(scene.cause("/jwt/t029", &[("Authorization", &token)]), "token-expired");
    // With the default leeway of 30 s the same is admitted.
    let lenient = Scene::attacks();
    let token = |exp: i64| format!("Bearer {}", lenient.issuer.token_of(&lenient.issuer.claims_with("exp", exp)));
    lenient.admitted("/jwt/t029/leeway", &[("Authorization", &token(now() - 20))]);
    assert_eq!(lenient.cause("/jwt/t029/leeway", &[("Authorization", &token(now() - 31))]), "token-expired");
}

#[test]
fn t031_names_and_passwords_that_read_alike_together() {
    let scene = Scene::attacks();
    let pairs = [("ab", "c-secret-word"), ("a", "bc-secret-word"), ("abc", "-secret-word")];
    for (name, password) in pairs {
        scene.add(name, password);
    }
    let at = scene.at();
    std::thread::scope(|scope| {
        for number in 0..100 {
            let (name, password) = pairs[number % pairs.len()];
            scope.spawn(move || {
                let target = format!("/private/t031/{number}/{name}/");
                let from = IpAddr::V4(Ipv4Addr::new(127, 0, 1, u8::try_from(number % 50 + 1).unwrap()));
                let answer = get_from(from, at, &target, &[("Authorization", &basic(name, password))]);
                assert!([200, 503].contains(&answer.status), "{answer:?}");
            });
        }
    });
    let saw = scene.upstream.saw("t031");
    assert!(saw.len() > 50, "most get through: {}", saw.len());
    for request in saw {
        let name = request.target.split('/').nth(4).unwrap();
        assert_eq!(request.read_as("X-Forwarded-User"), [name], "{request:?}");
    }
    // And crosswise nothing is right.
    for (name, password) in [("ab", "bc-secret-word"), ("a", "c-secret-word")] {
        scene.refused("/private/t031", &[("Authorization", &basic(name, password))]);
    }
}

#[test]
fn t032_revocation_amid_requests() {
    let scene = Scene::attacks();
    scene.add_alice();
    let cookie = scene.sign_in("alice", PASSWORD);
    let (key, id) = scene.add_key("alice");
    let sessions = scene.gateway.administer_json(&["session", "list"]);
    let session = sessions.to_string();
    let revoke_session = ["session", "revoke", session_id(&sessions)];
    assert!(session.contains("alice"), "{session}");
    for (what, revoke, header) in
        [("key", ["key", "revoke", &id], ("X-API-Key", key.as_str())), ("session", revoke_session, ("Cookie", cookie.as_str()))]
    {
        let at = scene.at();
        let stop = AtomicBool::new(false);
        let (stop, header) = (&stop, &header);
        let outcomes: Vec<(Instant, u16)> = std::thread::scope(|scope| {
            let clients: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(move || {
                        let mut outcomes = Vec::new();
                        while !stop.load(Ordering::Relaxed) {
                            let began = Instant::now();
                            outcomes.push((began, get(at, "/private/t032", &[*header]).status));
                        }
                        outcomes
                    })
                })
                .collect();
            within(Duration::from_secs(5), "requests run", || scene.upstream.saw("t032").len() > 60);
            scene.gateway.administer(&revoke, "");
            let acknowledged = Instant::now();
            within(Duration::from_secs(3), "they are refused", || get(at, "/private/t032", &[*header]).status == 401);
            within(Duration::from_secs(3), "a second and a half has gone by", || acknowledged.elapsed() > Duration::from_millis(1500));
            stop.store(true, Ordering::Relaxed);
            clients
                .into_iter()
                .flat_map(|client| client.join().unwrap())
                .filter(|(began, _)| *began > acknowledged + Duration::from_secs(1))
                .collect()
        });
        assert!(!outcomes.is_empty());
        let late: Vec<_> = outcomes.iter().filter(|(_, status)| *status != 401).collect();
        assert!(late.is_empty(), "{what}: {} of {} began a second after the revocation and were let in", late.len(), outcomes.len());
    }
}

/// The id of the first session of a listing, whatever the listing's outer shape.
fn session_id(listing: &serde_json::Value) -> &str {
    let list = listing.as_array().or_else(|| listing["sessions"].as_array()).unwrap_or_else(|| panic!("no list: {listing}"));
    list[0]["id"].as_str().unwrap_or_else(|| panic!("no id: {listing}"))
}

#[test]
fn t033_hostile_issuers() {
    let upstream = Upstream::start();
    let moods = [
        Mood::Huge(64 << 20),
        Mood::Bomb,
        Mood::Hanging,
        Mood::Redirecting,
        Mood::Dripping,
        Mood::Html,
        Mood::Status(500),
        Mood::Status(204),
        Mood::OtherIssuer("https://other.example".into()),
        Mood::JwksAt("file:///etc/passwd".into()),
        Mood::JwksAt("http://127.0.0.1:9/jwks".into()),
        Mood::JwksAt("http://169.254.169.254/latest/meta-data".into()),
    ];
    for mood in moods {
        let issuer = Issuer::start();
        issuer.mood(mood.clone());
        let gateway = Gateway::start(&fill(include_str!("../config/attacks.toml"), &upstream, &issuer));
        let idle = gateway.memory();
        let token = format!("Bearer {}", issuer.token());
        let began = Instant::now();
        let answer = get(gateway.listen, "/jwt/t033", &[("Authorization", &token)]);
        assert!(began.elapsed() < Duration::from_secs(12), "{mood:?}: {:?}", began.elapsed());
        assert_eq!(answer.status, 503, "{mood:?}: {answer:?}");
        assert_eq!(gateway.cause(&answer.reference()), "keys-unreachable", "{mood:?}");
        assert_eq!(get(gateway.listen, "/public/t033", &[]).status, 200, "{mood:?}");
        let grown = gateway.memory().saturating_sub(idle);
        assert!(grown < 128 << 10, "{mood:?}: grown by {grown} KiB");
        let again = Instant::now();
        assert_eq!(get(gateway.listen, "/jwt/t033", &[("Authorization", &token)]).status, 503);
        assert!(again.elapsed() < Duration::from_secs(6), "{mood:?}: the second refusal took {:?}", again.elapsed());
    }
    assert!(upstream.saw("/jwt/t033").is_empty());
}

#[test]
fn t033_a_bad_answer_does_not_replace_good_keys() {
    let scene = Scene::attacks();
    let bearer = |token: String| format!("Bearer {token}");
    scene.admitted("/jwt/t033", &[("Authorization", &bearer(scene.issuer.token()))]);
    for mood in [Mood::Html, Mood::Huge(8 << 20), Mood::OtherIssuer("x".into()), Mood::Down] {
        scene.issuer.mood(mood.clone());
        // An unknown key makes the gateway ask again.
        let stranger = Signer::new("stranger", "ES256");
        let answer = get(
            scene.at(),
            "/jwt/t033/stranger",
            &[("Authorization", &bearer(stranger.token(&stranger.header(), &scene.issuer.claims())))],
        );
        assert!([401, 503].contains(&answer.status), "{mood:?}: {answer:?}");
        scene.admitted("/jwt/t033", &[("Authorization", &bearer(scene.issuer.token()))]);
    }
}

#[test]
fn t034_credentials_stay_where_they_belong() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let cookie = scene.sign_in("alice", PASSWORD);
    let token = scene.issuer.token();
    let bearer = format!("Bearer {token}");
    for (name, value) in [("Authorization", alice.as_str()), ("X-API-Key", &key), ("Cookie", &cookie), ("Authorization", &bearer)] {
        let saw = scene.admitted("/private/t034/admitted", &[(name, value)]);
        assert!(saw.read_as(name).is_empty(), "the app got the credential: {saw:?}");
        let broken = get(scene.at(), "/private/t034/broken", &[(name, value)]);
        assert_eq!(broken.status, 502, "{broken:?}");
        let secret = value.split([' ', '=']).next_back().unwrap();
        for answer in [&broken, &get(scene.at(), "/elsewhere", &[(name, value)])] {
            assert!(!format!("{answer:?}{}", answer.text()).contains(secret), "{answer:?}");
        }
    }
    let page = get(scene.at(), "/private/t034?api_key=csk_in-the-query", &[("Accept", "text/html")]);
    let location = page.header("location").unwrap_or_default();
    assert!(page.status != 303 || !location.contains("csk_in-the-query"), "the login's address must not carry the key: {page:?}");
    let everything = format!("{:?}{:?}", scene.issuer.other_requests(), scene.upstream.requests());
    assert!(!everything.contains(&token) && !everything.contains(PASSWORD));
}

#[test]
fn t035_secrets_never_appear() {
    let scene = Scene::attacks();
    scene.add_alice();
    let secret = "hunter2-very-secret";
    let spread = basic("mallory", secret);
    let jwt = scene.issuer.token_of(&json!({ "iss": "https://elsewhere.example", "sub": secret, "exp": now() + 60 }));
    let cookie = format!("countersign={secret}");
    let mut outside = String::new();
    let attempts: Vec<(String, Vec<(&str, String)>)> = vec![
        (format!("/private/t035?api_key={secret}"), vec![]),
        (format!("/private/t035?password={secret}"), vec![]),
        (format!("/private/../t035?access_token={secret}"), vec![]),
        ("/private/t035".into(), vec![("Authorization", spread.clone())]),
        ("/private/t035".into(), vec![("Authorization", format!("Basic {secret}"))]),
        ("/private/t035".into(), vec![("Authorization", format!("Bearer {secret}"))]),
        ("/private/t035".into(), vec![("Authorization", format!("Bearer {jwt}"))]),
        ("/private/t035".into(), vec![("Authorization", secret.into())]),
        ("/private/t035".into(), vec![("Authorization", format!("{secret} x"))]),
        ("/private/t035".into(), vec![("Authorization", format!("Token {secret}"))]),
        ("/private/t035".into(), vec![("X-API-Key", secret.into())]),
        ("/private/t035".into(), vec![("X-API-Key", format!("csk_{secret}"))]),
        ("/private/t035".into(), vec![("Cookie", cookie)]),
        ("/private/t035".into(), vec![("Proxy-Authorization", spread.clone())]),
    ];
    for (target, headers) in &attempts {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = get(scene.at(), target, &headers);
        assert!(answer.status >= 400, "{target} {headers:?}: {answer:?}");
        outside.push_str(&format!("{answer:?}{}", answer.text()));
        let explained = scene.gateway.administer(&["explain", &answer.reference()], "");
        assert!(!explained.contains(secret) && !explained.contains(&spread[6..]), "explain shows it: {explained}");
        outside.push_str(&scene.explain(&answer).to_string());
    }
    let page = scene.post_sign_in("alice", secret, "/");
    outside.push_str(&format!("{page:?}{}", page.text()));
    outside.push_str(&get(scene.gateway.admin, "/metrics", &[]).text());
    outside.push_str(&scene.gateway.printed());
    for hidden in [secret, &spread[6..], jwt.split('.').nth(1).unwrap()] {
        let at = outside.find(hidden).map(|at| {
            &outside[outside.floor_char_boundary(at.saturating_sub(300))..outside.ceil_char_boundary((at + 100).min(outside.len()))]
        });
        assert_eq!(at, None, "a secret was shown");
    }
    let folder = scene.gateway.folder.path().join("state");
    for entry in std::fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_file()) {
        let bytes = std::fs::read(entry.path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{:?} holds it", entry.path());
    }
}

#[test]
fn t036_log_lines_stay_lines() {
    let scene = Scene::attacks();
    let hostile = "\x1b[31m\u{7}\u{202e}evil\u{2028}{\"event\":\"admitted\"}";
    let hosts = ["a\u{7}b", "a\x1bb"];
    request(scene.at(), "GET", "/private/t036", &[("User-Agent", hostile), ("X-Request-Id", hostile)], b"");
    get(scene.at(), "/private/t036", &[("Authorization", &basic(hostile, "x"))]);
    get(scene.at(), "/public/t036%0a%1b", &[]);
    for host in hosts {
        attack(scene.at(), format!("GET /private/t036 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    }
    let answer = get(scene.at(), "/private/t036/last", &[("X-Request-Id", "evil\t\u{9b}31m")]);
    let explained = scene.gateway.administer(&["explain", &answer.reference()], "");
    within(Duration::from_secs(2), "the log has the last request", || scene.gateway.printed().contains("t036/last"));
    let printed = scene.gateway.printed();
    for text in [&printed, &explained] {
        let bad: Vec<char> =
            text.chars().filter(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c) || *c == '\u{2028}').collect();
        assert!(bad.is_empty(), "{bad:?} in {text:?}");
    }
    assert!(printed.lines().all(|line| line != "evil" && !line.starts_with("{\"event\":\"admitted\"}")), "{printed}");
}
