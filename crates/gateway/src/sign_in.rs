//! The ways in and out of a session. They work without scripts; a session's cookie is new at each login; the way back is a
//! path of this site and nothing else. How a person proves who they are is in `password` and `oidc`.
//!
//! ```text
//! refused navigation ──303──► GET sign_in?rd=… ──form──► POST ──► judge_password ─────────┐
//!          │                       └──link──┐                                             ▼
//!          └──303──► GET start?rd=… ◄───────┘──303──► provider ──► GET callback ──► session::start ──303──► rd
//! ```

mod cookies;
mod form;
mod oidc;
mod password;
mod renew;
mod rounds;
mod saml;
mod session;
mod sign_out;

pub(crate) use renew::{Renewals, renew};

use crate::body::ResponseBody;
use crate::case::Case;
use crate::config::{Protocol, Rule, SamlParty, Site};
use crate::front::{Front, Peer};
use crate::respond;
use countersign::{Access, Cause, Evidence, Refusal, Scheme, Target};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

const SIGN_IN: &str = "/oauth2/sign_in";
const SIGN_OUT: &str = "/oauth2/sign_out";
const START: &str = "/oauth2/start";
const CALLBACK: &str = "/oauth2/callback";
const BACKCHANNEL_LOGOUT: &str = "/oauth2/backchannel_logout";
const FRONTCHANNEL_LOGOUT: &str = "/oauth2/frontchannel_logout";
/// The paths of every site with sessions, and those of sites with providers.
const OWN: [&str; 2] = [SIGN_IN, SIGN_OUT];
const OF_PROVIDERS: [&str; 4] = [START, CALLBACK, BACKCHANNEL_LOGOUT, FRONTCHANNEL_LOGOUT];
/// The paths of sites with SAML providers.
const OF_SAML: [&str; 3] = [SamlParty::CONSUMER, SamlParty::SIGN_OUT, SamlParty::METADATA];
/// The longest form that holds a SAML message: each of its characters may be escaped.
const SAML_FORM_LIMIT: usize = 2 * countersign_saml::FIELD_LIMIT;
/// The longest way back that is kept over a login at a provider: it travels in a cookie.
const WAY_BACK_LIMIT: usize = 1500;

/// Is it a path of the login pages, on a site that has sessions?
pub(crate) fn is_own_path(path: &str, site: &Site) -> bool {
    let sessions = |rule: &Rule| rule.requirement.access == Access::Protected && rule.requirement.accepts(Scheme::Session);
    let speaks_saml = || site.providers.iter().any(|provider| matches!(provider.protocol, Protocol::Saml(_)));
    let own =
        OWN.contains(&path) || (!site.providers.is_empty() && OF_PROVIDERS.contains(&path)) || (OF_SAML.contains(&path) && speaks_saml());
    own && site.rules.iter().any(sessions)
}

/// Would logging in mend this refusal, and is there a person to do it? Only a provider can authenticate better or anew.
pub(crate) fn mends(refusal: &Refusal, rule: &Rule, site: &Site, navigation: bool) -> bool {
    let mended = match refusal.cause {
        Cause::CredentialsMissing
        | Cause::SessionUnknown
        | Cause::SessionIdle
        | Cause::SessionOver
        | Cause::SessionRevoked
        | Cause::SessionMalformed => true,
        Cause::AuthenticationTooWeak | Cause::AuthenticationTooOld => !site.providers.is_empty(),
        _ => false,
    };
    navigation && mended && rule.requirement.accepts(Scheme::Session)
}

/// Sends a person to log in, and back to where they were: to a page, never to the address of a form's target. Whoever was
/// sent too often of late is told why instead.
pub(crate) fn redirect(case: &Case, peer: &Peer, head: &Parts, front: &Front, refusal: &Refusal) -> Response<ResponseBody> {
    let page = if [Method::GET, Method::HEAD].contains(&head.method) { front.target.as_str() } else { "/" };
    if let Some(looping) = rounds::looping(case, front, &head.headers, refusal.cause) {
        return rounds::stop(case, peer, front, head, &looping, page);
    }
    let step_up = case.rule().map(|rule| StepUp::needed(refusal.cause, rule)).unwrap_or_default();
    let location = match case.site.as_deref() {
        Some(Site { providers, passwords: false, .. }) if providers.len() == 1 => start_address(case, None, page, &step_up),
        _ => format!("{SIGN_IN}?rd={}{step_up}", encode(page)),
    };
    case.refuse_with(peer, head, refusal, |reference| respond::to_sign_in(&location, reference))
}

/// What a login must be better than the one before in.
#[derive(Debug, Default)]
struct StepUp {
    acr: Vec<String>,
    max_age: Option<i64>,
}

impl StepUp {
    /// What a rule asks for, where the session did not have it. All of it, lest one be got and the other lost.
    fn needed(cause: Cause, rule: &Rule) -> Self {
        match cause {
            Cause::AuthenticationTooWeak | Cause::AuthenticationTooOld => {
                Self { acr: rule.requirement.acr.clone(), max_age: rule.requirement.max_age }
            }
            _ => Self::default(),
        }
    }

