//! Logging in with a SAML provider. What is right and wrong is decided in `countersign-saml`; here it is put into redirects,
//! forms and cookies.
//!
//! ```text
//! GET start ──303 or form──► provider ──form──► POST acs ──► request's cookie ──► assertion ──► account ──► session
//! ```
//!
//! A response comes from another site, so that the cookie that waits for it is sent across sites; it counts for the one
//! request that it names. `RelayState` is neither sent nor read: the way back is in the cookie.

mod logout;
mod pending;

pub(super) use logout::{arrived, onward};

use super::form::Form;
use super::{SIGN_IN, StepUp, WAY_BACK_LIMIT, cookies, encode, parameter, realm, rounds, session, start_address, way_back};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::{Binding, Protocol, Provider, SamlParty};
use crate::front::{Front, Peer};
use crate::pages::{self, Onward};
use crate::respond;
use aws_lc_rs::rand::SystemRandom;
use countersign::{Account, Cause, Evidence, Identity, Login, Outage, Refusal, Stop, Subject, Value, hex, judge_login};
use countersign_saml::{PostForm, Response as Answer, SignedIn, Wishes, authn_request};
use countersign_store::{Person, StoreError};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use pending::Waiting;
use std::sync::Arc;

/// Names that are others at each sign-in.
const TRANSIENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
/// Attributes that are known by several names, and the claim that each stands for.
#[rustfmt::skip]
const CLAIMS: &[(&str, &[&str])] = &[
    ("email", &["mail", "urn:oid:0.9.2342.19200300.100.1.3", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"]),
    ("name",  &["displayName", "urn:oid:2.16.840.1.113730.3.1.241", "http://schemas.microsoft.com/identity/claims/displayname", "cn", "urn:oid:2.5.4.3"]),
];

/// The provider that a request names, or the only one; none if it is no SAML provider of this site.
pub(super) fn named<'a>(case: &'a Case, front: &Front) -> Option<(&'a Arc<Provider>, &'a Arc<SamlParty>)> {
    let name = parameter(front, "provider");
    let mut all = parties(case).filter(|(provider, _)| name.as_ref().is_none_or(|name| *name == provider.name));
    all.next().filter(|_| name.is_some() || all.next().is_none())
}

fn parties(case: &Case) -> impl Iterator<Item = (&Arc<Provider>, &Arc<SamlParty>)> {
    case.site.iter().flat_map(|site| &site.providers).filter_map(|provider| match &provider.protocol {
        Protocol::Saml(party) => Some((provider, party)),
        Protocol::Oidc(_) => None,
    })
}

/// Tells a provider of us.
pub(super) fn metadata(case: &Case, peer: &Peer, front: &Front) -> Response<ResponseBody> {
    let Some((_, party)) = named(case, front) else {
        return case.admitted(peer, None, respond::page(StatusCode::NOT_FOUND, String::new()));
    };
    let mut response = respond::page(StatusCode::OK, party.service.metadata());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/samlmetadata+xml"));
    case.admitted(peer, None, response)
}

/// Sends a person to the provider.
pub(super) fn start(
    case: &Case,
    peer: &Peer,
    front: &Front,
    head: &Parts,
    provider: &Provider,
    party: &SamlParty,
) -> Response<ResponseBody> {
    let rd = parameter(front, "rd").unwrap_or_default();
    let rd = if rd.len() > WAY_BACK_LIMIT { "/" } else { way_back(&rd) };
    let step_up = StepUp::of(front);
    let wishes = Wishes {
        // A person who authenticated too long ago for a rule has to do it again.
        force: party.wishes.force || step_up.max_age.is_some(),
        contexts: if step_up.acr.is_empty() { party.wishes.contexts.clone() } else { step_up.acr },
        name_id_format: party.wishes.name_id_format.clone(),
    };
    let now = case.at_ms / 1000;
    let (endpoints, id) = (&party.provider.sign_in, new_id());
    let (to, binding) = match (party.binding, &endpoints.redirect, &endpoints.post) {
        (Binding::Post, _, Some(to)) | (_, None, Some(to)) => (to, Binding::Post),
        (_, Some(to), _) => (to, Binding::Redirect),
        _ => return case.unable(peer, head, &unusable()),
    };
    let request = authn_request(&party.service, to, &id, &wishes, now);
    let (key, random) = (party.service.key.as_ref(), SystemRandom::new());
    let response = match binding {
        Binding::Redirect => request.redirect(to, None, key, &random).map(|location| respond::see_other(&location)),
        Binding::Post => request.post(to, None, key, &random).map(|form| onward_form(&form)),
    };
    let Ok(response) = response else { return case.unable(peer, head, &unusable()) };
    let waiting = Waiting::new(&id, &provider.name, rd, now);
    let response = pending::clear_surplus(front, head, response);
    case.admitted(peer, None, cookies::with(response, Some(waiting.cookie(case, front))))
}

/// Takes a person back from the provider.
pub(super) async fn consume(case: &mut Case, peer: &Peer, front: &Front, head: &Parts, form: &Form) -> Response<ResponseBody> {
    let answer = match form.only("SAMLResponse").map_err(form_fault).and_then(Answer::read) {
        Ok(answer) => answer,
        Err(refusal) => return refused(case, peer, head, &refusal, None, "/", None),
    };
    let waiting = answer.in_response_to().and_then(|id| Waiting::find(case, front, head, id));
    let site = case.site.clone();
    let party = waiting.as_ref().and_then(|waiting| match site.as_ref()?.provider(&waiting.provider) {
        Some(provider) => match &provider.protocol {
            Protocol::Saml(party) => Some((provider, party)),
            Protocol::Oidc(_) => None,
        },
        None => None,
    });
    // Nothing is verified for who did not begin here.
    let (Some(waiting), Some((provider, party))) = (&waiting, party) else {
        let presented = Value::text(answer.in_response_to().unwrap_or("(none)"));
        let refusal = Refusal::new(Cause::AssertionUnsolicited, Evidence::none().presented(Subject::RequestId, presented));
        return refused(case, peer, head, &refusal, None, "/", None);
    };
    let over = Some(waiting.over(front));
    let (signed_in, identity) = match finish(case, provider, party, &answer, waiting).await {
        Ok(finished) => finished,
        Err(Stop::Refuse(refusal)) => return refused(case, peer, head, &refusal, Some(provider), &waiting.way_back, over),
        Err(Stop::Unable(outage)) => return case.unable(peer, head, &outage),
        Err(Stop::Needs(_)) => return case.unable(peer, head, &unusable()),
    };
    let said = Login {
        provider: provider.name.clone(),
        sid: signed_in.session.clone(),
        acr: signed_in.context.clone(),
        auth_time: Some(signed_in.authenticated_at),
        renew_at: None,
    };
    let sealed = Some(logout::keep(case, &signed_in.name_id));
    let begin = session::Begin { login: Some(said), sealed, ends: signed_in.session_ends, way_back: &waiting.way_back };
    let response = session::start(case, peer, front, head, &identity, begin).await;
    let response = cookies::with(response, Some(rounds::one_more(front, &head.headers, case.at_ms / 1000)));
    cookies::with(response, over)
}

/// Free checks first; then the assertion is used up; then the account is made or brought up to date.
async fn finish(
    case: &Case,
    provider: &Provider,
    party: &SamlParty,
    answer: &Answer,
    waiting: &Waiting,
) -> Result<(SignedIn, Identity), Stop> {
    let now = case.at_ms / 1000;
    let signed_in = answer.judge(&party.service, &party.provider, Some(&waiting.pending), now).map_err(refuse)?;
    let person = person(provider, party, &signed_in)?;
    let sources = &case.worker.shared.sources;
    if !sources.spend(signed_in.once.clone()).await.map_err(unable)? {
        let evidence = Evidence::none().presented(Subject::Assertion, Value::Time(signed_in.once.until));
        return Err(Stop::refuse(Cause::AssertionReplayed, evidence));
    }
    let account = account(case, person).await?;
    let identity = judge_login(Arc::new(account)).map_err(refuse)?;
    Ok((signed_in, identity))
}

/// A person as the store keeps them.
fn person(provider: &Provider, party: &SamlParty, signed_in: &SignedIn) -> Result<Person, Stop> {
    let malformed = |why: &str| Stop::refuse(Cause::AssertionMalformed, Evidence::none().presented(Subject::Form, Value::text(why)));
    let subject = match &party.subject_from {
        None if signed_in.name_id.format.as_deref() == Some(TRANSIENT) => {
            return Err(malformed("a transient NameID names nobody for good"));
        }
        None => signed_in.name_id.value.as_str(),
        Some(name) => {
            let mut values = signed_in.values(name).filter(|value| !value.is_empty());
            let one = values.next().filter(|_| values.next().is_none());
            one.ok_or_else(|| malformed("the attribute that names the person is not there once"))?
        }
    };
    let described = provider.mapping.describe(subject, &claims(signed_in));
    Ok(Person {
        provider: provider.name.clone(),
        subject: described.subject,
        name: described.name,
        display_name: described.display_name,
        email: described.email,
        roles: described.roles,
        scopes: described.scopes,
    })
}

/// The attributes, each under its names. What a provider signs about an address counts as verified by it.
fn claims(signed_in: &SignedIn) -> serde_json::Map<String, serde_json::Value> {
    let mut claims = serde_json::Map::new();
    for attribute in &signed_in.attributes {
        for name in std::iter::once(&attribute.name).chain(&attribute.friendly_name) {
            claims.entry(name).or_insert_with(|| attribute.values.clone().into());
        }
    }
    for (claim, names) in CLAIMS {
        if let Some(value) = names.iter().find_map(|name| claims.get(*name)).filter(|_| !claims.contains_key(*claim)).cloned() {
            claims.insert((*claim).to_owned(), value);
        }
    }
    claims.insert("email_verified".to_owned(), true.into());
    claims
}

async fn account(case: &Case, person: Person) -> Result<Account, Stop> {
    let (store, now) = (case.worker.shared.sources.store().clone(), case.at_ms / 1000);
    let kept = case.worker.shared.background.spawn(async move { store.sign_in_person(&person, now).await });
    match kept.await {
        Ok(Err(StoreError::AccountName(_))) => {
            let evidence = Evidence::none().presented(Subject::Form, Value::text("the person's name cannot be an account's"));
            Err(Stop::refuse(Cause::AssertionMalformed, evidence))
        }
        kept => session::settled(kept).map_err(unable),
    }
}

/// A page that posts a message to the provider.
fn onward_form(form: &PostForm) -> Response<ResponseBody> {
    let page = Onward { action: &form.action, field: form.field, value: &form.value, relay_state: form.relay_state.as_deref() };
    let mut response = respond::page(StatusCode::OK, pages::render(&page));
    pages::let_post_itself(response.headers_mut());
    response
}

fn refused(
    case: &Case,
    peer: &Peer,
    head: &Parts,
    refusal: &Refusal,
    provider: Option<&Provider>,
    rd: &str,
    cookie: Option<String>,
) -> Response<ResponseBody> {
    let again = match provider {
        Some(provider) => start_address(case, Some(&provider.name), way_back(rd), &StepUp::default()),
        None => format!("{SIGN_IN}?rd={}", encode(way_back(rd))),
    };
    let response = case.refuse_with(peer, head, refusal, |reference| respond::login_failed(refusal, realm(case), reference, &again, None));
    cookies::with(response, cookie)
}

fn form_fault(why: &'static str) -> Refusal {
    Refusal::new(Cause::AssertionMalformed, Evidence::none().presented(Subject::Form, Value::text(why)))
}

/// An id for a message of ours: 160 random bits, and a letter before them as XML wants it.
fn new_id() -> String {
    let mut bytes = [0; 20];
    crate::worker::random(&mut bytes);
    format!("_{}", hex(&bytes))
}

/// The metadata has no place to go to, or the key cannot sign: both are found when the configuration is read.
fn unusable() -> Outage {
    Outage { cause: Cause::ProviderUnreachable, retry_after: 60, evidence: Evidence::none() }
}

fn unable(outage: Outage) -> Stop {
    Stop::Unable(Box::new(outage))
}

fn refuse(refusal: Refusal) -> Stop {
    Stop::Refuse(Box::new(refusal))
}
