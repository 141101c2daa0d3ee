//! Attacks T37 to T52: guessing, counting and floods of passwords.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Answer, basic, get, get_from, request};
use countersign_suites::scene::{PASSWORD, Scene};
use countersign_suites::{everywhere, within};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A client of its own, so that one test's wrong passwords do not throttle another's.
fn client(number: usize) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(127, 0, 2, u8::try_from(number + 1).unwrap()))
}

/// What somebody outside can tell two refusals apart by; reference, date and request id differ between any two.
fn seen_outside(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let changing = ["countersign-ref", "date", "x-request-id", "set-cookie"];
    let headers = answer.headers.iter().filter(|(name, _)| !changing.contains(&name.to_ascii_lowercase().as_str())).cloned().collect();
    let reference = answer.header("countersign-ref").unwrap_or_default();
    let body = answer.text().replace(reference, "REFERENCE");
    let body = match body.find("name=\"csrf\"") {
        Some(at) => format!("{}{}", &body[..at], body[at..].split_once('>').unwrap().1),
        None => body,
    };
    (answer.status, headers, body)
}

#[test]
fn t037_time_does_not_tell_whether_an_account_exists() {
    let scene = Scene::attacks();
    let accounts = 12;
    for number in 0..accounts {
        scene.add(&format!("known{number}"), PASSWORD);
    }
    let at = scene.at();
    let time = |name: String, number: usize| {
        let header = basic(&name, "wrong password here");
        let began = Instant::now();
        let answer = get_from(client(number), at, "/private/t037", &[("Authorization", &header)]);
        assert_eq!(answer.status, 401, "{name}: {answer:?}");
        began.elapsed()
    };
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let ratio = || {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for round in 0..60 {
            known.push(time(format!("known{}", round % accounts), round % 20));
            unknown.push(time(format!("other{}", round % accounts), round % 20));
        }
        median(known) / median(unknown)
    };
    // What else the machine does moves one measurement; what tells accounts apart moves each.
    let mut ratios = Vec::new();
    let alike = std::iter::repeat_with(ratio).take(3).any(|ratio| {
        ratios.push(ratio);
        (0.8..=1.25).contains(&ratio)
    });
    assert!(alike, "known to unknown: {ratios:.3?}");
}

#[test]
fn t038_accounts_that_cannot_be_used_look_alike() {
    let scene = Scene::attacks();
    for name in ["right", "locked", "disabled", "expired"] {
        scene.add(name, PASSWORD);
    }
    scene.gateway.administer(&["user", "lock", "locked"], "");
    scene.gateway.administer(&["user", "disable", "disabled"], "");
    let cases =
        [("nobody", "x"), ("right", "wrong"), ("locked", PASSWORD), ("locked", "wrong"), ("disabled", PASSWORD), ("disabled", "wrong")];
    let outside = |accept: &str| -> Vec<_> {
        cases
            .iter()
            .map(|(name, password)| {
                let answer = get(scene.at(), "/private/t038", &[("Authorization", &basic(name, password)), ("Accept", accept)]);
                let length = answer.reference().len();
                (seen_outside(&answer), length)
            })
            .collect()
    };
    let answers = outside("application/json");
    for (case, answer) in cases.iter().zip(&answers) {
        assert_eq!(answer, &answers[0], "{case:?}");
    }
    let pages: Vec<_> = cases.iter().map(|(name, password)| seen_outside(&scene.post_sign_in(name, password, "/private/"))).collect();
    for (case, page) in cases.iter().zip(&pages) {
        assert_eq!(page, &pages[0], "{case:?}");
    }
    let causes: Vec<String> =
        cases.iter().map(|(name, password)| scene.cause("/private/t038", &[("Authorization", &basic(name, password))])).collect();
    let inside = ["account-unknown", "password-wrong", "account-locked", "account-locked", "account-disabled", "account-disabled"];
    assert_eq!(causes, inside, "inside they differ");
}

