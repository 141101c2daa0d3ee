//! A site whose people sign in with the provider, and the browser's part of that without a browser.

use super::{Answer as Message, Keys, field, metadata};
use crate::client::{Answer, get, request};
use crate::gateway::{Folder, Gateway};
use crate::scene::form;
use crate::upstream::Upstream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Read;

/// The provider's entity id.
pub const PROVIDER: &str = "https://idp.example/metadata";
/// The site's host.
pub const HOST: &str = "orders.test";

const CONFIG: &str = include_str!("../../config/saml.toml");

/// The site.
pub struct Site {
    /// Its gateway.
    pub gateway: Gateway,
    /// The app behind it.
    pub upstream: Upstream,
    /// The provider's keys.
    pub keys: Keys,
    /// The site's own.
    pub own: Keys,
}

/// A sign-in that a browser began.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The request's id.
    pub id: String,
    /// Where the browser was sent.
    pub location: String,
    /// The cookie that it got, as a pair.
    pub cookie: String,
}

impl Site {
    /// The site of `config/saml.toml`.
    #[track_caller]
    pub fn new() -> Self {
        Self::with(CONFIG)
    }

    /// Of another configuration, in which `UPSTREAM` stands for the app, and files lie beside it: `idp.xml`, `sp.key`,
    /// `sp.pem`.
    #[track_caller]
    pub fn with(config: &str) -> Self {
        let (keys, own, upstream, folder) = (Keys::new("idp"), Keys::new("app"), Upstream::start(), Folder::new());
        folder.write("idp.xml", metadata(PROVIDER, "https://idp.example/sso", "https://idp.example/slo", &[&keys]));
        folder.write("sp.key", own.private_pem());
        folder.write("sp.pem", own.certificate_pem());
        folder.write("countersign.toml", config.replace("\"UPSTREAM\"", &format!("\"http://{}\"", upstream.address)));
        Self { gateway: Gateway::start_in(folder, &[]), upstream, keys, own }
    }

    /// The address of a path, as the provider knows it.
    pub fn url(path: &str) -> String {
        format!("http://{HOST}{path}")
    }

    /// Begins a sign-in that leads back to a page.
    #[track_caller]
    pub fn begin(&self, rd: &str) -> Begun {
        let answer = self.get(&format!("/oauth2/start?provider=corp&rd={rd}"), "");
        assert_eq!(answer.status, 303, "{answer:?}");
        let location = answer.header("location").unwrap().to_owned();
        let id = attribute(&message_in(&location), "ID");
        let cookies = answer.all("set-cookie");
        let line = cookies.iter().find(|line| line.starts_with("countersign_saml_")).unwrap_or_else(|| panic!("{answer:?}"));
        Begun { id, location, cookie: line.split(';').next().unwrap().to_owned() }
    }

    /// A good answer to it, for a test to change.
    pub fn answer(&self, begun: &Begun) -> Message {
        Message::to(&begun.id, PROVIDER, &Self::url("/saml2/acs"), &Self::url("/saml2/metadata"))
    }

    /// Posts a response in the browser that began.
    pub fn post(&self, begun: &Begun, text: &str) -> Answer {
        self.post_form(&[("SAMLResponse", &field(text)), ("RelayState", "x")], &begun.cookie)
    }

    /// Posts a form to where responses go.
    pub fn post_form(&self, fields: &[(&str, &str)], cookies: &str) -> Answer {
        self.post_to("/saml2/acs", fields, cookies)
    }

    /// Posts a form from the provider's pages.
    pub fn post_to(&self, path: &str, fields: &[(&str, &str)], cookies: &str) -> Answer {
        let headers = [
            ("Host", HOST),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "text/html"),
            ("Origin", "https://idp.example"),
            ("Cookie", cookies),
        ];
        request(self.gateway.listen, "POST", path, &headers, form(fields).as_bytes())
    }

    /// Asks for a page with these cookies.
    pub fn get(&self, target: &str, cookies: &str) -> Answer {
        get(self.gateway.listen, target, &[("Host", HOST), ("Accept", "text/html"), ("Cookie", cookies)])
    }

    /// The cookie of a session that an answer began, as a pair.
    #[track_caller]
    pub fn session(answer: &Answer) -> String {
        assert_eq!(answer.status, 303, "{answer:?}");
        format!("countersign={}", answer.cookie("countersign").unwrap_or_else(|| panic!("{answer:?}")))
    }

    /// The cause that a refusal's reference holds.
    #[track_caller]
    pub fn cause(&self, answer: &Answer) -> String {
        assert!([400, 401, 413].contains(&answer.status), "{answer:?}");
        assert!(answer.cookie("countersign").is_none(), "{answer:?}");
        self.gateway.cause(&answer.reference())
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

/// The message in an address of the redirect binding.
#[track_caller]
pub fn message_in(location: &str) -> String {
    let query = location.split_once('?').unwrap().1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix("SAMLRequest=").or_else(|| pair.strip_prefix("SAMLResponse="))).unwrap();
    let bytes = STANDARD.decode(percent_decoded(value)).unwrap();
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    text
}

/// The first attribute of this name in a message.
#[track_caller]
pub fn attribute(text: &str, name: &str) -> String {
    let rest = text.split_once(&format!(" {name}=\"")).unwrap_or_else(|| panic!("no {name}: {text}")).1;
    rest.split('"').next().unwrap().to_owned()
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let (digits, rest) = part.split_at(2);
        out + &char::from(u8::from_str_radix(digits, 16).unwrap()).to_string() + rest
    })
}
