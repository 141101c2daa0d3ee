//! Log-outs across sites: a provider's wish that sessions end here, its answer to ours, and ours to it.

use super::{form_fault, new_id, onward_form, parties, refused, unable, unusable};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::{Protocol, Provider, SamlParty};
use crate::front::{Front, Peer};
use crate::pages::{self, SignOut};
use crate::respond;
use crate::sign_in::form::Form;
use crate::sign_in::{cookies, parameter, realm, session};
use aws_lc_rs::rand::SystemRandom;
use countersign::{Cause, Evidence, Login, Refusal, SecretHash, Stop};
use countersign_saml::{Arrival, LogoutMessage, LogoutRequest, NameId, logout_request, logout_response};
use http::request::Parts;
use http::{Response, StatusCode};

const PURPOSE: &str = "saml session";
/// The longest RelayState that is given back; the bindings allow 80 bytes, some providers take more.
const RELAY_STATE_LIMIT: usize = 1024;

/// A log-out message came: in the query, or in a form.
pub(in crate::sign_in) async fn arrived(
    case: &Case,
    peer: &Peer,
    front: &Front,
    head: &Parts,
    form: Option<&Form>,
) -> Response<ResponseBody> {
    let (message, relay_state) = match form {
        None => (Ok(Arrival::Redirect(front.target.query().unwrap_or_default())), parameter(front, "RelayState")),
        Some(form) => {
            let field = form.only("SAMLRequest").or_else(|_| form.only("SAMLResponse"));
            (field.map(Arrival::Post).map_err(form_fault), form.only("RelayState").ok().map(str::to_owned))
        }
    };
    let relay_state = relay_state.filter(|state| state.len() <= RELAY_STATE_LIMIT);
    let judged = message.and_then(|message| judge(case, message));
    match judged {
        Err(refusal) => refused(case, peer, head, &refusal, None, "/", None),
        // Ours was over before it was asked.
        Ok((_, _, LogoutMessage::Response { .. })) => case.admitted(peer, None, done(case, front, None)),
        Ok((provider, party, LogoutMessage::Request(request))) => {
            let ended = match end(case, provider, party, &request, session::presented(front, head)).await {
                Ok(ended) => ended,
                Err(Stop::Unable(outage)) => return case.unable(peer, head, &outage),
                Err(Stop::Refuse(refusal)) => return refused(case, peer, head, &refusal, None, "/", None),
                Err(Stop::Needs(_)) => return case.unable(peer, head, &unusable()),
            };
            let answer = answer(case, party, &request, ended, relay_state.as_deref());
            case.admitted(peer, None, cookies::with(answer, Some(cookies::set(front.secure, "", "", Some(0)))))
        }
    }
}

/// Of several providers, the one whose keys verify it; if none, what the first says.
fn judge<'a>(case: &'a Case, message: Arrival<'_>) -> Result<(&'a Provider, &'a SamlParty, LogoutMessage), Refusal> {
    let mut fault = None;
    for (provider, party) in parties(case) {
        match LogoutMessage::judge(message, &party.service, &party.provider, case.at_ms / 1000) {
            Ok(message) => return Ok((provider, party, message)),
            Err(refusal) => fault = fault.or(Some(refusal)),
        }
    }
    Err(fault.unwrap_or_else(|| form_fault("no provider of this site speaks SAML")))
}

