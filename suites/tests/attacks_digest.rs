//! Attacks on Digest: guessing and telling accounts apart (T37 to T42), the same credentials again (T49), forms that a
//! careless reader would take (T50).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign::digest::{Algorithm, Qop};
use countersign_suites::client::{Answer, basic, get, get_from};
use countersign_suites::digest::{Digest, challenges};
use countersign_suites::everywhere;
use countersign_suites::scene::{PASSWORD, Scene};
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

fn scene() -> Scene {
    Scene::with(&include_str!("../config/digest.toml").replace("ALGORITHMS", r#"["SHA-256"]"#).replace("USERHASH", "false"))
}

/// A client of its own, so that one test's wrong answers do not throttle another's.
fn client(number: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 7, u8::try_from(number + 1).unwrap()))
}

fn answering(scene: &Scene, target: &str, name: &str, password: &str) -> Digest {
    Digest::to(scene.at(), "meters.test", target, name, password)
}

fn ask(scene: &Scene, from: usize, target: &str, authorization: &str) -> Answer {
    get_from(client(from), scene.at(), target, &[("Authorization", authorization)])
}

#[test]
fn t037_time_does_not_tell_whether_an_account_exists_digest() {
    let scene = scene();
    let accounts = 12;
    for number in 0..accounts {
        scene.add(&format!("known{number}"), PASSWORD);
        // Whoever was there a moment ago is remembered; that must not show either.
        let right = answering(&scene, "/both/t037", &format!("known{number}"), PASSWORD);
        assert_eq!(ask(&scene, 40, "/both/t037", &right.header()).status, 200);
    }
    let time = |name: String, number: usize| {
        let wrong = answering(&scene, "/both/t037", &name, "wrong");
        let began = Instant::now();
        let answer = ask(&scene, number, "/both/t037", &wrong.header());
        assert_eq!(answer.status, 401, "{name}: {answer:?}");
        began.elapsed()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for round in 0..60 {
        known.push(time(format!("known{}", round % accounts), round % 20));
        unknown.push(time(format!("other{}", round % accounts), round % 20));
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let ratio = median(&mut known) / median(&mut unknown);
    assert!((0.8..=1.25).contains(&ratio), "known to unknown: {ratio:.3}");
}

#[test]
fn t038_accounts_that_cannot_be_used_look_alike_digest() {
    let scene = scene();
    for name in ["right", "locked", "disabled"] {
        scene.add(name, PASSWORD);
    }
    scene.gateway.administer(&["user", "lock", "locked"], "");
    scene.gateway.administer(&["user", "disable", "disabled"], "");
    let cases = [
        ("nobody", "x", "account-unknown"),
        ("right", "wrong", "digest-response-wrong"),
        ("locked", PASSWORD, "account-locked"),
        ("locked", "wrong", "account-locked"),
        ("disabled", PASSWORD, "account-disabled"),
    ];
    let seen = |answer: &Answer| {
        let changing = ["countersign-ref", "date", "www-authenticate"];
        let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| !changing.contains(&name.as_str())).cloned().collect();
        let nonce = challenges(answer)[0].value("nonce").unwrap().to_owned();
        let asked: Vec<String> = answer.all("www-authenticate").iter().map(|field| field.replace(&nonce, "NONCE")).collect();
        (answer.status, headers, asked, answer.text().replace(&answer.reference(), "REFERENCE"), answer.reference().len())
    };
    let mut first = None;
    for (name, password, cause) in cases {
        let answer = ask(&scene, 0, "/both/t038", &answering(&scene, "/both/t038", name, password).header());
        assert_eq!(scene.gateway.cause(&answer.reference()), cause, "{name}");
        let outside = seen(&answer);
        assert_eq!(&outside, first.get_or_insert_with(|| outside.clone()), "{name}");
    }
    assert!(scene.upstream.saw("t038").is_empty());
}

#[test]
fn t040_digest_and_basic_share_the_counter() {
    let scene = scene();
    scene.add_alice();
    for (number, name) in ["alice", "ALICE", "Alice", " alice", "alice "].into_iter().enumerate() {
        assert_eq!(ask(&scene, number, "/both/t040", &answering(&scene, "/both/t040", name, "wrong").header()).status, 401);
        assert_eq!(ask(&scene, number, "/both/t040", &basic(name, "wrong")).status, 401, "{name}");
    }
    let right = answering(&scene, "/both/t040", "alice", PASSWORD);
    for authorization in [right.header(), basic("alice", PASSWORD)] {
        let answer = ask(&scene, 30, "/both/t040", &authorization);
        assert_eq!((answer.status, scene.gateway.cause(&answer.reference()).as_str()), (429, "attempts-exceeded"));
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
    }
    let nul = right.header().replace("\"alice\"", "\"alice\u{7f}\"");
    assert!([400, 401].contains(&ask(&scene, 30, "/both/t040", &nul).status));
    assert!(scene.upstream.saw("t040").is_empty());
}

#[test]
fn t042_a_locked_account_is_refused_at_this_door_too() {
    for (command, undo, cause) in [("lock", "unlock", "account-locked"), ("disable", "enable", "account-disabled")] {
        let scene = scene();
        scene.add_alice();
        let sent = answering(&scene, "/t042", "alice", PASSWORD);
        assert_eq!(ask(&scene, 0, "/t042", &sent.header()).status, 200);
        scene.gateway.administer(&["user", command, "alice"], "");
        let mut last = Answer::default();
        // Each try is from elsewhere and another count; few, since they count as attempts.
        countersign_suites::let_pass(Duration::from_millis(600));
        for (count, from) in (2..).zip(1..4) {
            last = ask(&scene, from, "/t042", &Digest { count, ..sent.clone() }.header());
            assert_eq!(last.status, 401, "{last:?}");
        }
        assert_eq!(scene.gateway.cause(&last.reference()), cause);
        scene.gateway.administer(&["user", undo, "alice"], "");
        countersign_suites::let_pass(Duration::from_millis(600));
        everywhere(Duration::from_secs(1), "it is good again", || {
            let again = answering(&scene, "/t042/again", "alice", PASSWORD);
            ask(&scene, 5, "/t042/again", &again.header()).status == 200
        });
    }
}

#[test]
fn t049_the_same_credentials_count_once() {
    let scene = scene();
    scene.add_alice();
    let sent = answering(&scene, "/t049", "alice", PASSWORD);
    assert_eq!(ask(&scene, 0, "/t049", &sent.header()).status, 200);
    let again = ask(&scene, 0, "/t049", &sent.header());
    assert_eq!((again.status, scene.gateway.cause(&again.reference()).as_str()), (401, "digest-nonce-replayed"));
    assert_eq!(challenges(&again)[0].value("stale"), None);
    for round in 0..20_u32 {
        let header = Digest { count: 2 + round, uri: "/t049/copies".into(), ..sent.clone() }.header();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let copies: Vec<_> = (0..12).map(|_| scope.spawn(|| ask(&scene, 0, "/t049/copies", &header).status)).collect();
            copies.into_iter().map(|copy| copy.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "round {round}: {statuses:?}");
    }
    assert_eq!(scene.upstream.saw("/t049/copies").len(), 20);
    // Twelve different counts at once are twelve requests of an honest client.
    let fresh = answering(&scene, "/t049/honest", "alice", PASSWORD);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let header = |count: u32| Digest { count, ..fresh.clone() }.header();
        let requests: Vec<_> = (1..=12)
            .rev()
            .map(|count| {
                scope.spawn({
                    let header = header(count);
                    let scene = &scene;
                    move || ask(scene, 0, "/t049/honest", &header).status
                })
            })
            .collect();
        requests.into_iter().map(|request| request.join().unwrap()).collect()
    });
    assert_eq!(statuses, [200; 12]);
}