    /// What the address of a login page says. Anybody may ask for a better login.
    fn of(front: &Front) -> Self {
        let acr = front.target.parameters("acr").take(8).map(decode).filter(|acr| !acr.is_empty() && acr.len() <= 128);
        let max_age = front.target.parameters("max_age").next().and_then(|age| age.parse().ok()).filter(|age| *age >= 0);
        Self { acr: acr.collect(), max_age }
    }
}

impl std::fmt::Display for StepUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.acr.iter().try_for_each(|acr| write!(f, "&acr={}", encode(acr)))?;
        self.max_age.map_or(Ok(()), |age| write!(f, "&max_age={age}"))
    }
}

/// Where a login at a provider begins; none to take the only one.
fn start_address(case: &Case, provider: Option<&str>, rd: &str, step_up: &StepUp) -> String {
    let only = case.site.iter().flat_map(|site| &site.providers).next().map_or("", |provider| &provider.name);
    format!("{START}?provider={}&rd={}{step_up}", provider.unwrap_or(only), encode(rd))
}

fn encode(text: &str) -> percent_encoding::PercentEncode<'_> {
    utf8_percent_encode(text, NON_ALPHANUMERIC)
}

/// The first parameter of this name in the request's query, decoded.
fn parameter(front: &Front, name: &str) -> Option<String> {
    front.target.parameters(name).next().map(decode)
}

/// Answers the login pages.
pub(crate) async fn serve(case: &mut Case, peer: &Peer, front: &Front, head: Parts, body: Incoming) -> Response<ResponseBody> {
    let reads = [Method::GET, Method::HEAD].contains(&head.method);
    let posts = head.method == Method::POST;
    // What begins or ends a login is asked by nobody who only looks.
    let gets = head.method == Method::GET;
    match front.target.path() {
        SIGN_IN if reads => {
            let page = password::show(case, front, &head);
            case.admitted(peer, None, page)
        }
        SIGN_OUT if reads => {
            let page = sign_out::show(case, front, &head);
            case.admitted(peer, None, page)
        }
        START if gets => oidc::start(case, peer, front, &head).await,
        CALLBACK if gets => oidc::callback(case, peer, front, &head).await,
        FRONTCHANNEL_LOGOUT if gets => oidc::frontchannel_logout(case, peer, front, &head).await,
        BACKCHANNEL_LOGOUT if posts => {
            let form = match form::read(case, body).await {
                Ok(form) => form,
                Err(refusal) => return case.refuse(peer, &head, &refusal),
            };
            oidc::backchannel_logout(case, peer, &head, form.get("logout_token")).await
        }
        SamlParty::METADATA if reads => saml::metadata(case, peer, front),
        SamlParty::SIGN_OUT if reads => {
            case.navigation = true;
            saml::arrived(case, peer, front, &head, None).await
        }
        path @ (SamlParty::CONSUMER | SamlParty::SIGN_OUT) if posts => {
            case.navigation = true;
            let form = match form::read_to(case, body, SAML_FORM_LIMIT).await {
                Ok(form) => form,
                Err(refusal) => return case.refuse(peer, &head, &refusal),
            };
            if path == SamlParty::CONSUMER {
                saml::consume(case, peer, front, &head, &form).await
            } else {
                saml::arrived(case, peer, front, &head, Some(&form)).await
            }
        }
        path @ (SIGN_IN | SIGN_OUT) if posts => {
            case.navigation = true;
            let form = match form::read(case, body).await {
                Ok(form) => form,
                Err(refusal) => return case.refuse(peer, &head, &refusal),
            };
            match form::check_csrf(case, front, &head, &form) {
                Err(cause) => case.refuse(peer, &head, &Refusal::new(cause, Evidence::none())),
                Ok(()) if path == SIGN_OUT => sign_out::end(case, peer, front, &head).await,
                Ok(()) if case.site.as_ref().is_some_and(|site| !site.passwords) => {
                    case.refuse(peer, &head, &Refusal::new(Cause::RuleDenied, Evidence::none()))
                }
                Ok(()) => password::sign_in(case, peer, front, &head, &form).await,
            }
        }
        path => {
            let allowed = match path {
                SIGN_IN | SIGN_OUT => "GET, HEAD, POST",
                BACKCHANNEL_LOGOUT | SamlParty::CONSUMER => "POST",
                SamlParty::SIGN_OUT => "GET, HEAD, POST",
                SamlParty::METADATA => "GET, HEAD",
                _ => "GET",
            };
            let mut response = respond::page(StatusCode::METHOD_NOT_ALLOWED, String::new());
            response.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static(allowed));
            case.admitted(peer, None, response)
        }
    }
}

/// A path of this site, or its root. Only a canonical path is one: `//host`, `/\host` and whole addresses are not.
fn way_back(rd: &str) -> &str {
    let page = Target::parse(rd)
        .ok()
        .filter(|target| target.as_str() == rd && ![OWN.as_slice(), &OF_PROVIDERS, &OF_SAML].concat().contains(&target.path()));
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
