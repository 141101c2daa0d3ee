//! Logging in with an OpenID Connect provider. What is right and wrong is decided in the core's `login::oidc`; here it is put
//! into redirects and cookies. Each login has a cookie of its own, so that several tabs do not disturb each other.
//!
//! ```text
//! GET start ──303──► provider ──303──► GET callback ──► code ──► tokens ──► ID token ──► userinfo ──► account ──► session
//! ```

mod logout;

pub(super) use logout::{backchannel_logout, frontchannel_logout, onward};

use super::{CALLBACK, SIGN_IN, StepUp, WAY_BACK_LIMIT, cookies, encode, parameter, realm, rounds, saml, session, start_address, way_back};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::{Protocol, Provider};
use crate::front::{Front, Peer};
use crate::respond;
use crate::worker::random;
use countersign::login::oidc::{
    self, Answered, Asked, Entropy, Expected, IdToken, Kept, LOGIN_LASTS, LoginState, Metadata, RelyingParty, TokenRequest, Tokens, Unknown,
};
use countersign::{Account, Cause, Evidence, Login, OneTime, Outage, Refusal, SecretHash, Stop, Subject, Value, judge_login};
use countersign_sources::Sources;
use countersign_store::{Person, StoreError};
use http::Response;
use http::request::Parts;
use std::sync::Arc;
use std::time::Duration;

/// What the names of the login's cookies end in, before the login's own name.
const SUFFIX: &str = "_login_";
/// The most logins under way that a browser keeps.
const LOGINS: usize = 4;
/// How long all that is asked of the provider at the end of a login may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long an access token lasts where the provider does not say, in seconds.
const LASTS: i64 = 300;

/// Sends a person to the provider.
pub(super) async fn start(case: &mut Case, peer: &Peer, front: &Front, head: &Parts) -> Response<ResponseBody> {
    case.navigation = true;
    let rd = parameter(front, "rd").unwrap_or_default();
    let rd = if rd.len() > WAY_BACK_LIMIT { "/" } else { way_back(&rd) };
    let site = case.site.clone();
    let named = parameter(front, "provider").and_then(|name| site.as_ref()?.provider(&name));
    let Some(provider) = named else {
        let chosen = respond::see_other(&format!("{SIGN_IN}?rd={}", encode(rd)));
        return case.admitted(peer, None, chosen);
    };
    let party = match &provider.protocol {
        Protocol::Oidc(party) => party,
        Protocol::Saml(party) => return saml::start(case, peer, front, head, provider, party),
    };
    match begin(case, front, party, rd).await {
        Ok((location, cookie)) => {
            let response = surplus(front, head).into_iter().fold(respond::see_other(&location), |response, name| {
                cookies::with(response, Some(cookies::set(front.secure, &name, "", Some(0))))
            });
            case.admitted(peer, None, cookies::with(response, Some(cookie)))
        }
        Err(stop) => stopped(case, peer, front, head, stop, provider, rd, None),
    }
}

/// Where the person is sent, and the cookie that remembers the login.
async fn begin(case: &Case, front: &Front, party: &Arc<RelyingParty>, rd: &str) -> Result<(String, String), Stop> {
    let sources = &case.worker.shared.sources;
    let metadata = sources.provider(party).await.map_err(unable)?;
    let step_up = StepUp::of(front);
    let asked = Asked {
        redirect_uri: party.redirect_uri.clone().unwrap_or_else(|| format!("{}{CALLBACK}", origin(front))),
        way_back: rd.to_owned(),
        host: front.host().to_owned(),
        acr: step_up.acr,
        max_age: step_up.max_age,
    };
    let started = oidc::start(party, asked, entropy(), &case.worker.shared.login, case.at_ms / 1000);
    let cookie = cookies::set(front.secure, &format!("{SUFFIX}{}", started.id), &started.cookie, Some(LOGIN_LASTS as u32));
    let parameters = match &metadata.pushed_authorization_request_endpoint {
        None => started.parameters,
        Some(endpoint) => {
            let (status, body) =
                sources.ask_provider(party, endpoint, TokenRequest::pushed(&started.parameters, party, &metadata)).await.map_err(unable)?;
            vec![("client_id", party.client_id.clone()), ("request_uri", oidc::pushed(party, status, &body)?)]
        }
    };
    Ok((with_query(&metadata.authorization_endpoint, &parameters), cookie))
}

