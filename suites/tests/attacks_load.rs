//! Attacks T119 to T126: slow clients, floods, kills amid changes, reloads under load. Scaled to two cores; what is
//! compared is measured in the same run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::{Wire, attack, basic, get, get_from, request_on};
use countersign_suites::scene::{PASSWORD, Scene};
use countersign_suites::within;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

#[test]
fn t119_slow_clients_are_cut() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let (key, _) = scene.add_key("alice");
    // The configured limits: heads 2 s, idle connections 3 s, bodies at rest 2 s.
    let kinds: Vec<(&str, String)> = vec![
        ("nothing at all", String::new()),
        ("half a head", "GET /public/t119 HTTP/1.1\r\nHost: a\r\nX: ".into()),
        ("half a request line", "GET /pub".into()),
        ("idle after a request", "GET /public/t119 HTTP/1.1\r\nHost: a\r\n\r\n".into()),
        ("half a body", "POST /public/t119/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf".into()),
        ("half a chunk", "POST /public/t119/slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf".into()),
        ("half a body, refused", "POST /private/t119/slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf".into()),
        (
            "half a body, admitted",
            format!("POST /private/t119/slow HTTP/1.1\r\nHost: a\r\nAuthorization: {alice}\r\nContent-Length: 1000\r\n\r\nhalf"),
        ),
        ("half a preface", "PRI * HTTP/2.0\r\n\r\nSM".into()),
        ("a preface alone", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".into()),
    ];
    let at = scene.at();
    let times = std::thread::scope(|scope| {
        let slow: Vec<_> = (0..200)
            .map(|number| {
                let (what, bytes) = &kinds[number % kinds.len()];
                scope.spawn(move || {
                    let mut wire = Wire::connect(at);
                    wire.send(bytes);
                    let began = Instant::now();
                    wire.patience(Duration::from_secs(15));
                    assert!(wire.closed(), "{what}: still open after 15 s");
                    (*what, began.elapsed())
                })
            })
            .collect();
        let mut healthy: Vec<Duration> = (0..100)
            .map(|_| {
                let began = Instant::now();
                assert_eq!(get(at, "/private/t119/healthy", &[("X-API-Key", &key)]).status, 200);
                began.elapsed()
            })
            .collect();
        healthy.sort_unstable();
        assert!(healthy[98] < Duration::from_millis(500), "{:?}", healthy[98]);
        slow.into_iter().map(|slow| slow.join().unwrap()).collect::<Vec<_>>()
    });
    let slowest = times.iter().max_by_key(|(_, time)| *time).unwrap();
    assert!(slowest.1 < Duration::from_secs(9), "{slowest:?}");
}

