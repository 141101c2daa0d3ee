//! Attacks T80, T81 and T84 as far as the login page of this gateway goes, and what its forms and cookies must be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, Wire, get, request, request_on};
use countersign_suites::everywhere;
use countersign_suites::scene::{PASSWORD, Scene, form, hidden};
use std::time::Duration;

/// Sends the login form with these cookies and fields.
#[track_caller]
fn post(scene: &Scene, path: &str, cookies: &str, fields: &[(&str, &str)]) -> Answer {
    let origin = format!("http://{}", scene.at());
    let headers =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html"), ("Origin", &origin), ("Cookie", cookies)];
    request(scene.at(), "POST", path, &headers, form(fields).as_bytes())
}

#[test]
fn t080_cookies_from_before_never_become_a_session() {
    let scene = Scene::attacks();
    scene.add_alice();
    scene.add("mallory", PASSWORD);
    // Fixation: whatever the browser brought along, the session gets a value of its own.
    let planted = format!("countersign={}", "F".repeat(43));
    let theirs = scene.sign_in("mallory", PASSWORD);
    let (cookies, csrf) = scene.sign_in_page();
    for brought in [planted.as_str(), theirs.as_str()] {
        let answer = post(
            &scene,
            "/oauth2/sign_in",
            &format!("{cookies}; {brought}"),
            &[("csrf", &csrf), ("username", "alice"), ("password", PASSWORD), ("rd", "/")],
        );
        assert_eq!(answer.status, 303, "{answer:?}");
        let fresh = answer.cookie("countersign").unwrap();
        assert_ne!(format!("countersign={fresh}"), brought);
        let saw = scene.admitted("/private/t080/fresh", &[("Cookie", &format!("countersign={fresh}"))]);
        assert_eq!(saw.read_as("X-Forwarded-User"), ["alice"]);
        let other = get(scene.at(), "/private/t080/brought", &[("Cookie", brought)]);
        assert_eq!(other.status, 401, "what was brought is no session any more: {other:?}");
    }
    // The cookies of the page alone are nothing.
    scene.refused("/private/t080/page", &[("Cookie", &cookies)]);
    for pair in cookies.split("; ") {
        let value = pair.split_once('=').unwrap().1;
        scene.refused("/private/t080/page", &[("Cookie", &format!("countersign={value}"))]);
        scene.refused("/private/t080/page", &[("Cookie", &format!("countersign={csrf}"))]);
    }
    // Another login, another session.
    assert_ne!(scene.sign_in("alice", PASSWORD), scene.sign_in("alice", PASSWORD));
}

#[test]
fn t080_forms_need_their_token() {
    let scene = Scene::attacks();
    scene.add_alice();
    let (cookies, csrf) = scene.sign_in_page();
    let (_, other) = scene.sign_in_page();
    let name = [("username", "alice"), ("password", PASSWORD), ("rd", "/")];
    let with = |csrf: Option<&str>| -> Vec<(&str, String)> {
        csrf.into_iter().map(|csrf| ("csrf", csrf.to_owned())).chain(name.iter().map(|(key, value)| (*key, (*value).to_owned()))).collect()
    };
    for (what, cookies, csrf, cause) in [
        ("no token", cookies.as_str(), None, "csrf-token-missing"),
        ("empty token", &cookies, Some(""), "csrf-token-missing"),
        ("forged token", &cookies, Some("forged"), "csrf-token-wrong"),
        ("another browser's token", &cookies, Some(other.as_str()), "csrf-token-wrong"),
        ("no cookie", "", Some(csrf.as_str()), "csrf-token-wrong"),
    ] {
        let fields = with(csrf);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = post(&scene, "/oauth2/sign_in", cookies, &fields);
        assert_eq!((answer.status, answer.cookie("countersign")), (403, None), "{what}: {answer:?}");
        assert_eq!(scene.gateway.cause(&answer.reference()), cause, "{what}");
    }
}

