//! Renewing sessions in silence: when the access token nears its end, the provider is asked whether the session may go on.
//! One of all requests asks, whichever process they came to; the others of this process wait for it.
//!
//! ```text
//! due ──lease──► refresh ──► tokens ──► ID token, userinfo ──► account brought up to date
//!                       └──► invalid_grant: the session ends      └──► no answer: it goes on, and is tried again later
//! ```

use super::oidc;
use crate::case::Case;
use crate::config::{Protocol, Provider};
use crate::worker::Shared;
use countersign::login::oidc::{self as core, Kept, RelyingParty, Tokens};
use countersign::{Cause, SecretHash, Session, Stop};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a request waits for it.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long one may take before another may try, in seconds.
const LEASE: i64 = 30;
/// How long a session goes on that could not be renewed, before the next try, in seconds.
const PAUSE: i64 = 30;
/// How long a session goes on that another process renews, before it is looked at again, in seconds.
const ELSEWHERE: i64 = 2;
/// The most sessions whose next renewal is remembered.
const ROOM: usize = 64 * 1024;

/// Sessions that are being renewed, and when those that were are due next: what threads remember of a session is older.
#[derive(Default)]
pub(crate) struct Renewals(Mutex<HashMap<SecretHash, State>>);

#[derive(Clone)]
enum State {
    /// Somebody asks; closed when it is done.
    Underway(watch::Receiver<()>),
    /// From then on.
    Due(i64),
}

/// Renews the session if that is due; true if something changed by which the request should be judged anew.
pub(crate) async fn renew(case: &Case, session: &Arc<Session>) -> bool {
    let now = case.at_ms / 1000;
    let Some(login) = session.login.as_ref().filter(|login| login.renew_at.is_some_and(|due| due <= now)) else { return false };
    let site = case.site.clone();
    let Some(provider) = site.as_ref().and_then(|site| site.provider(&login.provider)) else { return false };
    let shared = &case.worker.shared;
    let mut underway = match shared.renewals.turn(&session.hash, now) {
        Turn::Not => return false,
        Turn::Wait(underway) => underway,
        Turn::Ask(done, underway) => {
            let (shared, provider, session) = (shared.clone(), provider.clone(), session.clone());
            shared.background.clone().spawn(async move {
                let next = ask(&shared, &provider, &session, now).await;
                shared.renewals.settle(session.hash, next);
                drop(done);
            });
            underway
        }
    };
    // It only ever closes. Whoever has waited for long enough goes on with the session as it is.
    tokio::time::timeout(PATIENCE, underway.changed()).await.is_ok()
}

/// Whose turn it is.
enum Turn {
    /// Nobody's: it is not due.
    Not,
    /// Somebody else's.
    Wait(watch::Receiver<()>),
    /// This one's.
    Ask(watch::Sender<()>, watch::Receiver<()>),
}

impl Renewals {
    fn turn(&self, hash: &SecretHash, now: i64) -> Turn {
        let mut known = self.lock();
        match known.get(hash) {
            Some(State::Due(due)) if *due > now => return Turn::Not,
            Some(State::Underway(underway)) if underway.has_changed().is_ok() => return Turn::Wait(underway.clone()),
            _ => {}
        }
        if known.len() >= ROOM {
            known.retain(|_, state| matches!(state, State::Underway(_)));
        }
        let (done, underway) = watch::channel(());
        known.insert(*hash, State::Underway(underway.clone()));
        Turn::Ask(done, underway)
    }

    fn settle(&self, hash: SecretHash, next: i64) {
        self.lock().insert(hash, State::Due(next));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SecretHash, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the provider, if no other process does; when the next time is due.
async fn ask(shared: &Shared, provider: &Provider, session: &Session, now: i64) -> i64 {
    let (store, hash) = (shared.sources.store(), &session.hash);
    let sealed = match store.lease_renewal(hash, now + LEASE, now).await {
        Ok(Some(sealed)) => sealed,
        Ok(None) => {
            let stored = store.session(hash).await.ok().flatten().and_then(|(session, _)| session.login.as_ref()?.renew_at);
            return stored.filter(|due| *due > now).unwrap_or(now + ELSEWHERE);
        }
        Err(_) => return now + PAUSE,
    };
    let Protocol::Oidc(party) = &provider.protocol else { return now + ELSEWHERE };
    let kept = Kept::open(&shared.login, &sealed);
    match refresh(shared, provider, party, &kept, session).await {
        Ok(tokens) => {
            let next = oidc::renew_at(&tokens, oidc::now());
            let sealed = kept.renewed(&tokens).seal(&shared.login, oidc::nonce());
            if let Err(error) = store.renewed(hash, Some(&sealed), Some(next)).await {
                tracing::error!(%error, "a renewed session could not be stored");
            }
            next
        }
        Err(Stop::Refuse(refusal)) if refusal.cause != Cause::ProviderRefused => {
            tracing::info!(
                session = session.id,
                provider = provider.name,
                cause = refusal.cause.code(),
                "the provider does not renew the session"
            );
            if let Err(error) = store.revoke_session(&session.id, now).await {
                tracing::error!(%error, "a session that was not renewed could not be ended");
            }
            shared.sources.changed();
            now + PAUSE
        }
        // The provider is down, or refuses this client: neither says anything about the person.
        Err(_) => {
            tracing::warn!(provider = provider.name, "a session could not be renewed, and goes on");
            let _ = store.renewed(hash, None, Some(now + PAUSE)).await;
            now + PAUSE
        }
    }
}

/// New tokens; what the provider says of the person now is taken over.
async fn refresh(shared: &Shared, provider: &Provider, party: &Arc<RelyingParty>, kept: &Kept, session: &Session) -> Result<Tokens, Stop> {
    let sources = &shared.sources;
    let unable = |outage| Stop::Unable(Box::new(outage));
    let Some(refresh_token) = &kept.refresh_token else { return Err(Stop::refuse(Cause::CodeRefused, countersign::Evidence::none())) };
    let metadata = sources.provider(party).await.map_err(unable)?;
    let question = core::refresh_request(party, &metadata, refresh_token);
    let (status, body) = sources.ask_provider(party, &metadata.token_endpoint, question).await.map_err(unable)?;
    let tokens = core::tokens(party, status, &body)?;
    let Some(raw) = &tokens.id_token else { return Ok(tokens) };
    let now = oidc::now();
    let token = match oidc::described(sources, party, &metadata, raw.expose(), &tokens, None, now).await {
        Ok(token) => token,
        // The new tokens must be kept: the ones before may be used up.
        Err(Stop::Unable(_)) => return Ok(tokens),
        Err(stop) => return Err(stop),
    };
    if session.account.federated.as_ref().is_some_and(|person| person.subject == token.subject) {
        if let Err(error) = sources.store().sign_in_person(&oidc::person(provider, &token), now).await {
            tracing::error!(%error, "an account could not be brought up to date");
        }
        sources.changed();
        return Ok(tokens);
    }
    Err(Stop::refuse(Cause::IdTokenRefused, countersign::Evidence::none()))
}
