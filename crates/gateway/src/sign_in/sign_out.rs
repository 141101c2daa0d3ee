//! The log-out page: the session ends on the server, not only in the browser.

use super::form::csrf;
use super::session::{presented, settled};
use super::{cookies, realm};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::pages::{self, SignOut};
use crate::respond;
use http::request::Parts;
use http::{Response, StatusCode};

/// The page.
pub(super) fn show(case: &Case, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let page = SignOut { realm: realm(case), csrf: &csrf, done: false };
    cookies::with(respond::page(StatusCode::OK, pages::render(&page)), cookie)
}

/// Ends the session.
pub(super) async fn end(case: &Case, peer: &Peer, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let now = case.at_ms / 1000;
    if let Some(hash) = presented(front, head) {
        let store = case.worker.shared.sources.store().clone();
        let ended = case.worker.shared.background.spawn(async move {
            match store.session(&hash).await? {
                Some((session, _)) => store.revoke_session(&session.id, now).await.map(drop),
                None => Ok(()),
            }
        });
        if let Err(outage) = settled(ended.await) {
            return case.unable(peer, head, &outage);
        }
        case.worker.shared.sources.changed();
    }
    let page = SignOut { realm: realm(case), csrf: "", done: true };
    let gone = cookies::set(front.secure, "", "", Some(0));
    case.admitted(peer, None, cookies::with(respond::page(StatusCode::OK, pages::render(&page)), Some(gone)))
}