#[test]
fn t080_cookie_and_page() {
    let scene = Scene::attacks();
    scene.add_alice();
    let answer = scene.post_sign_in("alice", PASSWORD, "/private/");
    let line =
        answer.all("set-cookie").into_iter().find(|line| line.starts_with("countersign=") && !line.starts_with("countersign=;")).unwrap();
    let attributes: Vec<String> = line.split(';').skip(1).map(|text| text.trim().to_ascii_lowercase()).collect();
    for needed in ["httponly", "samesite=lax", "path=/"] {
        assert!(attributes.iter().any(|attribute| attribute == needed), "{needed}: {line}");
    }
    assert!(!attributes.iter().any(|attribute| attribute.starts_with("domain")), "{line}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let page = get(scene.at(), "/oauth2/sign_in", &[("Accept", "text/html")]);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    assert!(!page.text().contains("<script"), "it works without scripts");
    // What somebody types is shown as text or not at all.
    let hostile = "\"><img src=x onerror=alert(1)>";
    let again = scene.post_sign_in(hostile, "x", &format!("/private/{hostile}"));
    assert!(!again.text().contains("<img"), "{}", again.text());
    let linked = get(scene.at(), "/oauth2/sign_in?rd=%2Fprivate%2F%22%3E%3Cimg%20src%3Dx%3E", &[("Accept", "text/html")]);
    assert!(!linked.text().contains("<img"), "{}", linked.text());
}

#[test]
fn t081_where_people_return_to() {
    let scene = Scene::attacks();
    scene.add_alice();
    let hostile = [
        "https://evil.example/",
        "http://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "////evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "https:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "evil.example",
        "/%09/evil.example",
        "/%2f/evil.example",
        "/%5cevil.example",
        "/.//evil.example",
        "/..//evil.example",
        "/private\r\nSet-Cookie: countersign=x",
        "/private%0d%0aSet-Cookie: x=y",
        "//127.0.0.1@evil.example/",
        "http://127.0.0.1.evil.example/",
        "",
        "/oauth2/sign_out",
        "?https://evil.example",
        "#https://evil.example",
    ];
    for rd in hostile {
        let answer = scene.post_sign_in("alice", PASSWORD, rd);
        assert_eq!(answer.status, 303, "{rd:?}: {answer:?}");
        let location = answer.header("location").unwrap();
        assert!(location.starts_with('/') && !location.starts_with("//") && !location.contains('\\'), "{rd:?} leads to {location}");
        assert!(!location.contains("evil.example"), "{rd:?} leads to {location}");
        assert!(answer.all("set-cookie").iter().all(|line| !line.contains("=x") || line.contains("countersign")), "{rd:?}: {answer:?}");
    }
    // Also where the address names it, as a link in a mail would.
    for rd in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example"] {
        let page = get(scene.at(), &format!("/oauth2/sign_in?rd={rd}"), &[("Accept", "text/html")]);
        assert!(!hidden(&page.text(), "rd").contains("evil.example"), "{rd}");
    }
    for rd in ["/private/orders?page=2&sort=a%20b", "/private/", "/private/%C3%A9"] {
        assert_eq!(scene.post_sign_in("alice", PASSWORD, rd).header("location"), Some(rd), "an honest address is kept");
    }
    // From the page that was asked for, through the login, back to it.
    let sent = get(scene.at(), "/private/orders?page=2&sort=a", &[("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate")]);
    assert_eq!(sent.status, 303);
    let location = sent.header("location").unwrap();
    assert!(location.starts_with("/oauth2/sign_in"), "{location}");
    let page = get(scene.at(), location, &[("Accept", "text/html")]);
    assert_eq!(hidden(&page.text(), "rd"), "/private/orders?page=2&sort=a");
}

