//! Digest from outside: real clients that speak it, and the parts of RFC 7616 that few of them do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign::digest::{Algorithm, Qop, userhash};
use countersign_grammar::parse_authentication_info;
use countersign_suites::client::{Answer, get, request};
use countersign_suites::digest::{Digest, challenges};
use countersign_suites::product::python;
use countersign_suites::scene::{PASSWORD, Scene, fill};
use countersign_suites::{let_pass, within};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A gateway that accepts these algorithms.
fn scene(algorithms: &str, userhash: bool) -> Scene {
    let config = include_str!("../config/digest.toml").replace("ALGORITHMS", algorithms).replace("USERHASH", &userhash.to_string());
    Scene::with(&config)
}

fn ask(scene: &Scene, target: &str, authorization: &str) -> Answer {
    get(scene.at(), target, &[("Authorization", authorization)])
}

fn answering(scene: &Scene, target: &str) -> Digest {
    Digest::to(scene.at(), "meters.test", target, "alice", PASSWORD)
}

/// The status that curl ends with.
#[track_caller]
fn curl(scene: &Scene, arguments: &[&str], target: &str) -> String {
    let url = format!("http://{}{target}", scene.at());
    let output = Command::new("curl").args(["-s", "-o", "/dev/null", "-w", "%{http_code}"]).args(arguments).arg(url).output();
    String::from_utf8(output.expect("curl is installed").stdout).unwrap()
}

