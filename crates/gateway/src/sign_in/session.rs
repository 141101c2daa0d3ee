//! From somebody who was let in to a session: a new cookie, whichever way they came, and the way back.

use super::{cookies, way_back};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::respond;
use countersign::{Cause, Evidence, Identity, Login, Outage, Presented, Refusal, SecretHash, Session, hex};
use countersign_store::StoreError;
use http::Response;
use http::request::Parts;
use std::sync::Arc;

/// What a session begins with, apart from the person.
pub(super) struct Begin<'a> {
    /// What a provider said of the login, if one did.
    pub login: Option<Login>,
    /// What the provider gave to go on with, sealed.
    pub sealed: Option<Vec<u8>>,
    /// When the provider wants the session to end, at the latest.
    pub ends: Option<i64>,
    /// Where the person was; anything but a path of this site leads to its root.
    pub way_back: &'a str,
}

/// Begins a session for an account that was judged, ends the one that the browser had, and sends the person back to where
/// they were.
pub(super) async fn start(
    case: &Case,
    peer: &Peer,
    front: &Front,
    head: &Parts,
    identity: &Identity,
    begin: Begin<'_>,
) -> Response<ResponseBody> {
    let now = case.at_ms / 1000;
    let Some(account) = identity.account() else {
        return case.refuse(peer, head, &Refusal::new(Cause::RuleDenied, Evidence::none()));
    };
    let cookie = cookies::secret();
    let limits = &case.plan().session;
    let session = Session {
        id: format!("s_{}", hex(&SecretHash::of(&cookie).0.first_chunk::<6>().copied().unwrap_or_default())),
        hash: SecretHash::of(&cookie),
        account: Arc::new(account.clone()),
        created: now,
        expires: begin.ends.unwrap_or(i64::MAX).min(now + limits.absolute.as_secs() as i64),
        idle: limits.idle.as_secs() as i64,
        revoked: None,
        login: begin.login.map(Arc::new),
    };
    let (before, store) = (presented(front, head), case.worker.shared.sources.store().clone());
    let (replaces, sealed) = (before.is_some(), begin.sealed);
    let kept = case.worker.shared.background.spawn(async move {
        if let Some(before) = before
            && let Some((before, _)) = store.session(&before).await?
        {
            store.revoke_session(&before.id, now).await?;
        }
        store.add_session(&session, now).await?;
        match sealed {
            Some(sealed) => store.keep_sealed(&session.hash, &sealed).await,
            None => Ok(()),
        }
    });
    if let Err(outage) = settled(kept.await) {
        return case.unable(peer, head, &outage);
    }
    // Only a session that was replaced withdraws anything.
    if replaces {
        case.worker.shared.sources.changed();
    }
    case.worker.shared.metrics.sign_ins.inc();
    let response = respond::see_other(way_back(begin.way_back));
    let cookie = cookies::set(front.secure, "", &cookie, None);
    case.admitted(peer, Some(identity), cookies::with(response, Some(cookie)))
}

/// The session that the browser has, by the hash of its cookie.
pub(super) fn presented(front: &Front, head: &Parts) -> Option<SecretHash> {
    Presented::read(&front.parts(head), &[]).session.map(SecretHash::of)
}

/// What the store made of a change.
pub(super) fn settled<T>(kept: Result<Result<T, StoreError>, tokio::task::JoinError>) -> Result<T, Outage> {
    kept.ok().and_then(Result::ok).ok_or(Outage { cause: Cause::StoreUnreachable, retry_after: 5, evidence: Evidence::none() })
}
