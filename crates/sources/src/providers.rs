//! Identity providers: what they publish of themselves, and what is asked of them while somebody logs in. Asked lazily, so
//! that a provider that is down stops no start; remembered, so that a login waits for one answer and not for three.

use crate::outbound::{Outbound, OutboundFault, TIME_LIMIT, parse};
use crate::reach::{Reach, reach};
use crate::sources::{Sources, outage};
use bytes::Bytes;
use countersign::login::oidc::{Metadata, MetadataFault, RelyingParty, TokenRequest};
use countersign::token::KeySet;
use countersign::{Answer, Cause, Evidence, Need, OneTime, Outage, Secret, Spending, Subject, Value};
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use tokio::time::{Instant, timeout};
use zeroize::Zeroizing;

/// How long metadata is taken as it is, and how long it serves while the provider is down.
const FRESH: Duration = Duration::from_secs(60 * 60);
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// The pause after a failure, so that a provider that is down is not asked by everybody who waits.
const PAUSE: Duration = Duration::from_secs(2);
const PATIENCE: u32 = 5;

/// What is remembered of providers, by issuer.
pub(crate) struct Providers {
    outbound: Arc<Outbound>,
    known: Mutex<HashMap<String, Arc<Entry>>>,
}

#[derive(Default)]
struct Entry {
    state: Mutex<State>,
    /// Held by the one that asks.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    held: Option<(Arc<Metadata>, Instant)>,
    failed: Option<(String, Instant)>,
}

