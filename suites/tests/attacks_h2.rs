//! Attack T120: floods of HTTP/2 frames, each sent by four connections at once. Whatever becomes of these connections,
//! others are answered meanwhile, and the gateway's memory stays within bounds that what was sent would exceed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use countersign_suites::client::get;
use countersign_suites::h2::{
    self, CONTINUATION, Connection, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, Outcome, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE,
    block, frame,
};
use countersign_suites::scene::{Scene, fill};
use countersign_suites::within;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Connections that flood at the same time.
const FLOODS: usize = 4;
/// Streams that one connection opens where it may have 128.
const STREAMS: usize = 400;
/// The longest that a flood waits for something to be said.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most memory that a flood may take, in KiB.
const BOUND: u64 = 48 << 10;

/// Floods while others ask, and afterwards; gives what became of each flood.
#[track_caller]
fn flooded<T: Send>(scene: &Scene, flood: impl Fn(Connection) -> T + Sync) -> Vec<T> {
    let at = scene.at();
    for _ in 0..8 {
        assert_eq!(get(at, "/public/healthy", &[]).status, 200);
    }
    let before = scene.gateway.memory();
    let (flood, over) = (&flood, &AtomicBool::new(false));
    let (ends, highest) = std::thread::scope(|scope| {
        let floods: Vec<_> = (0..FLOODS).map(|_| scope.spawn(move || flood(Connection::open(at)))).collect();
        let healthy = scope.spawn(move || {
            let mut highest = 0;
            // Each is answered in time, or fails the test; the last of them when all is over.
            loop {
                let last = over.load(Ordering::Relaxed);
                assert_eq!(get(at, "/public/healthy", &[]).status, 200);
                assert_eq!(Connection::open(at).request(&h2::get("a", "/private/healthy"), None), Outcome::Status(401));
                highest = highest.max(scene.gateway.memory());
                if last {
                    return highest;
                }
            }
        });
        let ends: Vec<_> = floods.into_iter().map(|flood| flood.join().unwrap()).collect();
        over.store(true, Ordering::Relaxed);
        (ends, healthy.join().unwrap())
    });
    let grown = highest.saturating_sub(before);
    assert!(grown < BOUND, "it grew by {grown} KiB");
    ends
}

/// Sends the same bytes again and again; false if the connection did not take all of them.
fn repeat(connection: &mut Connection, times: usize, bytes: &[u8]) -> bool {
    (0..times).all(|_| connection.send(bytes))
}

/// Does the gateway end the connection? Reads what there is until then.
fn ended(mut connection: Connection) -> bool {
    loop {
        match connection.frame(PATIENCE) {
            Some(frame) if frame.kind == GOAWAY => return true,
            Some(_) => {}
            // Without a word; a connection that is still open takes a ping, and says so.
            None => return !(connection.send(frame(PING, 0, 0, &[0; 8])) && connection.frame(PATIENCE).is_some()),
        }
    }
}

fn head(connection: &mut Connection, flags: u8, path: &str) -> (u32, Vec<u8>) {
    let stream = connection.stream();
    (stream, frame(HEADERS, flags, stream, &block(&h2::get("a", path))))
}

