//! Attacks T17 to T24: messages that two readers cut differently. The inner request of each attack carries a tag; it
//! must never appear at the app as a request of its own, and an honest request that follows must be answered right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, Wire, attack, get, request_on};
use countersign_suites::h2::{self, Connection, Outcome};
use countersign_suites::scene::{PASSWORD, Scene};

/// Sends every shape at the same time and looks for its inner request at the app.
#[track_caller]
fn check(scene: &Scene, name: &str, shapes: &[Vec<u8>]) -> Vec<Vec<Answer>> {
    let at = scene.at();
    let answers: Vec<Vec<Answer>> = std::thread::scope(|scope| {
        let running: Vec<_> = shapes.iter().map(|shape| scope.spawn(move || attack(at, shape))).collect();
        running.into_iter().map(|attack| attack.join().unwrap()).collect()
    });
    let smuggled = scene.upstream.saw("smuggled");
    assert!(smuggled.is_empty(), "{name}: {smuggled:#?}");
    let victim = get(at, "/public/victim", &[]);
    assert_eq!((victim.status, victim.text()), (200, "the app got GET /public/victim".to_owned()), "{name}");
    answers
}

/// An inner request that would be admitted only if it were taken for a part of what alice sent.
fn inner(name: &str) -> String {
    format!("GET /private/smuggled/{name} HTTP/1.1\r\nHost: a\r\nX-Forwarded-User: evil\r\n\r\n")
}

#[test]
fn t017_length_and_chunked() {
    let scene = Scene::attacks();
    let spellings: &[&[u8]] = &[
        b"Transfer-Encoding: chunked",
        b"transfer-encoding: chunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding:chunked",
        b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunkedx",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: identity, chunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding: \"chunked\"",
        b"Transfer-Encoding: chunked;q=1",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: chunked\x0b",
        b"Transfer-Encoding:\r\n chunked",
        b" Transfer-Encoding: chunked",
        b"X: x\nTransfer-Encoding: chunked",
        b"Transfer_Encoding: chunked",
        b"Transfer-Encoding:\0chunked",
        b"Transfer-Encoding: ,chunked",
        b"Transfer-Encoding: chun\x00ked",
    ];
    let shapes: Vec<_> = spellings
        .iter()
        .map(|spelling| {
            let body = format!("0\r\n\r\n{}", inner("t017"));
            let head = format!("POST /public/t017 HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n", body.len());
            [head.as_bytes(), spelling, b"\r\n\r\n", body.as_bytes()].concat()
        })
        .collect();
    let answers = check(&scene, "t017", &shapes);
    let first = &answers[0];
    assert!(first.len() == 1 && first[0].status == 400, "length with chunked is refused: {first:?}");
    // No length and a coding that is not chunked: nobody knows where that ends.
    let shapes: Vec<_> = ["gzip", "identity", "chunked, gzip", "xchunked", "chunked, chunked"]
        .iter()
        .map(|coding| {
            format!("POST /public/t017 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n0\r\n\r\n{}", inner("coding")).into_bytes()
        })
        .collect();
    for answers in check(&scene, "t017 codings", &shapes) {
        assert!(answers.iter().all(|answer| answer.status >= 400), "{answers:?}");
    }
}

#[test]
fn t018_lengths() {
    let scene = Scene::attacks();
    let inner = inner("t018");
    let whole = inner.len();
    let lengths = [
        format!("Content-Length: 0\r\nContent-Length: {whole}"),
        format!("Content-Length: {whole}\r\nContent-Length: 0"),
        format!("Content-Length: 0, {whole}"),
        "Content-Length: +0".to_owned(),
        "Content-Length: -1".to_owned(),
        "Content-Length: 0x0".to_owned(),
        "Content-Length: 0 0".to_owned(),
        "Content-Length: 0;x".to_owned(),
        "Content-Length: 0.0".to_owned(),
        "Content-Length: 1e1".to_owned(),
        "Content-Length: 18446744073709551616".to_owned(),
        "Content-Length: 99999999999999999999999".to_owned(),
        "Content-Length: \"0\"".to_owned(),
        "Content-Length:".to_owned(),
        "Content-Length: a".to_owned(),
        "Content-Length : 0".to_owned(),
        "Content-Length:\r\n 0".to_owned(),
        format!("Content_Length: {whole}\r\nContent-Length: 0\r\nContent-Length: {whole}"),
    ];
    let shapes: Vec<_> =
        lengths.iter().map(|length| format!("POST /public/t018 HTTP/1.1\r\nHost: a\r\n{length}\r\n\r\n{inner}").into_bytes()).collect();
    // Where the length is plainly 0 the inner request is one of its own, and is judged: it is refused, not smuggled.
    for (length, answers) in lengths.iter().zip(check(&scene, "t018", &shapes)) {
        assert!(answers.iter().all(|answer| answer.status >= 400), "{length:?}: {answers:?}");
    }
}