#[derive(Debug, Error)]
enum Fault {
    #[error("{0}")]
    Outbound(#[from] OutboundFault),
    #[error("{0}")]
    Metadata(#[from] MetadataFault),
    #[error("{0} lies neither at the issuer nor in public over https")]
    Elsewhere(String),
    #[error("the request cannot be written: {0}")]
    Request(#[from] http::header::InvalidHeaderValue),
}

impl Providers {
    pub(crate) fn new(outbound: Arc<Outbound>) -> Self {
        Self { outbound, known: Mutex::default() }
    }

    async fn metadata(&self, party: &RelyingParty) -> Result<Arc<Metadata>, Outage> {
        let issuer = &party.issuer.issuer;
        let entry = lock(&self.known).entry(issuer.clone()).or_default().clone();
        if let Some(at_hand) = lock(&entry.state).at_hand() {
            return at_hand.map_err(|fault| unreachable(party, &fault));
        }
        let _asking = entry.asking.lock().await;
        // Whoever held the lock before may have got it.
        if let Some(at_hand) = lock(&entry.state).at_hand() {
            return at_hand.map_err(|fault| unreachable(party, &fault));
        }
        let found = timeout(TIME_LIMIT, self.discover(issuer)).await.unwrap_or(Err(OutboundFault::Time.into()));
        let mut state = lock(&entry.state);
        match found {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                *state = State { held: Some((metadata.clone(), Instant::now())), failed: None };
                Ok(metadata)
            }
            Err(fault) => {
                let fault = fault.to_string();
                tracing::warn!(provider = party.name, fault, "the provider cannot be discovered");
                state.failed = Some((fault.clone(), Instant::now()));
                let stale = state.held.as_ref().filter(|(_, since)| since.elapsed() < STALE);
                stale.map(|(metadata, _)| metadata.clone()).ok_or_else(|| unreachable(party, &fault))
            }
        }
    }

    async fn discover(&self, issuer: &str) -> Result<Metadata, Fault> {
        let uri = parse(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
        let (_, document) = self.outbound.get(&uri, Reach::Anywhere, "application/json").await?;
        Ok(Metadata::read(&document, issuer)?)
    }

    async fn send(&self, party: &RelyingParty, endpoint: &str, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), Outage> {
        let answer = timeout(TIME_LIMIT, self.try_send(party, endpoint, request)).await.unwrap_or(Err(OutboundFault::Time.into()));
        answer.map_err(|fault| {
            let fault = fault.to_string();
            tracing::warn!(provider = party.name, fault, "the provider does not answer");
            unreachable(party, &fault)
        })
    }

    async fn try_send(&self, party: &RelyingParty, endpoint: &str, request: Request<Full<Bytes>>) -> Result<(u16, Bytes), Fault> {
        let (uri, issuer) = (parse(endpoint)?, parse(&party.issuer.issuer)?);
        let reach = reach(&uri, &issuer).ok_or_else(|| Fault::Elsewhere(endpoint.to_owned()))?;
        let answer = self.outbound.send(&uri, reach, request).await?;
        if answer.status().is_redirection() {
            return Err(OutboundFault::Status(answer.status()).into());
        }
        Ok((answer.status().as_u16(), answer.into_body()))
    }
}

impl State {
    /// What needs no asking: fresh metadata, or, shortly after a failure, what there is.
    fn at_hand(&self) -> Option<Result<Arc<Metadata>, String>> {
        let held = |limit| self.held.as_ref().filter(|(_, since)| since.elapsed() < limit).map(|(metadata, _)| metadata.clone());
        if let Some(fresh) = held(FRESH) {
            return Some(Ok(fresh));
        }
        let (fault, _) = self.failed.as_ref().filter(|(_, at)| at.elapsed() < PAUSE)?;
        Some(held(STALE).ok_or_else(|| fault.clone()))
    }
}

impl Sources {
    /// What a provider publishes of itself. May be awaited on any runtime, as all of these.
    ///
    /// # Errors
    /// `provider-unreachable`, if it is not known and cannot be had.
    pub async fn provider(self: &Arc<Self>, party: &Arc<RelyingParty>) -> Result<Arc<Metadata>, Outage> {
        let (sources, party) = (self.clone(), party.clone());
        self.beside(async move { sources.providers.metadata(&party).await }).await
    }

    /// Sends a form to one of the provider's endpoints; the answer's status and body.
    ///
    /// # Errors
    /// `provider-unreachable`.
    pub async fn ask_provider(
        self: &Arc<Self>,
        party: &Arc<RelyingParty>,
        endpoint: &str,
        question: TokenRequest,
    ) -> Result<(u16, Bytes), Outage> {
        let request = form(&question).map_err(|fault| unreachable(party, &fault.to_string()))?;
        self.send_to_provider(party, endpoint, request).await
    }

    /// What the provider says of the person whose access token this is.
    ///
    /// # Errors
    /// `provider-unreachable`.
    pub async fn ask_userinfo(self: &Arc<Self>, party: &Arc<RelyingParty>, endpoint: &str, token: &Secret) -> Result<(u16, Bytes), Outage> {
        let mut request = Request::new(Full::default());
        let bearer = Zeroizing::new(format!("Bearer {}", token.expose()));
        let authorization = sensitive(&bearer).map_err(|fault| unreachable(party, &fault.to_string()))?;
        request.headers_mut().insert(AUTHORIZATION, authorization);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.send_to_provider(party, endpoint, request).await
    }

    /// The provider's keys, with this one among them if it can be had.
    ///
    /// # Errors
    /// `keys-unreachable`.
    pub async fn provider_keys(self: &Arc<Self>, party: &RelyingParty, kid: Option<String>) -> Result<Arc<KeySet>, Outage> {
        match self.answer(Need::Keys(party.issuer.clone(), kid)).await {
            crate::Fact::Keys(_, _, Answer::Known(keys)) => Ok(keys),
            crate::Fact::Keys(_, _, Answer::Outage(outage)) => Err(outage),
            _ => Err(outage(Cause::KeysUnreachable, PATIENCE)),
        }
    }

    /// Uses something up: was this the first time?
    ///
    /// # Errors
    /// `overloaded`, where nobody can say.
    pub async fn spend(self: &Arc<Self>, once: OneTime) -> Result<bool, Outage> {
        match self.answer(Need::Spend(once)).await {
            crate::Fact::Spend(_, Answer::Known(spending)) => Ok(spending == Spending::First),
            crate::Fact::Spend(_, Answer::Outage(outage)) => Err(outage),
            _ => Err(outage(Cause::Overloaded, PATIENCE)),
        }
    }

    async fn send_to_provider(
        self: &Arc<Self>,
        party: &Arc<RelyingParty>,
        endpoint: &str,
        request: Request<Full<Bytes>>,
    ) -> Result<(u16, Bytes), Outage> {
        let (sources, party, endpoint) = (self.clone(), party.clone(), endpoint.to_owned());
        self.beside(async move { sources.providers.send(&party, &endpoint, request).await }).await
    }

    /// Waits on the background runtime.
    async fn beside<T: Send + 'static>(&self, what: impl Future<Output = Result<T, Outage>> + Send + 'static) -> Result<T, Outage> {
        // It fails only while the background runtime stops.
        self.runtime().spawn(what).await.unwrap_or_else(|_| Err(outage(Cause::ProviderUnreachable, PATIENCE)))
    }
}

/// A question as a form that is posted.
pub(crate) fn form(question: &TokenRequest) -> Result<Request<Full<Bytes>>, http::header::InvalidHeaderValue> {
    let mut body = Serializer::new(String::new());
    for (name, value) in &question.form {
        body.append_pair(name, value.expose());
    }
    let mut request = Request::new(Full::new(Bytes::from(body.finish())));
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(authorization) = &question.authorization {
        headers.insert(AUTHORIZATION, sensitive(authorization.expose())?);
    }
    Ok(request)
}

fn sensitive(text: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

fn unreachable(party: &RelyingParty, fault: &str) -> Outage {
    let evidence = Evidence::none().presented(Subject::Provider, Value::text(&party.name)).presented(Subject::Form, Value::text(fault));
    Outage { evidence, ..outage(Cause::ProviderUnreachable, PATIENCE) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
