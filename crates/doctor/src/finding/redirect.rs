//! Redirects that lost what the next request needed: credentials, the method, the body.

use super::refusal::{Refusal, origin, site};
use super::sent::{self, Place};
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Dossier, Exchange, Request};
use countersign::ForeignCause;

const NAME: &str = "redirect";
const DROPPED: Code = Foreign(ForeignCause::CredentialsDropped);
const ENDPOINT: Code = Foreign(ForeignCause::EndpointWrong);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let mut clues: Vec<Clue> = led_here(&refusal).into_iter().collect();
    clues.extend(leads_away(&refusal));
    clues
}

fn carries(exchange: &Exchange) -> bool {
    exchange
        .request
        .as_ref()
        .is_some_and(|request| sent::credentials(request).iter().any(|sent| matches!(sent.place, Place::Authorization | Place::Field)))
}

/// The absolute URL of a request, with `https` where only its host is known.
fn url(request: &Request) -> String {
    if request.url.contains("://") {
        request.url.clone()
    } else {
        format!("https://{}{}", request.headers.get("host").unwrap_or_default(), request.url)
    }
}

/// An earlier exchange redirected to this request.
fn led_here(refusal: &Refusal<'_>) -> Option<Clue> {
    let request = refusal.request()?;
    let (index, before) = refusal.earlier().find(|(_, exchange)| {
        let location = exchange
            .response
            .as_ref()
            .filter(|response| matches!(response.status, 301 | 302 | 303 | 307 | 308))
            .and_then(|response| response.headers.get("location"));
        location.is_some_and(|location| fits(location, request))
    })?;
    let first = before.request.as_ref()?;
    let location = before.response.as_ref()?.headers.all("location").next()?;
    let quote = Quote::header(index, "response", location);
    if carries(before) && !carries(refusal.exchange) {
        let (from, to) = (origin(&url(first)), origin(&absolute(&location.value, first)));
        let what = match (&from, &to) {
            (Some(from), Some(to)) if from.1 != to.1 => "another host",
            (Some(from), Some(to)) if from.0 != to.0 && first.url.contains("://") => "another scheme",
            (Some(from), Some(to)) if from.2 != to.2 && first.url.contains("://") => "another port",
            _ => "another place",
        };
        let because = format!(
            "The first request carried credentials, was redirected to {what}, and the one that followed carries none: clients drop them where the origin changes."
        );
        let clue = Clue::new(NAME, DROPPED, 94, because).quote(quote);
        let line = crate::mask::text(&absolute(&location.value, first));
        return Some(clue.fix(Side::Caller, "Ask the final address at once.", &[&line]));
    }
    let turned = first.method.eq_ignore_ascii_case("POST") && request.method.eq_ignore_ascii_case("GET");
    if turned && matches!(before.response.as_ref()?.status, 301 | 302) && !request.path().contains("login") {
        let because =
            "A POST was redirected with 301 or 302, and the client asked again with GET: its body is gone (RFC 9110 section 15.4.2).";
        return Some(Clue::new(NAME, ENDPOINT, 50, because).quote(quote).fix(
            Side::Caller,
            "Ask the final address at once.",
            &[&crate::mask::text(&absolute(&location.value, first))],
        ));
    }
    None
}

fn absolute(location: &str, from: &Request) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    let base = url(from);
    let (scheme, host, port) = origin(&base).unwrap_or_default();
    if let Some(rest) = location.strip_prefix("//") { format!("{scheme}://{rest}") } else { format!("{scheme}://{host}:{port}{location}") }
}

fn fits(location: &str, request: &Request) -> bool {
    let path = |text: &str| {
        text.split_once("://")
            .map_or(text, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"))
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let host = origin(location).map(|(_, host, _)| host);
    path(location) == request.path() && host.is_none_or(|host| host == request.host())
}

/// The answer that is explained is itself a redirect to the same place elsewhere.
fn leads_away(refusal: &Refusal<'_>) -> Option<Clue> {
    let (location, request) = (refusal.location()?, refusal.request()?);
    if !carries(refusal.exchange) || refusal.dossier.exchanges.len() > refusal.index + 1 {
        return None;
    }
    let target = absolute(location, request);
    let (from, to) = (origin(&url(request))?, origin(&target)?);
    let same_site = site(&from.1) == site(&to.1);
    let path = target
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..)))
        .unwrap_or("/")
        .split('?')
        .next()
        .unwrap_or_default();
    let same_path = path.trim_end_matches('/') == request.path().trim_end_matches('/');
    if from == to || !same_site || !same_path {
        return None;
    }
    let because = format!(
        "The answer leads to {}://{}. A client that follows leaves the credentials behind, because the origin is another.",
        to.0, to.1
    );
    let clue = Clue::new(NAME, DROPPED, 66, because).quote(Quote::header(refusal.index, "response", refusal.answered("location")?));
    Some(clue.fix(Side::Caller, "Ask the final address at once.", &[&crate::mask::text(&target)]))
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchange};
    use super::*;

    #[test]
    fn redirects() {
        let chain = |first: &str, location: &str, then: &str| Dossier {
            exchanges: vec![exchange(first, 301, &format!("Location: {location}"), ""), exchange(then, 401, "", "")],
            ..Dossier::default()
        };
        let first = "GET https://site.example/api/me\nAuthorization: Bearer a";
        check(
            see(&chain(first, "https://www.site.example/api/me", "GET https://www.site.example/api/me")),
            Some("credentials-dropped"),
            90,
        );
        check(
            see(&chain(first, "https://www.site.example/api/me", "GET https://www.site.example/api/me\nAuthorization: Bearer a")),
            None,
            10,
        );
        check(
            see(&chain("GET https://site.example/api/me", "https://www.site.example/api/me", "GET https://www.site.example/api/me")),
            None,
            10,
        );
        check(
            see(&chain("GET http://a.example/x\nX-API-Key: 1", "https://a.example/x", "GET https://a.example/x")),
            Some("credentials-dropped"),
            90,
        );
        let only = Dossier {
            exchanges: vec![exchange("GET http://a.example/x\nAuthorization: Bearer a", 301, "Location: https://a.example/x", "")],
            ..Dossier::default()
        };
        check(see(&only), Some("credentials-dropped"), 60);
    }
}
