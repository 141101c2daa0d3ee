//! Attack T124: a disk that takes nothing, a clock that jumps, no more open files. What cannot be decided is an outage and
//! never a refusal or an admission; nothing panics; and when it is over, all works again without help.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Wire, get, request_on};
use countersign_suites::clock::Clock;
use countersign_suites::gateway::{Folder, Gateway};
use countersign_suites::issuer::{Issuer, Mood};
use countersign_suites::scene::{PASSWORD, Scene, fill};
use countersign_suites::upstream::Upstream;
use countersign_suites::{everywhere, now, within};
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);
/// Becomes the program, which is told of a file that may grow no more instead of being killed for it.
const UNTIL_FULL: [&str; 4] = ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];

/// The stage of the attacks, with the gateway under a command, an issuer in this mood and another `header_timeout`.
fn scene(under: &[&str], mood: Mood, header_timeout: &str) -> Scene {
    let (upstream, issuer) = (Upstream::start(), Issuer::start());
    issuer.mood(mood);
    let folder = Folder::new();
    let config =
        include_str!("../config/attacks.toml").replace("header_timeout = \"2s\"", &format!("header_timeout = \"{header_timeout}\""));
    folder.write("countersign.toml", fill(&config, &upstream, &issuer));
    let gateway = Gateway::start_under(folder, under).unwrap();
    Scene { gateway, upstream, issuer }
}

#[track_caller]
fn no_panic(gateway: &mut Gateway) {
    assert!(gateway.alive());
    let printed = gateway.printed();
    assert!(!printed.contains("panicked"), "{printed}");
}

#[test]
fn t124_disk_full() {
    let mut scene = scene(&UNTIL_FULL, Mood::Good, "2s");
    let alice = scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let kept = scene.sign_in("alice", PASSWORD);
    let bearer = format!("Bearer {}", scene.issuer.token());
    let good = [("Authorization", alice.as_str()), ("X-API-Key", key.as_str()), ("Cookie", kept.as_str()), ("Authorization", &bearer)];
    scene.gateway.limit("fsize", "0");
    // What needs no writing goes on, refusals with their references too.
    for header in good {
        scene.admitted("/private/t124/full", &[header]);
    }
    assert_eq!(scene.cause("/private/t124/full", &[("X-API-Key", &countersign::write_api_key("", &[9; 32]))]), "api-key-unknown");
    // A login has to be kept: it is an outage, and says so.
    let answer = scene.post_sign_in("alice", PASSWORD, "/private/");
    assert_eq!((answer.status, answer.cookie("countersign")), (503, None), "{answer:?}");
    assert_eq!(scene.gateway.cause(&answer.reference()), "store-unreachable");
    assert_eq!(scene.post_sign_in("alice", "wrong", "/private/").status, 401, "a wrong password needs no disk to be wrong");
    // Neither does a new configuration, though its text cannot be kept for explaining.
    let path = scene.gateway.folder.path().join("countersign.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("realm = \"attacks\"", "realm = \"full\"")).unwrap();
    everywhere(SOON, "the new plan is in force", || {
        get(scene.at(), "/private/x", &[]).all("www-authenticate").join(", ").contains("realm=\"full\"")
    });
    assert_eq!(scene.cause("/private/t124/full", &[]), "credentials-missing");
    scene.gateway.limit("fsize", "unlimited");
    let reference = scene.refused("/private/t124/again", &[]).reference();
    let trail = scene.gateway.folder.path().join("state/trail/refusals.jsonl");
    within(SOON, "the trail goes on", || std::fs::read_to_string(&trail).is_ok_and(|trail| trail.contains(&reference)));
    no_panic(&mut scene.gateway);
}

#[test]
fn t124_disk_with_room_again() {
    let mut scene = scene(&UNTIL_FULL, Mood::Good, "2s");
    let alice = scene.add_alice();
    let kept = scene.sign_in("alice", PASSWORD);
    scene.gateway.limit("fsize", "0");
    assert_eq!(scene.post_sign_in("alice", PASSWORD, "/private/").status, 503);
    scene.gateway.limit("fsize", "unlimited");
    let fresh = scene.sign_in("alice", PASSWORD);
    for header in [("Authorization", alice.as_str()), ("Cookie", &kept), ("Cookie", &fresh)] {
        scene.admitted("/private/t124/room", &[header]);
    }
    no_panic(&mut scene.gateway);
}

