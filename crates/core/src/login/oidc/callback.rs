//! The browser's return: whose login is it, and did the provider give a code?

use super::metadata::Metadata;
use super::party::RelyingParty;
use super::start::{COOKIE, LoginState, NOTE, Note, login_id};
use crate::cause::Cause;
use crate::evidence::{Evidence, Subject, Value};
use crate::login::Sealer;
use crate::record::Timestamp;
use crate::verdict::Refusal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Decode;

/// How long a login may take, in seconds.
pub const LOGIN_LASTS: i64 = 15 * 60;

/// What the provider sent the browser back with (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Clone, Debug, Default)]
pub struct Answered {
    /// `state`.
    pub state: Option<String>,
    /// `code`.
    pub code: Option<String>,
    /// `iss`.
    pub iss: Option<String>,
    /// `error`.
    pub error: Option<String>,
}

/// Why no login is known for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the sentences are the documentation")]
pub enum Unknown {
    NoState,
    NotOurs,
    OtherHost,
    TooOld,
    NoCookie,
    Used,
}

impl Unknown {
    /// One sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoState => "the answer has no state",
            Self::NotOurs => "the state was not made here",
            Self::OtherHost => "the login began at another host, whose cookies do not come here",
            Self::TooOld => "the login began too long ago",
            Self::NoCookie => "the browser did not send the login's cookie back",
            Self::Used => "the answer was used before",
        }
    }

    /// As a refusal, after what else is known of it.
    pub fn refusal(self, evidence: Evidence) -> Refusal {
        Refusal::new(Cause::LoginStateUnknown, evidence.presented(Subject::Form, Value::text(self.sentence())))
    }
}

/// Finds the login that an answer belongs to, among the browser's cookies: `cookie` gives the value for a login's name.
///
/// # Errors
/// `login-state-unknown`, with the likeliest reason.
pub fn find<'a>(
    answered: &Answered,
    host: &str,
    cookie: impl FnOnce(&str) -> Option<&'a str>,
    sealer: &Sealer,
    now: Timestamp,
) -> Result<LoginState, Refusal> {
    let state = answered.state.as_deref().ok_or_else(|| Unknown::NoState.refusal(Evidence::none()))?;
    let note = state.split_once('.').and_then(|(_, note)| open::<Note>(sealer, NOTE, note));
    let note = note.ok_or_else(|| Unknown::NotOurs.refusal(Evidence::none()))?;
    let begun = || Evidence::none().presented(Subject::Begun, Value::Time(note.begun));
    if note.begun + LOGIN_LASTS < now {
        return Err(Unknown::TooOld.refusal(Evidence::none().differs(
            Subject::Begun,
            Value::Time(now - LOGIN_LASTS),
            Value::Time(note.begun),
        )));
    }
    let id = login_id(state);
    let login = cookie(&id).and_then(|value| open::<LoginState>(sealer, &format!("{COOKIE} {id}"), value));
    login.ok_or_else(|| {
        if note.host == host {
            Unknown::NoCookie.refusal(begun())
        } else {
            Unknown::OtherHost.refusal(Evidence::none().differs(Subject::Host, Value::text(&note.host), Value::text(host)))
        }
    })
}

/// The code, if the provider that was asked gave one.
///
/// # Errors
/// `login-issuer-mismatch`, `provider-refused`.
pub fn code<'a>(answered: &'a Answered, party: &RelyingParty, metadata: &Metadata) -> Result<&'a str, Refusal> {
    let named = || Evidence::none().presented(Subject::Provider, Value::text(&party.name));
    let issuer = &party.issuer.issuer;
    let missing = answered.iss.is_none() && metadata.authorization_response_iss_parameter_supported;
    if missing || answered.iss.as_ref().is_some_and(|iss| iss != issuer) {
        let presented = Value::text(answered.iss.as_deref().unwrap_or("(none)"));
        let evidence = Evidence::none().differs(Subject::Issuer, Value::text(issuer), presented);
        return Err(Refusal::new(Cause::LoginIssuerMismatch, evidence.presented(Subject::Provider, Value::text(&party.name))));
    }
    if let Some(error) = &answered.error {
        let evidence = Evidence::none().presented(Subject::Error, Value::text(error));
        return Err(Refusal::new(Cause::ProviderRefused, evidence.presented(Subject::Provider, Value::text(&party.name))));
    }
    answered.code.as_deref().filter(|code| !code.is_empty()).ok_or_else(|| {
        Refusal::new(Cause::ProviderRefused, named().presented(Subject::Form, Value::text("there is neither a code nor an error")))
    })
}

fn open<T: for<'b> Decode<'b, ()>>(sealer: &Sealer, purpose: &str, text: &str) -> Option<T> {
    let opened = sealer.open(purpose, &URL_SAFE_NO_PAD.decode(text).ok()?)?;
    minicbor::decode(&opened).ok()
}