/// Takes a person back from the provider.
pub(super) async fn callback(case: &mut Case, peer: &Peer, front: &Front, head: &Parts) -> Response<ResponseBody> {
    case.navigation = true;
    let now = case.at_ms / 1000;
    let answered = answered(front);
    let cookie = |id: &str| cookies::find(&head.headers, &cookies::name(front.secure, &format!("{SUFFIX}{id}")));
    let login = match oidc::find(&answered, front.host(), cookie, &case.worker.shared.login, now) {
        Ok(login) => login,
        Err(refusal) => return refused(case, peer, front, head, &refusal, None, "/", None),
    };
    let site = case.site.clone();
    let known = site.as_ref().and_then(|site| site.provider(&login.provider));
    let Some((provider, Protocol::Oidc(party))) = known.map(|provider| (provider, &provider.protocol)) else {
        let evidence = Evidence::none().presented(Subject::Provider, Value::text(&login.provider));
        return refused(case, peer, front, head, &Unknown::NotOurs.refusal(evidence), None, &login.way_back, None);
    };
    // Whatever becomes of it, it was this login's one answer.
    let id = answered.state.as_deref().map(oidc::login_id).unwrap_or_default();
    let over = cookies::set(front.secure, &format!("{SUFFIX}{id}"), "", Some(0));
    let finishing = tokio::time::timeout(PATIENCE, finish(case, party, &answered, &login)).await;
    let finished = match finishing.unwrap_or_else(|_| Err(too_slow(party))) {
        Ok(finished) => finished,
        Err(stop) => return stopped(case, peer, front, head, stop, provider, &login.way_back, Some(over)),
    };
    let account = match account(case, provider, &finished.token).await {
        Ok(account) => account,
        Err(stop) => return stopped(case, peer, front, head, stop, provider, &login.way_back, Some(over)),
    };
    let identity = match judge_login(Arc::new(account)) {
        Ok(identity) => identity,
        Err(refusal) => return refused(case, peer, front, head, &refusal, Some(provider), &login.way_back, Some(over)),
    };
    let kept = Kept::default().renewed(&finished.tokens);
    let renews = party.renew && kept.refresh_token.is_some();
    let said = Login {
        provider: provider.name.clone(),
        sid: finished.token.sid,
        acr: finished.token.acr,
        auth_time: finished.token.auth_time,
        renew_at: renews.then(|| renew_at(&finished.tokens, now)),
    };
    let sealed = Some(kept.seal(&case.worker.shared.login, nonce()));
    let begin = session::Begin { login: Some(said), sealed, ends: None, way_back: &login.way_back };
    let response = session::start(case, peer, front, head, &identity, begin).await;
    let response = cookies::with(response, Some(rounds::one_more(front, &head.headers, now)));
    cookies::with(response, Some(over))
}

/// Every single answer came in time, or may still come, and all of them together take too long.
fn too_slow(party: &RelyingParty) -> Stop {
    let evidence = Evidence::none().presented(Subject::Provider, Value::text(&party.name));
    let evidence = evidence.presented(Subject::Form, Value::text("its answers together take too long"));
    unable(Outage { cause: Cause::ProviderUnreachable, retry_after: 5, evidence })
}

/// What a login comes to.
struct Finished {
    token: IdToken,
    tokens: Tokens,
}

/// Free checks first; then the answer is used up; then the provider is asked.
async fn finish(case: &Case, party: &Arc<RelyingParty>, answered: &Answered, login: &LoginState) -> Result<Finished, Stop> {
    let sources = &case.worker.shared.sources;
    let metadata = sources.provider(party).await.map_err(unable)?;
    let code = oidc::code(answered, party, &metadata).map_err(refuse)?;
    let state = answered.state.as_deref().unwrap_or_default();
    let once = OneTime { hash: SecretHash::of(&format!("login\n{state}")), until: login.begun + LOGIN_LASTS + 1 };
    if !sources.spend(once).await.map_err(unable)? {
        return Err(refuse(Unknown::Used.refusal(Evidence::none())));
    }
    let question = oidc::token_request(party, &metadata, code, login);
    let (status, body) = sources.ask_provider(party, &metadata.token_endpoint, question).await.map_err(unable)?;
    let tokens = oidc::tokens(party, status, &body)?;
    let Some(raw) = &tokens.id_token else {
        let evidence = Evidence::none().presented(Subject::Form, Value::text("there is no ID token"));
        return Err(Stop::refuse(Cause::IdTokenRefused, evidence));
    };
    let token = described(sources, party, &metadata, raw.expose(), &tokens, Some(login), now()).await?;
    Ok(Finished { token, tokens })
}

/// What a provider says of a person: the ID token, checked, and what the userinfo endpoint adds.
pub(super) async fn described(
    sources: &Arc<Sources>,
    party: &Arc<RelyingParty>,
    metadata: &Metadata,
    raw: &str,
    tokens: &Tokens,
    login: Option<&LoginState>,
    now: i64,
) -> Result<IdToken, Stop> {
    let kid = oidc::key_id(raw).map_err(refuse)?;
    let keys = sources.provider_keys(party, kid).await.map_err(unable)?;
    let expected = Expected { login, access_token: tokens.access_token.expose(), now };
    let mut token = oidc::check_id_token(raw, &keys, party, expected).map_err(refuse)?;
    if let Some(endpoint) = metadata.userinfo_endpoint.as_ref().filter(|_| party.userinfo) {
        let (status, body) = sources.ask_userinfo(party, endpoint, &tokens.access_token).await.map_err(unable)?;
        oidc::check_userinfo(&mut token, party, status, &body)?;
    }
    Ok(token)
}