#[test]
fn t121_heads_that_are_too_large() {
    let scene = Scene::attacks();
    let many = |count: usize| (0..count).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    let cases = [
        ("1 MiB field", format!("GET /public/t121 HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(1 << 20))),
        ("5,000 fields", format!("GET /public/t121 HTTP/1.1\r\nHost: a\r\n{}\r\n", many(5000))),
        ("150 fields", format!("GET /public/t121 HTTP/1.1\r\nHost: a\r\n{}\r\n", many(150))),
        ("1 MiB target", format!("GET /public/{} HTTP/1.1\r\nHost: a\r\n\r\n", "y".repeat(1 << 20))),
        ("70 KiB target", format!("GET /public/{} HTTP/1.1\r\nHost: a\r\n\r\n", "y".repeat(70 << 10))),
        ("5,000 cookies", format!("GET /public/t121 HTTP/1.1\r\nHost: a\r\nCookie: {}\r\n\r\n", "countersign=x; ".repeat(5000))),
        ("1 MiB method", format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "G".repeat(1 << 20))),
        ("1 MiB Authorization", format!("GET /private/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\r\n", "y".repeat(1 << 20))),
    ];
    let before = scene.gateway.memory();
    for (what, bytes) in &cases {
        let answers = attack(scene.at(), bytes);
        // The connection may be reset while the rest is still being sent; then no answer can be read.
        let status = answers.first().map_or(431, |answer| answer.status);
        assert!((400..500).contains(&status), "{what}: {status}");
    }
    assert!(scene.upstream.requests().is_empty(), "{:?}", scene.upstream.requests().len());
    let cookies = format!("Cookie: {}", "a=b; ".repeat(1000));
    let answers = attack(scene.at(), format!("GET /private/t121 HTTP/1.1\r\nHost: a\r\n{cookies}\r\nConnection: close\r\n\r\n"));
    assert_eq!(answers[0].status, 401, "many cookies of others are no fault");
    assert!(scene.gateway.memory() < before + (32 << 10));
    assert_eq!(get(scene.at(), "/public/t121", &[]).status, 200);
}

#[test]
fn t122_tables_are_bounded() {
    let scene = Scene::attacks();
    scene.add_alice();
    let at = scene.at();
    // Warm up, so that what is measured is growth and not start.
    for _ in 0..200 {
        get(at, "/oauth2/sign_in", &[("Accept", "text/html")]);
    }
    let before = scene.gateway.memory();
    std::thread::scope(|scope| {
        for client in 0..8_usize {
            scope.spawn(move || {
                let mut wire = Wire::connect(at);
                for number in 0..1500_usize {
                    let forged = format!("10.{client}.{}.{}", number / 250, number % 250);
                    let bearer = format!("Bearer x{client}.y{number}.z");
                    let cookie = format!("countersign={client:021}{number:022}");
                    let mut random = [0; 32];
                    random[..16].copy_from_slice(&((client << 32 | number) as u128).to_le_bytes());
                    let key = countersign::write_api_key("", &random);
                    let (name, value) = match number % 4 {
                        0 => ("Accept", "text/html"),
                        1 => ("Authorization", bearer.as_str()),
                        2 => ("Cookie", cookie.as_str()),
                        _ => ("X-API-Key", key.as_str()),
                    };
                    let target = if number % 4 == 0 { "/oauth2/sign_in" } else { "/private/t122" };
                    let status = request_on(&mut wire, "a", "GET", target, &[(name, value), ("X-Forwarded-For", &forged)], b"").status;
                    assert!([200, 401].contains(&status), "{status}");
                }
            });
        }
    });
    let grown = scene.gateway.memory().saturating_sub(before);
    assert!(grown < 64 << 10, "12,000 requests grew it by {grown} KiB");
}

#[test]
fn t123_what_was_acknowledged_survives_a_kill() {
    let mut scene = Scene::attacks();
    scene.add("other", PASSWORD);
    for round in 0..20 {
        let name = format!("user{round}");
        let login = scene.add(&name, PASSWORD);
        let (key, id) = scene.add_key(&name);
        let (spare, _) = scene.add_key(&name);
        let new = basic(&name, "changed password");
        scene.admitted("/private/t123", &[("X-API-Key", &key)]);
        let kept = scene.sign_in(&name, PASSWORD);
        // The kill follows the acknowledgement at once, amid whatever the gateway is doing.
        match round % 4 {
            0 => drop(scene.gateway.administer(&["key", "revoke", &id], "")),
            1 => drop(scene.gateway.administer(&["user", "lock", &name], "")),
            2 => drop(scene.gateway.administer(&["user", "passwd", &name, "--password-stdin"], "changed password")),
            _ => drop(scene.gateway.administer(&["session", "revoke", "--user", &name], "")),
        }
        scene.gateway.kill_and_restart();
        let at = scene.at();
        let status = |header: (&str, &str)| get(at, "/private/t123/after", &[header]).status;
        match round % 4 {
            0 => {
                assert_eq!(status(("X-API-Key", &key)), 401);
                assert_eq!(status(("X-API-Key", &spare)), 200);
                assert_eq!(status(("Cookie", &kept)), 200, "sessions survive a restart");
            }
            1 => assert_eq!([status(("Authorization", &login)), status(("X-API-Key", &key)), status(("Cookie", &kept))], [401; 3]),
            2 => {
                assert_eq!([status(("Authorization", &login)), status(("Authorization", &new)), status(("Cookie", &kept))], [401, 200, 401])
            }
            _ => assert_eq!([status(("Cookie", &kept)), status(("X-API-Key", &key))], [401, 200]),
        }
    }
}

#[test]
fn t126_reload_under_load() {
    let scene = Scene::attacks();
    let alice = scene.add_alice();
    let at = scene.at();
    let path = scene.gateway.folder.path().join("countersign.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let (stop, failed, done) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let (stop, failed, done, header) = (&stop, &failed, &done, &alice);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(move || {
                let mut wire = Wire::connect(at);
                while !stop.load(Ordering::Relaxed) {
                    let sent = wire.send(format!("GET /private/t126 HTTP/1.1\r\nHost: a\r\nAuthorization: {header}\r\n\r\n"));
                    let status = wire.answer("GET").map_or(0, |answer| answer.status);
                    if !sent || status != 200 {
                        failed.fetch_add(1, Ordering::Relaxed);
                        wire = Wire::connect(at);
                    }
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let realm = |answer: &str| answer.split("realm=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let shown = || realm(&get(at, "/private/x", &[]).all("www-authenticate").join(", "));
        for round in 0..5 {
            std::fs::write(&path, config.replace("realm = \"attacks\"", &format!("realm = \"round {round}\""))).unwrap();
            scene.gateway.signal("HUP");
            within(Duration::from_secs(5), "the new plan is in force", || shown() == format!("round {round}"));
        }
        for (number, bad) in
            ["[[site", "realm = 1\n", &config.replace("access = \"public\"", "access = \"publik\""), ""].into_iter().enumerate()
        {
            std::fs::write(&path, bad).unwrap();
            let said = scene.gateway.printed().len();
            scene.gateway.signal("HUP");
            within(Duration::from_secs(5), "it says why", || scene.gateway.printed()[said..].contains("countersign.toml"));
            assert_eq!(shown(), "round 4", "bad file {number}: the old plan stays");
        }
        within(Duration::from_secs(20), "there was load", || done.load(Ordering::Relaxed) > 200);
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(failed.load(Ordering::Relaxed), 0, "of {} requests", done.load(Ordering::Relaxed));
}

#[test]
fn t126_a_changed_file_is_enough() {
    let scene = Scene::attacks();
    let path = scene.gateway.folder.path().join("countersign.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("path = \"/public/**\"", "path = \"/open/**\"")).unwrap();
    let at = scene.at();
    within(Duration::from_secs(10), "the new rule is in force", || get(at, "/open/x", &[]).status == 200);
    assert_eq!(get(at, "/public/x", &[]).status, 403);
}

#[test]
fn t119_stopping_finishes_what_runs() {
    let mut scene = Scene::attacks();
    let at = scene.at();
    let mut wire = Wire::connect(at);
    wire.send("POST /public/stop/stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    let (status, _) = wire.head().unwrap();
    assert_eq!((status, wire.chunk()), (200, Some(b"first".to_vec())));
    scene.gateway.signal("TERM");
    within(Duration::from_secs(5), "no new connections", || std::net::TcpStream::connect(at).is_err());
    assert!(scene.gateway.alive(), "a request still runs");
    wire.send("6\r\nsecond\r\n0\r\n\r\n");
    assert_eq!(wire.chunk(), Some(b"second".to_vec()));
    assert_eq!(wire.chunk(), Some(Vec::new()));
    within(Duration::from_secs(5), "then it ends", || !scene.gateway.alive());
}

/// Floods come from many places; none of them may push a counter out. One more guess is allowed each half minute, so
/// what counts is how many alice gets afterwards: ten, had she been forgotten.
#[test]
fn t122_names_and_addresses_in_plenty() {
    let scene = Scene::attacks();
    scene.add_alice();
    let at = scene.at();
    let guess = |last: u8, name: &str| {
        let from = IpAddr::V4(Ipv4Addr::new(127, 0, 3, last));
        get_from(from, at, "/private/t122", &[("Authorization", &basic(name, "wrong"))]).status
    };
    let began = Instant::now();
    let first = (0..12).map(|_| guess(1, "alice")).collect::<Vec<_>>();
    assert_eq!(first.last(), Some(&429), "{first:?}");
    let guess = &guess;
    std::thread::scope(|scope| {
        for client in 2..34 {
            scope.spawn(move || (0..20).map(|number| guess(client, &format!("n{client}-{number}"))).max());
        }
    });
    let tried = (0..12).filter(|_| guess(200, "alice") == 401).count();
    let refilled = usize::try_from(began.elapsed().as_secs() / 30).unwrap() + 1;
    assert!(tried <= refilled, "alice's counter is still there: {tried} more guesses after {:?}", began.elapsed());
}
