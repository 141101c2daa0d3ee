//! Credentials that the request carries and the server did not see. Not a scheme that it does not read: `scheme`.

use super::credentials::NOTHING_CAME;
use super::refusal::Refusal;
use super::said::Said;
use super::sent::{self, Place, Sent};
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::ForeignCause;

const NAME: &str = "stripped";
const STRIPPED: Code = Foreign(ForeignCause::CredentialsStripped);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some(request) = refusal.request() else { return Vec::new() };
    if !matches!(refusal.status(), 400 | 401 | 403) {
        return Vec::new();
    }
    let sent = sent::credentials(request);
    let said = Said::of(dossier);
    let mut clues = Vec::new();
    clues.extend(underscored(&refusal, &sent, &said));
    clues.extend(authorization(&refusal, &sent, &said));
    clues
}

/// nginx leaves out fields with `_` in their names unless it is told otherwise; so do others.
fn underscored(refusal: &Refusal<'_>, sent: &[Sent<'_>], said: &Said) -> Option<Clue> {
    let field = sent.iter().find(|sent| sent.place == Place::Field && sent.name.contains('_'))?;
    if sent.iter().any(|sent| sent.place == Place::Authorization) {
        return None;
    }
    let nginx = ["nginx", "openresty", "tengine"].iter().any(|name| refusal.server().contains(name));
    let missing = said.any(NOTHING_CAME).is_some();
    let weight = match (nginx, missing) {
        (true, true) => 94,
        (true, false) => 76,
        (false, true) => 76,
        (false, false) => 40,
    };
    let because = format!(
        "The field {} has an underscore in its name. nginx leaves such fields out unless it is told to keep them, and Apache does for what it runs.",
        field.name
    );
    let clue = Clue::new(NAME, STRIPPED, weight, because).quote(field.quote(refusal.index));
    Some(clue.fix(Side::Proxy, "Let nginx keep fields with underscores.", &["underscores_in_headers on;"]).fix(
        Side::Caller,
        "Or send the field under a name with a dash, if the app reads that.",
        &[&format!("{}: …", field.name.replace('_', "-"))],
    ))
}

