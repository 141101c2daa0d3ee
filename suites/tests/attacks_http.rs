//! Attacks T1 to T15: headers that name an identity, and targets that two readers take differently. Black box, over
//! sockets. Smuggling is in `attacks_smuggling`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{attack, basic, get, request};
use countersign_suites::scene::{PASSWORD, Scene};

/// Every header by which some app could be told who asks.
const IDENTITY: &[&str] =
    &["X-Forwarded-User", "Remote-User", "X-Auth-Request-User", "Countersign-Subject", "X-Forwarded-Groups", "Remote-Groups"];

#[test]
fn t001_identity_headers_on_public_routes() {
    let scene = Scene::attacks();
    for name in IDENTITY {
        let target = format!("/public/t001/{name}");
        let saw = scene.admitted(&target, &[(name, "evil")]);
        assert!(saw.read_as(name).is_empty(), "{saw:?}");
    }
}

#[test]
fn t002_identity_is_set_once() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let saw = scene.admitted("/private/t002", &[("X-Forwarded-User", "evil"), ("X-Forwarded-User", "worse"), ("Authorization", &alice)]);
    assert_eq!(saw.read_as("X-Forwarded-User"), ["alice"]);
    assert_eq!(saw.read_as("X-Forwarded-Groups"), ["staff"]);
    assert!(saw.read_as("Authorization").iter().all(|value| !value.contains("evil")));
}

#[test]
fn t003_identity_headers_in_every_spelling() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let lines: &[&[u8]] = &[
        b"X_Forwarded_User: evil",
        b"x-forwarded_user: evil",
        b"x-forwarded-user: evil",
        b"X-FORWARDED-USER: evil",
        b"X.Forwarded.User: evil",
        b"x_forwarded.user: evil",
        b"X-Forwarded-User : evil",
        b"X-Forwarded-User\t: evil",
        b" X-Forwarded-User: evil",
        b"X-Other: 1\r\n X-Forwarded-User: evil",
        b"X-Other: 1\r\n\tX-Forwarded-User: evil",
        b"X-Other: 1\nX-Forwarded-User: evil",
        b"X-Other: 1\rX-Forwarded-User: evil",
        b"X-Other: 1\r\rX-Forwarded-User: evil",
        b"X-Other: 1\0\r\nX-Forwarded-User: evil",
        b"X-Forwarded-User:\0evil",
        b"X-Forwarded-User\0: evil",
        b"X-Forwarded-User:\tevil",
        b"X-Forwarded-User:evil",
        b"\"X-Forwarded-User\": evil",
        b"X-Forwarded-User;: evil",
        b"X-Forw\xc3\xa4rded-User: evil",
        b"X\xadForwarded-User: evil",
    ];
    for (number, line) in lines.iter().enumerate() {
        let target = format!("/private/t003/{number}/");
        let head = format!("GET {target} HTTP/1.1\r\nHost: a\r\nAuthorization: {alice}\r\n");
        let bytes = [head.as_bytes(), line, b"\r\nConnection: close\r\n\r\n"].concat();
        let answers = attack(scene.at(), bytes);
        let shown = String::from_utf8_lossy(line);
        assert!(answers.len() <= 1, "{shown:?}: {answers:?}");
        for saw in scene.upstream.saw(&target) {
            assert_eq!(saw.read_as("X-Forwarded-User"), ["alice"], "{shown:?}");
            assert!(!format!("{:?}", saw.headers).contains("evil"), "{shown:?}: {saw:?}");
        }
        let status = answers.first().map_or(0, |answer| answer.status);
        assert!(matches!(status, 0 | 200 | 400), "{shown:?}: {answers:?}");
    }
}

#[test]
fn t004_trailers_do_not_become_headers() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    for name in ["X-Forwarded-User", "X_Forwarded_User", "Authorization", "Host", "Content-Length"] {
        let target = format!("/private/t004/{name}/echo");
        let bytes = format!(
            "POST {target} HTTP/1.1\r\nHost: a\r\nAuthorization: {alice}\r\nTransfer-Encoding: chunked\r\nTrailer: {name}\r\n\r\n4\r\nbody\r\n0\r\n{name}: 6666\r\n\r\n"
        );
        attack(scene.at(), bytes);
        for saw in scene.upstream.saw(&target) {
            assert!(!format!("{:?}{:?}", saw.headers, saw.trailers).contains("6666"), "{name}: {saw:?}");
            assert_eq!(saw.read_as("X-Forwarded-User"), ["alice"]);
        }
    }
}

