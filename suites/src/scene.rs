//! A gateway with an app behind it, an issuer beside it and a few people who may use it.

use crate::client::{Answer, basic, get, request};
use crate::gateway::Gateway;
use crate::issuer::Issuer;
use crate::upstream::{Recorded, Upstream};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Alice's password.
pub const PASSWORD: &str = "correct horse battery";

/// A stage.
pub struct Scene {
    /// The gateway.
    pub gateway: Gateway,
    /// The app behind it.
    pub upstream: Upstream,
    /// The issuer that it trusts.
    pub issuer: Issuer,
}

impl Scene {
    /// The stage of the attacks: see `config/attacks.toml`. Nobody has an account yet.
    #[track_caller]
    pub fn attacks() -> Self {
        Self::with(include_str!("../config/attacks.toml"))
    }

    /// The example file that everybody starts from, with the addresses of this stage.
    #[track_caller]
    pub fn orders() -> Self {
        Self::with(
            &include_str!("../config/orders.toml").replace("http://127.0.0.1:3000", "UPSTREAM").replace("http://127.0.0.1:9901", "ISSUER"),
        )
    }

    /// The stage of another configuration, in which `UPSTREAM` and `ISSUER` stand for the addresses.
    #[track_caller]
    pub fn with(config: &str) -> Self {
        let (upstream, issuer) = (Upstream::start(), Issuer::start());
        let gateway = Gateway::start(&fill(config, &upstream, &issuer));
        Self { gateway, upstream, issuer }
    }

    /// Where the gateway listens.
    pub fn at(&self) -> SocketAddr {
        self.gateway.listen
    }

    /// Adds alice, who is staff and may read and write.
    #[track_caller]
    pub fn add_alice(&self) -> String {
        self.add("alice", PASSWORD)
    }

    /// Adds somebody who is staff and may read and write; gives the header that is admitted.
    #[track_caller]
    pub fn add(&self, name: &str, password: &str) -> String {
        let arguments = ["user", "add", name, "--role", "staff", "--scope", "orders:read", "--scope", "orders:write", "--password-stdin"];
        self.gateway.administer(&arguments, password);
        basic(name, password)
    }

    /// Adds an API key for somebody, for reading; gives what the command printed.
    #[track_caller]
    pub fn add_key(&self, name: &str) -> (String, String) {
        let made = self.gateway.administer_json(&["key", "add", "--user", name, "--scope", "orders:read", "--expires", "90d"]);
        let text = |member: &str| made[member].as_str().unwrap_or_else(|| panic!("no {member}: {made}")).to_owned();
        (text("key"), text("id"))
    }

    /// Logs in by the page, as a browser without scripts would; gives the session cookie's pair.
    #[track_caller]
    pub fn sign_in(&self, name: &str, password: &str) -> String {
        let answer = self.post_sign_in(name, password, "/private/");
        assert_eq!(answer.status, 303, "{answer:?}");
        let value = answer.cookie("countersign").unwrap_or_else(|| panic!("no session cookie: {answer:?}"));
        format!("countersign={value}")
    }

