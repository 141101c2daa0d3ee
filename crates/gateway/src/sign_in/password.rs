//! The login page: name and password. Whatever was wrong with them, it looks the same.

use super::form::{Form, csrf};
use super::{SIGN_IN, cookies, decode, realm, session, way_back};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::pages::{self, SignIn};
use crate::respond;
use countersign::{Refusal, Verdict, judge_password};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

/// The page.
pub(super) fn show(case: &Case, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let rd = front.target.parameters("rd").next().map(decode).unwrap_or_default();
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let page = SignIn { realm: realm(case), csrf: &csrf, rd: way_back(&rd), failure: None, reference: None };
    cookies::with(respond::page(StatusCode::OK, pages::render(&page)), cookie)
}

/// Judges what the form says, and begins a session.
pub(super) async fn sign_in(case: &Case, peer: &Peer, front: &Front, head: &Parts, form: &Form) -> Response<ResponseBody> {
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
    session::start(case, peer, front, head, &identity, session::Begin { login: None, sealed: None, way_back: form.get("rd") }).await
}

/// The form again.
fn again(case: &Case, front: &Front, head: &Parts, form: &Form, refusal: &Refusal, reference: &str) -> Response<ResponseBody> {
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let failure = refusal.cause.outside().detail();
    let page = SignIn { realm: realm(case), csrf: &csrf, rd: way_back(form.get("rd")), failure: Some(failure), reference: Some(reference) };
    let status = StatusCode::from_u16(refusal.cause.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = cookies::with(respond::page(status, pages::render(&page)), cookie);
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
