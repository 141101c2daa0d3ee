//! Who is sent to log in again and again is in a loop: after a few rounds the browser is told so, with the likeliest cause.

use super::{cookies, encode, realm, way_back};
use crate::body::ResponseBody;
use crate::case::Case;
use crate::front::{Front, Peer};
use crate::respond;
use countersign::{Cause, Evidence, Refusal, Subject, Value};
use http::request::Parts;
use http::{HeaderMap, Response};

const SUFFIX: &str = "_rounds";
/// So many logins within so many seconds are a loop.
const ROUNDS: u32 = 3;
const WITHIN: i64 = 60;

/// The cookie that counts one more login; it is a number and a time, and only stops who carries it.
pub(super) fn one_more(front: &Front, headers: &HeaderMap, now: i64) -> String {
    let (count, since) = counted(front, headers, now).map_or((0, now), |(count, since)| (count, since));
    cookies::set(front.secure, SUFFIX, &format!("{}-{since}", count + 1), Some(WITHIN as u32))
}

/// The refusal that ends a loop, if it is one; `cause` is why the person would be sent once more.
pub(super) fn looping(case: &Case, front: &Front, headers: &HeaderMap, cause: Cause) -> Option<Refusal> {
    let (count, _) = counted(front, headers, case.at_ms / 1000).filter(|(count, _)| *count >= ROUNDS)?;
    let likely = match cause {
        Cause::CredentialsMissing => "the browser does not send the session's cookie",
        Cause::SessionUnknown | Cause::SessionMalformed => "another cookie of the same name, host or installation is in the way",
        Cause::SessionIdle | Cause::SessionOver => "sessions end at once: a clock was set, or lifetimes are too short",
        Cause::AuthenticationTooWeak | Cause::AuthenticationTooOld => "the provider does not authenticate as the rule asks for",
        _ => "sessions are ended as soon as they begin",
    };
    let evidence = Evidence::none().presented(Subject::Form, Value::text(likely));
    let evidence = evidence.presented(Subject::Attempts, Value::Number(count.into()));
    Some(Refusal::new(Cause::LoginLooping, evidence.presented(Subject::Error, Value::text(cause.code()))))
}

/// The page that ends it; the next try is counted from the beginning.
pub(super) fn stop(case: &Case, peer: &Peer, front: &Front, head: &Parts, refusal: &Refusal, page: &str) -> Response<ResponseBody> {
    let again = format!("{}?rd={}", super::SIGN_IN, encode(way_back(page)));
    let likely = refusal.evidence.items().iter().find(|item| item.about == Subject::Form).and_then(|item| item.presented.as_ref());
    let hint = match likely {
        Some(Value::Text(likely)) => format!("You were sent to log in again and again. Most likely {likely}."),
        _ => String::new(),
    };
    let answer = |reference: &str| respond::login_failed(refusal, realm(case), reference, &again, Some(&hint));
    let response = case.refuse_with(peer, head, refusal, answer);
    cookies::with(response, Some(cookies::set(front.secure, SUFFIX, "", Some(0))))
}

fn counted(front: &Front, headers: &HeaderMap, now: i64) -> Option<(u32, i64)> {
    let (count, since) = cookies::find(headers, &cookies::name(front.secure, SUFFIX))?.split_once('-')?;
    let (count, since): (u32, i64) = (count.parse().ok()?, since.parse().ok()?);
    (count < 1000 && since <= now + WITHIN && since + WITHIN > now).then_some((count, since))
}
