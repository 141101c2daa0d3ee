//! The login page and the way out. Works without scripts; the session's cookie is new at each login; the way back is
//! a path of this site and nothing else.
//!
//! ```text
//! refused navigation ──303──► GET sign_in?rd=… ──form──► POST ──► judge_password ──► session ──303──► rd
//! ```

use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::{Rule, Site};
use crate::front::{Front, Peer};
use crate::pages::{self, SignIn, SignOut};
use crate::respond;
use crate::worker::random;
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use countersign::{
    Access, Cause, Evidence, Outage, PLAIN_SESSION_COOKIE, Presented, Refusal, SECURE_SESSION_COOKIE, Scheme, SecretHash, Session, Target,
    Verdict, hex, judge_password,
};
use countersign_store::StoreError;
use http::header::{COOKIE, LOCATION, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use zeroize::Zeroizing;

const SIGN_IN: &str = "/oauth2/sign_in";
const SIGN_OUT: &str = "/oauth2/sign_out";
/// The longest form that is read, in bytes.
const FORM_LIMIT: usize = 16 * 1024;

/// Is it a path of the login pages, on a site that has sessions?
pub(crate) fn is_own_path(path: &str, site: &Site) -> bool {
    let sessions = |rule: &Rule| rule.requirement.access == Access::Protected && rule.requirement.accepts(Scheme::Session);
    [SIGN_IN, SIGN_OUT].contains(&path) && site.rules.iter().any(sessions)
}

/// Would logging in mend this refusal, and is there a person to do it?
pub(crate) fn mends(refusal: &Refusal, rule: &Rule, navigation: bool) -> bool {
    let session_lacks = matches!(
        refusal.cause,
        Cause::CredentialsMissing
            | Cause::SessionUnknown
            | Cause::SessionIdle
            | Cause::SessionOver
            | Cause::SessionRevoked
            | Cause::SessionMalformed
    );
    navigation && session_lacks && rule.requirement.accepts(Scheme::Session)
}

/// Sends a person to the login page, and back to where they were: to a page, never to the address of a form's target.
pub(crate) fn redirect(case: &Case, peer: &Peer, head: &Parts, front: &Front, refusal: &Refusal) -> Response<ResponseBody> {
    let page = if [Method::GET, Method::HEAD].contains(&head.method) { front.target.as_str() } else { "/" };
    let location = format!("{SIGN_IN}?rd={}", utf8_percent_encode(page, NON_ALPHANUMERIC));
    case.refuse_with(peer, head, refusal, |reference| respond::to_sign_in(&location, reference))
}

/// Answers the login pages.
pub(crate) async fn serve(case: &mut Case, peer: &Peer, front: &Front, head: Parts, body: Incoming) -> Response<ResponseBody> {
    let out = front.target.path() == SIGN_OUT;
    match head.method {
        Method::GET | Method::HEAD => {
            let page = if out { show_sign_out(case, front, &head) } else { show_sign_in(case, front, &head) };
            case.admitted(peer, None, page)
        }
        Method::POST => {
            case.navigation = true;
            let form = match read_form(case, body).await {
                Ok(form) => form,
                Err(refusal) => return case.refuse(peer, &head, &refusal),
            };
            match check_csrf(case, front, &head, &form) {
                Err(cause) => case.refuse(peer, &head, &Refusal::new(cause, Evidence::none())),
                Ok(()) if out => sign_out(case, peer, front, &head).await,
                Ok(()) => sign_in(case, peer, front, &head, &form).await,
            }
        }
        _ => {
            let mut response = respond::page(StatusCode::METHOD_NOT_ALLOWED, String::new());
            response.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            case.admitted(peer, None, response)
        }
    }
}

fn show_sign_in(case: &Case, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let rd = front.target.parameters("rd").next().map(decode).unwrap_or_default();
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let page = SignIn { realm: realm(case), csrf: &csrf, rd: way_back(&rd), failure: None, reference: None };
    with_cookie(respond::page(StatusCode::OK, pages::render(&page)), cookie)
}

fn show_sign_out(case: &Case, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let page = SignOut { realm: realm(case), csrf: &csrf, done: false };
    with_cookie(respond::page(StatusCode::OK, pages::render(&page)), cookie)
}

async fn sign_in(case: &Case, peer: &Peer, front: &Front, head: &Parts, form: &Form) -> Response<ResponseBody> {
    let now = case.at_ms / 1000;
    let (name, password) = (form.get("username"), form.get("password"));
    let judged = case.worker.at_hand.settle(|facts| judge_password(name, password, front.client, facts, now)).await;
    let identity = match judged {
        Verdict::Admit(identity) => identity,
        Verdict::Unable(outage) => return case.unable(peer, head, &outage),
        Verdict::Refuse(refusal) => {
            return case.refuse_with(peer, head, &refusal, |reference| again(case, front, head, form, &refusal, reference));
        }
    };
    let Some(account) = identity.account() else {
        return case.refuse(peer, head, &Refusal::new(Cause::RuleDenied, Evidence::none()));
    };
    let cookie = secret();
    let limits = &case.plan().session;
    let session = Session {
        id: format!("s_{}", hex(&SecretHash::of(&cookie).0.first_chunk::<6>().copied().unwrap_or_default())),
        hash: SecretHash::of(&cookie),
        account: Arc::new(account.clone()),
        created: now,
        expires: now + limits.absolute.as_secs() as i64,
        idle: limits.idle.as_secs() as i64,
        revoked: None,
    };
    let (before, store) = (presented_session(front, head), case.worker.shared.sources.store().clone());
    let replaces = before.is_some();
    let kept = case.worker.shared.background.spawn(async move {
        if let Some(before) = before
            && let Some((before, _)) = store.session(&before).await?
        {
            store.revoke_session(&before.id, now).await?;
        }
        store.add_session(&session, now).await
    });
    if let Err(outage) = settled(kept.await) {
        return case.unable(peer, head, &outage);
    }
    // Only a session that was replaced withdraws anything.
    if replaces {
        case.worker.shared.sources.changed();
    }
    case.worker.shared.metrics.sign_ins.inc();
    let mut response = respond::page(StatusCode::SEE_OTHER, String::new());
    if let Ok(location) = HeaderValue::from_str(way_back(form.get("rd"))) {
        response.headers_mut().insert(LOCATION, location);
    }
    let cookie = set_cookie(front.secure, "", &cookie, None);
    case.admitted(peer, Some(&identity), with_cookie(response, Some(cookie)))
}

/// The form again. Whatever was wrong with name or password, it looks the same.
fn again(case: &Case, front: &Front, head: &Parts, form: &Form, refusal: &Refusal, reference: &str) -> Response<ResponseBody> {
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let failure = refusal.cause.outside().detail();
    let page = SignIn { realm: realm(case), csrf: &csrf, rd: way_back(form.get("rd")), failure: Some(failure), reference: Some(reference) };
    let status = StatusCode::from_u16(refusal.cause.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = with_cookie(respond::page(status, pages::render(&page)), cookie);
    let headers = response.headers_mut();
    if let Ok(reference) = HeaderValue::from_str(reference) {
        headers.insert(respond::REFERENCE, reference);
    }
    if status == StatusCode::UNAUTHORIZED {
        let challenge = countersign_grammar::Challenge::new("Session").param("realm", realm(case)).param("sign_in", SIGN_IN).to_string();
        headers.extend(HeaderValue::try_from(challenge).ok().map(|challenge| (WWW_AUTHENTICATE, challenge)));
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

async fn sign_out(case: &Case, peer: &Peer, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let now = case.at_ms / 1000;
    if let Some(hash) = presented_session(front, head) {
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
    let gone = set_cookie(front.secure, "", "", Some(0));
    case.admitted(peer, None, with_cookie(respond::page(StatusCode::OK, pages::render(&page)), Some(gone)))
}

fn settled<T>(kept: Result<Result<T, StoreError>, tokio::task::JoinError>) -> Result<T, Outage> {
    kept.ok().and_then(Result::ok).ok_or(Outage { cause: Cause::StoreUnreachable, retry_after: 5, evidence: Evidence::none() })
}

/// A path of this site, or its root. Only a canonical path is one: `//host`, `/\host` and whole addresses are not.
fn way_back(rd: &str) -> &str {
    let page = Target::parse(rd).ok().filter(|target| target.as_str() == rd && ![SIGN_IN, SIGN_OUT].contains(&target.path()));
    if page.is_some() && rd.is_ascii() { rd } else { "/" }
}

fn presented_session(front: &Front, head: &Parts) -> Option<SecretHash> {
    Presented::read(&front.parts(head)).session.map(SecretHash::of)
}

fn realm(case: &Case) -> &str {
    case.site.as_ref().map_or("", |site| &site.realm)
}

struct Form(Vec<(String, Zeroizing<String>)>);

impl Form {
    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

async fn read_form(case: &Case, body: Incoming) -> Result<Form, Refusal> {
    let reading = Limited::new(body, FORM_LIMIT).collect();
    let read = tokio::time::timeout(case.plan().limits.header_timeout, reading).await;
    let bytes: Bytes = match read {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) | Err(_) => return Err(Refusal::new(Cause::RequestTooLarge, Evidence::none())),
    };
    let pairs = form_urlencoded::parse(&bytes).take(16);
    Ok(Form(pairs.map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned()))).collect()))
}

/// The form's token is a keyed hash of a cookie that only this browser has (a signed double submit).
fn check_csrf(case: &Case, front: &Front, head: &Parts, form: &Form) -> Result<(), Cause> {
    let token = form.get("csrf");
    if token.is_empty() {
        return Err(Cause::CsrfTokenMissing);
    }
    let cookie = cookie(&head.headers, csrf_cookie(front.secure)).ok_or(Cause::CsrfTokenWrong)?;
    let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| Cause::CsrfTokenWrong)?;
    hmac::verify(&case.worker.shared.csrf, cookie.as_bytes(), &token).map_err(|_| Cause::CsrfTokenWrong)
}

/// The token for this browser, and the cookie to set if it has none yet.
fn csrf(case: &Case, front: &Front, headers: &HeaderMap) -> (String, Option<String>) {
    let had = cookie(headers, csrf_cookie(front.secure)).filter(|value| value.len() == 43);
    let value = had.map_or_else(secret, str::to_owned);
    let token = URL_SAFE_NO_PAD.encode(hmac::sign(&case.worker.shared.csrf, value.as_bytes()));
    let set = had.is_none().then(|| set_cookie(front.secure, "_csrf", &value, None));
    (token, set)
}

fn csrf_cookie(secure: bool) -> &'static str {
    if secure { "__Host-countersign_csrf" } else { "countersign_csrf" }
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(';')).find_map(|pair| pair.trim_start().strip_prefix(name)?.strip_prefix('='))
}