#[test]
fn t039_guessing_is_limited_and_then_the_right_one_is_refused_too() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let at = scene.at();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..30)
            .map(|number| {
                scope.spawn(move || {
                    get_from(client(number), at, "/private/t039", &[("Authorization", &basic("alice", &format!("guess {number}")))]).status
                })
            })
            .collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let tried = statuses.iter().filter(|status| **status == 401).count();
    assert!(tried <= 12, "{tried} of 30 guesses were tried: {statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    let answer = get_from(client(40), at, "/private/t039", &[("Authorization", &alice)]);
    assert_eq!(answer.status, 429, "{answer:?}");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait));
    assert_eq!(scene.gateway.cause(&answer.reference()), "attempts-exceeded");
    assert!(scene.upstream.saw("t039").is_empty());
}

#[test]
fn t040_other_spellings_share_the_counter() {
    let scene = Scene::attacks();
    scene.add_alice();
    let spellings = ["alice", "ALICE", "Alice", "alice ", " alice", "aLiCe  ", "\u{a0}alice"];
    let mut last = 0;
    for round in 0..4 {
        for (number, name) in spellings.iter().enumerate() {
            last = get_from(client(round * 7 + number), scene.at(), "/private/t040", &[("Authorization", &basic(name, "wrong"))]).status;
        }
    }
    assert_eq!(last, 429, "28 guesses under seven spellings");
    let answer = get_from(client(60), scene.at(), "/private/t040", &[("Authorization", &basic("alice", PASSWORD))]);
    assert_eq!(answer.status, 429);
    scene.refused("/private/t040", &[("Authorization", &basic("alice\0", PASSWORD))]);
}