#[test]
fn t019_broken_chunks() {
    let scene = Scene::attacks();
    let inner = inner("t019");
    let bodies: &[&[u8]] = &[
        b"0x0\r\n\r\n",
        b"-0\r\n\r\n",
        b"+0\r\n\r\n",
        b" 0\r\n\r\n",
        b"g\r\n\r\n",
        b"\r\n0\r\n\r\n",
        b"5\r\nhelloX0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\rhello\r0\r\r",
        b"5\r\nhell\r\n0\r\n\r\n",
        b"5\r\nhellooo\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        b"10000000000000000\r\nhello\r\n0\r\n\r\n",
        b"5;\nhello\r\n0\r\n\r\n",
        b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n",
        b"5;\0\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\nX: y\r\n\r\n",
        b"0\n\r\n",
        b"0;\r\nbad trailer line\r\n\r\n",
    ];
    let shapes: Vec<_> = bodies
        .iter()
        .map(|body| [b"POST /public/t019 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", *body, inner.as_bytes()].concat())
        .collect();
    for (body, answers) in bodies.iter().zip(check(&scene, "t019", &shapes)) {
        let shown = String::from_utf8_lossy(body);
        assert!(answers.iter().skip(1).all(|answer| answer.status >= 400), "{shown:?}: {answers:?}");
    }
}

#[test]
fn t020_versions_and_hosts() {
    let scene = Scene::attacks();
    let inner = inner("t020");
    let shapes: Vec<Vec<u8>> = vec![
        format!("POST /public/t020 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}").into_bytes(),
        b"GET /private/smuggled\r\n".to_vec(),
        b"GET /public/t020\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a@b\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a/private\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a, b\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a?x\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost: a b\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.1\r\nHost:\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/2.0\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/1.2\r\nHost: a\r\n\r\n".to_vec(),
        b"GET /public/t020 HTTP/11\r\nHost: a\r\n\r\n".to_vec(),
        b"GET  /public/t020 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"G\x00T /public/t020 HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
    ];
    for (shape, answers) in shapes.iter().zip(check(&scene, "t020", &shapes)) {
        let shown = String::from_utf8_lossy(shape);
        assert!(answers.iter().all(|answer| answer.status >= 400), "{shown:?}: {answers:?}");
    }
    assert!(scene.upstream.saw("t020").is_empty(), "{:?}", scene.upstream.saw("t020"));
    let old = attack(scene.at(), "GET /public/old HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_eq!(old[0].status, 200, "HTTP/1.0 itself is served");
}

#[test]
fn t021_declined_upgrade_then_another_request() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let upgrade = |fields: &str| {
        format!("GET /private/t021 HTTP/1.1\r\nHost: a\r\nAuthorization: {alice}\r\n{fields}\r\n\r\n{}", inner("t021")).into_bytes()
    };
    let shapes = [
        upgrade("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        upgrade("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 999\r\nSec-WebSocket-Key: x"),
        upgrade("Upgrade: websocket\r\nConnection: close, Upgrade"),
        upgrade("Upgrade: other\r\nConnection: Upgrade"),
    ];
    for answers in check(&scene, "t021", &shapes) {
        assert!(answers.iter().skip(1).all(|answer| answer.status >= 400), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.status != 101), "{answers:?}");
    }
}

#[test]
fn t022_h2c_upgrade_and_connect() {
    let scene = Scene::attacks();
    let settings = "AAMAAABkAARAAAAAAAIAAAAA";
    let shapes = [
        format!("GET /public/t022 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: {settings}\r\n\r\n{}", inner("h2c")),
        format!("GET /public/t022 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: {settings}\r\n\r\n"),
        format!("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n{}", inner("connect")),
        format!("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n{}", inner("connect")),
        format!("CONNECT /public/t022 HTTP/1.1\r\nHost: a\r\n\r\n{}", inner("connect")),
    ]
    .map(String::into_bytes);
    for answers in check(&scene, "t022", &shapes) {
        assert!(answers.iter().all(|answer| answer.status != 101), "{answers:?}");
        assert!(answers.iter().all(|answer| answer.status >= 400), "{answers:?}");
    }
    assert!(
        scene
            .upstream
            .requests()
            .iter()
            .all(|request| request.read_as("upgrade").is_empty() && request.read_as("http2-settings").is_empty())
    );
}

#[test]
fn t023_a_login_does_not_carry_over() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let mut wire = Wire::connect(scene.at());
    assert_eq!(request_on(&mut wire, "a", "GET", "/private/t023/1", &[("Authorization", &alice)], b"").status, 200);
    assert_eq!(request_on(&mut wire, "a", "GET", "/private/t023/2", &[], b"").status, 401, "HTTP/1.1");
    let pipelined = attack(
        scene.at(),
        format!(
            "GET /private/t023/3 HTTP/1.1\r\nHost: a\r\nAuthorization: {alice}\r\n\r\nGET /private/t023/4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ),
    );
    assert_eq!(pipelined.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 401]);
    let mut connection = Connection::open(scene.at());
    let mut first = h2::get("a", "/private/t023/5");
    first.push((b"authorization", alice.as_bytes()));
    assert_eq!(connection.request(&first, None), Outcome::Status(200));
    assert_eq!(connection.request(&h2::get("a", "/private/t023/6"), None), Outcome::Status(401), "HTTP/2");
    for unseen in ["t023/2", "t023/4", "t023/6"] {
        assert!(scene.upstream.saw(unseen).is_empty());
    }
}

