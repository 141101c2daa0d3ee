//! The beginning of a login: what the browser keeps of it, sealed, and what the provider is asked.

use super::party::RelyingParty;
use crate::evidence::hex;
use crate::login::Sealer;
use crate::record::Timestamp;
use crate::secret::SecretHash;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::{Decode, Encode};

/// What sealed texts of a login are for: the cookie, and the note in `state`.
pub(super) const COOKIE: &str = "login";
pub(super) const NOTE: &str = "login note";

/// What somebody who wants to log in asks for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Where the provider sends the person back to.
    pub redirect_uri: String,
    /// Where the person was, a path of the site.
    pub way_back: String,
    /// The host at which the login begins.
    pub host: String,
    /// One of these authentication contexts is needed; any will do if empty.
    pub acr: Vec<String>,
    /// Seconds since the person authenticated, at the most.
    pub max_age: Option<i64>,
}

/// Randomness for one login.
pub struct Entropy {
    /// For `state`.
    pub state: [u8; 32],
    /// For `nonce`.
    pub nonce: [u8; 32],
    /// For the code verifier.
    pub verifier: [u8; 32],
    /// For sealing the cookie and the note.
    pub seals: [[u8; 12]; 2],
}

/// A login under way, as the browser keeps it. It shows nothing of itself: the verifier is a secret.
#[derive(Clone, Encode, Decode)]
#[cbor(array)]
pub struct LoginState {
    /// The operator's name for the provider.
    #[n(0)]
    pub provider: String,
    #[n(1)]
    pub(super) nonce: String,
    #[n(2)]
    pub(super) verifier: String,
    #[n(3)]
    pub(super) redirect_uri: String,
    /// Where the person was.
    #[n(4)]
    pub way_back: String,
    /// When it began.
    #[n(5)]
    pub begun: Timestamp,
    #[n(6)]
    pub(super) acr: Vec<String>,
    #[n(7)]
    pub(super) max_age: Option<i64>,
}

/// What `state` tells of a login whose cookie is not there.
#[derive(Clone, Debug, Encode, Decode)]
#[cbor(array)]
pub(super) struct Note {
    #[n(0)]
    pub(super) host: String,
    #[n(1)]
    pub(super) begun: Timestamp,
}

/// A login that has begun.
pub struct Started {
    /// Names the cookie: a login has one of its own, so that several tabs do not disturb each other.
    pub id: String,
    /// The cookie's value.
    pub cookie: String,
    /// The authorization request (OpenID Connect Core section 3.1.2.1, RFC 7636), without any secret.
    pub parameters: Vec<(&'static str, String)>,
}

/// Begins a login.
pub fn start(party: &RelyingParty, asked: Asked, entropy: Entropy, sealer: &Sealer, now: Timestamp) -> Started {
    let [cookie_seal, note_seal] = entropy.seals;
    let note = cbor(&Note { host: asked.host, begun: now });
    let note = URL_SAFE_NO_PAD.encode(sealer.seal(NOTE, &note, note_seal));
    let state = format!("{}.{note}", URL_SAFE_NO_PAD.encode(entropy.state));
    let max_age = [asked.max_age, party.max_age].into_iter().flatten().min();
    let login = LoginState {
        provider: party.name.clone(),
        nonce: URL_SAFE_NO_PAD.encode(entropy.nonce),
        verifier: URL_SAFE_NO_PAD.encode(entropy.verifier),
        redirect_uri: asked.redirect_uri,
        way_back: asked.way_back,
        begun: now,
        acr: asked.acr,
        max_age,
    };
    let mut parameters = vec![
        ("response_type", "code".to_owned()),
        ("client_id", party.client_id.clone()),
        ("redirect_uri", login.redirect_uri.clone()),
        ("scope", party.scopes.join(" ")),
        ("state", state.clone()),
        ("nonce", login.nonce.clone()),
        ("code_challenge", URL_SAFE_NO_PAD.encode(digest(&SHA256, login.verifier.as_bytes()))),
        ("code_challenge_method", "S256".to_owned()),
    ];
    let acr_values = if login.acr.is_empty() { &party.acr_values } else { &login.acr };
    if !acr_values.is_empty() {
        parameters.push(("acr_values", acr_values.join(" ")));
    }
    if let Some(max_age) = max_age {
        parameters.push(("max_age", max_age.to_string()));
    }
    if party.scopes.iter().any(|scope| scope == "offline_access") {
        // OpenID Connect Core section 11: without it the scope is ignored.
        parameters.push(("prompt", "consent".to_owned()));
    }
    let id = login_id(&state);
    let cookie = URL_SAFE_NO_PAD.encode(sealer.seal(&format!("{COOKIE} {id}"), &cbor(&login), cookie_seal));
    Started { cookie, id, parameters }
}

/// The name of a login, from its `state`.
pub fn login_id(state: &str) -> String {
    hex(SecretHash::of(state).0.first_chunk::<8>().unwrap_or(&[0; 8]))
}

/// Writing to memory does not fail.
fn cbor(value: &impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).unwrap_or_default()
}
