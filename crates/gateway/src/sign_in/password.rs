//! The login page: name and password. Whatever was wrong with them, it looks the same.

use super::form::{Form, csrf};
use super::{StepUp, cookies, decode, realm, session, start_address, way_back};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::pages::{self, SignIn};
use crate::respond;
use countersign::reply::session_challenge;
use countersign::{Refusal, Verdict, judge_password};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

/// The page: passwords, providers, or both. Where there is one provider and nothing else, it is the way.
pub(super) fn show(case: &Case, front: &Front, head: &Parts) -> Response<ResponseBody> {
    let rd = front.target.parameters("rd").next().map(decode).unwrap_or_default();
    if let (Some([_]), false) = (case.site.as_ref().map(|site| site.providers.as_slice()), takes_passwords(case)) {
        return respond::see_other(&start_address(case, None, way_back(&rd), &StepUp::of(front)));
    }
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let page = SignIn {
        realm: realm(case),
        passwords: takes_passwords(case),
        providers: &providers(case, way_back(&rd), &StepUp::of(front)),
        csrf: &csrf,
        rd: way_back(&rd),
        failure: None,
        reference: None,
    };
    cookies::with(respond::page(StatusCode::OK, pages::render(&page)), cookie)
}

fn takes_passwords(case: &Case) -> bool {
    case.site.as_ref().is_none_or(|site| site.passwords)
}

/// The providers of the site, each with its label and where it begins.
fn providers<'a>(case: &'a Case, rd: &str, step_up: &StepUp) -> Vec<(&'a str, String)> {
    let all = case.site.iter().flat_map(|site| &site.providers);
    all.map(|provider| (provider.label.as_str(), start_address(case, Some(&provider.name), rd, step_up))).collect()
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
    session::start(case, peer, front, head, &identity, session::Begin { login: None, sealed: None, ends: None, way_back: form.get("rd") })
        .await
}

/// The form again.
fn again(case: &Case, front: &Front, head: &Parts, form: &Form, refusal: &Refusal, reference: &str) -> Response<ResponseBody> {
    let (csrf, cookie) = csrf(case, front, &head.headers);
    let failure = refusal.cause.outside().detail();
    let page = SignIn {
        realm: realm(case),
        passwords: true,
        providers: &providers(case, way_back(form.get("rd")), &StepUp::default()),
        csrf: &csrf,
        rd: way_back(form.get("rd")),
        failure: Some(failure),
        reference: Some(reference),
    };
    let status = StatusCode::from_u16(refusal.cause.status()).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = cookies::with(respond::page(status, pages::render(&page)), cookie);
    let headers = response.headers_mut();
    if let Ok(reference) = HeaderValue::from_str(reference) {
        headers.insert(respond::REFERENCE, reference);
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, session_challenge(realm(case)));
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}
