//! The log-out page: the session ends on the server, not only in the browser, and at its provider
//! where that is wanted.

use super::form::csrf;
use super::session::{presented, settled};
use super::{cookies, oidc, realm, saml};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::pages::{self, SignOut};
use crate::respond;
use http::request::Parts;
use http::{Response, StatusCode};

/// The page. Who has no session is logged out already: a provider sends people here when its own session has ended.
pub(super) fn show(case: &Case, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let done = presented(front, head).is_none() && case.site.as_ref().is_some_and(|site| !site.providers.is_empty());
    let page = SignOut { realm: realm(case), csrf: &csrf, done, onward: None };
    cookies::with(respond::page(StatusCode::OK, pages::render(&page)), cookie)
}

/// Ends the session.
pub(super) async fn end(case: &Case, peer: &Peer, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let now = case.at_ms / 1000;
    let mut onward = None;
    if let Some(hash) = presented(front, head) {
        let store = case.worker.shared.sources.store().clone();
        let ended = case.worker.shared.background.spawn(async move {
            let Some((session, _)) = store.session(&hash).await? else { return Ok(None) };
            let sealed = if session.login.is_some() { store.sealed(&hash).await? } else { None };
            let lasted = session.revoked.is_none();
            store.revoke_session(&session.id, now).await?;
            Ok(session.login.filter(|_| lasted).map(|login| (login, sealed)))
        });
        let login = match settled(ended.await) {
            Ok(login) => login,
            Err(outage) => return case.unable(peer, head, &outage),
        };
        case.worker.shared.sources.changed();
        if let Some((login, sealed)) = login {
            onward = match saml::onward(case, &login, sealed.as_deref().unwrap_or_default()) {
                Some(onward) => Some(onward),
                None => oidc::onward(case, front, &login, sealed).await,
            };
        }
    }
    let page = SignOut { realm: realm(case), csrf: "", done: true, onward: onward.as_deref() };
    let gone = cookies::set(front.secure, "", "", Some(0));
    case.admitted(peer, None, cookies::with(respond::page(StatusCode::OK, pages::render(&page)), Some(gone)))
}