#[test]
fn t120_rapid_reset() {
    let scene = Scene::attacks();
    let ends = flooded(&scene, |mut connection| {
        for _ in 0..20_000 {
            let (stream, head) = head(&mut connection, END_HEADERS | END_STREAM, "/public/t120/reset");
            if !connection.send([head, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()) {
                return true;
            }
        }
        ended(connection)
    });
    assert_eq!(ends, [true; FLOODS], "whoever takes back all that it asks is cut off");
    let saw = scene.upstream.saw("/t120/reset").len();
    assert!(saw < 2000, "the app saw {saw} of 80,000 requests that nobody waits for");
}

/// Streams that the gateway itself must reset, being sent what is not allowed on them: the same as a rapid reset, but
/// nobody takes anything back.
#[test]
fn t120_streams_that_must_be_reset() {
    let scene = Scene::attacks();
    let ends = flooded(&scene, |mut connection| {
        for _ in 0..20_000 {
            let (stream, head) = head(&mut connection, END_HEADERS | END_STREAM, "/public/t120/made");
            if !connection.send([head, frame(WINDOW_UPDATE, 0, stream, &0_u32.to_be_bytes())].concat()) {
                return true;
            }
        }
        ended(connection)
    });
    assert_eq!(ends, [true; FLOODS]);
    let saw = scene.upstream.saw("/t120/made").len();
    assert!(saw < 8000, "the app saw {saw} of 80,000 requests");
}

#[test]
fn t120_continuation_without_end() {
    let scene = Scene::attacks();
    for piece in [vec![0_u8; 0], vec![0; 1], block(&[(b"x-flood", &[b'y'; 8000])])] {
        let ends = flooded(&scene, |mut connection| {
            let (stream, head) = head(&mut connection, END_STREAM, "/public/t120/continued");
            connection.send(head);
            let more = frame(CONTINUATION, 0, stream, &piece).repeat(16);
            !repeat(&mut connection, 1000, &more) || ended(connection)
        });
        assert_eq!(ends, [true; FLOODS], "frames of {} bytes", piece.len());
    }
    assert!(scene.upstream.saw("/t120/continued").is_empty());
}

#[test]
fn t120_settings_and_pings() {
    let scene = Scene::attacks();
    // A client that reads no answer must not have them heaped up.
    for (what, bytes) in [
        ("pings", frame(PING, 0, 0, &[7; 8])),
        ("empty settings", frame(SETTINGS, 0, 0, b"")),
        ("settings", frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255].repeat(100))),
        ("table sizes", frame(SETTINGS, 0, 0, &[[0, 1, 0, 0, 0, 0], [0, 1, 0, 0, 16, 0]].concat().repeat(50))),
        ("unknown frames", frame(0xbe, 0xff, 0, &[0; 64])),
        ("window updates", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes())),
    ] {
        let bytes = bytes.repeat(64);
        let times = (8 << 20) / bytes.len();
        flooded(&scene, |mut connection| repeat(&mut connection, times, &bytes));
        assert!(scene.gateway.printed().lines().all(|line| !line.contains("panicked")), "{what}");
    }
}

#[test]
fn t120_data_of_next_to_nothing() {
    // An app that takes no more than the system's buffers hold, so that nobody takes what comes.
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let (app, issuer) = (countersign_suites::upstream::Upstream::start(), countersign_suites::issuer::Issuer::start());
    let site = |host: &str, upstream: SocketAddr| {
        format!(
            "[[site]]\nhost = \"{host}\"\nupstream = \"http://{upstream}\"\n[[site.rule]]\npath = \"/public/**\"\naccess = \"public\"\n"
        )
    };
    let config = format!("{}\n{}", include_str!("../config/attacks.toml"), site("deaf.test", deaf.local_addr().unwrap()));
    let gateway = countersign_suites::gateway::Gateway::start(&fill(&config, &app, &issuer));
    let scene = Scene { gateway, upstream: app, issuer };
    // Padding counts for the window and is nothing else; of single bytes, each is kept until it is taken.
    let kinds: [(u8, &[u8]); 3] = [(0, b""), (8, &[255; 256]), (0, b"x")];
    for (host, (flags, payload)) in ["deaf.test", "a"].into_iter().flat_map(|host| kinds.map(|kind| (host, kind))) {
        flooded(&scene, |mut connection| {
            let stream = connection.stream();
            let mut fields = h2::get(host, "/public/t120/silent");
            fields[0].1 = b"POST";
            connection.send(frame(HEADERS, END_HEADERS, stream, &block(&fields)));
            repeat(&mut connection, 2000, &frame(DATA, flags, stream, payload).repeat(512))
        });
    }
}

