//! The spine, as somebody new to it walks along: the first start, the example file with a real app and a real issuer,
//! every scheme admitted and refused, and references that open.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign::reference::{Record, SealKey, SealRing, seal};
use countersign::{Cause, Evidence};
use countersign_grammar::parse_challenges;
use countersign_suites::client::{Answer, basic, get, request};
use countersign_suites::gateway::{Folder, Gateway, binary, program, run};
use countersign_suites::now;
use countersign_suites::scene::{PASSWORD, Scene};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Starts the program without any file, as a person would, and gives what it shows until it is ready.
fn start_bare(home: &Folder) -> (std::process::Child, String) {
    let mut child = program(&["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut shown = String::new();
    while !shown.contains("explain -") {
        let line = lines.next().unwrap_or_else(|| panic!("it ended: {shown}")).unwrap();
        shown.push_str(&line);
        shown.push('\n');
    }
    (child, shown)
}

/// Runs a line that was printed, with `countersign` found on the path.
fn shell(home: &Folder, line: &str) -> (bool, String) {
    let folder = binary().parent().unwrap().to_str().unwrap();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", line])
        .env("HOME", home.path())
        .env("PATH", path)
        .env_remove("COUNTERSIGN_DATA")
        .env_remove("XDG_STATE_HOME")
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_first_start_needs_no_file_and_its_lines_work() {
    let home = Folder::new();
    let (mut child, shown) = start_bare(&home);
    let line = |with: &str| {
        shown
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("curl") && line.contains(with))
            .unwrap_or_else(|| panic!("no {with}: {shown}"))
            .to_owned()
    };
    let (_, admitted) = shell(&home, &format!("{} -s -o /dev/null -w '%{{http_code}}'", line("-u admin:")));
    assert_eq!(admitted, "200", "{shown}");
    let refused = line("-i ");
    let (_, refusal) = shell(&home, &refused.replace("curl", "curl -s"));
    assert!(refusal.starts_with("HTTP/1.1 401"), "{refusal}");
    let reference = refusal
        .lines()
        .find_map(|line| line.to_ascii_lowercase().starts_with("countersign-ref:").then(|| line[16..].trim().to_owned()))
        .unwrap();
    let explain = shown.lines().map(str::trim).find(|line| line.contains("explain cs1_")).unwrap().replace("cs1_…", &reference);
    let (opened, report) = shell(&home, &explain);
    assert!(opened && report.contains("credentials-missing"), "{explain}: {report}");
    let (opened, report) = shell(&home, &line("| "));
    assert!(opened && report.contains("credentials-missing"), "{report}");
    let password = shown.lines().find_map(|line| line.trim().strip_prefix("password")).unwrap().trim().to_owned();
    assert!(password.len() >= 16, "{shown}");
    child.kill().unwrap();
    child.wait().unwrap();
    // A second start finds everything as it was, and shows the password no more.
    let (mut child, again) = start_bare(&home);
    assert!(!again.contains(&password) && !again.contains("shown this once"), "{again}");
    let base = again.split_whitespace().find(|word| word.starts_with("http://")).unwrap().trim_end_matches(',').to_owned();
    let (_, status) = shell(&home, &format!("curl -s -o /dev/null -w '%{{http_code}}' -u admin:{password} {base}/api/orders"));
    assert_eq!(status, "200");
    let (opened, _) = shell(&home, &format!("countersign explain {reference}"));
    assert!(opened, "an old reference opens");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every challenge must be one that a strict parser reads, the strongest scheme first.
#[track_caller]
fn check_challenges(answer: &Answer, expect: &[&str]) {
    let fields = answer.all("www-authenticate");
    let mut schemes = Vec::new();
    for field in &fields {
        let parsed = parse_challenges(field);
        assert!(parsed.faults.is_empty(), "{field}: {:?}", parsed.faults);
        for challenge in &parsed.value {
            assert_eq!(challenge.realm(), Some("orders"), "{field}");
            schemes.push(challenge.scheme().to_owned());
        }
    }
    assert_eq!(schemes, expect, "{fields:?}");
}

/// A refusal of a program: problem document, reference in both places, nothing to be stored.
#[track_caller]
fn check_problem(scene: &Scene, answer: &Answer, status: u16, cause: &str) -> serde_json::Value {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(answer.header("vary").is_some_and(|vary| vary.contains("Authorization")), "{answer:?}");
    let reference = answer.reference();
    assert!(reference.starts_with("cs1_") && reference.len() <= 512, "{reference}");
    let problem = answer.json();
    assert_eq!(problem["instance"], json!(reference));
    assert_eq!(problem["status"], json!(status));
    for member in ["type", "title", "detail"] {
        assert!(problem[member].is_string(), "{problem}");
    }
    let report = scene.explain(answer);
    assert_eq!(report["cause"], json!(cause), "{report}");
    assert_eq!(report["status"], json!(status), "{report}");
    for member in ["cause", "family", "status", "owner", "at", "evidence", "credentials", "rule", "revision", "fix"] {
        assert!(report.get(member).is_some(), "explain --json lacks {member}: {report}");
    }
    assert!(report["fix"].as_array().is_some_and(|fix| !fix.is_empty()), "{report}");
    report
}

#[test]
fn the_example_file_with_every_scheme() {
    let scene = Scene::orders();
    let alice = scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let bearer = format!("Bearer {}", scene.issuer.token());
    let rsa = scene.issuer.key("RS256");
    let rsa = format!("Bearer {}", rsa.token(&rsa.header(), &scene.issuer.claims()));
    let eddsa = scene.issuer.key("EdDSA");
    let eddsa = format!("bearer {}", eddsa.token(&eddsa.header(), &scene.issuer.claims()));
    for (header, user) in [
        (("Authorization", alice.as_str()), "alice"),
        (("X-API-Key", key.as_str()), "alice"),
        (("Authorization", bearer.as_str()), "ann"),
        (("Authorization", rsa.as_str()), "ann"),
        (("Authorization", eddsa.as_str()), "ann"),
    ] {
        let saw = scene.admitted("/api/admitted", &[header]);
        assert_eq!(saw.read_as("Remote-User"), [user]);
    }
    assert_eq!(get(scene.at(), &format!("/api/by-query?api_key={key}"), &[]).status, 200);
    let cookie = scene.sign_in("alice", PASSWORD);
    let saw = scene.admitted("/page", &[("Cookie", &cookie)]);
    assert_eq!((saw.read_as("Remote-User"), saw.read_as("Remote-Groups")), (vec!["alice"], vec!["staff"]));
    assert!(scene.admitted("/public/anybody", &[]).read_as("Remote-User").is_empty());
    // The gateway's own tokens, for trying things out.
    let issued = scene.gateway.administer_json(&[
        "token",
        "issue",
        "--subject",
        "me",
        "--audience",
        "orders",
        "--scope",
        "orders:read",
        "--expires",
        "5m",
    ]);
    let own = format!("Bearer {}", issued["token"].as_str().unwrap());
    assert_eq!(scene.admitted("/api/own", &[("Authorization", &own)]).read_as("Remote-User"), ["me"]);
    // Writing needs another scope than reading.
    let post = request(scene.at(), "POST", "/api/write", &[("Authorization", &own)], b"{}");
    let report = check_problem(&scene, &post, 403, "scope-insufficient");
    assert!(report["rule"]["path"] == "/api/**" && report["rule"]["line"].is_number(), "{report}");
    check_challenges(&post, &["Bearer"]);
    assert!(
        post.all("www-authenticate")[0].contains("error=\"insufficient_scope\"")
            && post.all("www-authenticate")[0].contains("orders:write")
    );
    assert_eq!(request(scene.at(), "POST", "/api/write", &[("Authorization", &bearer)], b"{}").status, 200);
}

#[test]
fn refusals_are_well_formed() {
    let scene = Scene::orders();
    let alice = scene.add_alice();
    let api = ["Bearer", "ApiKey", "Basic"];
    let none = get(scene.at(), "/api/x", &[]);
    let report = check_problem(&scene, &none, 401, "credentials-missing");
    check_challenges(&none, &api);
    assert!(!none.all("www-authenticate").join(" ").contains("error"), "no error code without credentials (RFC 6750 section 3.1)");
    assert_eq!(report["credentials"]["seen"], json!([]));
    assert!(report["credentials"]["not_seen"].as_array().is_some_and(|list| list.len() >= 3), "{report}");
    for (header, status, cause) in [
        (("Authorization", "Digest username=\"x\""), 401, "scheme-unaccepted"),
        (("Authorization", "Bearer"), 400, "credentials-malformed"),
        (("Authorization", "Bearer not.a.token"), 401, "token-malformed"),
        (("Authorization", "Basic %%%"), 401, "credentials-malformed"),
        (("Authorization", "Bearer csk_x"), 401, "api-key-misplaced"),
        (("X-API-Key", "csk_x"), 401, "api-key-mistyped"),
        (("X-API-Key", "x"), 401, "api-key-unknown"),
    ] {
        let answer = get(scene.at(), "/api/x", &[header]);
        check_problem(&scene, &answer, status, cause);
        if status == 401 {
            check_challenges(&answer, &api);
        }
    }
    let malformed = get(scene.at(), "/api/x", &[("Authorization", "Bearer not.a.token")]);
    assert!(malformed.all("www-authenticate")[0].contains("error=\"invalid_token\""), "{malformed:?}");
    let page = get(scene.at(), "/page", &[]);
    check_problem(&scene, &page, 401, "credentials-missing");
    check_challenges(&page, &["Session", "Basic"]);
    let key_there = get(scene.at(), "/page", &[("X-API-Key", "csk_x")]);
    check_problem(&scene, &key_there, 401, "scheme-unaccepted");
    scene.gateway.administer(&["user", "add", "guest", "--password-stdin"], PASSWORD);
    let guest = get(scene.at(), "/page", &[("Authorization", &basic("guest", PASSWORD))]);
    check_problem(&scene, &guest, 403, "role-insufficient");
    check_challenges(&guest, &[]);
    assert_eq!(get(scene.at(), "/page", &[("Authorization", &alice)]).status, 200);
}

#[test]
fn people_get_the_login_page_and_programs_the_401() {
    let scene = Scene::orders();
    let people: &[&[(&str, &str)]] = &[
        &[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")],
        &[("Accept", "text/html")],
    ];
    let programs: &[&[(&str, &str)]] = &[
        &[],
        &[("Accept", "*/*")],
        &[("Accept", "application/json")],
        &[("Accept", "text/html"), ("X-Requested-With", "XMLHttpRequest")],
        &[("Accept", "text/html"), ("Sec-Fetch-Mode", "cors")],
        &[("Accept", "text/html"), ("Sec-Fetch-Mode", "no-cors")],
    ];
    for headers in people {
        let answer = get(scene.at(), "/orders?page=2", headers);
        assert_eq!(answer.status, 303, "{headers:?}: {answer:?}");
        assert!(answer.header("location").unwrap().starts_with("/oauth2/sign_in?"), "{answer:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(scene.gateway.cause(&answer.reference()), "credentials-missing");
    }
    for headers in programs {
        assert_eq!(get(scene.at(), "/orders", headers).status, 401, "{headers:?}");
    }
    // Where no session is accepted, a person gets a page with the reference instead.
    let page = get(scene.at(), "/api/orders", &[("Accept", "text/html")]);
    assert_eq!(page.status, 401);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.text().contains(&page.reference()));
}

#[test]
fn references_are_sealed() {
    let scene = Scene::orders();
    let reference = get(scene.at(), "/api/x", &[]).reference();
    let text = scene.gateway.administer(&["explain", &reference], "");
    for expected in ["credentials-missing", "/api/**", "countersign.toml", "UTC"] {
        assert!(text.contains(expected) || (expected == "UTC" && text.contains('Z')), "no {expected}: {text}");
    }
    // By the key file alone, as on another machine.
    let keys = scene.gateway.folder.path().join("state/keys");
    let key = std::fs::read_dir(&keys)
        .unwrap()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.to_str().unwrap().contains("seal-"))
        .unwrap();
    let alone = run(&["explain", &reference, "--key-file", key.to_str().unwrap(), "--json"], "");
    assert!(alone.status.success(), "{}", String::from_utf8_lossy(&alone.stderr));
    let report: serde_json::Value = serde_json::from_slice(&alone.stdout).unwrap();
    assert_eq!(report["cause"], "credentials-missing");
    // Altered, cut, extended, foreign, none at all: said, and with an exit code that is not 0.
    let other = Scene::orders();
    let foreign = get(other.at(), "/api/x", &[]).reference();
    let mut altered = reference.clone().into_bytes();
    altered[100] = if altered[100] == b'A' { b'B' } else { b'A' };
    let altered = String::from_utf8(altered).unwrap();
    for (what, wrong) in [
        ("altered", altered),
        ("cut", reference[..reference.len() - 4].to_owned()),
        ("extended", format!("{reference}AAAA")),
        ("foreign", foreign),
        ("none", "cs1_".to_owned()),
        ("not one", "hello".to_owned()),
    ] {
        let output = scene.gateway.run(&["explain", &wrong], "");
        assert!(!output.status.success(), "{what}");
        assert!(!output.stderr.is_empty(), "{what} is explained by nothing");
        let output = scene.gateway.run(&["explain", &wrong, "--json"], "");
        assert!(!output.status.success(), "{what}");
    }
    let page = scene.gateway.administer(&["explain", "token-expired"], "");
    assert!(page.contains("token-expired") && page.len() > 500, "{page}");
    // Two refusals are never told apart by their references' length, and never have the same one.
    let another = get(scene.at(), "/api/x", &[]).reference();
    assert!(another != reference && another.len() == reference.len());
}

/// A reference that is older than references open is made here with the installation's own key: nobody can wait so long.
#[test]
fn references_grow_too_old() {
    let scene = Scene::orders();
    let keys = std::fs::read_dir(scene.gateway.folder.path().join("state/keys")).unwrap().flatten().map(|entry| entry.path());
    let path = keys.into_iter().find(|path| path.to_str().unwrap().contains("seal-")).unwrap();
    let bytes = |hex: &str| -> Vec<u8> { (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect() };
    let id = path.file_stem().unwrap().to_str().unwrap().strip_prefix("seal-").unwrap().to_owned();
    let key = bytes(std::fs::read_to_string(&path).unwrap().lines().next().unwrap());
    let ring = SealRing::new(SealKey::new(bytes(&id).try_into().unwrap(), &key.try_into().unwrap()), Vec::new());
    let sealed = |days: i64| {
        let record = Record {
            at_ms: (now() - days * 86_400) * 1000,
            cause: Cause::CredentialsMissing,
            status: 401,
            site: Some(0),
            rule: Some(1),
            revision: [0; 8],
            node: [0; 4],
            request_id: "old".into(),
            method: "GET".into(),
            path: "/api/x".into(),
            seen: Vec::new(),
            evidence: Evidence::none(),
            near: Vec::new(),
        };
        scene.gateway.run(&["explain", &seal(&record, &ring, [7; 12])], "")
    };
    let young = sealed(300);
    assert!(young.status.success(), "{}", String::from_utf8_lossy(&young.stderr));
    let old = sealed(500);
    let said = String::from_utf8_lossy(&old.stderr);
    assert!(!old.status.success() && said.contains("too old"), "{said}");
}

#[test]
fn references_outlive_restart_and_change_of_rules() {
    let mut scene = Scene::orders();
    let reference = get(scene.at(), "/api/x", &[]).reference();
    let before = scene.gateway.explain(&reference);
    let path = scene.gateway.folder.path().join("countersign.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("[[site.rule]]\npath = \"/api/**\"", "# moved\n\n[[site.rule]]\npath = \"/v2/**\"")).unwrap();
    scene.gateway.stop();
    scene.gateway.restart();
    let after = scene.gateway.explain(&reference);
    assert_eq!(after["rule"], before["rule"], "the rule as it was written then");
    let newer = scene.gateway.explain(&get(scene.at(), "/api/x", &[]).reference());
    assert_ne!(newer["revision"], after["revision"]);
    let at = before["at"].as_str().unwrap();
    assert!(at.ends_with('Z') && at.starts_with("20"), "{at}");
}

#[test]
fn a_configuration_is_checked_with_places() {
    let folder = Folder::new();
    let good = include_str!("../config/orders.toml");
    let path = folder.write("countersign.toml", good);
    let check = |json: bool| run(&[&["check", "--config", path.to_str().unwrap()][..], if json { &["--json"] } else { &[] }].concat(), "");
    assert!(check(false).status.success(), "{}", String::from_utf8_lossy(&check(false).stderr));
    let checked: serde_json::Value = serde_json::from_slice(&check(true).stdout).unwrap();
    assert_eq!((&checked["ok"], &checked["rules"]), (&json!(true), &json!(3)), "{checked}");
    folder.write("countersign.toml", good.replace("schemes = [\"session\", \"basic\"]", "shemes = [\"session\", \"basic\"]"));
    let output = check(false);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(said.contains("countersign.toml:28:1") && said.contains("shemes") && said.contains("did you mean"), "{said}");
    assert!(!check(true).status.success());
}

/// `serve` takes the same flags with and without a file.
#[test]
fn flags_stand_above_the_file() {
    let app = countersign_suites::upstream::Upstream::start();
    let folder = Folder::new();
    let data = folder.path().join("elsewhere");
    let arguments = ["--upstream", &format!("http://{}", app.address), "--data", data.to_str().unwrap()].map(str::to_owned);
    let gateway = Gateway::start_with(folder, arguments.to_vec()).unwrap_or_else(|said| panic!("{said}"));
    assert_eq!(get(gateway.listen, "/public/flags", &[]).status, 200);
    assert_eq!(app.saw("/public/flags").len(), 1);
    assert!(data.join("countersign.sqlite").exists());
}
