//! The spine's HTTP: methods, interim responses, trailers, streams, upgrades, HTTP/2 on both sides, limits, outages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Wire, attack, get, request, request_on};
use countersign_suites::gateway::Gateway;
use countersign_suites::h2::H2Upstream;
use countersign_suites::issuer::Issuer;
use countersign_suites::scene::Scene;
use std::process::Command;

#[test]
fn head_and_options() {
    let scene = Scene::orders();
    let bearer = format!("Bearer {}", scene.issuer.token());
    let head = request(scene.at(), "HEAD", "/api/x", &[], b"");
    let got = get(scene.at(), "/api/x", &[]);
    assert_eq!((head.status, head.body.len()), (401, 0));
    assert_eq!(head.all("www-authenticate"), got.all("www-authenticate"));
    assert_eq!(head.header("content-length"), got.header("content-length"), "as GET would have it (RFC 9110 section 9.3.2)");
    let head = request(scene.at(), "HEAD", "/api/x", &[("Authorization", &bearer)], b"");
    assert_eq!((head.status, head.header("x-app")), (200, Some("yes")));
    // OPTIONS without a preflight's fields is a request like others, and is judged.
    assert_eq!(request(scene.at(), "OPTIONS", "/api/x", &[], b"").status, 401);
    assert_eq!(request(scene.at(), "OPTIONS", "/public/x", &[], b"").status, 200);
    assert_eq!(request(scene.at(), "PROPFIND", "/public/x", &[], b"").status, 200, "any method is passed on");
    assert_eq!(scene.upstream.saw("/api/x").len(), 1);
}

#[test]
fn preflights_are_answered_before_authentication() {
    let config = include_str!("../config/attacks.toml")
        .replace("realm =", "cors = { origins = [\"https://app.example\"], credentials = true }\nrealm =");
    let scene = Scene::with(&config);
    let preflight = |origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "PUT"), ("Access-Control-Request-Headers", "authorization")];
        request(scene.at(), "OPTIONS", "/private/x", &headers, b"")
    };
    let good = preflight("https://app.example");
    assert!([200, 204].contains(&good.status), "{good:?}");
    assert_eq!(good.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(good.header("access-control-allow-credentials"), Some("true"));
    assert!(good.header("access-control-allow-methods").unwrap().contains("PUT"));
    assert!(good.header("access-control-allow-headers").unwrap().to_lowercase().contains("authorization"));
    assert!(good.all("www-authenticate").is_empty());
    for origin in ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"] {
        let bad = preflight(origin);
        assert_eq!(bad.status, 403, "{origin}: {bad:?}");
        assert_eq!(bad.header("access-control-allow-origin"), None, "{origin}");
    }
    let refused = get(scene.at(), "/private/x", &[("Origin", "https://app.example")]);
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, Some("https://app.example")));
    let exposed = refused.header("access-control-expose-headers").unwrap().to_lowercase();
    assert!(exposed.contains("www-authenticate") && exposed.contains("countersign-ref"), "{exposed}");
    assert_eq!(get(scene.at(), "/private/x", &[("Origin", "https://evil.example")]).header("access-control-allow-origin"), None);
    assert!(scene.upstream.requests().is_empty());
}