#[test]
fn t005_connection_takes_no_identity_away() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let spellings = [
        "X-Forwarded-User",
        "x-forwarded-user",
        "X-FORWARDED-USER",
        "close, X-Forwarded-User",
        "X-Forwarded-User, close",
        "X-Forwarded-User,X-Forwarded-Groups",
        " ,,X-Forwarded-User,,",
        "keep-alive,\tX-Forwarded-User",
        "\"X-Forwarded-User\"",
        "X_Forwarded_User",
        "X-Forwarded-User\r\nConnection: X-Forwarded-Groups",
    ];
    for (number, value) in spellings.iter().enumerate() {
        let saw = scene.admitted(&format!("/private/t005/{number}/"), &[("Authorization", &alice), ("Connection", value)]);
        assert_eq!(saw.read_as("X-Forwarded-User"), ["alice"], "{value:?}");
        assert_eq!(saw.read_as("X-Forwarded-Groups"), ["staff"], "{value:?}");
    }
    let saw = scene.admitted("/public/t005/host", &[("Connection", "Host, X-Forwarded-For")]);
    assert_eq!(saw.read_as("Host").len(), 1, "a request must not lose its host: {saw:?}");
    assert_eq!(saw.read_as("X-Forwarded-For"), ["127.0.0.1"]);
}

#[test]
fn t006_forwarded_targets_are_hearsay() {
    let scene = Scene::attacks();
    for name in ["X-Forwarded-Uri", "X-Forwarded-Path", "X-Forwarded-Prefix", "X-Original-URL", "X-Original-URI", "X-Rewrite-URL"] {
        scene.refused("/private/t006", &[(name, "/public/t006")]);
        let saw = scene.admitted(&format!("/public/t006/{name}"), &[(name, "/private/t006")]);
        if name != "X-Forwarded-Path" {
            assert!(saw.read_as(name).is_empty(), "{saw:?}");
        }
    }
    for (name, value) in [("X-Forwarded-Method", "OPTIONS"), ("X-HTTP-Method-Override", "OPTIONS"), ("X-Forwarded-Proto", "https")] {
        scene.refused("/private/t006", &[(name, value)]);
    }
}

#[test]
fn t007_forged_client_addresses() {
    let scene = Scene::attacks();
    for (name, value) in [
        ("X-Forwarded-For", "6.6.6.6"),
        ("X-Forwarded-For", "6.6.6.6, 127.0.0.1"),
        ("X_Forwarded_For", "6.6.6.6"),
        ("X-Real-IP", "6.6.6.6"),
        ("Forwarded", "for=6.6.6.6"),
        ("True-Client-IP", "6.6.6.6"),
        ("CF-Connecting-IP", "6.6.6.6"),
        ("X-Client-IP", "6.6.6.6"),
    ] {
        let saw = scene.admitted(&format!("/public/t007/{name}"), &[(name, value)]);
        assert!(!format!("{:?}", saw.headers).contains("6.6.6.6"), "{name}: {saw:?}");
        assert_eq!(saw.read_as("X-Forwarded-For"), ["127.0.0.1"], "{name}");
    }
}

#[test]
fn t008_health_checkers_are_nobody() {
    let scene = Scene::attacks();
    for agent in ["kube-probe/1.30", "GoogleHC/1.0", "ELB-HealthChecker/2.0", "Amazon-Route53-Health-Check-Service"] {
        scene.refused("/private/t008", &[("User-Agent", agent)]);
    }
}

