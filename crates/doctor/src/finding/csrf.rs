//! Refusals for want of a CSRF token, or because of where the browser says that the request comes from.

use super::refusal::{Refusal, origin};
use super::said::{Phrase, Said};
use super::sent;
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "csrf";
const MISSING: Code = Common(Cause::CsrfTokenMissing);
const WRONG: Code = Common(Cause::CsrfTokenWrong);
const ORIGIN: Code = Common(Cause::OriginRefused);
const PUBLIC: Code = Foreign(ForeignCause::PublicUrlUnknown);

const PHRASES: &[Phrase] = &[
    Phrase("csrf token missing or incorrect", 95, MISSING),
    Phrase("csrf token missing", 95, MISSING),
    Phrase("csrf token is missing", 95, MISSING),
    Phrase("missing csrf token", 95, MISSING),
    Phrase("csrf cookie not set", 95, MISSING),
    Phrase("csrf cookie", 84, MISSING),
    Phrase("no valid crumb", 95, MISSING),
    Phrase("no csrf", 90, MISSING),
    Phrase("csrf token required", 94, MISSING),
    Phrase("csrf token not found", 92, MISSING),
    Phrase("missing xsrf", 94, MISSING),
    Phrase("'_xsrf' argument missing", 96, MISSING),
    Phrase("xsrf token required", 94, MISSING),
    Phrase("xsrf check failed", 95, MISSING),
    Phrase("invalid csrf token", 94, WRONG),
    Phrase("invalid csrf", 92, WRONG),
    Phrase("invalidauthenticitytoken", 95, WRONG),
    Phrase("can't verify csrf token authenticity", 95, WRONG),
    Phrase("ebadcsrftoken", 95, WRONG),
    Phrase("csrf token mismatch", 95, WRONG),
    Phrase("csrf mismatch", 94, WRONG),
    Phrase("csrf token * incorrect", 93, WRONG),
    Phrase("csrf token * invalid", 92, WRONG),
    Phrase("csrf token * not match", 92, WRONG),
    Phrase("csrf token has expired", 92, WRONG),
    Phrase("csrf_token_mismatch", 95, WRONG),
    Phrase("xsrf cookie does not match", 95, WRONG),
    Phrase("xsrf cookie", 92, WRONG),
    Phrase("anti-forgery", 94, WRONG),
    Phrase("antiforgery", 94, WRONG),
    Phrase("authenticity token", 90, WRONG),
    Phrase("the form has expired", 76, WRONG),
    Phrase("page expired", 90, WRONG),
    Phrase("csrf verification failed", 93, WRONG),
    Phrase("csrf validation failed", 93, WRONG),
    Phrase("csrf check failed", 93, WRONG),
    Phrase("csrf failed", 93, WRONG),
    Phrase("csrf error", 92, WRONG),
    Phrase("csrf detected", 92, WRONG),
    Phrase("csrf protection", 86, WRONG),
    Phrase("csrf attack", 86, WRONG),
    Phrase("csrf", 76, WRONG),
    Phrase("xsrf", 74, WRONG),
    Phrase("cross-site request forgery", 84, WRONG),
    Phrase("cross site request forgery", 84, WRONG),
    Phrase("request forgery", 74, WRONG),
    Phrase("invalid nonce", 40, WRONG),
    Phrase("rest_cookie_invalid_nonce", 94, WRONG),
    Phrase("cookie check failed", 84, WRONG),
    Phrase("cross-site post form submissions are forbidden", 96, ORIGIN),
    Phrase("origin checking failed", 96, ORIGIN),
    Phrase("referer checking failed", 96, ORIGIN),
    Phrase("origin not allowed", 80, ORIGIN),
    Phrase("invalid origin", 82, ORIGIN),
    Phrase("origin header", 64, ORIGIN),
    Phrase("origin * not match", 74, ORIGIN),
    Phrase("cross origin request", 62, ORIGIN),
    Phrase("cross-origin request", 62, ORIGIN),
    Phrase("blocking cross origin api request", 95, ORIGIN),
    Phrase("http origin header * didn't match", 96, ORIGIN),
    Phrase("invalid referer", 82, ORIGIN),
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let said = Said::of(dossier);
    // A query of the server's own that names a CSRF cookie of the login flow is the session finding's.
    let mut clues = said.clues(NAME, PHRASES);
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    let Some(request) = refusal.request() else { return clues };
    if refusal.status() == 419 {
        clues.push(Clue::new(
            NAME,
            WRONG,
            93,
            "419 is in no RFC; Laravel answers it where a form's CSRF token does not fit the session or has expired.",
        ));
    }
    let spoken = !clues.is_empty();
    let changes = !matches!(request.method.to_ascii_uppercase().as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "CONNECT");
    if !changes || !matches!(refusal.status(), 400 | 401 | 403 | 419 | 422) {
        return clues;
    }
    clues.extend(origin_differs(&refusal, spoken));
    clues.extend(token_absent(&refusal, spoken));
    clues
}