/// `Authorization` came to the front, and the app says or shows that it had none.
fn authorization(refusal: &Refusal<'_>, sent: &[Sent<'_>], said: &Said) -> Option<Clue> {
    let header = sent.iter().find(|sent| sent.place == Place::Authorization && sent.value.contains(' '))?;
    let scheme = header.value.split(' ').next().unwrap_or_default();
    let challenges = refusal.challenges();
    let same = challenges.iter().any(|challenge| challenge.is(scheme));
    let heard = said.any(NOTHING_CAME);
    let stack = stack(refusal);
    // A bare challenge of the scheme that was sent is how a server asks somebody who sent nothing, and how Basic says no.
    let asked_again = same
        && !refusal.challenge_tells_error()
        && !scheme.eq_ignore_ascii_case("basic")
        && !scheme.eq_ignore_ascii_case("digest")
        && !scheme.eq_ignore_ascii_case("negotiate")
        && !scheme.eq_ignore_ascii_case("ntlm");
    let weak_words = heard.as_ref().is_some_and(|heard| {
        let words = heard.words.to_ascii_lowercase();
        [
            "unauthenticated",
            "authentication required",
            "not authenticated",
            "requires authentication",
            "full authentication",
            "please log",
            "authorization required",
        ]
        .iter()
        .any(|weak| words.contains(weak))
    });
    // FastAPI's own checkers say this where the field is absent or has another scheme, and never of a wrong value.
    let fastapi = refusal
        .response()
        .is_some_and(|response| response.body.split_whitespace().collect::<String>() == r#"{"detail":"Notauthenticated"}"#);
    let weak_words = weak_words && !(fastapi && same);
    let base: u8 = match (&heard, weak_words) {
        (Some(_), false) if same || challenges.is_empty() => 62,
        (Some(_), false) => 24,
        (Some(_), true) if same || challenges.is_empty() => 34,
        (Some(_), true) => 18,
        (None, _) if asked_again => 34,
        (None, _) if stack.is_some() && challenges.is_empty() && said_little(refusal) => 34,
        _ => return None,
    };
    let weight = if stack.is_some() && (same || challenges.is_empty()) { base + 18 } else { base };
    // With a scheme that few servers read, it is rather the scheme that they do not see.
    let weight = if super::scheme::is_rare(scheme) { weight / 2 } else { weight };
    let mut because = match &heard {
        Some(_) => "The request carries Authorization, and the server says that nothing came.".to_owned(),
        None => "The request carries Authorization, and the server answers as to one that carries none.".to_owned(),
    };
    if let Some((name, _)) = &stack {
        because.push_str(&format!(" {name} is known to take the field away from the app unless it is told to hand it on."));
    }
    let mut clue = Clue::new(NAME, STRIPPED, weight, because).quote(header.quote(refusal.index));
    clue.quotes.extend(heard.map(|heard| heard.quote));
    if let Some((_, hint)) = stack {
        clue.quotes.extend(hint);
    }
    let lines = [
        "# Apache with CGI or FastCGI",
        "CGIPassAuth On",
        "# mod_wsgi",
        "WSGIPassAuthorization On",
        "# nginx",
        "proxy_set_header Authorization $http_authorization;",
    ];
    Some(clue.fix(Side::Proxy, "Hand the field on to the app.", &lines))
}

fn said_little(refusal: &Refusal<'_>) -> bool {
    refusal.response().is_none_or(|response| response.body.trim().len() < 40)
}

/// A stack that is known to take `Authorization` away, with what shows it.
fn stack(refusal: &Refusal<'_>) -> Option<(&'static str, Option<Quote>)> {
    let quote = |name: &str| refusal.answered(name).map(|header| Quote::header(refusal.index, "response", header));
    let server = refusal.server();
    let powered = refusal.answered("x-powered-by").map(|header| header.value.to_ascii_lowercase()).unwrap_or_default();
    let php = powered.contains("php")
        || refusal.request().is_some_and(|request| request.path().contains(".php") || request.path().contains("/wp-json"));
    if server.contains("apache") && (php || server.contains("php") || server.contains("fcgid")) {
        return Some(("Apache in front of PHP over CGI or FastCGI", quote("server")));
    }
    if server.contains("mod_wsgi")
        || server.contains("wsgi")
        || server.contains("apache") && refusal.challenges().iter().any(|challenge| challenge.is("Token"))
    {
        return Some(("mod_wsgi", quote("server")));
    }
    if server.contains("apache") && !server.contains("coyote") {
        return Some(("Apache, where the app runs over CGI, FastCGI or WSGI,", quote("server")));
    }
    if php {
        return Some(("PHP behind Apache over CGI or FastCGI", quote("x-powered-by")));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn what_was_sent_and_not_seen() {
        let stripped = Some("credentials-stripped");
        check(
            see(&exchanged("GET https://a.example/x\naccess_key: 1", 403, "Server: nginx/1.2", r#"{"message":"access key missing"}"#)),
            stripped,
            90,
        );
        check(
            see(&exchanged(
                "GET https://a.example/x\nAuthorization: Token 1",
                401,
                "Server: Apache/2.2\nWWW-Authenticate: Token",
                "Authentication credentials were not provided.",
            )),
            stripped,
            70,
        );
        check(see(&answered(401, "X-Powered-By: PHP/7", "Unauthorized")), stripped, 45);
        check(see(&answered(401, "WWW-Authenticate: Token", "Authentication credentials were not provided.")), None, 50);
        check(see(&answered(401, "WWW-Authenticate: Bearer error=\"invalid_token\"", "")), None, 10);
        check(see(&exchanged("GET https://a.example/x", 401, "Server: Apache", "no token provided")), None, 10);
    }
}