#[test]
fn continue_comes_after_the_verdict() {
    let scene = Scene::orders();
    let bearer = format!("Bearer {}", scene.issuer.token());
    let mut wire = Wire::connect(scene.at());
    wire.send(format!(
        "POST /api/echo HTTP/1.1\r\nHost: a\r\nAuthorization: {bearer}\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    ));
    assert_eq!(wire.any_answer("POST").unwrap().status, 100);
    wire.send("hello");
    let answer = wire.answer("POST").unwrap();
    assert_eq!((answer.status, answer.text()), (200, "hello".into()));
    let mut wire = Wire::connect(scene.at());
    wire.send("POST /api/echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(wire.any_answer("POST").unwrap().status, 401, "who is refused need not send the body");
}

#[test]
fn bodies_stream_both_ways() {
    let scene = Scene::orders();
    let mut wire = Wire::connect(scene.at());
    wire.send("POST /public/stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let (status, _) = wire.head().unwrap();
    assert_eq!(status, 200, "the answer's head comes before the request's body");
    for part in ["one", "two", "three"] {
        wire.send(format!("{:x}\r\n{part}\r\n", part.len()));
        assert_eq!(wire.chunk().unwrap(), part.as_bytes(), "each part comes back before the next is sent");
    }
    wire.send("0\r\n\r\n");
    assert_eq!(wire.chunk().unwrap(), b"");
    assert_eq!(wire.take(2).unwrap(), b"\r\n", "no trailers");
    let again = request_on(&mut wire, "a", "GET", "/public/again", &[], b"");
    assert_eq!(again.status, 200, "and the connection goes on");
    let large = vec![b'y'; 3 << 20];
    let answer = request(scene.at(), "POST", "/public/echo", &[], &large);
    assert!(answer.status == 200 && answer.body == large);
    assert_eq!(get(scene.at(), "/public/large", &[]).body.len(), 1 << 20);
    assert_eq!(get(scene.at(), "/public/chunked", &[]).text(), "hello world");
    let early = request(scene.at(), "POST", "/public/early", &[], b"ignored");
    assert_eq!((early.status, early.text()), (200, "early".into()), "an app may answer without reading the body");
}

#[test]
fn trailers_pass_both_ways() {
    let scene = Scene::orders();
    let answers = attack(scene.at(), "GET /public/trailers HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE, close\r\n\r\n");
    assert_eq!(answers[0].text(), "body");
    assert_eq!(answers[0].trailers, [("x-sum".to_owned(), "42".to_owned())], "{answers:?}");
    let sent = "POST /public/up/echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Check\r\nConnection: close\r\n\r\n4\r\nbody\r\n0\r\nX-Check: 7\r\n\r\n";
    assert_eq!(attack(scene.at(), sent)[0].text(), "body");
    let saw = scene.upstream.the("/public/up/echo");
    assert!(saw.trailers.iter().any(|(name, value)| name.eq_ignore_ascii_case("x-check") && value == "7"), "{saw:?}");
}

#[test]
fn websockets() {
    let scene = Scene::orders();
    let alice = scene.add_alice();
    let ask = |authorization: &str, origin: &str| {
        let mut wire = Wire::connect(scene.at());
        wire.send(format!(
            "GET /ws HTTP/1.1\r\nHost: a\r\n{authorization}{origin}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ));
        wire
    };
    let mut wire = ask(&format!("Authorization: {alice}\r\n"), "");
    let answer = wire.answer("GET").unwrap();
    assert_eq!(answer.status, 101, "{answer:?}");
    assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    for bytes in [&b"\x81\x85\x00\x00\x00\x00hello"[..], b"GET /not/http", &[0; 10_000]] {
        wire.send(bytes);
        assert_eq!(wire.take(bytes.len()).unwrap(), bytes, "every byte passes both ways");
    }
    assert_eq!(scene.upstream.the("/ws").read_as("Remote-User"), ["alice"]);
    let mut refused = ask("", "");
    let answer = refused.answer("GET").unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(scene.upstream.saw("/ws").len(), 1, "who is refused reaches no app");
    // A page of another site must not open one with the person's cookie.
    let cookie = scene.sign_in("alice", countersign_suites::scene::PASSWORD);
    let mut crossed = ask(&format!("Cookie: {cookie}\r\n"), "Origin: https://evil.example\r\n");
    assert_eq!(crossed.answer("GET").unwrap().status, 403);
}

#[test]
fn the_apps_own_refusal_is_marked() {
    let scene = Scene::orders();
    let answer = get(scene.at(), "/public/own-401", &[]);
    assert_eq!((answer.status, answer.text()), (401, "the app says no".into()));
    assert_eq!(answer.all("www-authenticate"), ["Custom realm=\"the app\""]);
    assert_eq!(answer.header("x-own"), Some("1"));
    let report = scene.explain(&answer);
    assert_eq!((report["cause"].as_str(), report["owner"].as_str()), (Some("upstream-refused"), Some("upstream")), "{report}");
    let failed = get(scene.at(), "/public/own-500", &[]);
    assert_eq!((failed.status, failed.text()), (500, "the app failed".into()), "other failures of the app are its own");
}

#[test]
fn hop_by_hop_fields_stay_behind() {
    let scene = Scene::orders();
    let headers = [
        ("Connection", "X-Hop, keep-alive"),
        ("X-Hop", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"),
        ("TE", "gzip"),
        ("Proxy-Authorization", "Basic x"),
        ("X-Kept", "1"),
    ];
    let saw = scene.admitted("/public/hop", &headers);
    for name in ["x-hop", "keep-alive", "proxy-connection", "te", "proxy-authorization"] {
        assert!(saw.read_as(name).is_empty(), "{name}: {saw:?}");
    }
    assert_eq!(saw.read_as("x-kept"), ["1"]);
    assert_eq!(saw.read_as("x-forwarded-proto"), ["http"]);
    assert_eq!(saw.read_as("x-forwarded-host"), [scene.at().to_string()]);
    let answer = get(scene.at(), "/public/hop", &[]);
    assert_eq!((answer.header("x-secret-hop"), answer.header("keep-alive"), answer.header("proxy-authenticate")), (None, None, None));
}

#[test]
fn connections_are_used_again() {
    let scene = Scene::orders();
    let mut wire = Wire::connect(scene.at());
    for number in 0..30 {
        assert_eq!(request_on(&mut wire, "a", "GET", &format!("/public/{number}"), &[], b"").status, 200);
        assert_eq!(request_on(&mut wire, "a", "GET", "/api/x", &[], b"").status, 401);
    }
    assert!(scene.upstream.connections() <= 3, "{} connections for 30 requests", scene.upstream.connections());
    let post = request_on(&mut wire, "a", "POST", "/api/x", &[], b"a body that nobody reads");
    assert_eq!(post.status, 401);
}

#[test]
fn an_app_that_is_away_is_no_matter_of_credentials() {
    let scene = Scene::with(include_str!("../config/attacks.toml"));
    let broken = get(scene.at(), "/public/broken", &[]);
    assert_eq!(broken.status, 502, "{broken:?}");
    assert_eq!(scene.gateway.cause(&broken.reference()), "upstream-unreachable");
    let silent = get(scene.at(), "/public/silent", &[]);
    assert_eq!(silent.status, 504, "{silent:?}");
    assert_eq!(scene.gateway.cause(&silent.reference()), "upstream-timeout");
    for answer in [broken, silent] {
        assert!(answer.header("retry-after").is_some() && answer.all("www-authenticate").is_empty(), "{answer:?}");
    }
    let closed = Scene::with(&include_str!("../config/attacks.toml").replace("UPSTREAM", "http://127.0.0.1:9"));
    assert_eq!(get(closed.at(), "/public/x", &[]).status, 502);
    assert_eq!(get(closed.at(), "/private/x", &[]).status, 401, "refusals need no app");
}

#[test]
fn http2_on_both_sides() {
    let (app, issuer) = (H2Upstream::start(), Issuer::start());
    let config =
        include_str!("../config/attacks.toml").replace("UPSTREAM", &format!("h2c://{}", app.address)).replace("ISSUER", &issuer.url());
    let gateway = Gateway::start(&config);
    let url = format!("http://{}", gateway.listen);
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl").args(["-s", "-S", "--max-time", "20"]).args(arguments).output().expect("curl is installed");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let bearer = format!("Authorization: Bearer {}", issuer.token());
    let data = gateway.folder.write("data", "z".repeat(200_000));
    let data = format!("@{}", data.display());
    let sent = curl(&[
        "--http2-prior-knowledge",
        "-H",
        &bearer,
        "--data-binary",
        &data,
        "-w",
        " %{http_version} %{http_code}",
        &format!("{url}/private/h2"),
    ]);
    assert_eq!(sent, "over HTTP/2: 200000 bytes 2 200");
    let sent = curl(&["--http1.1", "-H", &bearer, "-w", " %{http_version} %{http_code}", &format!("{url}/private/h1")]);
    assert_eq!(sent, "over HTTP/2: 0 bytes 1.1 200");
    let sent =
        curl(&["--http2-prior-knowledge", "-o", "/dev/null", "-w", "%{http_code} %header{content-type}", &format!("{url}/private/h2")]);
    assert_eq!(sent, "401 application/problem+json");
    let seen = app.seen();
    assert_eq!(seen.iter().map(|parts| parts.uri.path().to_owned()).collect::<Vec<_>>(), ["/private/h2", "/private/h1"]);
    assert!(seen.iter().all(|parts| parts.headers.get("x-forwarded-user").is_some_and(|user| user == "ann")), "{seen:?}");
}

#[test]
fn real_clients_are_admitted() {
    let scene = Scene::orders();
    scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let url = format!("http://{}/api/curl", scene.at());
    let status = |arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-s", "-o", "/dev/null", "-w", "%{http_code}"])
            .args(arguments)
            .arg(&url)
            .output()
            .expect("curl is installed");
        String::from_utf8(output.stdout).unwrap()
    };
    let user = format!("alice:{}", countersign_suites::scene::PASSWORD);
    assert_eq!(status(&["-u", &user]), "200", "Basic");
    assert_eq!(status(&["--anyauth", "-u", &user]), "200", "Basic by negotiation");
    assert_eq!(status(&["--oauth2-bearer", &scene.issuer.token()]), "200", "Bearer");
    assert_eq!(status(&["-H", &format!("X-API-Key: {key}")]), "200", "API key");
    assert_eq!(status(&["-u", "alice:wrong"]), "401");
    assert_eq!(status(&["--digest", "-u", &user]), "401", "Digest is not offered");
}
