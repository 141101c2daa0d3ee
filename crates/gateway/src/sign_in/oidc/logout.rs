//! The end of a session by its provider (front- and back-channel logout), and of the provider's session by ours
//! (RP-initiated logout).

use super::{origin, refuse, unable, with_query};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::Protocol;
use crate::front::{Front, Peer};
use crate::respond;
use crate::sign_in::{SIGN_OUT, parameter, session};
use countersign::login::oidc::{self, Kept, RelyingParty};
use countersign::token::Unverified;
use countersign::{Cause, Evidence, Login, Refusal, Stop, Subject, Value};
use http::request::Parts;
use http::{Response, StatusCode};
use std::sync::Arc;

/// A logout that the provider sends by itself (Back-Channel Logout section 2.5).
pub(in crate::sign_in) async fn backchannel_logout(case: &Case, peer: &Peer, head: &Parts, raw: &str) -> Response<ResponseBody> {
    match end_named(case, raw).await {
        Ok(()) => case.admitted(peer, None, respond::page(StatusCode::OK, String::new())),
        Err(Stop::Unable(outage)) => case.unable(peer, head, &outage),
        Err(Stop::Refuse(refusal)) => case.refuse(peer, head, &refusal),
        Err(Stop::Needs(_)) => case.refuse(peer, head, &Refusal::new(Cause::LogoutRefused, Evidence::none())),
    }
}

async fn end_named(case: &Case, raw: &str) -> Result<(), Stop> {
    let form = |text: &str| Stop::refuse(Cause::LogoutRefused, Evidence::none().presented(Subject::Form, Value::text(text)));
    let token = Unverified::read(raw).map_err(|fault| form(&fault.to_string()))?;
    // What it says of itself only chooses whose keys it is held against.
    let (issuer, audiences, kid) = (token.claims.iss, token.claims.aud, token.header.kid);
    let fits = |party: &RelyingParty| issuer.as_ref() == Some(&party.issuer.issuer) && audiences.contains(&party.client_id);
    let party = parties(case).find(|party| fits(party)).ok_or_else(|| {
        let presented = Value::text(issuer.as_deref().unwrap_or("(none)"));
        let known = Value::texts(parties(case).map(|party| party.issuer.issuer.as_str()));
        Stop::refuse(Cause::LogoutRefused, Evidence::none().differs(Subject::Issuer, known, presented))
    })?;
    let (sources, now) = (&case.worker.shared.sources, case.at_ms / 1000);
    let keys = sources.provider_keys(party, kid).await.map_err(unable)?;
    let logout = oidc::check_logout_token(raw, &keys, party, now).map_err(refuse)?;
    if !sources.spend(logout.once).await.map_err(unable)? {
        return Err(form("it was used before"));
    }
    end_sessions(case, &party.name, logout.sid, logout.subject).await
}

/// A logout that the provider sends through the browser, in a frame without our cookies (Front-Channel Logout section 2):
/// the session is named by what only the provider knows of it.
pub(in crate::sign_in) async fn frontchannel_logout(case: &Case, peer: &Peer, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let (issuer, sid) = (parameter(front, "iss"), parameter(front, "sid").filter(|sid| !sid.is_empty()));
    let party = parties(case).find(|party| issuer.as_ref() == Some(&party.issuer.issuer));
    let (Some(party), Some(sid)) = (party, sid) else {
        let evidence = Evidence::none().presented(Subject::Form, Value::text("it names no provider of this site, or no session"));
        return case.refuse(peer, head, &Refusal::new(Cause::LogoutRefused, evidence));
    };
    match end_sessions(case, &party.name, Some(sid), None).await {
        Err(Stop::Unable(outage)) => case.unable(peer, head, &outage),
        Ok(()) | Err(_) => case.admitted(peer, None, respond::page(StatusCode::OK, String::new())),
    }
}

async fn end_sessions(case: &Case, provider: &str, sid: Option<String>, subject: Option<String>) -> Result<(), Stop> {
    let (sources, now) = (&case.worker.shared.sources, case.at_ms / 1000);
    let (store, provider) = (sources.store().clone(), provider.to_owned());
    let ended =
        case.worker.shared.background.spawn(async move { store.end_sessions_at(&provider, sid.as_deref(), subject.as_deref(), now).await });
    if session::settled(ended.await).map_err(unable)? > 0 {
        sources.changed();
    }
    Ok(())
}

/// Where a person goes on to, so that the provider's session ends with ours; none if the provider has no such place, or
/// cannot be asked: then only ours ends.
pub(in crate::sign_in) async fn onward(case: &Case, front: &Front, login: &Login, sealed: Option<Vec<u8>>) -> Option<String> {
    let site = case.site.clone()?;
    let Protocol::Oidc(party) = &site.provider(&login.provider)?.protocol else { return None };
    let metadata = case.worker.shared.sources.provider(party).await.ok().filter(|_| party.end_session)?;
    let mut parameters = vec![("client_id", party.client_id.clone()), ("post_logout_redirect_uri", format!("{}{SIGN_OUT}", origin(front)))];
    let kept = Kept::open(&case.worker.shared.login, &sealed.unwrap_or_default());
    parameters.extend(kept.id_token.map(|token| ("id_token_hint", token.expose().to_owned())));
    Some(with_query(metadata.end_session_endpoint.as_deref()?, &parameters))
}

fn parties(case: &Case) -> impl Iterator<Item = &Arc<RelyingParty>> {
    case.site.iter().flat_map(|site| &site.providers).filter_map(|provider| match &provider.protocol {
        Protocol::Oidc(party) => Some(party),
        Protocol::Saml(_) => None,
    })
}