#[test]
fn t024_http2_fields_that_http1_cannot_hold() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    assert_eq!(Connection::open(scene.at()).request(&h2::get("a", "/public/h2"), None), Outcome::Status(200), "the way itself works");
    let split = "/public/x HTTP/1.1\r\nHost: a\r\n\r\nGET /private/smuggled";
    type Fields<'a> = Vec<(&'a [u8], &'a [u8])>;
    let with = |name: &'static [u8], value: &'static [u8]| -> Fields<'_> {
        let mut fields = h2::get("a", "/private/t024");
        fields.push((b"authorization", alice.as_bytes()));
        fields.push((name, value));
        fields
    };
    let replaced = |name: &'static [u8], value: &'static [u8]| -> Fields<'_> {
        h2::get("a", "/public/t024").into_iter().map(|field| if field.0 == name { (name, value) } else { field }).collect()
    };
    let shapes: Vec<(Fields<'_>, Option<&[u8]>)> = vec![
        (with(b"x", b"1\r\nx-forwarded-user: evil"), None),
        (with(b"x", b"1\nx-forwarded-user: evil"), None),
        (with(b"x", b"1\0"), None),
        (with(b"x\r\nx-forwarded-user", b"evil"), None),
        (with(b"x: y\r\nz", b"1"), None),
        (with(b"x y", b"1"), None),
        (with(b"X-Forwarded-User", b"evil"), None),
        (with(b"", b"1"), None),
        (with(b"transfer-encoding", b"chunked"), Some(b"0\r\n\r\nGET /private/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")),
        (with(b"connection", b"x-forwarded-user"), None),
        (with(b"upgrade", b"h2c"), None),
        (with(b"keep-alive", b"1"), None),
        (with(b"te", b"gzip"), None),
        (with(b"content-length", b"0"), Some(b"GET /private/smuggled HTTP/1.1\r\nHost: a\r\n\r\n")),
        (with(b"content-length", b"500"), Some(b"short")),
        (with(b"content-length", b"1, 2"), Some(b"x")),
        (with(b":path", b"/private/smuggled"), None),
        (with(b":unknown", b"1"), None),
        (replaced(b":path", split.as_bytes()), None),
        (replaced(b":path", b"/public/../private"), None),
        (replaced(b":path", b""), None),
        (replaced(b":path", b"*"), None),
        (replaced(b":path", b"/public/a b"), None),
        (replaced(b":method", b"GET /private/smuggled HTTP/1.1\r\nx: y\r\n\r\nGET"), None),
        (replaced(b":method", b"CONNECT"), None),
        (replaced(b":authority", b"a\r\nx-forwarded-user: evil"), None),
        (replaced(b":authority", b"a@b"), None),
        (replaced(b":authority", b"a/private"), None),
        (replaced(b":scheme", b"http://a/private/smuggled?"), None),
        (
            vec![(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/private/a"), (b":path", b"/public/b"), (b":authority", b"a")],
            None,
        ),
        (vec![(b":method", b"GET"), (b":scheme", b"http"), (b":authority", b"a")], None),
        (vec![(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/public/t024"), (b":authority", b"a"), (b"host", b"b")], None),
        (vec![(b":method", b"GET"), (b":scheme", b"http"), (b"x", b"1"), (b":path", b"/public/t024"), (b":authority", b"a")], None),
    ];
    for (fields, body) in &shapes {
        let shown: Vec<String> = fields.iter().map(|(name, value)| format!("{}: {}", name.escape_ascii(), value.escape_ascii())).collect();
        let outcome = Connection::open(scene.at()).request(fields, *body);
        for saw in scene.upstream.saw("t024") {
            assert!(!format!("{:?}", saw.headers).contains("evil"), "{shown:?}: {saw:?}");
            assert!(saw.read_as("transfer-encoding").iter().all(|value| *value == "chunked"), "{shown:?}: {saw:?}");
        }
        assert!(scene.upstream.saw("smuggled").is_empty(), "{shown:?}");
        // Harmless where the field is simply dropped: a lower-case copy of an identity header, `te`.
        let dropped = shown.iter().any(|field| field.starts_with("te:"));
        assert!(dropped || !matches!(outcome, Outcome::Status(200)), "{shown:?} was answered with {outcome:?}");
    }
    let victim = get(scene.at(), "/public/victim", &[]);
    assert_eq!(victim.text(), "the app got GET /public/victim");
    assert_eq!(scene.post_sign_in("alice", PASSWORD, "/").status, 303, "and the login page still works");
}
