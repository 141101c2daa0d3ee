//! An issuer that is asked about tokens (RFC 7662): discovery, keys, and an endpoint that says what a test tells it to, or
//! misbehaves.

use crate::client::{Answer, get};
use crate::gateway::{Folder, Gateway};
use crate::jwt::Signer;
use crate::now;
use crate::provider::{Form, parse};
use crate::upstream::Upstream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The client that may ask.
pub const CLIENT: &str = "gateway";
/// Its secret.
pub const SECRET: &str = "asks: 100%";

/// How the endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Good,
    /// A signed answer, of this type.
    Signed(&'static str),
    /// This status, and this body.
    Says(&'static str, &'static str),
    /// It takes the question and never answers.
    Hanging,
    /// It takes connections and closes them.
    Down,
    /// An answer of 64 MiB.
    Huge,
    /// An answer that says it is compressed.
    Bomb,
    /// A redirect to itself.
    Redirecting,
    /// One byte now and then.
    Dripping,
}

/// A gateway that asks two issuers, with an app behind it: `config/introspection.toml`.
pub struct AskedScene {
    /// The gateway.
    pub gateway: Gateway,
    /// The app.
    pub upstream: Upstream,
    /// Trusted at `one.test` and `both.test`.
    pub one: Endpoint,
    /// Trusted at `two.test` and `both.test`.
    pub two: Endpoint,
}

impl AskedScene {
    /// As it is.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "it starts a process")]
    pub fn new() -> Self {
        Self::with(|config| config, &[])
    }

    /// With the configuration changed, and with files beside it.
    #[track_caller]
    pub fn with(change: impl Fn(String) -> String, files: &[(&str, &str)]) -> Self {
        let (upstream, one, two) = (Upstream::start(), Endpoint::start(), Endpoint::start());
        let config = include_str!("../config/introspection.toml").replace("UPSTREAM", &format!("http://{}", upstream.address));
        let folder = Folder::new();
        folder.write("gateway.secret", format!("{SECRET}\n"));
        for (name, text) in files {
            folder.write(name, text);
        }
        folder.write("countersign.toml", change(config.replace("ONE", &one.url()).replace("TWO", &two.url())));
        Self { gateway: Gateway::start_in(folder, &[]), upstream, one, two }
    }

    /// Asks with a token.
    #[track_caller]
    pub fn ask(&self, host: &str, target: &str, token: &str) -> Answer {
        get(self.gateway.listen, target, &[("Host", host), ("Authorization", &format!("Bearer {token}"))])
    }