#[test]
fn t124_no_start_on_a_full_disk() {
    let folder = Folder::new();
    folder.write(
        "countersign.toml",
        include_str!("../config/attacks.toml").replace("UPSTREAM", "sample").replace("ISSUER", "http://127.0.0.1:1"),
    );
    let said = Gateway::start_under(folder, &["sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]).unwrap_err();
    assert!(said.starts_with("exit status: ") && said.contains("state") && !said.contains("panicked"), "{said}");
}

#[test]
fn t124_clock_jumps() {
    let clock = Clock::off_by("+0s");
    let mut scene = scene(&clock.under().iter().map(String::as_str).collect::<Vec<_>>(), Mood::Good, "2s");
    let alice = scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let kept = scene.sign_in("alice", PASSWORD);
    let token = |at: i64| {
        let mut claims = scene.issuer.claims();
        (claims["iat"], claims["nbf"], claims["exp"]) = ((now() + at).into(), (now() + at).into(), (now() + at + 300).into());
        format!("Bearer {}", scene.issuer.token_of(&claims))
    };
    let (past, present, future) = (token(-3600), token(0), token(3600));
    let causes = |scene: &Scene, tokens: [&str; 3]| {
        tokens.map(|token| {
            let answer = get(scene.at(), "/private/t124/clock", &[("Authorization", token)]);
            if answer.status == 200 { "admitted".to_owned() } else { scene.gateway.cause(&answer.reference()) }
        })
    };
    let others = |scene: &Scene| {
        for header in [("Authorization", alice.as_str()), ("X-API-Key", &key)] {
            scene.admitted("/private/t124/clock", &[header]);
        }
    };
    let usual = ["token-expired", "admitted", "token-not-yet-valid"];
    let all = [past.as_str(), &present, &future];
    assert_eq!(causes(&scene, all), usual);
    scene.admitted("/private/t124/clock", &[("Cookie", &kept)]);

    clock.set("+1h");
    assert_eq!(causes(&scene, all), ["token-expired", "token-expired", "admitted"], "an hour later");
    others(&scene);
    assert_eq!(scene.cause("/private/t124/clock", &[("Cookie", &kept)]), "session-idle");
    let later = scene.sign_in("alice", PASSWORD);
    scene.admitted("/private/t124/clock", &[("Cookie", &later)]);

    clock.set("-1h");
    assert_eq!(causes(&scene, all), ["admitted", "token-not-yet-valid", "token-not-yet-valid"], "two hours before that");
    others(&scene);
    let earlier = scene.sign_in("alice", PASSWORD);
    scene.admitted("/private/t124/clock", &[("Cookie", &earlier)]);
    // Guesses are counted by a clock that nobody sets.
    let guess = countersign_suites::client::basic("nobody", "wrong");
    let waits: Vec<u32> = (0..40)
        .filter_map(|_| get(scene.at(), "/private/t124/guess", &[("Authorization", &guess)]).header("retry-after")?.parse().ok())
        .collect();
    clock.set("+1h");
    let held = get(scene.at(), "/private/t124/guess", &[("Authorization", &guess)]);
    clock.set("-1h");
    let wait = |seconds: &u32| (1..=60).contains(seconds);
    assert!(!waits.is_empty() && waits.iter().all(wait) && held.status == 429, "{waits:?} {held:?}");

    clock.set("+0s");
    assert_eq!(causes(&scene, all), usual, "and as it was");
    others(&scene);
    scene.admitted("/private/t124/clock", &[("Cookie", &kept)]);
    assert_eq!(scene.cause("/private/t124/clock", &[("Cookie", &earlier)]), "session-idle", "it was last used an hour ago");
    no_panic(&mut scene.gateway);
}

#[test]
fn t124_no_more_files() {
    let mut scene = scene(&[], Mood::Down, "60s");
    let alice = scene.add_alice();
    let bearer = format!("Bearer {}", scene.issuer.token());
    scene.gateway.limit("nofile", "64");
    let at = scene.at();
    // Who has had an answer has been let in; of the others nobody knows.
    let let_in = |_| {
        let mut wire = Wire::connect(at);
        assert_eq!(request_on(&mut wire, "a", "GET", "/private/t124/let-in", &[], b"").status, 401);
        wire
    };
    let mut held: Vec<Wire> = (0..8).map(let_in).collect();
    held.extend((0..112).map(|_| Wire::connect(at)));
    within(SOON, "it has all that it may have", || scene.gateway.open_files() >= 64);
    scene.issuer.mood(Mood::Good);
    // Those that were let in can be spoken with; no others come in, and no way leads to the app.
    let mut statuses = Vec::new();
    for wire in &mut held[..8] {
        for (header, expect) in [(None, 401), (Some(&alice), 502), (Some(&bearer), 503)] {
            let headers: Vec<_> = header.iter().map(|value| ("Authorization", value.as_str())).collect();
            let answer = request_on(wire, "a", "GET", "/private/t124/files", &headers, b"");
            assert_eq!(answer.status, expect, "{answer:?}");
            statuses.push((expect, answer.reference()));
        }
    }
    for (status, reference) in statuses.iter().take(3) {
        let expect = match status {
            401 => "credentials-missing",
            502 => "upstream-unreachable",
            _ => "keys-unreachable",
        };
        assert_eq!(scene.gateway.cause(reference), expect);
    }
    assert!(scene.upstream.saw("/t124/files").is_empty());
    no_panic(&mut scene.gateway);

    // More files: whoever waited at the door is let in.
    scene.gateway.limit("nofile", "1024");
    let mut last = held.pop().unwrap();
    assert_eq!(request_on(&mut last, "a", "GET", "/private/t124/lifted", &[("Authorization", &alice)], b"").status, 200);
    within(SOON, "the issuer is asked again", || get(at, "/private/t124/lifted", &[("Authorization", &bearer)]).status == 200);
    // Again too few; and then it is not the limit that gives way but the crowd.
    scene.gateway.limit("nofile", "64");
    drop((held, last));
    everywhere(SOON, "it recovers alone", || {
        get(at, "/private/t124/alone", &[("Authorization", &bearer)]).status == 200 && get(at, "/private/t124/alone", &[]).status == 401
    });
    no_panic(&mut scene.gateway);
}