fn origin_differs(refusal: &Refusal<'_>, spoken: bool) -> Vec<Clue> {
    let Some(header) = refusal.asked("origin") else { return Vec::new() };
    let quote = Quote::header(refusal.index, "request", header);
    let weight = |told: u8, silent: u8| if spoken { told } else { silent };
    if header.value.eq_ignore_ascii_case("null") {
        let because = "The browser sent `Origin: null`, which fits no trusted origin. A `Referrer-Policy: no-referrer`, a sandboxed frame or a redirect between origins makes it so.";
        let policy = refusal.dossier.exchanges.iter().filter_map(|exchange| exchange.response.as_ref()).find_map(|response| {
            response.headers.all("referrer-policy").find(|header| header.value.to_ascii_lowercase().contains("no-referrer"))
        });
        let mut clue = Clue::new(NAME, ORIGIN, weight(96, 55), because).quote(quote);
        if let Some(policy) = policy {
            let place = Quote::header(refusal.index, "response", policy);
            clue = clue.quote(place).fix(
                Side::Proxy,
                "Send a referrer policy that keeps the origin for requests to the same site.",
                &["Referrer-Policy: strict-origin-when-cross-origin"],
            );
        }
        return vec![clue];
    }
    let Some((scheme, host, _)) = origin(&header.value) else { return Vec::new() };
    let asked = refusal.request().map(crate::dossier::Request::host).unwrap_or_default();
    if host != asked && !asked.is_empty() {
        let because = format!(
            "The page that sent this lives at {host}, and the request goes to {asked}: another origin, which a CSRF check refuses unless it is listed as trusted."
        );
        return vec![Clue::new(NAME, ORIGIN, weight(86, 28), because).quote(quote)];
    }
    if spoken {
        let because = format!(
            "The origin is that of the request ({scheme}://{host}), so that the browser did nothing wrong: an app behind a proxy that does not hand on Host or the scheme compares it with its own inner name."
        );
        let lines = ["proxy_set_header Host $http_host;", "proxy_set_header X-Forwarded-Proto $scheme;"];
        return vec![Clue::new(NAME, PUBLIC, 40, because).quote(quote).fix(Side::Proxy, "Hand on the outer host and scheme.", &lines)];
    }
    Vec::new()
}

const TOKENS: &[&str] = &["csrf", "xsrf", "authenticity_token", "requestverificationtoken", "crumb", "_token", "antiforgery"];

fn token_absent(refusal: &Refusal<'_>, spoken: bool) -> Option<Clue> {
    let request = refusal.request()?;
    let named = |name: &str| {
        let name = name.to_ascii_lowercase();
        TOKENS.iter().any(|token| name.contains(token))
    };
    let carried = request.headers.0.iter().any(|header| named(&header.name) && !header.value.is_empty())
        || sent::parameters(request).iter().any(|(name, value)| named(name) && !value.is_empty());
    let cookie =
        request.headers.all("cookie").flat_map(|header| sent::cookies(header).collect::<Vec<_>>()).any(|cookie| named(&cookie.name));
    let session = request.headers.get("cookie").is_some();
    let weight = match (carried, cookie, spoken) {
        (true, ..) => return None,
        (false, true, false) => 58,
        (false, _, true) => 93,
        (false, false, false) if session && refusal.status() == 403 && refusal.asked("authorization").is_none() => 34,
        _ => return None,
    };
    let because = match cookie {
        true => "The browser holds a CSRF cookie, and the request repeats it neither in a field nor in the form.",
        false => "The request changes something and carries no CSRF token, neither in a field nor in the form.",
    };
    let clue = Clue::new(NAME, MISSING, weight, because);
    let clue =
        clue.fix(Side::Caller, "Fetch the token from the page or its cookie, and send it with the request, in the same session.", &[]);
    Some(match request.headers.all("cookie").next() {
        Some(header) => clue.quote(Quote::header(refusal.index, "request", header)),
        None => clue,
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{answered, check, exchanged};
    use super::*;

    #[test]
    fn csrf_checks() {
        let post = |fields: &str| {
            format!(
                "POST https://a.example/login\n{fields}\nContent-Type: application/x-www-form-urlencoded\n\ncsrfmiddlewaretoken=x&user=y"
            )
        };
        let failed = "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>";
        check(see(&exchanged(&post("Origin: null"), 403, "", failed)), Some("origin-refused"), 95);
        check(see(&exchanged(&post("Origin: https://a.example"), 403, "", failed)), Some("csrf-token-wrong"), 90);
        check(see(&exchanged("POST https://a.example/x\nCookie: XSRF-TOKEN=1; s=2", 403, "", "")), Some("csrf-token-missing"), 50);
        check(see(&exchanged("POST https://a.example/x\nCookie: s=2", 419, "", "")), Some("csrf-token-wrong"), 90);
        check(see(&answered(403, "", "No valid crumb was included in the request")), Some("csrf-token-missing"), 90);
        check(see(&answered(403, "", "nothing of the kind")), None, 10);
    }
}