#[test]
fn t120_fields_that_unfold() {
    let scene = Scene::attacks();
    // One field of 4,000 bytes is put into the table, then named by one byte each time: 60 MB out of 20 kB.
    let bomb = |connection: &mut Connection, path: &str, times: usize| {
        let mut fields = block(&h2::get("a", path));
        fields.extend([&[0x40, 6][..], b"x-bomb", &[127, 0xa1, 0x1e], &[b'y'; 4000]].concat());
        fields.extend(std::iter::repeat_n(0x80 | 62, times));
        let (first, rest) = fields.split_at(fields.len().min(16_000));
        let stream = connection.stream();
        connection.send(frame(HEADERS, END_STREAM, stream, first));
        connection.send(frame(CONTINUATION, END_HEADERS, stream, rest));
        loop {
            match connection.frame(PATIENCE) {
                Some(frame) if frame.stream == stream && frame.kind == HEADERS => return frame.status(),
                Some(frame) if frame.stream == stream && frame.kind == RST_STREAM => return None,
                Some(frame) if frame.kind != GOAWAY => {}
                _ => return None,
            }
        }
    };
    assert_eq!(bomb(&mut Connection::open(scene.at()), "/public/t120/few", 3), Some(200), "it unfolds");
    let ends = flooded(&scene, |_| {
        let one = |_| bomb(&mut Connection::open(scene.at()), "/public/t120/bomb", 15_000);
        (0..100).filter_map(one).filter(|status| *status != 431).count()
    });
    assert_eq!(ends, [0; FLOODS]);
    assert!(scene.upstream.saw("/t120/bomb").is_empty());
}

#[test]
fn t120_streams_in_plenty() {
    let scene = Scene::attacks();
    let before = scene.upstream.connections();
    // None of these requests ever ends; the app answers none of them.
    let opened = flooded(&scene, |mut connection| {
        let mut refused = 0;
        for _ in 0..STREAMS {
            let stream = connection.stream();
            let mut fields = h2::get("a", "/public/t120/silent");
            fields[0].1 = b"POST";
            if !connection.send(frame(HEADERS, END_HEADERS, stream, &block(&fields))) {
                break;
            }
        }
        while let Some(frame) = connection.frame(PATIENCE) {
            match frame.kind {
                RST_STREAM => refused += 1,
                GOAWAY => break,
                _ => continue,
            }
            if refused >= STREAMS - 128 {
                break;
            }
        }
        refused
    });
    assert!(opened.iter().all(|refused| *refused >= STREAMS - 128), "{opened:?}");
    let connections = scene.upstream.connections() - before;
    // Healthy ones need a few of their own.
    assert!(connections < FLOODS * 128 + 100, "{connections} connections to the app");
}

#[test]
fn t120_clients_that_take_nothing() {
    let scene = Scene::attacks();
    // A window of nothing, then one of a byte at a time: 4 × 40 answers of 1 MiB have to wait where they are.
    for window in [0_u8, 1] {
        flooded(&scene, |mut connection| {
            connection.send(frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, window]));
            let mut streams = Vec::new();
            for _ in 0..40 {
                let (stream, head) = head(&mut connection, END_HEADERS | END_STREAM, "/public/t120/large");
                connection.send(head);
                streams.push(stream);
            }
            let mut answered = 0;
            while answered < 40 {
                let frame = connection.frame(PATIENCE).expect("heads come without a window");
                answered += usize::from(frame.kind == HEADERS);
            }
            for stream in streams.iter().cycle().take(400) {
                connection.send(frame(WINDOW_UPDATE, 0, *stream, &u32::from(window).max(1).to_be_bytes()));
            }
        });
    }
    within(Duration::from_secs(20), "what was left is cleared away", || {
        get(scene.gateway.admin, "/metrics", &[])
            .text()
            .lines()
            .any(|line| line.starts_with("countersign_connections") && line.ends_with(" 0"))
    });
}