/// Ends the sessions that a request names, and the browser's own if the same provider began it; false if none of them is
/// known that way.
async fn end(
    case: &Case,
    provider: &Provider,
    party: &SamlParty,
    request: &LogoutRequest,
    presented: Option<SecretHash>,
) -> Result<bool, Stop> {
    let sources = &case.worker.shared.sources;
    if !sources.spend(request.once.clone()).await.map_err(unable)? {
        return Err(Stop::refuse(Cause::AssertionReplayed, Evidence::none()));
    }
    // Where an attribute names people, a NameID alone finds nobody.
    let subject = party.subject_from.is_none().then(|| request.name_id.value.clone());
    let named = subject.is_some() || !request.sessions.is_empty();
    let sessions = match request.sessions.as_slice() {
        [] => named.then_some(None).into_iter().collect(),
        sessions => sessions.iter().cloned().map(Some).collect::<Vec<_>>(),
    };
    let (store, provider, now) = (sources.store().clone(), provider.name.clone(), case.at_ms / 1000);
    let ended = case.worker.shared.background.spawn(async move {
        let mut ended = 0;
        for sid in sessions {
            ended += store.end_sessions_at(&provider, sid.as_deref(), subject.as_deref(), now).await?;
        }
        if let Some(presented) = presented
            && let Some((own, _)) = store.session(&presented).await?
            && own.login.as_ref().is_some_and(|login| login.provider == provider)
        {
            store.revoke_session(&own.id, now).await?;
            ended += 1;
        }
        Ok(ended)
    });
    let ended = session::settled(ended.await).map_err(unable)?;
    if ended > 0 {
        sources.changed();
    }
    Ok(named || ended > 0)
}

/// Sends the browser back with the answer.
fn answer(case: &Case, party: &SamlParty, request: &LogoutRequest, ended: bool, relay_state: Option<&str>) -> Response<ResponseBody> {
    let (endpoints, key, random) = (&party.provider.sign_out, party.service.key.as_ref(), SystemRandom::new());
    let to = |place: &Option<String>| endpoints.response.clone().filter(|_| place.is_some()).or_else(|| place.clone());
    let message = |to: &str| logout_response(&party.service, to, &new_id(), &request.id, ended, case.at_ms / 1000);
    let response = match (to(&endpoints.redirect), to(&endpoints.post)) {
        (Some(to), _) => message(&to).redirect(&to, relay_state, key, &random).map(|location| respond::see_other(&location)).ok(),
        (None, Some(to)) => message(&to).post(&to, relay_state, key, &random).map(|form| onward_form(&form)).ok(),
        (None, None) => None,
    };
    response.unwrap_or_else(|| respond::page(StatusCode::OK, String::new()))
}

/// The page of who is logged out.
fn done(case: &Case, front: &Front, onward: Option<&str>) -> Response<ResponseBody> {
    let page = SignOut { realm: realm(case), csrf: "", done: true, onward };
    cookies::with(respond::page(StatusCode::OK, pages::render(&page)), Some(cookies::set(front.secure, "", "", Some(0))))
}

/// What is kept with a session, so that the provider can be told of its end: the person's name there, sealed.
pub(super) fn keep(case: &Case, name_id: &NameId) -> Vec<u8> {
    let fields = [Some(&name_id.value), name_id.format.as_ref(), name_id.qualifier.as_ref(), name_id.service_qualifier.as_ref()];
    let mut nonce = [0; 12];
    crate::worker::random(&mut nonce);
    case.worker.shared.login.seal(PURPOSE, &serde_json::to_vec(&fields).unwrap_or_default(), nonce)
}

/// Where a person goes on to, so that the provider's session ends with ours; none if the provider takes no part in that, or
/// there is no key to sign with.
pub(in crate::sign_in) fn onward(case: &Case, login: &Login, sealed: &[u8]) -> Option<String> {
    let Protocol::Saml(party) = &case.site.as_ref()?.provider(&login.provider)?.protocol else { return None };
    let key = party.service.key.as_ref().filter(|_| party.end_session)?;
    let opened = case.worker.shared.login.open(PURPOSE, sealed)?;
    let [value, format, qualifier, service_qualifier]: [Option<String>; 4] = serde_json::from_slice(&opened).ok()?;
    let name_id = NameId { value: value?, format, qualifier, service_qualifier };
    let to = party.provider.sign_out.redirect.as_deref()?;
    let request = logout_request(&party.service, to, &new_id(), &name_id, login.sid.as_deref(), case.at_ms / 1000);
    request.redirect(to, None, Some(key), &SystemRandom::new()).ok()
}
