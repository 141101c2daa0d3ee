//! Keys against a real server on loopback, on a clock that stands still unless it is moved.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use bytes::Bytes;
use countersign::token::{Algorithm, SigningKey};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use tokio::net::TcpListener;
use tokio::time::advance;

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// An issuer on loopback that does as it is told, and counts.
struct Origin {
    issuer: String,
    told: Mutex<Told>,
    /// As long as it lives, the clock does not move by itself while everybody waits for the network.
    _still: std::sync::mpsc::Sender<()>,
}

#[derive(Default)]
struct Told {
    kids: Vec<&'static str>,
    /// What is said at a path instead of the usual.
    instead: HashMap<&'static str, Said>,
    asked: Vec<String>,
}

/// Status, headers, body.
type Said = (u16, Vec<(&'static str, String)>, String);

impl Origin {
    async fn start(kids: &[&'static str]) -> Arc<Self> {
        let (still, released) = std::sync::mpsc::channel();
        tokio::task::spawn_blocking(move || released.recv());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let told = Mutex::new(Told { kids: kids.to_vec(), ..Told::default() });
        let origin = Arc::new(Self { issuer, told, _still: still });
        let served = Arc::downgrade(&origin);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let served = served.clone();
                let service = service_fn(move |request| {
                    let response = served.upgrade().map(|origin| origin.answer(&request)).unwrap_or_default();
                    async { Ok::<_, Infallible>(response) }
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        origin
    }

    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let mut told = lock(&self.told);
        let path = request.uri().path().to_owned();
        told.asked.push(path.clone());
        let (status, headers, body) = told.instead.get(path.as_str()).cloned().unwrap_or_else(|| match path.as_str() {
            DISCOVERY => (200, vec![], format!(r#"{{"issuer":"{0}","jwks_uri":"{0}/keys"}}"#, self.issuer)),
            "/keys" => (200, vec![], jwks(&told.kids)),
            _ => (404, vec![], String::new()),
        });
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        response
    }

    fn tell(&self, path: &'static str, status: u16, headers: &[(&'static str, String)], body: &str) {
        lock(&self.told).instead.insert(path, (status, headers.to_vec(), body.to_owned()));
    }

    fn usual(&self) {
        lock(&self.told).instead.clear();
    }

    fn asked(&self, path: &str) -> usize {
        lock(&self.told).asked.iter().filter(|asked| *asked == path).count()
    }
}

fn jwks(kids: &[&str]) -> String {
    let key = |kid: &&str| SigningKey::from_seed(*kid, &[kid.len() as u8; 32]).unwrap().jwks()["keys"][0].clone();
    serde_json::json!({ "keys": kids.iter().map(key).collect::<Vec<_>>() }).to_string()
}

fn keys() -> Keys {
    Keys::new(None, Arc::new(Outbound::new(&[])), Handle::current())
}

/// The answer in a word: the ids of the keys, or the outage's seconds and why.
async fn ask(keys: &Keys, origin: &Origin, kid: Option<&str>) -> String {
    match keys.ask(&origin.issuer, kid).await {
        Answer::Known(set) => set.ids().collect::<Vec<_>>().join(" "),
        Answer::NotYet => "not yet".into(),
        Answer::Outage(outage) => {
            assert_eq!(outage.cause, Cause::KeysUnreachable);
            format!("outage {}", outage.retry_after)
        }
    }
}

/// Lets a fetch that a tick has begun come to its end.
async fn ticked(keys: &Keys, origin: &Origin) {
    keys.tick();
    let entry = keys.entry(&origin.issuer);
    while lock(&entry.state).is_fetching() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_cause_one_fetch() {
    let (origin, keys) = (Origin::start(&["k1"]).await, Arc::new(keys()));
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (origin, keys) = (origin.clone(), keys.clone());
        asking.spawn(async move { ask(&keys, &origin, Some("k1")).await });
    }
    assert_eq!(asking.join_all().await, ["k1"; 20]);
    assert_eq!((origin.asked(DISCOVERY), origin.asked("/keys")), (1, 1));
    assert!(keys.has(&origin.issuer));
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_is_down_is_left_alone_for_longer_and_longer() {
    let (origin, keys) = (Origin::start(&["k1"]).await, keys());
    origin.tell(DISCOVERY, 500, &[], "");
    for (attempt, pause) in [1, 2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
        assert_eq!(ask(&keys, &origin, None).await, format!("outage {}", pause + 1));
        advance(Duration::from_millis(pause * 1000 - 1)).await;
        assert_eq!(ask(&keys, &origin, None).await, "outage 1");
        assert_eq!(origin.asked(DISCOVERY), attempt + 1);
        advance(Duration::from_millis(1)).await;
    }
    origin.usual();
    assert_eq!(ask(&keys, &origin, None).await, "k1");
}

#[tokio::test(start_paused = true)]
async fn unknown_keys_cause_few_fetches() {
    let (origin, keys) = (Origin::start(&["k1"]).await, keys());
    assert_eq!(ask(&keys, &origin, Some("k1")).await, "k1");
    for number in 0..60 {
        assert_eq!(ask(&keys, &origin, Some(&format!("unknown {number}"))).await, "k1");
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(origin.asked("/keys"), 1 + 6);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_key_is_found_and_a_withdrawn_one_moves_the_epoch() {
    let (origin, keys) = (Origin::start(&["k1"]).await, keys());
    assert_eq!(ask(&keys, &origin, Some("k1")).await, "k1");
    let before = keys.epoch();
    lock(&origin.told).kids = vec!["k1", "second"];
    assert_eq!(ask(&keys, &origin, Some("second")).await, "k1 second");
    assert_eq!(keys.epoch(), before);
    lock(&origin.told).kids = vec!["second"];
    advance(Duration::from_secs(3600)).await;
    ticked(&keys, &origin).await;
    assert_eq!(keys.epoch(), before + 1);
    assert_eq!(ask(&keys, &origin, Some("second")).await, "second");
}

#[tokio::test(start_paused = true)]
async fn keys_are_refreshed_ahead_and_served_stale() {
    let (origin, keys) = (Origin::start(&["k1"]).await, keys());
    let headers = [("cache-control", "max-age=1000".to_owned())];
    origin.tell("/keys", 200, &headers, &jwks(&["k1"]));
    assert_eq!(ask(&keys, &origin, Some("k1")).await, "k1");
    advance(Duration::from_secs(799)).await;
    ticked(&keys, &origin).await;
    assert_eq!(origin.asked("/keys"), 1);
    advance(Duration::from_secs(1)).await;
    ticked(&keys, &origin).await;
    assert_eq!(origin.asked("/keys"), 2);

    origin.tell("/keys", 503, &headers, "");
    let before = keys.epoch();
    advance(Duration::from_secs(1000 + 24 * 3600 - 1)).await;
    ticked(&keys, &origin).await;
    assert_eq!(ask(&keys, &origin, Some("k1")).await, "k1");
    assert_eq!(ask(&keys, &origin, Some("new")).await, "outage 2", "while it is down, nobody knows whether it has this key");
    assert_eq!(keys.epoch(), before);
    advance(Duration::from_secs(1)).await;
    ticked(&keys, &origin).await;
    assert!(ask(&keys, &origin, Some("k1")).await.starts_with("outage"));
    assert_eq!(keys.epoch(), before + 1, "tokens that were verified with them count no longer");
}

#[tokio::test(start_paused = true)]
async fn the_own_issuer_needs_no_fetch() {
    let key = SigningKey::from_seed("own", &[1; 32]).unwrap();
    let issuer = Issuer {
        name: "own".into(),
        issuer: "urn:own".into(),
        audiences: vec![],
        algorithms: vec![Algorithm::EdDsa],
        leeway: 0,
        access_token_type: true,
        binding: countersign::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    };
    let issuer = Arc::new(issuer);
    let keys = Keys::new(Some((issuer.clone(), Arc::new(key.key_set()))), Arc::new(Outbound::new(&[])), Handle::current());
    keys.prefetch(&[issuer]);
    assert!(keys.has("urn:own") && lock(&keys.held).is_empty());
    assert!(matches!(keys.ask("urn:own", Some("other")).await, Answer::Known(_)));
}

/// An issuer that answers like this: what fault is seen, and is anything else asked for?
async fn check_fault(path: &'static str, status: u16, headers: &[(&'static str, &str)], body: &str, expect: &str) {
    let (origin, keys) = (Origin::start(&["k1"]).await, keys());
    let fill = |text: &str| text.replace("ORIGIN", &origin.issuer);
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, fill(value))).collect();
    origin.tell(path, status, &headers, &fill(body));
    assert_eq!(ask(&keys, &origin, None).await, "outage 2");
    let fault = lock(&keys.entry(&origin.issuer).state).fault.clone().unwrap();
    assert!(fault.contains(expect), "{fault:?} lacks {expect:?}");
    assert_eq!(origin.asked("/elsewhere"), 0);
    origin.usual();
    advance(Duration::from_secs(2)).await;
    assert_eq!(ask(&keys, &origin, None).await, "k1");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_refused() {
    let huge = format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(1024 * 1024));
    check_fault("/keys", 200, &[], &huge, "larger than").await;
    check_fault(DISCOVERY, 200, &[], &huge, "larger than").await;
    check_fault(DISCOVERY, 302, &[("location", "ORIGIN/elsewhere")], "", "302").await;
    check_fault("/keys", 307, &[("location", "ORIGIN/elsewhere")], "", "307").await;
    check_fault("/keys", 200, &[("content-encoding", "gzip")], "{}", "compressed").await;
    check_fault("/keys", 200, &[], "[]", "not a JWK set").await;
    check_fault(DISCOVERY, 200, &[], "<html>", "discovery document is not one").await;
    check_fault(DISCOVERY, 200, &[], r#"{"issuer":"http://other.example","jwks_uri":"ORIGIN/keys"}"#, "other.example").await;
    check_fault(DISCOVERY, 200, &[], r#"{"issuer":"ORIGIN/","jwks_uri":"ORIGIN/keys"}"#, "is for the issuer").await;
    check_fault(DISCOVERY, 200, &[], r#"{"issuer":"ORIGIN","jwks_uri":"http://127.0.0.1:1/keys"}"#, "neither at the issuer").await;
    check_fault(DISCOVERY, 200, &[], r#"{"issuer":"ORIGIN","jwks_uri":"https://127.0.0.1:1/keys"}"#, "no address").await;
    check_fault(DISCOVERY, 200, &[], r#"{"issuer":"ORIGIN","jwks_uri":"file:///etc/passwd"}"#, "not one of http").await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_issuer_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    // Here the clock moves by itself, since nobody will ever answer.
    let answer = keys().ask(&issuer, None).await;
    assert!(matches!(answer, Answer::Outage(_)), "{answer:?}");
}
