//! A client of Digest that can be told to do everything wrong. What is right about it is held to other implementations by
//! the tests with curl, Python and a browser.

use crate::client::{Answer, get};
use countersign::digest::{Algorithm, Qop, Salt, ha1, request_digest, request_digest_of_body, response};
use countersign_grammar::{Challenge, parse_challenges};
use std::net::SocketAddr;

/// An answer to a challenge, with all that goes into it. Everything may be changed before it is written.
#[derive(Clone, Debug)]
pub struct Digest {
    /// The name.
    pub user: String,
    /// The password.
    pub password: String,
    /// The realm.
    pub realm: String,
    /// The server's nonce.
    pub nonce: String,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// What is protected.
    pub qop: Qop,
    /// The target that is hashed.
    pub uri: String,
    /// The method that is hashed.
    pub method: String,
    /// The body that is hashed.
    pub body: Vec<u8>,
    /// How often the nonce was used.
    pub count: u32,
    /// The client's nonce.
    pub cnonce: String,
}

impl Digest {
    /// Asks for a target and answers the first challenge of Digest.
    #[track_caller]
    pub fn to(at: SocketAddr, host: &str, target: &str, user: &str, password: &str) -> Self {
        let asked = get(at, target, &[("Host", host)]);
        Self::answering(&asked, target, user, password)
    }

    /// Answers the first challenge of Digest in a refusal.
    #[track_caller]
    pub fn answering(asked: &Answer, target: &str, user: &str, password: &str) -> Self {
        let challenge = challenges(asked).into_iter().next().unwrap_or_else(|| panic!("no Digest: {asked:?}"));
        let text = |name: &str| challenge.value(name).unwrap_or_else(|| panic!("no {name}: {challenge:?}")).to_owned();
        Self {
            user: user.to_owned(),
            password: password.to_owned(),
            realm: text("realm"),
            nonce: text("nonce"),
            algorithm: Algorithm::named(&text("algorithm")).unwrap_or_else(|| panic!("{challenge:?}")),
            qop: Qop::Auth,
            uri: target.to_owned(),
            method: "GET".to_owned(),
            body: Vec::new(),
            count: 1,
            cnonce: "MTIzNDU2Nzg".to_owned(),
        }
    }

    /// The `Authorization` field.
    pub fn header(&self) -> String {
        let fields: Vec<String> = self.fields().iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("Digest {}", fields.join(", "))
    }

    /// Names and values, in quotes where they belong.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        vec![
            ("username", quoted(&self.user)),
            ("realm", quoted(&self.realm)),
            ("nonce", quoted(&self.nonce)),
            ("uri", quoted(&self.uri)),
            ("response", quoted(&self.response(&self.method))),
            ("algorithm", self.algorithm.name().to_owned()),
            ("qop", self.qop.name().to_owned()),
            ("nc", self.nc()),
            ("cnonce", quoted(&self.cnonce)),
        ]
    }

    /// The `rspauth` that the server's answer must have.
    pub fn rspauth(&self) -> String {
        self.response("")
    }

    fn nc(&self) -> String {
        format!("{:08x}", self.count)
    }

    fn response(&self, method: &str) -> String {
        let ha1 = ha1(&self.user, &self.realm, &self.password, self.algorithm);
        let request = match self.qop {
            Qop::Auth => request_digest(method, &self.uri, self.algorithm),
            Qop::AuthInt => request_digest_of_body(method, &self.uri, &self.body, self.algorithm),
        };
        let salt = Salt { nonce: &self.nonce, count: &self.nc(), cnonce: &self.cnonce, qop: Some(self.qop) };
        response(&ha1, &salt, &request, self.algorithm)
    }
}

/// The challenges of Digest in a refusal, in their order.
pub fn challenges(asked: &Answer) -> Vec<Challenge<'_>> {
    let all = asked.all("www-authenticate").into_iter().flat_map(|field| parse_challenges(field).value);
    all.filter(|challenge| challenge.is("Digest")).collect()
}
