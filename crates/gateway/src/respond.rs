//! Responses that the gateway makes itself. Only this module knows what a refusal's body looks like.

use crate::body::ResponseBody;
use crate::config::{Rule, Site};
use crate::cors;
use crate::pages;
use countersign::reply::{Reply, session_challenge};
use countersign::{Outage, Refusal};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use std::fmt::Write;

/// Carries the reference on every refusal.
pub(crate) const REFERENCE: HeaderName = HeaderName::from_static("countersign-ref");
/// Says that a refusal is the app's own.
pub(crate) const REFUSED_BY: HeaderName = HeaderName::from_static("countersign-refused-by");

/// The nonce that the next proof of possession is to carry (RFC 9449 section 8.2).
pub(crate) const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What a refusal's body depends on, apart from the refusal.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The request's `Origin`.
    pub origin: Option<&'a HeaderValue>,
    /// Is it a person's browser going to a page?
    pub navigation: bool,
    /// The sealed reference.
    pub reference: &'a str,
    /// What problem types begin with.
    pub problem_base: &'a str,
    /// The site, if one was found.
    pub site: Option<&'a Site>,
}

/// A refusal: status, challenges, reference, and a problem document or a page. `nonce` makes one for a realm.
pub(crate) fn refuse(refusal: &Refusal, rule: Option<&Rule>, asked: Asked<'_>, nonce: impl Fn(&str) -> String) -> Response<ResponseBody> {
    let reply = Reply::refuse(refusal, rule.map(|rule| (&rule.requirement, &rule.challenges)), nonce);
    let allowed = refusal.cause != countersign::Cause::CorsOriginRefused;
    finish(&reply, asked, allowed)
}

/// An outage: the same shape, and never a word about credentials.
pub(crate) fn unable(outage: &Outage, asked: Asked<'_>) -> Response<ResponseBody> {
    finish(&Reply::unable(outage), asked, true)
}

/// Sends a person to the login page. The reference goes along, so that the refusal can still be explained.
pub(crate) fn to_sign_in(location: &str, reference: &str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    set(headers, LOCATION, location);
    set(headers, REFERENCE, reference);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static(VARIES));
    response
}

/// A login that came to nothing, as a page that leads to another try. `hint` says more than the cause's own text where that
/// helps the person and tells nobody anything.
pub(crate) fn login_failed(refusal: &Refusal, realm: &str, reference: &str, again: &str, hint: Option<&str>) -> Response<ResponseBody> {
    let reply = Reply::refuse(refusal, None, |_| String::new());
    let mut response = page(reply.status, pages::login_failed(&reply, reference, again, hint));
    let headers = response.headers_mut();
    if reply.status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, session_challenge(realm));
    }
    set(headers, REFERENCE, reference);
    response
}

/// Sends a person on, where nothing was refused.
pub(crate) fn see_other(location: &str) -> Response<ResponseBody> {
    let mut response = page(StatusCode::SEE_OTHER, String::new());
    set(response.headers_mut(), LOCATION, location);
    response
}

/// A page or short text that is no refusal.
pub(crate) fn page(status: StatusCode, body: String) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    pages::protect(headers);
    response
}

/// On which request fields the gateway's own answers depend.
const VARIES: &str = "Authorization, Cookie, X-API-Key, Accept, Sec-Fetch-Mode, X-Requested-With, Origin";

fn finish(reply: &Reply, asked: Asked<'_>, cors: bool) -> Response<ResponseBody> {
    let body = if asked.navigation { pages::refusal(reply, asked.reference) } else { problem(reply, asked) };
    let length = body.len();
    let mut response = Response::new(ResponseBody::from(body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.reserve(10);
    for challenge in &reply.challenges {
        headers.append(WWW_AUTHENTICATE, challenge.clone());
    }
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(if asked.navigation { "text/html; charset=utf-8" } else { "application/problem+json" }),
    );
    headers.insert(CONTENT_LENGTH, length.into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static(VARIES));
    set(headers, REFERENCE, asked.reference);
    headers.extend(reply.proof_nonce.clone().map(|nonce| (DPOP_NONCE, nonce)));
    if let Some(seconds) = reply.retry_after {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    if asked.navigation {
        pages::protect(headers);
    }
    if cors {
        cors::allow(headers, asked.origin, asked.site);
    }
    response
}

/// A problem document (RFC 9457). Nothing in it needs escaping: all of it is ours.
fn problem(reply: &Reply, asked: Asked<'_>) -> String {
    let mut body = String::with_capacity(768);
    let (outside, status) = (reply.outside, reply.status.as_u16());
    let (slug, title, detail) = (outside.slug(), outside.title(), outside.detail());
    let (base, reference) = (asked.problem_base, asked.reference);
    // Writing to a string does not fail.
    let _ = write!(body, r#"{{"type":"{base}{slug}","title":"{title}","status":{status},"detail":"{detail}","instance":"{reference}""#);
    if let Some(seconds) = reply.retry_after {
        let _ = write!(body, r#","retry_after":{seconds}"#);
    }
    body.push_str("}\n");
    body
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
