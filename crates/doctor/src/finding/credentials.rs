//! A request without credentials. Not credentials that were lost on the way: those are `stripped`, `redirect` and `cookies`.

use super::refusal::Refusal;
use super::said::Said;
use super::sent::{self, Place};
use crate::catalogue::Code::{self, Common};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::Cause;

const NAME: &str = "credentials";
const MISSING: Code = Common(Cause::CredentialsMissing);

/// Words that say that nothing came with the request. `stripped` reads them, too.
pub(super) const NOTHING_CAME: &[&str] = &[
    "credentials were not provided",
    "credentials not provided",
    "no credentials",
    "missing credentials",
    "credentials are missing",
    "credentials missing",
    "credentials required",
    "credentials are required",
    "no token provided",
    "no token was provided",
    "no token found",
    "no token",
    "token not provided",
    "token not found",
    "token_not_provided",
    "token is missing",
    "token missing",
    "token is required",
    "token required",
    "token_required",
    "missing token",
    "missing_token",
    "missing access token",
    "missing authentication token",
    "missing auth token",
    "missing bearer token",
    "missing api token",
    "missing jwt",
    "missing or malformed jwt",
    "jwt must be provided",
    "jwt is missing",
    "no jwt",
    "no auth token",
    "no authorization token",
    "authorization token was not found",
    "no bearer token",
    "no access token",
    "access token is missing",
    "access token is required",
    "access token required",
    "access token not found",
    "access_token is missing",
    "bearer token required",
    "bearer token is required",
    "missing authorization",
    "missing authorization header",
    "authorization header missing",
    "authorization header is missing",
    "authorization header not found",
    "authorization header required",
    "authorization header is required",
    "authorization header was not",
    "no authorization header",
    "no authorization",
    "no authentication",
    "authorization required",
    "authorization is required",
    "header missing",
    "missing auth",
    "missing authentication",
    "auth header missing",
    "authentication required",
    "authentication is required",
    "authentication_required",
    "auth_required",
    "authentication parameters missing",
    "requires authentication",
    "require authentication",
    "requires authorization",
    "full authentication is required",
    "not authenticated",
    "not_authenticated",
    "notauthenticated",
    "unauthenticated",
    "must be authenticated",
    "must authenticate",
    "need to authenticate",
    "you must be logged in",
    "must be logged in",
    "must log in",
    "must login",
    "need to login",
    "need to log in",
    "need to be logged in",
    "you are not logged in",
    "not logged in",
    "not signed in",
    "login required",
    "login_required",
    "login is required",
    "please log in",
    "please login",
    "please sign in",
    "sign in to continue",
    "no api key",
    "api key missing",
    "api key is missing",
    "api key not found",
    "api key required",
    "api key is required",
    "api key not provided",
    "api_key is missing",
    "apikey is missing",
    "api key not specified",
    "missing api key",
    "missing api-key",
    "missing api_key",
    "missing apikey",
    "missing_api_key",
    "missing an api key",
    "access key missing",
    "access key is missing",
    "missing access key",
    "key missing",
    "key is missing",
    "key is required",
    "key not provided",
    "missing key",
    "missing subscription key",
    "unregistered callers",
    "unauthenticated use",
    "unauthenticated request",
    "didn't provide an api key",
    "did not provide an api key",
    "an api key is required",
    "anonymous access is disabled",
    "anonymous access",
    "anonymous user",
    "anonymous request",
    "system:anonymous",
    "user \"anonymous\"",
    "is not provided",
    "was not provided",
    "未登录",
    "请先登录",
    "请登录",
    "缺少token",
    "未授权",
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    let words = said.any(NOTHING_CAME);
    let Some(refusal) = Refusal::of(dossier) else {
        return words.map(|heard| heard.clue(NAME, MISSING, 72)).into_iter().collect();
    };
    let Some(request) = refusal.request() else {
        return alone(&refusal, words.map(|heard| heard.clue(NAME, MISSING, 70)));
    };
    let mut sent = sent::credentials(request);
    sent.retain(|sent| words.is_none() || !sent::is_client_id(sent));
    let only_cookies = sent.iter().all(|sent| sent.place == Place::Cookie);
    if refusal.is_preflight() || matches!(refusal.status(), 0 | 407 | 429 | 300..=399) || !only_cookies {
        return Vec::new();
    }
    let hidden = hides_credentials(dossier);
    let bare = !refusal.challenges().is_empty() && !refusal.challenge_tells_error();
    let weight = match (refusal.status(), sent.is_empty(), words.is_some(), bare) {
        (401, true, true, _) => 92,
        (401, true, false, true) => 86,
        (401, true, false, false) => 70,
        (401, false, true, _) => 56,
        (401, false, false, true) => 56,
        (401, false, false, false) => 26,
        (403, true, true, _) => 84,
        (403, true, false, true) => 70,
        (403, true, false, false) => 38,
        (403, false, true, _) => 50,
        (_, true, true, _) => 76,
        _ => return Vec::new(),
    };
    let weight = match () {
        () if hidden => weight / 3,
        () if lost_before(&refusal) => weight / 2,
        // Windows authentication is often switched on by accident, and certificates are seen in no recording.
        () if only_windows(&refusal) => weight.min(56),
        () if super::tls::may_use_certificate(&refusal) => weight.min(36),
        () => weight,
    };
    let mut because = match sent.is_empty() {
        true => "The request carries nothing that says who asks: no Authorization, no key, no cookie.".to_owned(),
        false => "The request carries cookies and nothing else that says who asks.".to_owned(),
    };
    if bare {
        because.push_str(" The challenge gives no error, as for a request without credentials (RFC 6750 section 3.1).");
    }
    let mut clue = Clue::new(NAME, MISSING, weight, because);
    match words {
        Some(heard) => clue.quotes.push(heard.quote),
        None => clue.quotes.extend(refusal.answered("www-authenticate").map(|header| Quote::header(refusal.index, "response", header))),
    }
    let mut clues = vec![advised(clue, &refusal)];
    if only_windows(&refusal) {
        let because = "The web server itself asks for Windows authentication, before any app is reached. Where the app has a log-in of its own, anonymous access has to be enabled in front of it.";
        let mut clue = Clue::new(NAME, Code::Foreign(countersign::ForeignCause::ServerMisconfigured), 46, because);
        clue.quotes.extend(refusal.answered("www-authenticate").map(|header| Quote::header(refusal.index, "response", header)));
        clues.push(clue.fix(Side::Server, "Enable anonymous authentication for this site in IIS.", &["Set-WebConfigurationProperty -Filter /system.webServer/security/authentication/anonymousAuthentication -Name enabled -Value true -PSPath IIS:\\ -Location SITE"]));
    }
    clues
}