/// The person's account, made or brought up to date.
async fn account(case: &Case, provider: &Provider, token: &IdToken) -> Result<Account, Stop> {
    let (store, now) = (case.worker.shared.sources.store().clone(), case.at_ms / 1000);
    let person = person(provider, token);
    let kept = case.worker.shared.background.spawn(async move { store.sign_in_person(&person, now).await });
    match kept.await {
        Ok(Err(StoreError::AccountName(_))) => {
            let evidence = Evidence::none().presented(Subject::Form, Value::text("the person's name cannot be an account's"));
            Err(Stop::refuse(Cause::IdTokenRefused, evidence))
        }
        kept => session::settled(kept).map_err(unable),
    }
}

/// A person as the store keeps them.
pub(super) fn person(provider: &Provider, token: &IdToken) -> Person {
    let described = provider.mapping.describe(&token.subject, &token.claims);
    Person {
        provider: provider.name.clone(),
        subject: described.subject,
        name: described.name,
        display_name: described.display_name,
        email: described.email,
        roles: described.roles,
        scopes: described.scopes,
    }
}

/// When a session is to be renewed: well before the access token ends.
pub(super) fn renew_at(tokens: &Tokens, now: i64) -> i64 {
    let lasts = tokens.expires_in.unwrap_or(LASTS).min(86_400);
    now + (lasts * 4 / 5).max(1)
}

/// What the provider sent along. What is said twice counts as not said.
fn answered(front: &Front) -> Answered {
    let once = |name: &str| {
        let mut values = front.target.parameters(name);
        values.next().filter(|_| values.next().is_none()).map(super::decode)
    };
    Answered { state: once("state"), code: once("code"), iss: once("iss"), error: once("error") }
}

/// The names of the oldest logins under way that a browser keeps beyond the limit; browsers send the oldest first.
fn surplus(front: &Front, head: &Parts) -> Vec<String> {
    let prefix = cookies::name(front.secure, SUFFIX);
    let ids: Vec<&str> = cookies::all(&head.headers).filter_map(|(name, _)| name.strip_prefix(&prefix)).collect();
    let beyond = (ids.len() + 1).saturating_sub(LOGINS);
    ids.into_iter().take(beyond).map(|id| format!("{SUFFIX}{id}")).collect()
}

#[expect(clippy::too_many_arguments, reason = "a page rests on all of them")]
fn stopped(
    case: &Case,
    peer: &Peer,
    front: &Front,
    head: &Parts,
    stop: Stop,
    provider: &Provider,
    rd: &str,
    cookie: Option<String>,
) -> Response<ResponseBody> {
    match stop {
        Stop::Refuse(refusal) => refused(case, peer, front, head, &refusal, Some(provider), rd, cookie),
        Stop::Unable(outage) => cookies::with(case.unable(peer, head, &outage), cookie),
        Stop::Needs(_) => case.unable(peer, head, &Outage { cause: Cause::Overloaded, retry_after: 1, evidence: Evidence::none() }),
    }
}

#[expect(clippy::too_many_arguments, reason = "a page rests on all of them")]
fn refused(
    case: &Case,
    peer: &Peer,
    _front: &Front,
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

/// An address with more parameters.
fn with_query(endpoint: &str, parameters: &[(&'static str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters.iter().map(|(name, value)| (*name, value.as_str())));
    let joint = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{joint}{}", query.finish())
}

/// The origin of the site, as the browser sees it.
fn origin(front: &Front) -> String {
    format!("{}://{}", if front.secure { "https" } else { "http" }, front.host())
}

fn entropy() -> Entropy {
    let mut entropy = Entropy { state: [0; 32], nonce: [0; 32], verifier: [0; 32], seals: [[0; 12]; 2] };
    let [first, second] = &mut entropy.seals;
    for bytes in [entropy.state.as_mut_slice(), &mut entropy.nonce, &mut entropy.verifier, first, second] {
        random(bytes);
    }
    entropy
}

/// A nonce for sealing.
pub(super) fn nonce() -> [u8; 12] {
    let mut nonce = [0; 12];
    random(&mut nonce);
    nonce
}

fn unable(outage: Outage) -> Stop {
    Stop::Unable(Box::new(outage))
}

fn refuse(refusal: Refusal) -> Stop {
    Stop::Refuse(Box::new(refusal))
}

/// Seconds since the epoch: a login waits for its provider, and time passes meanwhile.
pub(super) fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