    /// Expects a token to be admitted.
    #[track_caller]
    pub fn admitted(&self, host: &str, token: &str) {
        let answer = self.ask(host, "/x", token);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Expects a token to be refused, or undecided, for this: what the reference holds.
    #[track_caller]
    pub fn refused(&self, host: &str, token: &str, cause: &str) -> Value {
        let answer = self.ask(host, "/x", token);
        let report = self.gateway.explain(&answer.reference());
        assert_eq!(report["cause"], cause, "{answer:?}\n{report}");
        if answer.status == 503 {
            assert!(answer.header("retry-after").is_some() && answer.all("www-authenticate").is_empty(), "{answer:?}");
        }
        report
    }
}

struct State {
    mood: Mood,
    tokens: HashMap<String, Value>,
    asked: Vec<Form>,
    key: Signer,
    /// Is any client taken for proved?
    trusting: bool,
}

/// The issuer.
pub struct Endpoint {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Endpoint {
    /// Starts one that knows no token.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state =
            State { mood: Mood::Good, tokens: HashMap::new(), asked: Vec::new(), key: Signer::new("said", "ES256"), trusting: false };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(stream, &state, address));
            }
        });
        Self { address, state }
    }

    /// Its name.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it answers like this.
    pub fn mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Takes any assertion for a proof, so that a test can look at it.
    pub fn takes_assertions(&self) {
        self.state.lock().unwrap().trusting = true;
    }

    /// Calls a token active, with these members.
    pub fn knows(&self, token: &str, members: Value) {
        let mut said =
            json!({ "active": true, "sub": "ann", "aud": "orders", "scope": "orders:read", "iss": self.url(), "exp": now() + 300 });
        said.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.state.lock().unwrap().tokens.insert(token.to_owned(), said);
    }

    /// Calls it active no longer.
    pub fn revokes(&self, token: &str) {
        self.state.lock().unwrap().tokens.remove(token);
    }

    /// The questions so far.
    pub fn asked(&self) -> Vec<Form> {
        self.state.lock().unwrap().asked.clone()
    }

    /// A JWT of its own with these claims.
    pub fn jwt(&self, claims: &Value) -> String {
        let state = self.state.lock().unwrap();
        state.key.token(&state.key.header(), claims)
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>, address: SocketAddr) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let Some(path) = line.split(' ').nth(1).map(str::to_owned) else { return };
    let (mut length, mut authorization, mut accept) = (0, String::new(), String::new());
    loop {
        let mut field = String::new();
        if reader.read_line(&mut field).unwrap_or(0) < 3 {
            break;
        }
        let (name, value) = field.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            "accept" => accept = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let url = format!("http://{address}");
    let mut form = parse(&String::from_utf8_lossy(&body));
    form.insert("Authorization".into(), authorization);
    form.insert("Accept".into(), accept);
    let mut send = |head: &str, body: &[u8]| {
        let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
    };
    const JSON: &str = "200 OK\r\nContent-Type: application/json";
    if path == "/.well-known/openid-configuration" {
        let document = json!({ "issuer": url, "jwks_uri": format!("{url}/jwks"), "introspection_endpoint": format!("{url}/introspect") });
        return send(JSON, document.to_string().as_bytes());
    }
    if path == "/jwks" {
        let keys = json!({ "keys": [state.lock().unwrap().key.jwk()] });
        return send(JSON, keys.to_string().as_bytes());
    }
    let (mood, answer, signed) = {
        let mut state = state.lock().unwrap();
        state.asked.push(form.clone());
        let answer = state.tokens.get(form.get("token").map_or("", String::as_str)).cloned().unwrap_or_else(|| json!({ "active": false }));
        let basic = STANDARD.encode(format!("{CLIENT}:asks%3A%20100%25"));
        let posted =
            form.get("client_id").is_some_and(|id| id == CLIENT) && form.get("client_secret").is_some_and(|secret| secret == SECRET);
        let proved = posted || form["Authorization"] == format!("Basic {basic}") || state.trusting;
        let mood = if proved { state.mood.clone() } else { Mood::Says("401 Unauthorized", r#"{"error":"invalid_client"}"#) };
        let claims = json!({ "iss": url, "aud": CLIENT, "iat": now(), "token_introspection": answer });
        let header = json!({ "alg": "ES256", "kid": "said", "typ": if let Mood::Signed(typ) = mood { typ } else { "" } });
        let signed = state.key.token(&header, &claims);
        (mood, answer, signed)
    };
    match mood {
        Mood::Good => send(JSON, answer.to_string().as_bytes()),
        Mood::Signed(_) => send("200 OK\r\nContent-Type: application/token-introspection+jwt", signed.as_bytes()),
        Mood::Says(status, body) => send(&format!("{status}\r\nContent-Type: application/json"), body.as_bytes()),
        Mood::Down => {}
        Mood::Hanging => {
            let _ = reader.read(&mut [0; 1]);
        }
        Mood::Huge => send(JSON, &vec![b' '; 64 << 20]),
        Mood::Bomb => {
            send(&format!("{JSON}\r\nContent-Encoding: gzip"), &[&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3][..], &[0xec; 4096]].concat())
        }
        Mood::Redirecting => send(&format!("307 Temporary Redirect\r\nLocation: {url}/introspect"), b""),
        Mood::Dripping => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n");
            let until_closed = std::iter::repeat_with(|| {
                crate::let_pass(std::time::Duration::from_millis(200));
                stream.write_all(b" ").is_ok()
            });
            let _ = until_closed.take(300).all(|open| open);
        }
    }
}