/// Are Negotiate and NTLM all that is asked for?
fn only_windows(refusal: &Refusal<'_>) -> bool {
    let challenges = refusal.challenges();
    !challenges.is_empty() && challenges.iter().all(|challenge| ["Negotiate", "NTLM", "Kerberos"].iter().any(|scheme| challenge.is(scheme)))
}

/// How to send what the challenge asks for.
fn advised(clue: Clue, refusal: &Refusal<'_>) -> Clue {
    let asked = |scheme: &str| refusal.challenges().iter().any(|challenge| challenge.is(scheme));
    let url = refusal.request().map(|request| crate::mask::text(&request.url)).unwrap_or_default();
    let quoted = format!("'{}'", url.replace('\'', "%27"));
    if asked("Digest") {
        clue.fix(Side::Caller, "Answer the Digest challenge.", &[&format!("curl --digest -u USER:PASSWORD {quoted}")])
    } else if asked("Basic") {
        clue.fix(Side::Caller, "Send name and password.", &[&format!("curl -u USER:PASSWORD {quoted}")])
    } else if asked("Bearer") {
        clue.fix(Side::Caller, "Send an access token.", &[&format!("curl -H \"Authorization: Bearer $TOKEN\" {quoted}")])
    } else {
        clue.fix(Side::Caller, "Send the credentials that this server documents, in the place that it documents.", &[])
    }
}

/// Only the answer was given: what was sent is not known.
fn alone(refusal: &Refusal<'_>, words: Option<Clue>) -> Vec<Clue> {
    let bare = !refusal.challenges().is_empty() && !refusal.challenge_tells_error();
    if let Some(words) = words {
        return vec![words];
    }
    if refusal.status() != 401 {
        return Vec::new();
    }
    let because =
        "Only the answer was given. A challenge without an error is what a request without credentials gets, and one with wrong ones, too.";
    let weight = if bare { 40 } else { 26 };
    let clue = Clue::new(NAME, MISSING, weight, because);
    vec![match refusal.answered("www-authenticate") {
        Some(header) => clue.quote(Quote::header(refusal.index, "response", header)),
        None => clue,
    }]
}

/// Did an earlier exchange carry credentials to the redirect that led here?
fn lost_before(refusal: &Refusal<'_>) -> bool {
    refusal.earlier().next().is_some_and(|(_, before)| {
        let redirected = before.response.as_ref().is_some_and(|response| matches!(response.status, 300..=399));
        redirected && before.request.as_ref().is_some_and(|request| request.headers.get("authorization").is_some())
    })
}

/// Does a reader say that credentials were taken out of the recording?
pub(super) fn hides_credentials(dossier: &Dossier) -> bool {
    dossier.not_seen.iter().any(|missing| {
        let missing = missing.to_ascii_lowercase();
        ["redact", "sanit", "removed", "stripped", "taken out", "masked", "left out"].iter().any(|word| missing.contains(word))
            && ["authorization", "cookie", "credential", "header", "field", "token"].iter().any(|word| missing.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn nothing_was_sent() {
        let missing = Some("credentials-missing");
        let bare = "GET https://a.example/x\nAccept: */*";
        check(see(&exchanged(bare, 401, "WWW-Authenticate: Bearer realm=\"a\"", "")), missing, 80);
        check(see(&exchanged(bare, 401, "", r#"{"detail":"Not authenticated"}"#)), missing, 90);
        check(see(&exchanged(bare, 401, "", "")), missing, 65);
        check(see(&exchanged(bare, 403, "", "")), missing, 30);
        for carried in ["Authorization: Basic Og==", "X-Api-Key: 1", "access_key: 1"] {
            check(see(&exchanged(&format!("GET https://a.example/x\n{carried}"), 401, "", "")), None, 10);
        }
        for url in ["https://a.example/x?api_key=1", "https://a.example/x?X-Amz-Signature=1", "https://u:p@a.example/"] {
            check(see(&exchanged(&format!("GET {url}"), 401, "", "")), None, 10);
        }
        check(
            see(&exchanged("POST https://a.example/x\nContent-Type: application/x-www-form-urlencoded\n\nauth_key=1", 403, "", "")),
            None,
            10,
        );
        check(see(&answered(401, "", "no token provided")), None, 10);
    }
}
