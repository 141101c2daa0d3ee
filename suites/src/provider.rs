//! An OpenID provider that says what a test tells it to: discovery, keys, tokens, userinfo, pushed requests. It shows no
//! login page: a test takes the browser's part and asks it for a code.

use crate::client::{Answer, get};
use crate::jwt::Signer;
use crate::{jwt, now};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Makes an ID token of its claims.
pub type Sign = Arc<dyn Fn(&Signer, &Value) -> String + Send + Sync>;

/// A client that the provider knows.
pub const CLIENT: &str = "orders";
/// Its secret.
pub const SECRET: &str = "the client's secret: 100%";

/// A form that came to an endpoint, with its `Authorization`.
pub type Form = HashMap<String, String>;

struct State {
    url: String,
    keys: Vec<Arc<Signer>>,
    /// Codes and refresh tokens that were given, with the nonce and challenge of their login.
    given: HashMap<String, (String, String)>,
    discovery: Map<String, Value>,
    subject: String,
    claims: Map<String, Value>,
    userinfo: Option<Value>,
    expires_in: i64,
    refresh: bool,
    sign: Sign,
    /// Instead of an endpoint's own answer: status line with further fields, and body.
    instead: HashMap<String, (String, String)>,
    asked: Vec<(String, Form)>,
    count: usize,
}

/// The provider.
pub struct Provider {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Provider {
    /// Starts one. It speaks of `ann`, who is in the group `eng`.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            url: format!("http://{address}"),
            keys: vec![Arc::new(Signer::new("first", "ES256"))],
            given: HashMap::new(),
            discovery: Map::new(),
            subject: "ann-17".into(),
            claims: Map::new(),
            userinfo: None,
            expires_in: 300,
            refresh: false,
            sign: Arc::new(|key, claims| key.token(&json!({ "alg": key.alg, "kid": key.kid, "typ": "JWT" }), claims)),
            instead: HashMap::new(),
            asked: Vec::new(),
            count: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = shared.clone();
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    /// Its issuer.
    pub fn url(&self) -> String {
        self.state.lock().unwrap().url.clone()
    }

    /// Adds a member to its discovery document, or replaces one; null removes it.
    pub fn publishes(&self, member: &str, value: Value) {
        self.state.lock().unwrap().discovery.insert(member.to_owned(), value);
    }

    /// Adds a claim to its ID tokens, or replaces one; null removes it.
    pub fn claims(&self, name: &str, value: impl Into<Value>) {
        self.state.lock().unwrap().claims.insert(name.to_owned(), value.into());
    }

    /// Forgets what [`claims`](Self::claims) said, and how tokens were to be signed.
    pub fn honest(&self) {
        let mut state = self.state.lock().unwrap();
        state.claims.clear();
        state.instead.clear();
        state.sign = Arc::new(|key, claims| key.token(&json!({ "alg": key.alg, "kid": key.kid, "typ": "JWT" }), claims));
    }

    /// Makes its ID tokens in another way.
    pub fn signs(&self, sign: impl Fn(&Signer, &Value) -> String + Send + Sync + 'static) {
        self.state.lock().unwrap().sign = Arc::new(sign);
    }

    /// Says this at its userinfo endpoint.
    pub fn says(&self, userinfo: Value) {
        self.state.lock().unwrap().userinfo = Some(userinfo);
    }

    /// Speaks of another person.
    pub fn speaks_of(&self, subject: &str) {
        self.state.lock().unwrap().subject = subject.to_owned();
    }

    /// Gives refresh tokens from now on, and access tokens that last so long.
    pub fn refreshes(&self, expires_in: i64) {
        let mut state = self.state.lock().unwrap();
        (state.refresh, state.expires_in) = (true, expires_in);
    }

    /// Takes no refresh token any more.
    pub fn withdraws(&self) {
        self.state.lock().unwrap().given.clear();
    }

    /// Answers an endpoint (`/token`) in this way instead: a status, with further fields after a line end, and a body. The
    /// status `never` never comes.
    pub fn instead(&self, path: &str, status: &str, body: &str) {
        self.state.lock().unwrap().instead.insert(path.to_owned(), (status.to_owned(), body.to_owned()));
    }

    /// Signs with a new key from now on, and lists only that.
    pub fn rotates(&self) {
        let mut state = self.state.lock().unwrap();
        let kid = format!("key-{}", state.keys.len() + state.count);
        state.keys = vec![Arc::new(Signer::new(&kid, "ES256"))];
    }

    /// Its key.
    pub fn key(&self) -> Arc<Signer> {
        self.state.lock().unwrap().keys[0].clone()
    }

    /// What came to this endpoint, in order.
    pub fn asked(&self, path: &str) -> Vec<Form> {
        let state = self.state.lock().unwrap();
        state.asked.iter().filter(|(asked, _)| asked == path).map(|(_, form)| form.clone()).collect()
    }

