//! The ways in and out of a session. They work without scripts; a session's cookie is new at each login; the way back is a
//! path of this site and nothing else. How a person proves who they are is in `password`.
//!
//! ```text
//! refused navigation ──303──► GET sign_in?rd=… ──form──► POST ──► judge_password ──► session::start ──303──► rd
//! ```

mod cookies;
mod form;
mod password;
mod session;
mod sign_out;

use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::{Rule, Site};
use crate::front::{Front, Peer};
use crate::respond;
use countersign::{Access, Cause, Evidence, Refusal, Scheme, Target};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const SIGN_IN: &str = "/oauth2/sign_in";
const SIGN_OUT: &str = "/oauth2/sign_out";

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
            let page = if out { sign_out::show(case, front, &head) } else { password::show(case, front, &head) };
            case.admitted(peer, None, page)
        }
        Method::POST => {
            case.navigation = true;
            let form = match form::read(case, body).await {
                Ok(form) => form,
                Err(refusal) => return case.refuse(peer, &head, &refusal),
            };
            match form::check_csrf(case, front, &head, &form) {
                Err(cause) => case.refuse(peer, &head, &Refusal::new(cause, Evidence::none())),
                Ok(()) if out => sign_out::end(case, peer, front, &head).await,
                Ok(()) => password::sign_in(case, peer, front, &head, &form).await,
            }
        }
        _ => {
            let mut response = respond::page(StatusCode::METHOD_NOT_ALLOWED, String::new());
            response.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            case.admitted(peer, None, response)
        }
    }
}

/// A path of this site, or its root. Only a canonical path is one: `//host`, `/\host` and whole addresses are not.
fn way_back(rd: &str) -> &str {
    let page = Target::parse(rd).ok().filter(|target| target.as_str() == rd && ![SIGN_IN, SIGN_OUT].contains(&target.path()));
    if page.is_some() && rd.is_ascii() { rd } else { "/" }
}

/// The site's realm.
fn realm(case: &Case) -> &str {
    case.site.as_ref().map_or("", |site| &site.realm)
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