#[test]
fn t041_a_forged_address_does_not_lift_the_limit() {
    let scene = Scene::attacks();
    scene.add_alice();
    let mut statuses = Vec::new();
    // One address, many names: what counts is where the connection comes from.
    for number in 0..45 {
        let forged = format!("10.0.0.{number}");
        let name = basic(&format!("name{number}"), "wrong");
        let headers = [
            ("Authorization", name.as_str()),
            ("X-Forwarded-For", &forged),
            ("X-Real-IP", &forged),
            ("Forwarded", &format!("for={forged}")),
        ];
        statuses.push(get_from(client(0), scene.at(), "/private/t041", &headers).status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(
        get_from(client(1), scene.at(), "/private/t041", &[("Authorization", &basic("alice", PASSWORD))]).status,
        200,
        "another address is free"
    );
}

#[test]
fn t042_a_locked_account_is_refused_at_every_door() {
    for (command, cause) in [("lock", "account-locked"), ("disable", "account-disabled")] {
        let scene = Scene::attacks();
        let alice = scene.add_alice();
        let (key, _) = scene.add_key("alice");
        let cookie = scene.sign_in("alice", PASSWORD);
        let doors = [("Authorization", alice.as_str()), ("X-API-Key", key.as_str()), ("Cookie", cookie.as_str())];
        for door in doors {
            scene.admitted("/private/t042/before", &[door]);
        }
        scene.gateway.administer(&["user", command, "alice"], "");
        let at = scene.at();
        for door in doors {
            everywhere(Duration::from_secs(1), door.0, || get(at, "/private/t042", &[door]).status == 401);
            let opened = scene.cause("/private/t042", &[door]);
            assert!(opened == cause || (door.0 == "Cookie" && opened == "session-revoked"), "{command} {}: {opened}", door.0);
        }
        let page = scene.post_sign_in("alice", PASSWORD, "/private/");
        assert_eq!((page.status, page.cookie("countersign")), (401, None), "{page:?}");
        let undo = if command == "lock" { "unlock" } else { "enable" };
        scene.gateway.administer(&["user", undo, "alice"], "");
        everywhere(Duration::from_secs(1), "the key works again", || get(at, "/private/t042/again", &[doors[1]]).status == 200);
    }
}

#[test]
fn t043_guessing_at_alice_disturbs_nobody_else() {
    let scene = Scene::attacks();
    scene.add_alice();
    let bob = scene.add("bob", "another good password");
    let cookie = scene.sign_in("alice", PASSWORD);
    let (key, _) = scene.add_key("alice");
    for _ in 0..40 {
        get_from(client(0), scene.at(), "/private/t043", &[("Authorization", &basic("alice", "wrong"))]);
    }
    assert_eq!(get_from(client(0), scene.at(), "/private/t043", &[("Authorization", &basic("alice", "wrong"))]).status, 429);
    scene.admitted("/private/t043/session", &[("Cookie", &cookie)]);
    scene.admitted("/private/t043/key", &[("X-API-Key", &key)]);
    scene.admitted("/private/t043/bob", &[("Authorization", &bob)]);
}

#[test]
fn t044_removal_and_a_new_password_end_everything_in_a_second() {
    let scene = Scene::attacks();
    scene.add_alice();
    let cookie = scene.sign_in("alice", PASSWORD);
    let (key, _) = scene.add_key("alice");
    let basic_old = basic("alice", PASSWORD);
    scene.admitted("/private/t044", &[("Authorization", &basic_old)]);
    let at = scene.at();
    scene.gateway.administer(&["user", "passwd", "alice", "--password-stdin"], "a new good password");
    everywhere(Duration::from_secs(1), "the session ends", || get(at, "/private/t044/after", &[("Cookie", &cookie)]).status == 401);
    // Few guesses: the counter would refuse the right password too.
    within(Duration::from_secs(1), "the old password", || get(at, "/private/t044/after", &[("Authorization", &basic_old)]).status == 401);
    let new = basic("alice", "a new good password");
    within(Duration::from_secs(1), "the new password", || get(at, "/private/t044/new", &[("Authorization", &new)]).status == 200);
    assert_eq!(get(at, "/private/t044/key", &[("X-API-Key", &key)]).status, 200, "a key is no password");
    scene.gateway.administer(&["user", "remove", "alice"], "");
    everywhere(Duration::from_secs(1), "the key dies with its account", || {
        get(at, "/private/t044/key", &[("X-API-Key", &key)]).status == 401
    });
    // Somebody else of the same name inherits nothing.
    scene.add_alice();
    for door in [("X-API-Key", key.as_str()), ("Cookie", cookie.as_str())] {
        scene.refused("/private/t044/heir", &[door]);
    }
}

#[test]
fn t046_cut_or_extended_secrets() {
    let scene = Scene::attacks();
    scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let cookie = scene.sign_in("alice", PASSWORD);
    let token = scene.issuer.token();
    let variants = |secret: &str| -> Vec<String> {
        let cut = (1..=4).flat_map(|count| [secret[..secret.len() - count].to_owned(), secret[count..].to_owned()]);
        cut.chain([format!("{secret}A"), format!("{secret}="), format!("{secret}{secret}"), secret.to_uppercase()]).collect()
    };
    for variant in variants(&key) {
        scene.refused("/private/t046", &[("X-API-Key", &variant)]);
    }
    for variant in variants(cookie.strip_prefix("countersign=").unwrap()) {
        scene.refused("/private/t046", &[("Cookie", &format!("countersign={variant}"))]);
    }
    for variant in variants(&token) {
        scene.refused("/private/t046", &[("Authorization", &format!("Bearer {variant}"))]);
    }
    for password in ["correct horse batter", "correct horse battery ", " correct horse battery", "correct horse battery\0", ""] {
        scene.refused("/private/t046", &[("Authorization", &basic("alice", password))]);
    }
    scene.admitted("/private/t046/whole", &[("X-API-Key", &key)]);
}

#[test]
fn t051_a_flood_of_passwords_does_not_slow_the_others() {
    let scene = Scene::attacks();
    scene.add_alice();
    let (key, _) = scene.add_key("alice");
    let at = scene.at();
    let (target, headers) = ("/private/t051", [("X-API-Key", key.as_str())]);
    let slowest_of_many = || {
        let mut times: Vec<Duration> = (0..200)
            .map(|_| {
                let began = Instant::now();
                assert_eq!(get(at, target, &headers).status, 200);
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        times[times.len() * 9 / 10]
    };
    let calm = slowest_of_many();
    let before = scene.gateway.memory();
    let long = "p".repeat(60_000);
    let stop = AtomicBool::new(false);
    let (stop, long) = (&stop, &long);
    let flooded = std::thread::scope(|scope| {
        for guesser in 0..32 {
            scope.spawn(move || {
                let mut number = 0;
                while !stop.load(Ordering::Relaxed) {
                    number += 1;
                    let password = if guesser % 8 == 0 { long.as_str() } else { "wrong" };
                    let header = basic(&format!("name{guesser}-{number}"), password);
                    let status =
                        get_from(client(guesser * 4 + number % 4), at, "/private/t051/guess", &[("Authorization", &header)]).status;
                    assert!([400, 401, 413, 429, 431, 503].contains(&status), "{status}");
                }
            });
        }
        let flooded = slowest_of_many();
        stop.store(true, Ordering::Relaxed);
        flooded
    });
    // 32 threads share two cores with the gateway, so some slowness is the machine's.
    assert!(flooded < calm * 100 + Duration::from_millis(100), "calm {calm:?}, under the flood {flooded:?}");
    let grown = scene.gateway.memory().saturating_sub(before);
    assert!(grown < 64 << 10, "grown by {grown} KiB");
    assert!(scene.upstream.saw("guess").is_empty());
}

#[test]
fn t052_malformed_basic() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let right = alice.strip_prefix("Basic ").unwrap();
    let forms = [
        "Basic".to_owned(),
        "Basic ".to_owned(),
        "Basic =".to_owned(),
        "Basic %%%".to_owned(),
        "Basic YWxpY2U".to_owned(), // no colon
        format!("Basic {right} {right}"),
        format!("Basic {right},"),
        format!("Basic {right}, Bearer x"),
        format!("Basic \"{right}\""),
        format!("Basic={right}"),
        format!("Basic:{right}"),
        format!("Basic\t{right}"),
        format!("Basic {right}="),
        format!("Basic {}", &right[..right.len() - 1]),
        format!("Basic {right}A"),
        format!("Basic {}-_", right),
        format!("Basic {}\u{e9}", right),
        "Basic OnBhc3N3b3Jk".to_owned(),     // no name
        "Basic YWxpY2UAOnB3".to_owned(),     // NUL in the name
        "Basic YWxpY2U6cHcNCg==".to_owned(), // a line break in the password
        "Basic 4pi6/zp4".to_owned(),         // not UTF-8
        format!("Basic realm=\"x\", {right}"),
        format!("BasicBasic {right}"),
        right.to_owned(),
        format!("Basic Basic {right}"),
    ];
    for form in &forms {
        let answer = scene.refused("/private/t052", &[("Authorization", form)]);
        assert_eq!(answer.status, 401, "{form:?}: {answer:?}");
        assert!(!answer.text().contains(right) && !format!("{:?}", answer.headers).contains(right), "{form:?}: {answer:?}");
    }
    let twice = request(scene.at(), "GET", "/private/t052", &[("Authorization", &alice), ("Authorization", &alice)], b"");
    assert_eq!(twice.status, 400);
    // Lenient where the grammar is: the scheme's case, and several blanks (RFC 9110 section 11.4).
    for form in [format!("basic {right}"), format!("BASIC   {right}")] {
        scene.admitted("/private/t052/lenient", &[("Authorization", &form)]);
    }
}
