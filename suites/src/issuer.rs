//! A token issuer: discovery and a JWK set over plain HTTP, with counters, rotation, downtime and hostile moods. It
//! issues nothing by itself; tests sign with its keys.

use crate::jwt::Signer;
use crate::{let_pass, now};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// It takes connections and closes them.
    Down,
    /// It takes requests and never answers.
    Hanging,
    /// Every answer is this status.
    Status(u16),
    /// Every answer redirects to itself.
    Redirecting,
    /// Every answer is a document of this many bytes.
    Huge(usize),
    /// Every answer says that it is compressed, and is a bomb.
    Bomb,
    /// One byte now and then.
    Dripping,
    /// Not JSON.
    Html,
    /// The discovery document names this issuer.
    OtherIssuer(String),
    /// The discovery document names this JWKS address.
    JwksAt(String),
}

#[derive(Debug)]
struct State {
    mood: Mood,
    url: String,
    keys: Vec<Value>,
    max_age: Option<u32>,
    discovery: usize,
    jwks: usize,
    others: Vec<String>,
}

/// The issuer.
pub struct Issuer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its signing keys: ES256, RS256 and EdDSA, under the ids `es`, `rs` and `ed`.
    pub keys: Vec<Signer>,
    state: Arc<Mutex<State>>,
}

impl Issuer {
    /// Starts one.
    pub fn start() -> Self {
        let keys = vec![Signer::new("es", "ES256"), Signer::new("rs", "RS256"), Signer::new("ed", "EdDSA")];
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let listed = keys.iter().map(Signer::jwk).collect();
        let url = format!("http://{address}");
        let state = State { mood: Mood::Good, url, keys: listed, max_age: None, discovery: 0, jwks: 0, others: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, keys, state }
    }

    /// Its name, which is its address too.
    pub fn url(&self) -> String {
        self.state.lock().unwrap().url.clone()
    }

    /// Gives it another name and address, of something that stands before it.
    pub fn is_at(&self, url: &str) {
        self.state.lock().unwrap().url = url.to_owned();
    }

    /// The key of this algorithm.
    pub fn key(&self, alg: &str) -> &Signer {
        self.keys.iter().find(|key| key.alg == alg).unwrap()
    }

    /// Claims of a good access token for the audience `orders`, with the scopes of the example.
    pub fn claims(&self) -> Value {
        json!({
            "iss": self.url(), "sub": "ann", "aud": "orders", "scope": "orders:read orders:write",
            "iat": now(), "exp": now() + 300, "jti": format!("{:?}", std::time::Instant::now()), "client_id": "suite",
        })
    }

    /// The claims with one of them replaced.
    pub fn claims_with(&self, name: &str, value: impl Into<Value>) -> Value {
        let mut claims = self.claims();
        claims[name] = value.into();
        claims
    }

    /// A good token.
    pub fn token(&self) -> String {
        self.token_of(&self.claims())
    }

    /// A token with these claims, signed with ES256.
    pub fn token_of(&self, claims: &Value) -> String {
        let key = self.key("ES256");
        key.token(&key.header(), claims)
    }

    /// From now on it answers like this.
    pub fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Lists these keys from now on.
    pub fn list(&self, keys: Vec<Value>) {
        self.state.lock().unwrap().keys = keys;
    }

    /// Says that the set may be kept for this many seconds.
    pub fn max_age(&self, seconds: u32) {
        self.state.lock().unwrap().max_age = Some(seconds);
    }

    /// How often the JWK set was asked for.
    pub fn jwks_requests(&self) -> usize {
        self.state.lock().unwrap().jwks
    }

    /// How often the discovery document was asked for.
    pub fn discovery_requests(&self) -> usize {
        self.state.lock().unwrap().discovery
    }

    /// Paths that were asked for and are neither.
    pub fn other_requests(&self) -> Vec<String> {
        self.state.lock().unwrap().others.clone()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(path) = request(&mut reader) {
        let (mood, url, body, max_age) = {
            let mut state = state.lock().unwrap();
            let url = state.url.clone();
            let body = match path.as_str() {
                "/.well-known/openid-configuration" => {
                    state.discovery += 1;
                    let issuer = if let Mood::OtherIssuer(other) = &state.mood { other.as_str() } else { &url };
                    let jwks = if let Mood::JwksAt(other) = &state.mood { other.clone() } else { format!("{url}/jwks") };
                    json!({ "issuer": issuer, "jwks_uri": jwks }).to_string()
                }
                "/jwks" => {
                    state.jwks += 1;
                    json!({ "keys": state.keys }).to_string()
                }
                _ => {
                    state.others.push(path);
                    String::new()
                }
            };
            (state.mood.clone(), url, body, state.max_age)
        };
        if !answer(&mut writer, &mut reader, &mood, &body, max_age, &url) {
            return;
        }
    }
}

/// The path of the next request.
fn request(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    while reader.read_line(&mut line).ok()? > 0 && !line.ends_with("\n\r\n") {}
    Some(path)
}

/// Answers; false where the connection is over.
fn answer(writer: &mut TcpStream, reader: &mut impl Read, mood: &Mood, body: &str, max_age: Option<u32>, url: &str) -> bool {
    let caching = max_age.map(|seconds| format!("Cache-Control: max-age={seconds}\r\n")).unwrap_or_default();
    let mut send = |head: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {head}\r\n{caching}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        writer.write_all(&[head.as_bytes(), body].concat()).is_ok()
    };
    match mood {
        Mood::Good | Mood::OtherIssuer(_) | Mood::JwksAt(_) => {
            send(if body.is_empty() { "404 Not Found" } else { "200 OK" }, body.as_bytes())
        }
        Mood::Down => false,
        Mood::Hanging => {
            let _ = reader.read(&mut [0; 1]);
            false
        }
        Mood::Status(status) => send(&format!("{status} Mood"), b"{}"),
        Mood::Redirecting => send(&format!("302 Found\r\nLocation: {url}/.well-known/openid-configuration?again"), b""),
        Mood::Huge(size) => send("200 OK", &vec![b' '; *size]),
        Mood::Bomb => {
            // 1 MiB of zeros, deflated; the header claims that it has to be inflated.
            let block = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xec; 4096]].concat();
            send("200 OK\r\nContent-Encoding: gzip", &block)
        }
        Mood::Dripping => {
            let _ = writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            let until_closed = std::iter::repeat_with(|| {
                let_pass(Duration::from_millis(200));
                writer.write_all(b" ").is_ok()
            });
            let _ = until_closed.take(300).all(|open| open);
            false
        }
        Mood::Html => send("200 OK", b"<!doctype html><title>Log in</title>"),
    }
}
