//! Sessions that are over: words, redirects to a login page, a fresh session in the answer, the same cookie taken and refused in turn.

use super::refusal::Refusal;
use super::said::{Phrase, Said};
use super::sent::{self, Place};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote};
use crate::dossier::{Dossier, Exchange};
use countersign::{Cause, ForeignCause};

const NAME: &str = "session";
const OVER: Code = Common(Cause::SessionOver);
const UNKNOWN: Code = Common(Cause::SessionUnknown);
const REVOKED: Code = Common(Cause::SessionRevoked);
const LOCAL: Code = Foreign(ForeignCause::InstanceLocalSession);
const MISSING: Code = Common(Cause::CredentialsMissing);

const PHRASES: &[Phrase] = &[
    Phrase("session has expired", 94, OVER),
    Phrase("session is expired", 94, OVER),
    Phrase("session expired", 93, OVER),
    Phrase("session_expired", 93, OVER),
    Phrase("sessionexpired", 92, OVER),
    Phrase("expired session", 90, OVER),
    Phrase("session * expired", 82, OVER),
    Phrase("session has timed out", 94, OVER),
    Phrase("session timed out", 93, OVER),
    Phrase("session timeout", 90, OVER),
    Phrase("session has ended", 92, OVER),
    Phrase("session is over", 90, OVER),
    Phrase("login has expired", 88, OVER),
    Phrase("login expired", 86, OVER),
    Phrase("please log in again", 72, OVER),
    Phrase("please login again", 72, OVER),
    Phrase("please sign in again", 72, OVER),
    Phrase("log in again", 55, OVER),
    Phrase("due to inactivity", 90, Common(Cause::SessionIdle)),
    Phrase("invalid session", 84, UNKNOWN),
    Phrase("invalid_session", 84, UNKNOWN),
    Phrase("session is invalid", 84, UNKNOWN),
    Phrase("session invalid", 84, UNKNOWN),
    Phrase("session is not valid", 84, UNKNOWN),
    Phrase("session not found", 88, UNKNOWN),
    Phrase("session_not_found", 88, UNKNOWN),
    Phrase("session * not found", 80, UNKNOWN),
    Phrase("session does not exist", 88, UNKNOWN),
    Phrase("session doesn't exist", 88, UNKNOWN),
    Phrase("session not active", 84, UNKNOWN),
    Phrase("session is not active", 84, UNKNOWN),
    Phrase("no active session", 74, UNKNOWN),
    Phrase("no valid session", 70, UNKNOWN),
    Phrase("unknown session", 86, UNKNOWN),
    Phrase("no session", 62, UNKNOWN),
    Phrase("session id * invalid", 80, UNKNOWN),
    Phrase("invalid session id", 84, UNKNOWN),
    Phrase("invalid sid", 72, UNKNOWN),
    Phrase("cookie has expired", 86, OVER),
    Phrase("cookie expired", 84, OVER),
    Phrase("session revoked", 90, REVOKED),
    Phrase("session was revoked", 90, REVOKED),
    Phrase("session has been revoked", 90, REVOKED),
    Phrase("session terminated", 88, REVOKED),
    Phrase("has been logged out", 82, REVOKED),
    Phrase("have been logged out", 82, REVOKED),
    Phrase("logged in from another", 88, REVOKED),
    Phrase("logged in elsewhere", 88, REVOKED),
    Phrase("invalid state", 66, Common(Cause::LoginStateUnknown)),
    Phrase("state mismatch", 82, Common(Cause::LoginStateUnknown)),
    Phrase("invalid_state", 74, Common(Cause::LoginStateUnknown)),
    Phrase("state parameter", 62, Common(Cause::LoginStateUnknown)),
    Phrase("state not found", 80, Common(Cause::LoginStateUnknown)),
    Phrase("state cookie", 76, Common(Cause::LoginStateUnknown)),
    Phrase("authorization_request_not_found", 94, Common(Cause::LoginStateUnknown)),
    Phrase("unable to find a valid csrf token", 84, Common(Cause::LoginStateUnknown)),
    Phrase("登录已过期", 92, OVER),
    Phrase("会话已过期", 92, OVER),
    Phrase("登录超时", 88, OVER),
];