#[test]
fn curl_by_each_algorithm() {
    for (algorithms, userhash) in
        [(r#"["SHA-256"]"#, false), (r#"["SHA-256-sess"]"#, false), (r#"["MD5"]"#, false), (r#"["MD5-sess"]"#, true)]
    {
        let scene = scene(algorithms, userhash);
        scene.add_alice();
        let (right, wrong) = (format!("alice:{PASSWORD}"), "alice:wrong");
        assert_eq!(curl(&scene, &["--digest", "-u", &right], "/curl?a=b%20c"), "200", "{algorithms}");
        assert_eq!(curl(&scene, &["--digest", "-u", &right, "-d", "a body"], "/curl/posted"), "200", "{algorithms}");
        assert_eq!(curl(&scene, &["--digest", "-u", wrong], "/curl"), "401", "{algorithms}");
        let seen = scene.upstream.the("/curl/posted");
        assert_eq!((seen.body.as_slice(), seen.read_as("Authorization").len()), (b"a body".as_slice(), 0), "{algorithms}: {seen:?}");
        assert_eq!(seen.read_as("Countersign-Subject"), ["alice"]);
        assert_eq!(seen.read_as("Countersign-Scheme"), ["digest"]);
    }
}

#[test]
fn a_name_that_is_not_ascii() {
    let scene = scene(r#"["SHA-256", "MD5"]"#, false);
    scene.add("jürgen", PASSWORD);
    assert_eq!(curl(&scene, &["--digest", "-u", &format!("jürgen:{PASSWORD}")], "/x"), "200");
    let sent = Digest { user: "jürgen".into(), ..answering(&scene, "/x") };
    let extended = sent.header().replace("username=\"jürgen\"", "username*=UTF-8''j%C3%BCrgen");
    assert_eq!(ask(&scene, "/x", &extended).status, 200);
}

#[test]
fn clients_of_python() {
    for algorithms in [r#"["SHA-256"]"#, r#"["SHA-256", "MD5"]"#, r#"["MD5"]"#] {
        let scene = scene(algorithms, false);
        scene.add_alice();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/digest.py");
        let base = format!("http://{}", scene.at());
        let output = Command::new(python()).arg(script).args([&base, "alice", PASSWORD]).output().expect("cargo xtask test installs it");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        let good = [200, 200, 200, 200];
        assert_eq!(found, json!({ "requests": good, "httpx": good, "wrong": [401, 401] }), "{algorithms}");
    }
}

#[test]
fn a_browser_asks_twelve_things_at_once() {
    for algorithms in [r#"["SHA-256"]"#, r#"["MD5"]"#] {
        let scene = scene(algorithms, false);
        scene.add_alice();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/digest.mjs");
        let output = Command::new("node").arg(script).args([&format!("http://{}", scene.at()), "alice", PASSWORD]).output();
        let output = output.expect("node is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found, json!({ "first": 200, "parallel": vec![200; 12] }), "{algorithms}");
    }
}

#[test]
fn every_algorithm_and_a_hash_for_the_name() {
    let names = Algorithm::ALL.map(|algorithm| format!("\"{}\"", algorithm.name())).join(", ");
    let scene = scene(&format!("[{names}]"), true);
    scene.add_alice();
    let asked = get(scene.at(), "/x", &[]);
    let offered: Vec<String> = challenges(&asked).iter().map(|one| one.value("algorithm").unwrap().to_owned()).collect();
    assert_eq!(offered, Algorithm::ALL.map(Algorithm::name), "{asked:?}");
    for algorithm in Algorithm::ALL {
        let sent = Digest { algorithm, ..answering(&scene, "/x") };
        let answer = ask(&scene, "/x", &sent.header());
        assert_eq!(answer.status, 200, "{}", algorithm.name());
        let info = answer.header("authentication-info").unwrap();
        assert_eq!(parse_authentication_info(info).value.value("rspauth"), Some(sent.rspauth().as_str()), "{}", algorithm.name());
        let hash = format!("username=\"{}\", userhash=true", userhash("alice", "meters", algorithm));
        let hashed = Digest { count: 2, ..sent }.header().replace("username=\"alice\"", &hash);
        assert_eq!(ask(&scene, "/x", &hashed).status, 200, "{}", algorithm.name());
    }
}

#[test]
fn the_body_is_covered_and_arrives_whole() {
    let scene = scene(r#"["SHA-256"]"#, false);
    scene.add_alice();
    let body = vec![b'x'; 60_000];
    let sent = Digest { qop: Qop::AuthInt, method: "POST".into(), body: body.clone(), ..answering(&scene, "/report") };
    let post = |sent: &Digest, body: &[u8]| request(scene.at(), "POST", "/report", &[("Authorization", &sent.header())], body);
    assert_eq!(post(&sent, &body).status, 200);
    assert_eq!(scene.upstream.the("/report").body, body);
    let other = Digest { count: 2, ..sent.clone() };
    let answer = post(&other, b"another body");
    assert_eq!((answer.status, scene.gateway.cause(&answer.reference()).as_str()), (401, "digest-response-wrong"));
    let large = vec![b'x'; 70_000];
    assert_eq!(post(&Digest { count: 3, body: large.clone(), ..sent.clone() }, &large).status, 413);
    let none = Digest { count: 4, method: "GET".into(), body: Vec::new(), uri: "/none".into(), ..sent };
    assert_eq!(ask(&scene, "/none", &none.header()).status, 200);
    assert_eq!(scene.upstream.saw("/report").len(), 1);
}

#[test]
fn a_nonce_ends_and_the_next_one_comes_in_time() {
    let scene = scene(r#"["SHA-256"]"#, false);
    scene.add_alice();
    let sent = answering(&scene, "/x");
    assert!(!ask(&scene, "/x", &sent.header()).header("authentication-info").unwrap().contains("nextnonce"));
    let mut last = Answer::default();
    let mut count = 1;
    within(Duration::from_secs(12), "a next nonce", || {
        count += 1;
        last = ask(&scene, "/x", &Digest { count, ..sent.clone() }.header());
        last.header("authentication-info").is_some_and(|info| info.contains("nextnonce"))
    });
    let info = parse_authentication_info(last.header("authentication-info").unwrap()).value;
    let next = Digest { nonce: info.value("nextnonce").unwrap().to_owned(), ..sent.clone() };
    assert_eq!(ask(&scene, "/x", &next.header()).status, 200);
    let_pass(Duration::from_secs(4));
    let old = ask(&scene, "/x", &Digest { count: count + 1, ..sent.clone() }.header());
    assert_eq!((old.status, scene.gateway.cause(&old.reference()).as_str()), (401, "digest-nonce-stale"));
    assert_eq!(challenges(&old)[0].value("stale"), Some("true"));
    assert_eq!(ask(&scene, "/x", &Digest::answering(&old, "/x", "alice", PASSWORD).header()).status, 200, "and goes on");
}

#[test]
fn a_restart_takes_all_nonces_along() {
    let mut scene = scene(r#"["SHA-256"]"#, false);
    scene.add_alice();
    let sent = answering(&scene, "/x");
    assert_eq!(ask(&scene, "/x", &sent.header()).status, 200);
    scene.gateway.kill_and_restart();
    let again = ask(&scene, "/x", &sent.header());
    assert_eq!((again.status, scene.gateway.cause(&again.reference()).as_str()), (401, "digest-nonce-stale"));
    assert_eq!(challenges(&again)[0].value("stale"), Some("true"));
}

#[test]
fn a_password_from_before_is_explained() {
    let config = include_str!("../config/digest.toml").replace("ALGORITHMS", r#"["SHA-256"]"#).replace("USERHASH", "false");
    let before = config.replace("enabled = true", "enabled = false").replace("schemes = [\"digest\"", "schemes = [\"basic\"");
    let scene = Scene::with(&before.replace("\"basic\", \"basic\"", "\"basic\""));
    scene.add_alice();
    assert_eq!(challenges(&get(scene.at(), "/x", &[])).len(), 0);
    scene.gateway.folder.write("countersign.toml", fill(&config, &scene.upstream, &scene.issuer));
    within(Duration::from_secs(5), "it is enabled", || !challenges(&get(scene.at(), "/x", &[])).is_empty());
    let answer = ask(&scene, "/x", &answering(&scene, "/x").header());
    let report = scene.explain(&answer);
    assert_eq!((answer.status, &report["cause"]), (401, &json!("digest-response-wrong")));
    let texts: Vec<&str> = report["evidence"].as_array().unwrap().iter().filter_map(|item| item["text"].as_str()).collect();
    assert!(texts.iter().any(|text| text.starts_with("no secret for Digest is kept")), "{report}");
    assert!(report["fix"].to_string().contains("user passwd"), "{report}");
    scene.gateway.administer(&["user", "passwd", "alice", "--password-stdin"], PASSWORD);
    within(Duration::from_secs(2), "the new password", || ask(&scene, "/x", &answering(&scene, "/x").header()).status == 200);
    scene.gateway.administer(&["user", "forget-digest"], "");
    within(Duration::from_secs(2), "it is forgotten", || ask(&scene, "/x", &answering(&scene, "/x").header()).status == 401);
}

#[test]
fn the_example_runs() {
    let scene = Scene::with(
        &include_str!("../../examples/digest.toml").replace("127.0.0.1:8401", "127.0.0.1:0").replace("http://127.0.0.1:8080", "UPSTREAM"),
    );
    scene.gateway.administer(&["user", "add", "meter7", "--role", "meter", "--password-stdin"], PASSWORD);
    let asked = request(scene.at(), "POST", "/report", &[("Host", "meters.example.com")], b"kWh 17");
    let sent = Digest::answering(&asked, "/report", "meter7", PASSWORD);
    let sent = Digest { method: "POST".into(), qop: Qop::AuthInt, body: b"kWh 17".to_vec(), ..sent };
    let headers = [("Host", "meters.example.com"), ("Authorization", &sent.header())];
    assert_eq!(request(scene.at(), "POST", "/report", &headers, b"kWh 17").status, 200);
    assert_eq!(scene.upstream.the("/report").body, b"kWh 17");
}