    /// A logout token with these claims besides the usual ones; null removes one.
    pub fn logout_token(&self, claims: Value) -> String {
        let mut all = json!({
            "iss": self.url(), "aud": CLIENT, "iat": now(), "exp": now() + 120, "jti": jwt::b64(format!("{:?}", std::time::Instant::now())),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        merge(&mut all, claims.as_object().unwrap());
        let key = self.key();
        key.token(&json!({ "alg": key.alg, "kid": key.kid, "typ": "logout+jwt" }), &all)
    }

    /// A code for the login that this authorization request asks for.
    #[track_caller]
    pub fn code(&self, request: &Request) -> String {
        let mut state = self.state.lock().unwrap();
        state.count += 1;
        let code = format!("code-{}", state.count);
        state.given.insert(code.clone(), (request.get("nonce").to_owned(), request.get("code_challenge").to_owned()));
        code
    }
}

/// An authorization request as the browser is sent with it, and the cookies that the gateway set.
#[derive(Clone, Debug)]
pub struct Request {
    /// Where it leads.
    pub location: String,
    /// The query.
    pub query: HashMap<String, String>,
    /// `Cookie`.
    pub cookies: String,
}

impl Request {
    /// Begins a login as a browser does.
    #[track_caller]
    pub fn begin(at: SocketAddr, target: &str, headers: &[(&str, &str)]) -> Self {
        Self::of(&get(at, target, &[headers, &[("Accept", "text/html")]].concat()))
    }

    /// Reads it from the gateway's answer.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 303, "{answer:?}");
        let location = answer.header("location").unwrap().to_owned();
        let query = location.split_once('?').map(|(_, query)| parse(query)).unwrap_or_default();
        Self { location, query, cookies: cookies(answer) }
    }

    /// A parameter of it.
    #[track_caller]
    pub fn get(&self, name: &str) -> &str {
        self.query.get(name).unwrap_or_else(|| panic!("no {name} in {}", self.location))
    }
}

/// The cookies that an answer sets, as a browser sends them back.
pub fn cookies(answer: &Answer) -> String {
    let pairs = answer.all("set-cookie").into_iter().filter_map(|line| line.split(';').next());
    pairs.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}

/// A form or query.
pub fn parse(text: &str) -> Form {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

fn decode(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap_or(b'0'), bytes.next().unwrap_or(b'0')];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap_or("0"), 16).unwrap_or(b'?')
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn merge(claims: &mut Value, with: &Map<String, Value>) {
    for (name, value) in with {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
}

fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let Some(target) = line.split(' ').nth(1).map(str::to_owned) else { return };
    let (mut length, mut authorization) = (0, String::new());
    loop {
        let mut field = String::new();
        if reader.read_line(&mut field).unwrap_or(0) < 3 {
            break;
        }
        let (name, value) = field.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => authorization = value.trim().to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let mut form = parse(&String::from_utf8_lossy(&body));
    form.insert("Authorization".into(), authorization);
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let (status, body) = answer(&mut state.lock().unwrap(), &path, form);
    if status == "never" {
        // Until the other side has had enough.
        let _ = reader.read(&mut [0; 1]);
        return;
    }
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.as_bytes(), body.as_bytes()].concat());
}

fn answer(state: &mut State, path: &str, form: Form) -> (String, String) {
    state.asked.push((path.to_owned(), form.clone()));
    if let Some((status, body)) = state.instead.get(path) {
        return (status.clone(), body.clone());
    }
    let good = |value: Value| ("200 OK".to_owned(), value.to_string());
    let error = |code: &str| ("400 Bad Request".to_owned(), json!({ "error": code }).to_string());
    match path {
        "/.well-known/openid-configuration" => {
            let at = |path: &str| format!("{}{path}", state.url);
            let mut document = json!({
                "issuer": state.url, "jwks_uri": at("/jwks"), "authorization_endpoint": at("/auth"), "token_endpoint": at("/token"),
                "end_session_endpoint": at("/end"), "authorization_response_iss_parameter_supported": true,
                "code_challenge_methods_supported": ["S256"],
            });
            if state.userinfo.is_some() {
                document["userinfo_endpoint"] = json!(at("/userinfo"));
            }
            merge(&mut document, &state.discovery.clone());
            good(document)
        }
        "/jwks" => good(json!({ "keys": state.keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })),
        "/par" => ("201 Created".to_owned(), json!({ "request_uri": "urn:example:pushed", "expires_in": 60 }).to_string()),
        "/userinfo" => good(state.userinfo.clone().unwrap_or_default()),
        "/token" => {
            let basic = STANDARD.encode(format!("{CLIENT}:{}", "the%20client%27s%20secret%3A%20100%25"));
            if form["Authorization"] != format!("Basic {basic}") {
                return error("invalid_client");
            }
            let kind = form.get("grant_type").map(String::as_str);
            let token = form.get(if kind == Some("refresh_token") { "refresh_token" } else { "code" }).cloned().unwrap_or_default();
            // A code and a refresh token count once.
            let Some((nonce, challenge)) = state.given.remove(&token) else { return error("invalid_grant") };
            if kind == Some("authorization_code") {
                let verifier = form.get("code_verifier").cloned().unwrap_or_default();
                if challenge != jwt::b64(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes())) {
                    return error("invalid_grant");
                }
            }
            state.count += 1;
            let access_token = format!("access-{}", state.count);
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, access_token.as_bytes());
            let mut claims = json!({
                "iss": state.url, "sub": state.subject, "aud": CLIENT, "nonce": nonce, "iat": now(), "exp": now() + 300,
                "auth_time": now(), "sid": "provider-session", "at_hash": jwt::b64(&hash.as_ref()[..16]),
                "preferred_username": "Ann", "name": "Ann Example", "email": "ann@example.test", "email_verified": true, "groups": ["eng"],
            });
            merge(&mut claims, &state.claims.clone());
            let id_token = (state.sign)(&state.keys[0], &claims);
            let mut answer = json!({
                "access_token": access_token, "token_type": "Bearer", "expires_in": state.expires_in, "id_token": id_token,
            });
            if state.refresh {
                let refresh = format!("refresh-{}", state.count);
                state.given.insert(refresh.clone(), (nonce, String::new()));
                answer["refresh_token"] = json!(refresh);
            }
            good(answer)
        }
        _ => ("404 Not Found".to_owned(), "{}".to_owned()),
    }
}