/// Parts of paths that lead to a login page.
const LOGIN: &[&str] =
    &["login", "signin", "sign-in", "sign_in", "/auth", "oauth2", "/sso", "/saml", "authorize", "accounts.google", "openid-connect"];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let mut clues = said.clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    clues.extend(alternating(&refusal));
    clues.extend(sent_to_login(&refusal));
    clues.extend(cookie_refused(&refusal, &said));
    clues
}

/// The cookies that may carry a session, as one text.
fn session(exchange: &Exchange) -> Vec<String> {
    let sent = exchange.request.as_ref().map(sent::credentials).unwrap_or_default();
    sent.into_iter().filter(|sent| sent.place == Place::Cookie).map(|sent| format!("{}={}", sent.name, sent.value)).collect()
}

fn succeeded(exchange: &Exchange) -> bool {
    exchange.response.as_ref().is_some_and(|response| matches!(response.status, 200..=299 | 304))
}

/// The same cookies, taken before and after, refused between.
fn alternating(refusal: &Refusal<'_>) -> Option<Clue> {
    let mine = session(refusal.exchange);
    let request = refusal.request()?;
    let same = |exchange: &&Exchange| {
        exchange.probe.is_none()
            && session(exchange) == mine
            && exchange.request.as_ref().is_some_and(|other| other.host() == request.host())
    };
    if mine.is_empty() || refusal.status() != 401 && refusal.status() != 403 {
        return None;
    }
    let exchanges = &refusal.dossier.exchanges;
    let taken = |exchange: &&Exchange| same(exchange) && succeeded(exchange);
    let before = exchanges.iter().take(refusal.index).filter(taken).count();
    let after = exchanges.iter().skip(refusal.index + 1).filter(taken).count();
    let same_path = |exchange: &&Exchange| taken(exchange) && exchange.request.as_ref().is_some_and(|other| other.path() == request.path());
    let again = exchanges.iter().skip(refusal.index + 1).any(|exchange| same_path(&exchange));
    let (weight, because) = match (before, after) {
        (1.., 1..) if again => (
            88,
            "The same cookie was taken before and after this refusal, for the same path: not every instance behind this address knows the session.",
        ),
        (1.., 1..) => (45, "The same cookie was taken by this host before and after this refusal."),
        (1.., 0) => return Some(over_since(refusal)),
        _ => return None,
    };
    Some(Clue::new(NAME, LOCAL, weight, because).quote(cookie_quote(refusal)?))
}

fn over_since(refusal: &Refusal<'_>) -> Clue {
    let clue = Clue::new(
        NAME,
        OVER,
        if refusal.status() == 401 { 66 } else { 35 },
        "This host took the same cookie before, and does not any more.",
    );
    match cookie_quote(refusal) {
        Some(quote) => clue.quote(quote),
        None => clue,
    }
}

fn cookie_quote(refusal: &Refusal<'_>) -> Option<Quote> {
    refusal.asked("cookie").map(|header| Quote::header(refusal.index, "request", header))
}

/// A redirect to a login page, or the page itself.
fn sent_to_login(refusal: &Refusal<'_>) -> Vec<Clue> {
    let Some(location) = refusal.location() else { return Vec::new() };
    let folded = location.to_ascii_lowercase();
    let header = refusal.answered("location");
    if !LOGIN.iter().any(|part| folded.contains(part)) {
        return Vec::new();
    }
    let carries = !session(refusal.exchange).is_empty();
    let told = ["expired", "timeout", "sessionover"].iter().any(|word| folded.contains(word));
    let quoted = |clue: Clue| match header {
        Some(header) => clue.quote(Quote::header(refusal.index, "response", header)),
        None => clue,
    };
    let credentials = refusal.request().map(sent::credentials).unwrap_or_default();
    let token = credentials.iter().any(|sent| matches!(sent.place, Place::Authorization | Place::Field));
    let mut clues = Vec::new();
    if told {
        clues.push(quoted(Clue::new(NAME, OVER, 92, "The redirect to the login page names the reason.")));
    } else if carries {
        clues.push(quoted(Clue::new(
            NAME,
            UNKNOWN,
            66,
            "A session cookie was sent, and the answer leads to the login page: the session is not known any more.",
        )));
    }
    if token {
        let because = "A token or key was sent, and the answer is the login page for people: this place does not read it.";
        clues.push(quoted(Clue::new(NAME, Foreign(ForeignCause::RouteUnauthenticated), 30, because)));
        clues.push(quoted(Clue::new(NAME, Common(Cause::SchemeUnaccepted), 38, because)));
    } else if !carries {
        clues.push(quoted(Clue::new(NAME, MISSING, 62, "Nothing was sent that says who asks, and the answer leads to the login page.")));
    }
    clues
}