fn set_cookie(secure: bool, suffix: &str, value: &str, max_age: Option<u32>) -> String {
    let name = if secure { SECURE_SESSION_COOKIE } else { PLAIN_SESSION_COOKIE };
    let age = max_age.map_or(String::new(), |age| format!("; Max-Age={age}"));
    format!("{name}{suffix}={value}; Path=/; HttpOnly; SameSite=Lax{age}{}", if secure { "; Secure" } else { "" })
}

fn with_cookie(mut response: Response<ResponseBody>, cookie: Option<String>) -> Response<ResponseBody> {
    response.headers_mut().extend(cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()).map(|cookie| (SET_COOKIE, cookie)));
    response
}

fn secret() -> String {
    let mut bytes = [0; 32];
    random(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> String {
    form_urlencoded::parse(format!("rd={text}").as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rd: &str, expect: &str) {
        assert_eq!(way_back(rd), expect, "{rd:?}");
    }

    #[test]
    fn the_way_back_stays_here() {
        check("/orders?id=1", "/orders?id=1");
        for rd in [
            "",
            "//evil.test",
            "/\\evil.test",
            "https://evil.test/",
            "/%2f/evil.test",
            "/../x",
            "/a\nb",
            "javascript:alert(1)",
            "/oauth2/sign_out",
            "/é",
        ] {
            check(rd, "/");
        }
    }
}