    /// Fills in the login page and sends it.
    #[track_caller]
    pub fn post_sign_in(&self, name: &str, password: &str, rd: &str) -> Answer {
        let (cookies, csrf) = self.sign_in_page();
        let body = form(&[("csrf", &csrf), ("username", name), ("password", password), ("rd", rd)]);
        let host = self.at().to_string();
        let origin = format!("http://{host}");
        let headers =
            [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html"), ("Origin", &origin), ("Cookie", &cookies)];
        request(self.at(), "POST", "/oauth2/sign_in", &headers, body.as_bytes())
    }

    /// Cookies and CSRF token of a fresh login page.
    #[track_caller]
    pub fn sign_in_page(&self) -> (String, String) {
        let page = get(self.at(), "/oauth2/sign_in", &[("Accept", "text/html")]);
        assert_eq!(page.status, 200, "{page:?}");
        let cookies: Vec<&str> = page.all("set-cookie").into_iter().filter_map(|line| line.split(';').next()).collect();
        (cookies.join("; "), hidden(&page.text(), "csrf"))
    }

    /// Asks with these headers and expects to be admitted: what the app saw.
    #[track_caller]
    pub fn admitted(&self, target: &str, headers: &[(&str, &str)]) -> Recorded {
        let answer = get(self.at(), target, headers);
        assert_eq!(answer.status, 200, "{target} {headers:?}: {answer:?}");
        self.upstream.saw(target).pop().unwrap_or_else(|| panic!("{target} was answered, but not by the app: {answer:?}"))
    }

    /// Asks with these headers and expects to be refused, the app having seen nothing: the answer.
    #[track_caller]
    pub fn refused(&self, target: &str, headers: &[(&str, &str)]) -> Answer {
        let before = self.upstream.requests().len();
        let answer = get(self.at(), target, headers);
        assert!([400, 401, 403, 429].contains(&answer.status), "{target} {headers:?}: {answer:?}");
        assert_eq!(self.upstream.requests().len(), before, "the app saw {target} {headers:?}");
        answer
    }

    /// Sends tokens to a route for tokens; each must be refused, soon, and the app must see nothing.
    #[track_caller]
    pub fn refuse_tokens(&self, tokens: &[(&str, String)]) {
        // A good one first: what follows is refused for its own fault, not because nothing works.
        let good = format!("Bearer {}", self.issuer.token());
        self.admitted("/jwt/good", &[("Authorization", &good)]);
        for (what, token) in tokens {
            let began = Instant::now();
            let answer = get(self.at(), "/jwt/trap", &[("Authorization", &format!("Bearer {token}"))]);
            let shown: String = token.chars().take(200).collect();
            assert!([400, 401, 431].contains(&answer.status), "{what}: {answer:?} to {shown}");
            assert!(began.elapsed() < Duration::from_secs(5), "{what}: {:?}", began.elapsed());
            if answer.status == 401 {
                let challenge = answer.all("www-authenticate").join(", ");
                assert!(challenge.starts_with("Bearer "), "{what}: {challenge}");
            }
        }
        assert!(self.upstream.saw("trap").is_empty(), "{:?}", self.upstream.saw("trap"));
    }

    /// The cause of the refusal.
    #[track_caller]
    pub fn cause(&self, target: &str, headers: &[(&str, &str)]) -> String {
        self.gateway.cause(&self.refused(target, headers).reference())
    }

    /// What the reference of an answer holds.
    #[track_caller]
    pub fn explain(&self, answer: &Answer) -> Value {
        self.gateway.explain(&answer.reference())
    }
}

/// Puts the addresses into a configuration.
pub fn fill(config: &str, upstream: &Upstream, issuer: &Issuer) -> String {
    config.replace("\"UPSTREAM\"", &format!("\"http://{}\"", upstream.address)).replace("\"ISSUER\"", &format!("\"{}\"", issuer.url()))
}

/// The value of a hidden input.
#[track_caller]
pub fn hidden(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let rest = &page[at..];
    let value = rest.split("value=\"").nth(1).and_then(|rest| rest.split('"').next());
    unescape(value.unwrap_or_else(|| panic!("{name} has no value in {page}")))
}

/// Numeric character references, as the pages write them.
fn unescape(text: &str) -> String {
    let mut parts = text.split("&#");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let (number, rest) = part.split_once(';').unwrap();
        out + &char::from_u32(number.parse().unwrap()).unwrap().to_string() + rest
    })
}

/// `application/x-www-form-urlencoded`.
pub fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        text.bytes().fold(String::new(), |out, byte| match byte {
            byte if byte.is_ascii_alphanumeric() => out + &char::from(byte).to_string(),
            byte => out + &format!("%{byte:02X}"),
        })
    };
    fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}