/// Only a cookie was sent, and a 401 came.
fn cookie_refused(refusal: &Refusal<'_>, said: &Said) -> Vec<Clue> {
    let sent = refusal.request().map(sent::credentials).unwrap_or_default();
    let cookies: Vec<_> = sent.iter().filter(|sent| sent.place == Place::Cookie).collect();
    if refusal.status() != 401 || cookies.is_empty() || cookies.len() != sent.len() {
        return Vec::new();
    }
    let mut clues = Vec::new();
    let set = || refusal.response().into_iter().flat_map(|response| response.headers.all("set-cookie"));
    let renamed = set().find(|header| {
        let name = header.value.split('=').next().unwrap_or_default().trim();
        cookies.iter().any(|cookie| cookie.name == name)
    });
    if let Some(header) = renamed {
        let value = header.value.to_ascii_lowercase();
        let deleted = value.contains("max-age=0") || value.contains("1970") || value.contains("max-age=-");
        let (weight, because) = if deleted {
            (86, "The answer deletes the cookie that was sent: the server does not know this session any more.")
        } else {
            (
                76,
                "The answer sets the cookie that was sent anew: the server did not find the session and began another, as after a restart with another key or a lost store.",
            )
        };
        clues.push(Clue::new(NAME, UNKNOWN, weight, because).quote(Quote::header(refusal.index, "response", header)));
    } else if refusal.challenges().is_empty() {
        let weight = if said.is_silent() { 48 } else { 36 };
        clues.extend(cookies.iter().take(1).map(|cookie| {
            Clue::new(
                NAME,
                UNKNOWN,
                weight,
                "Only cookies were sent, and a 401 came: most often their session is over or was lost in a restart.",
            )
            .quote(cookie.quote(refusal.index))
        }));
    }
    clues
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchange, exchanged};
    use super::*;

    #[test]
    fn sessions_that_are_over() {
        check(see(&answered(401, "", "Your session has expired, please log in again.")), Some("session-over"), 90);
        check(see(&answered(401, "", "unauthorized")), None, 10);
        let with = "GET https://a.example/x\nCookie: sid=1";
        check(see(&exchanged(with, 401, "Set-Cookie: sid=2; Path=/; HttpOnly", "")), Some("session-unknown"), 70);
        check(see(&exchanged(with, 401, "Set-Cookie: sid=; Max-Age=0", "")), Some("session-unknown"), 80);
        check(see(&exchanged(with, 302, "Location: /login?next=/x", "")), Some("session-unknown"), 60);
        check(see(&exchanged("GET https://a.example/x", 302, "Location: /login?next=/x", "")), Some("credentials-missing"), 60);
        check(see(&exchanged(with, 302, "Location: /elsewhere", "")), None, 10);
    }

    #[test]
    fn instances_that_do_not_share_sessions() {
        let with = "GET https://a.example/x\nCookie: sid=1";
        let turns = |statuses: &[u16]| Dossier {
            exchanges: statuses.iter().map(|status| exchange(with, *status, "", "")).collect(),
            ..Dossier::default()
        };
        check(see(&turns(&[200, 401, 200])), Some("instance-local-session"), 80);
        check(see(&turns(&[200, 401])), Some("session-over"), 60);
    }
}