/// The header with one parameter replaced; an empty value leaves it out.
fn with(sent: &Digest, name: &str, value: &str) -> String {
    let fields = sent.fields().into_iter().map(|(known, kept)| (known, if known == name { value.to_owned() } else { kept }));
    let fields: Vec<String> = fields.filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}={value}")).collect();
    format!("Digest {}", fields.join(", "))
}

#[test]
fn t050_malformed_and_downgraded_forms_are_refused() {
    let scene = scene();
    scene.add_alice();
    let mut tried = 0;
    let mut refuse = |make: &dyn Fn(&Digest) -> String| {
        // Each with a fresh nonce and the right password: what is refused is the form.
        let sent = answering(&scene, "/t050", "alice", PASSWORD);
        let header = make(&sent);
        let answer = ask(&scene, tried % 20, "/t050", &header);
        assert!([400, 401].contains(&answer.status), "{header}: {answer:?}");
        let cause = scene.gateway.cause(&answer.reference());
        assert!(cause.starts_with("digest-") || cause == "credentials-malformed" || cause == "scheme-unaccepted", "{header}: {cause}");
        tried += 1;
    };
    for name in ["username", "realm", "nonce", "uri", "response", "algorithm", "qop", "nc", "cnonce"] {
        refuse(&|sent| with(sent, name, ""));
    }
    for name in ["nonce", "response", "nc", "username", "algorithm"] {
        refuse(&|sent| format!("{}, {name}={}", sent.header(), sent.fields().into_iter().find(|(known, _)| *known == name).unwrap().1));
    }
    for (name, value) in [
        ("algorithm", "MD5"),
        ("algorithm", "SHA-512-256"),
        ("algorithm", "SHA-256-sess"),
        ("algorithm", "SHA-1"),
        ("qop", "auth-conf"),
        ("qop", "\"auth,auth-int\""),
        ("nc", "00000000"),
        ("nc", "1"),
        ("nc", "0000000g"),
        ("nc", "000000001"),
        ("response", "\"\""),
        ("response", "\"0\""),
        ("response", "\"00000000000000000000000000000000\""),
        ("nonce", "\"0\""),
        ("nonce", "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\""),
        ("realm", "\"other\""),
        ("realm", "\"METERS\""),
        ("uri", "\"/other\""),
        ("uri", "\"/t050?x=y\""),
        ("uri", "\"http://elsewhere.test/t050\""),
        ("uri", "\"//t050\""),
        ("cnonce", "\"\""),
        ("username", "\"\""),
        ("username", "'alice'"),
    ] {
        refuse(&|sent| with(sent, name, value));
    }
    refuse(&|sent| sent.header().replace(", ", "; "));
    refuse(&|sent| sent.header().to_uppercase());
    refuse(&|sent| sent.header().replacen("Digest ", "Digest Digest ", 1));
    refuse(&|sent| format!("{}, userhash=true", sent.header()));
    refuse(&|sent| format!("{}, username*=UTF-8''alice", sent.header()));
    refuse(&|sent| sent.header().trim_end_matches('"').to_owned());
    refuse(&|sent| Digest { algorithm: Algorithm::Md5, ..sent.clone() }.header());
    refuse(&|sent| Digest { algorithm: Algorithm::Sha256Sess, ..sent.clone() }.header());
    refuse(&|sent| Digest { method: "POST".into(), ..sent.clone() }.header());
    refuse(&|sent| with(&Digest { qop: Qop::AuthInt, ..sent.clone() }, "qop", "auth"));
    assert!(tried >= 35, "{tried}");
    assert!(scene.upstream.saw("t050").is_empty());
    let twice = answering(&scene, "/t050", "alice", PASSWORD).header();
    let answer = get(scene.at(), "/t050", &[("Authorization", &twice), ("Authorization", &twice)]);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(ask(&scene, 30, "/t050/right", &answering(&scene, "/t050/right", "alice", PASSWORD).header()).status, 200);
}