#[test]
fn t084_a_copied_cookie_is_dead_after_logging_out() {
    let scene = Scene::attacks();
    scene.add_alice();
    let session = scene.sign_in("alice", PASSWORD);
    scene.admitted("/private/t084/before", &[("Cookie", &session)]);
    let page = get(scene.at(), "/oauth2/sign_out", &[("Accept", "text/html"), ("Cookie", &session)]);
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(get(scene.at(), "/private/t084/asked", &[("Cookie", &session)]).status, 200, "the page alone ends nothing");
    let csrf = hidden(&page.text(), "csrf");
    let mut cookies = session.clone();
    for line in page.all("set-cookie") {
        cookies = format!("{cookies}; {}", line.split(';').next().unwrap());
    }
    let forged = post(&scene, "/oauth2/sign_out", &session, &[("csrf", "forged")]);
    assert_eq!(forged.status, 403, "{forged:?}");
    let at = scene.at();
    let late = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..60)
            .map(|_| {
                let session = &session;
                scope.spawn(move || {
                    let mut wire = Wire::connect(at);
                    (0..5).map(|_| request_on(&mut wire, "a", "GET", "/private/t084/amid", &[("Cookie", session)], b"").status).last()
                })
            })
            .collect();
        let out = post(&scene, "/oauth2/sign_out", &cookies, &[("csrf", &csrf)]);
        assert!([200, 303].contains(&out.status), "{out:?}");
        let removed = out
            .all("set-cookie")
            .into_iter()
            .any(|line| line.starts_with("countersign=;") || line.to_ascii_lowercase().contains("max-age=0"));
        assert!(removed, "the browser is told to forget it: {out:?}");
        clients.into_iter().all(|client| client.join().unwrap().is_some())
    });
    assert!(late);
    everywhere(Duration::from_secs(1), "the copied cookie is dead", || {
        get(at, "/private/t084/after", &[("Cookie", &session)]).status == 401
    });
    assert_eq!(scene.cause("/private/t084/after", &[("Cookie", &session)]), "session-revoked");
    // No other session died with it.
    let another = scene.sign_in("alice", PASSWORD);
    scene.admitted("/private/t084/another", &[("Cookie", &another)]);
}

#[test]
fn t082_requests_of_other_sites() {
    let scene = Scene::attacks();
    scene.add_alice();
    let session = scene.sign_in("alice", PASSWORD);
    let own = format!("http://{}", scene.at());
    let send = |method: &str, fields: &[(&str, &str)]| {
        let headers: Vec<(&str, &str)> = fields.iter().copied().chain([("Cookie", session.as_str())]).collect();
        request(scene.at(), method, "/private/t082", &headers, b"")
    };
    for fields in [
        [("Origin", "https://evil.example"), ("X", "1")],
        [("Origin", "null"), ("X", "1")],
        [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site"), ("X", "1")],
        [("Sec-Fetch-Site", "cross-site"), ("X", "1")],
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let answer = send(method, &fields);
            assert_eq!(answer.status, 403, "{method} {fields:?}: {answer:?}");
        }
    }
    assert!(scene.upstream.saw("t082").is_empty());
    for fields in [[("Origin", own.as_str()), ("X", "1")], [("Sec-Fetch-Site", "same-origin"), ("X", "1")], [("X", "1"), ("Y", "1")]] {
        assert_eq!(send("POST", &fields).status, 200, "{fields:?}");
    }
    let answer = post(&scene, "/oauth2/sign_in", "", &[("username", "alice")]);
    assert_eq!(answer.status, 403);
}

/// A site that asks for HTTPS shows no form and takes no password without it.
#[test]
fn t080_the_login_page_asks_for_https_too() {
    let scene =
        Scene::with(&include_str!("../config/attacks.toml").replace("realm = \"attacks\"", "realm = \"attacks\"\nhttps_only = true"));
    scene.add_alice();
    let shown = get(scene.at(), "/oauth2/sign_in", &[("Accept", "text/html")]);
    let sent = post(&scene, "/oauth2/sign_in", "", &[("csrf", "x"), ("username", "alice"), ("password", PASSWORD), ("rd", "/")]);
    for answer in [shown, sent] {
        assert_eq!((answer.status, answer.cookie("countersign")), (403, None), "{answer:?}");
        assert_eq!(scene.gateway.cause(&answer.reference()), "transport-insecure");
    }
}