/// Sends the target as it is, without credentials and with alice's: neither may give the app anything that some app
/// reads as /private, and nothing may be answered as if it were fine.
#[track_caller]
fn check_target(scene: &Scene, target: &[u8], status: &[u16]) {
    let before = scene.upstream.requests().len();
    let bytes = [b"GET ", target, b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"].concat();
    let answers = attack(scene.at(), bytes);
    let shown = String::from_utf8_lossy(target);
    let got = answers.first().map_or(0, |answer| answer.status);
    assert!(status.contains(&got), "{shown:?}: {answers:?}");
    assert!(answers.len() <= 1, "{shown:?}: {answers:?}");
    let saw = scene.upstream.requests().split_off(before);
    assert!(saw.is_empty(), "{shown:?} reached the app: {saw:?}");
}

const AMBIGUOUS: &[u16] = &[400];
const CLOSED: &[u16] = &[400, 401, 403, 404];

#[test]
fn t009_dot_segments_and_doubled_slashes() {
    let scene = Scene::attacks();
    for target in [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/.%2e/private",
        "/public/%2E%2E/private",
        "//private",
        "/./private",
        "/public//../private",
        "/public/./../private",
        "/public/..",
        "/public/.",
        "///private",
        "/public//private",
        "/..",
    ] {
        check_target(&scene, target.as_bytes(), AMBIGUOUS);
    }
}

#[test]
fn t010_encoded_slashes() {
    let scene = Scene::attacks();
    for target in [
        "/public/..%2fprivate",
        "/public/..%5cprivate",
        "/public%2f..%2fprivate",
        "/public/..\\private",
        "/public\\..\\private",
        "/%2fprivate",
        "/private%2fx",
        "/public/%2F..%2Fprivate",
        "/public/%5C%5Cprivate",
    ] {
        check_target(&scene, target.as_bytes(), AMBIGUOUS);
    }
}

#[test]
fn t011_path_parameters() {
    let scene = Scene::attacks();
    for target in ["/public;/../private", "/private;x", "/public/;/private", "/public/..;/private", "/private%3bx", "/private;jsessionid=1"]
    {
        check_target(&scene, target.as_bytes(), AMBIGUOUS);
    }
}

#[test]
fn t012_fragments_and_question_marks() {
    let scene = Scene::attacks();
    for target in ["/private#x", "/private%23", "/private%3f", "/public#/../private", "/private%3Fx=/public"] {
        check_target(&scene, target.as_bytes(), AMBIGUOUS);
    }
    // The query is no path: this is /public with a strange query, and the app gets it as such.
    let answer = get(scene.at(), "/public/t012?/../private", &[]);
    assert_eq!(answer.status, 200);
    assert_eq!(scene.upstream.the("/public/t012").target, "/public/t012?/../private");
}

#[test]
fn t013_absolute_forms() {
    let scene = Scene::attacks();
    for target in [
        "http://a/private",
        "http://other.example/public/x",
        "http://a@other.example/public/x",
        "http://user:pass@a/public/x",
        "ftp://a/public/x",
        "http://a/public/../private",
        "http:/private",
        "a/private",
        "*",
        "private",
        "http://",
        "http://a:80:80/public/x",
    ] {
        check_target(&scene, target.as_bytes(), CLOSED);
    }
    // The absolute form of the same host is one that every server must accept (RFC 9112 section 3.2.2).
    let answers = attack(scene.at(), "GET http://a/public/t013 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_eq!(answers[0].status, 200);
    assert_eq!(scene.upstream.the("/public/t013").target, "/public/t013");
}

#[test]
fn t014_control_bytes() {
    let scene = Scene::attacks();
    let raw: &[&[u8]] = &[
        b"/private%00",
        b"/private%0a",
        b"/private%0d%0a",
        b"/private%09",
        b"/private%7f",
        b"/public/%00/../private",
        b"/private\t",
        b"/private\x7f",
        b"/private\x00",
        b"/private\x0b",
        b"/public/x\ny",
        b"/private%c2%85",
        b"/public/x y",
    ];
    for target in raw {
        check_target(&scene, target, AMBIGUOUS);
    }
}

#[test]
fn t015_other_letters() {
    let scene = Scene::attacks();
    let raw: &[(&[u8], &[u16])] = &[
        (b"/PRIVATE/x", CLOSED),
        (b"/Private/x", CLOSED),
        (b"/%70rivate/x", CLOSED),
        (b"/%50RIVATE/x", CLOSED),
        (b"/%2570rivate/x", AMBIGUOUS),
        (b"/public/%252e%252e/private", AMBIGUOUS),
        (b"/%c0%afprivate", AMBIGUOUS),
        (b"/%e0%80%afprivate", AMBIGUOUS),
        (b"/public/%c0%ae%c0%ae/private", AMBIGUOUS),
        (b"/pr%c4%b1vate/x", CLOSED),
        (b"/\xc5\xbfecret", AMBIGUOUS),
        (b"/%c5%bfecret", CLOSED),
        (b"/public/%ff", AMBIGUOUS),
        (b"/public/%u002e%u002e/private", AMBIGUOUS),
        (b"/public/%2", AMBIGUOUS),
    ];
    for (target, status) in raw {
        check_target(&scene, target, status);
    }
}

/// What is admitted must be what was judged: the app gets the canonical form, not the raw one.
#[test]
fn t015_rules_and_app_see_the_same_string() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let answer = get(scene.at(), "/%70rivate/%74015/%7euser/%c3%a9", &[("Authorization", &alice)]);
    assert_eq!(answer.status, 200);
    assert_eq!(scene.upstream.the("user").target, "/private/t015/~user/%C3%A9");
}

/// The password of a Basic header must not be passed on, nor the session cookie: the app needs neither.
#[test]
fn t002_the_app_gets_no_secret() {
    let scene = Scene::attacks();
    scene.add_alice();
    let cookie = scene.sign_in("alice", PASSWORD);
    let value = cookie.split('=').nth(1).unwrap();
    let saw = scene.admitted("/private/t002/cookie", &[("Cookie", &format!("theme=dark; {cookie}; lang=en"))]);
    assert!(!format!("{saw:?}").contains(value), "{saw:?}");
    assert_eq!(saw.read_as("cookie"), ["theme=dark; lang=en"]);
    let (key, _) = scene.add_key("alice");
    let saw = scene.admitted("/key/t002", &[("X-API-Key", &key)]);
    assert!(!format!("{saw:?}").contains(&key), "the app got the key: {saw:?}");
    let answer = request(scene.at(), "GET", &format!("/key/t002q?api_key={key}&x=1"), &[], b"");
    assert_eq!(answer.status, 200);
    assert!(!format!("{:?}", scene.upstream.the("/key/t002q")).contains(&key), "the app got the key by the query");
    let saw = scene.admitted("/private/t002/basic", &[("Authorization", &basic("alice", PASSWORD))]);
    assert!(saw.read_as("authorization").is_empty(), "the app got the password: {saw:?}");
}
