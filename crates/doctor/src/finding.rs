//! The findings: pure functions from a dossier to clues, one file each, each with a page in `docs/findings`. Like lint
//! rules they know nothing of one another; weighing is the diagnosis's.
//!
//! ```text
//!  Dossier ─► Refusal (the exchange that is explained, its clock)  ─┐
//!           ─► Said    (what the server says, made readable)        ├─► one finding a file ─► Vec<Clue>
//!           ─► sent    (what of the request can be credentials)    ─┘
//! ```

mod account;
mod bearer_error;
mod blocked;
mod challenge;
mod clock;
mod configuration;
mod cookies;
mod cors;
mod credentials;
mod csrf;
mod date;
mod digest;
mod discovery;
mod discovery_chain;
mod endpoint;
mod garbled;
mod jwt_in_request;
mod key_set;
mod lone_token;
mod outage;
mod permission;
mod placeholder;
mod probes;
mod rate;
mod redacted;
mod redirect;
mod refusal;
mod refused;
mod revoked;
mod said;
mod saml;
mod scheme;
mod sent;
mod session;
mod signed_request;
#[cfg(test)]
mod staged;
mod stripped;
mod tls;
mod token_words;

pub(crate) use refusal::{Clock, Refusal};

use crate::base64;
use crate::clue::Clue;
use crate::dossier::Dossier;

/// A finding: its name, which is its page's, and what it sees.
pub(crate) struct Finding {
    /// The page's name.
    pub name: &'static str,
    /// What it sees in a dossier.
    pub see: fn(&Dossier) -> Vec<Clue>,
}

/// All of them.
pub(crate) const ALL: &[Finding] = &[
    Finding { name: "account", see: account::see },
    Finding { name: "bearer-error", see: bearer_error::see },
    Finding { name: "blocked", see: blocked::see },
    Finding { name: "challenge", see: challenge::see },
    Finding { name: "clock", see: clock::see },
    Finding { name: "configuration", see: configuration::see },
    Finding { name: "cookies", see: cookies::see },
    Finding { name: "cors", see: cors::see },
    Finding { name: "credentials", see: credentials::see },
    Finding { name: "csrf", see: csrf::see },
    Finding { name: "digest", see: digest::see },
    Finding { name: "discovery", see: discovery::see },
    Finding { name: "discovery-chain", see: discovery_chain::see },
    Finding { name: "endpoint", see: endpoint::see },
    Finding { name: "garbled", see: garbled::see },
    Finding { name: "jwt-in-request", see: jwt_in_request::see },
    Finding { name: "key-set", see: key_set::see },
    Finding { name: "lone-token", see: lone_token::see },
    Finding { name: "outage", see: outage::see },
    Finding { name: "permission", see: permission::see },
    Finding { name: "placeholder", see: placeholder::see },
    Finding { name: "probes", see: probes::see },
    Finding { name: "rate", see: rate::see },
    Finding { name: "redacted", see: redacted::see },
    Finding { name: "redirect", see: redirect::see },
    Finding { name: "refused", see: refused::see },
    Finding { name: "revoked", see: revoked::see },
    Finding { name: "saml", see: saml::see },
    Finding { name: "scheme", see: scheme::see },
    Finding { name: "session", see: session::see },
    Finding { name: "signed-request", see: signed_request::see },
    Finding { name: "stripped", see: stripped::see },
    Finding { name: "tls", see: tls::see },
    Finding { name: "token-words", see: token_words::see },
];

/// The findings' names, and the judge's; each has a page, `docs/findings/NAME.md`.
pub fn finding_names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|finding| finding.name).chain([crate::replay::NAME])
}

/// Everything that the findings see, and what the products' own texts mean.
pub(crate) fn clues(dossier: &Dossier) -> Vec<Clue> {
    ALL.iter().flat_map(|finding| (finding.see)(dossier)).chain(crate::dialect::clues(dossier)).collect()
}

/// Every secret that the dossier's requests carry, as it was sent and decoded: none may stand in a report, also not where a
/// server says it back.
pub(crate) fn secrets(dossier: &Dossier) -> Vec<String> {
    let requests = dossier.exchanges.iter().filter_map(|exchange| exchange.request.as_ref());
    let mut secrets = Vec::new();
    for sent in requests.flat_map(sent::credentials) {
        let value = sent.value.trim();
        let bare = value.split_once(' ').map_or(value, |(_, rest)| rest.trim());
        let pair = base64::decode(bare).and_then(|bytes| String::from_utf8(bytes).ok());
        secrets.extend(pair.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password.trim().to_owned()));
        secrets.extend([value.to_owned(), bare.to_owned()]);
    }
    // What is shorter is a word that may stand there by chance.
    secrets.retain(|secret| secret.len() >= 6);
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.dedup();
    secrets.truncate(256);
    secrets
}

/// Does nothing in the request say who asks?
pub(crate) fn sent_nothing(request: &crate::dossier::Request) -> bool {
    sent::credentials(request).is_empty()
}

/// Is the password of Basic a token by its form: a short prefix, a dash or underscore, and a long run without blanks?
pub(crate) fn sent_token_as_password(request: &crate::dossier::Request) -> bool {
    let header = request.headers.get("authorization").and_then(countersign_grammar::split_scheme);
    let pair = header
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, pair)| countersign_grammar::decode_basic(pair.trim()).ok());
    pair.is_some_and(|pair| {
        let password = pair.password();
        let prefixed = password.split_once(['-', '_']).is_some_and(|(prefix, rest)| {
            let word = (3..=10).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_alphanumeric());
            word && rest.len() >= 12 && !rest.contains(' ')
        });
        prefixed || password.len() >= 32 && password.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Are cookies all that the request carries of what can say who asks?
pub(crate) fn sent_only_cookies(request: &crate::dossier::Request) -> bool {
    let sent = sent::credentials(request);
    !sent.is_empty() && sent.iter().all(|sent| sent.place == sent::Place::Cookie)
}

/// Does the request carry anything where credentials are looked for, so that a server which sees none is to be doubted? A
/// cookie comes by itself, and a parameter or a member of a body may be what the request is about.
pub(crate) fn sent_credentials(request: &crate::dossier::Request) -> bool {
    use sent::Place::{Authorization, Field, Url};
    sent::credentials(request).iter().any(|sent| matches!(sent.place, Authorization | Field | Url) && !sent::is_client_id(sent))
}
