//! Refusals that meet a page's script on another origin: preflights that are asked for credentials, and answers it may not read.

use super::refusal::{Refusal, origin};
use super::said::Said;
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use countersign::{Cause, ForeignCause};

const NAME: &str = "cors";
const PREFLIGHT: Code = Foreign(ForeignCause::PreflightChallenged);
const HIDES: Code = Foreign(ForeignCause::CorsHidesRefusal);
const ORIGIN: Code = Common(Cause::CorsOriginRefused);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let mut clues = Vec::new();
    let Some(refusal) = Refusal::of(dossier) else { return clues };
    clues.extend(preflight(&refusal));
    clues.extend(hidden(&refusal));
    clues.extend(reported(&refusal));
    clues.extend(named(&refusal));
    clues
}

/// The body says that it is the origin that is not allowed.
fn named(refusal: &Refusal<'_>) -> Option<Clue> {
    const WORDS: &[&str] = &[
        "origin * is not allowed",
        "origin * not allowed",
        "origin is not allowed",
        "not allowed by cors",
        "invalid cors request",
        "cors origin",
        "cors request rejected",
        "cors policy",
    ];
    Said::of(refusal.dossier).any(WORDS).map(|heard| heard.clue(NAME, ORIGIN, 82))
}

fn preflight(refusal: &Refusal<'_>) -> Option<Clue> {
    if !refusal.is_preflight() {
        return None;
    }
    let asked = refusal.asked("access-control-request-method").or_else(|| refusal.asked("origin"))?;
    let full = refusal.asked("access-control-request-method").is_some();
    let (code, weight, because) = match refusal.status() {
        401 | 407 => (
            PREFLIGHT,
            96,
            "A preflight was answered with 401. Browsers send no credentials with it (Fetch standard, CORS-preflight fetch), so that no page can ever pass.",
        ),
        403 if refusal.answered("access-control-allow-origin").is_some() => (
            PREFLIGHT,
            88,
            "A preflight was answered with 403, although its origin is allowed: something refuses OPTIONS before it is answered as a preflight.",
        ),
        403 | 405 | 404 | 400 if full => (
            PREFLIGHT,
            78,
            "A preflight was refused. It has to be answered with a success and CORS fields before anything asks for credentials.",
        ),
        300..=399 => (PREFLIGHT, 88, "A preflight was redirected, as to a login page; browsers do not follow that."),
        _ => return None,
    };
    let clue = Clue::new(NAME, code, weight, because).quote(Quote::header(refusal.index, "request", asked));
    Some(clue.fix(
        Side::Server,
        "Answer OPTIONS with CORS fields before authentication.",
        &[
            "# nginx",
            "if ($request_method = OPTIONS) { return 204; }  # with the add_header lines for CORS, above auth_basic / auth_request",
        ],
    ))
}

/// The origin of the page, if it is another than the one asked.
fn foreign_origin(refusal: &Refusal<'_>) -> Option<String> {
    let header = refusal.asked("origin").filter(|header| !header.value.eq_ignore_ascii_case("null"))?;
    let theirs = origin(&header.value)?;
    let request = refusal.request()?;
    let host = request.headers.get("host").unwrap_or_default();
    let own = origin(&request.url).or_else(|| origin(&format!("{}://{host}", theirs.0)))?;
    (theirs.1 != own.1 || theirs.2 != own.2).then(|| header.value.clone())
}

fn hidden(refusal: &Refusal<'_>) -> Option<Clue> {
    if refusal.is_preflight() || !matches!(refusal.status(), 401 | 403 | 400 | 407 | 429 | 500..=599) {
        return None;
    }
    let page = foreign_origin(refusal)?;
    let quote = Quote::header(refusal.index, "request", refusal.asked("origin")?);
    let lines = ["# nginx", "add_header Access-Control-Allow-Origin $http_origin always;"];
    match refusal.answered("access-control-allow-origin") {
        None => {
            let changes = refusal.request().is_some_and(|request| !matches!(request.method.as_str(), "GET" | "HEAD"));
            let silent = refusal.response().is_some_and(|response| response.body.trim().is_empty());
            let weight = match (refusal.status(), silent) {
                (401, true) => 56,
                (401, false) => 38,
                (403, true) if !changes => 46,
                _ => 30,
            };
            let because = format!(
                "The page is at {page}, and the refusal has no Access-Control-Allow-Origin: the browser hides it from the script, which sees a network error and cannot renew its token."
            );
            let clue = Clue::new(NAME, HIDES, weight, because).quote(quote);
            Some(clue.fix(
                Side::Server,
                "Add the CORS fields to refusals, too: CORS has to stand before authentication in the chain.",
                &lines,
            ))
        }
        Some(header) if header.value.trim() == "*" && refusal.asked("cookie").is_some() => {
            let because =
                "Cookies were sent, and the answer allows any origin with `*`, which browsers do not take together with credentials.";
            Some(Clue::new(NAME, ORIGIN, 48, because).quote(Quote::header(refusal.index, "response", header)).fix(
                Side::Server,
                "Name the origin, and allow credentials.",
                &["Access-Control-Allow-Origin: https://app.example.com", "Access-Control-Allow-Credentials: true"],
            ))
        }
        Some(header) if header.value.trim() != "*" && !header.value.trim().eq_ignore_ascii_case(page.trim()) => {
            let because = format!("The page is at {page}, and the answer allows another origin.");
            Some(Clue::new(NAME, ORIGIN, 72, because).quote(quote).quote(Quote::header(refusal.index, "response", header)))
        }
        Some(_) => None,
    }
}

/// What the browser said.
fn reported(refusal: &Refusal<'_>) -> Option<Clue> {
    let failure = refusal.exchange.failure.as_deref()?;
    let folded = failure.to_ascii_lowercase();
    let quote = || Quote::text(refusal.index, "failure that the browser reported", 0, failure);
    if folded.contains("preflight") {
        return Some(Clue::new(NAME, PREFLIGHT, 88, "The browser reports that the preflight did not pass.").quote(quote()));
    }
    let cors = ["cors", "access-control-allow-origin", "cross-origin"].iter().any(|word| folded.contains(word));
    cors.then(|| {
        Clue::new(NAME, HIDES, 76, "The browser reports a CORS error: the answer, which may be a refusal, was hidden from the page.")
            .quote(quote())
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchanged};
    use super::*;

    #[test]
    fn pages_of_another_origin() {
        let options = "OPTIONS https://api.example.com/x\nOrigin: https://app.example.com\nAccess-Control-Request-Method: GET";
        check(see(&exchanged(options, 401, "", "")), Some("preflight-challenged"), 95);
        check(see(&exchanged(options, 403, "", "")), Some("preflight-challenged"), 75);
        check(see(&exchanged(options, 302, "Location: /login", "")), Some("preflight-challenged"), 85);
        let get = "GET https://api.example.com/x\nOrigin: https://app.example.com\nAuthorization: Bearer a";
        check(see(&exchanged(get, 401, "", "")), Some("cors-hides-refusal"), 50);
        check(see(&exchanged(get, 401, "Access-Control-Allow-Origin: https://app.example.com", "")), None, 10);
        check(see(&exchanged(get, 401, "Access-Control-Allow-Origin: https://other.example.com", "")), Some("cors-origin-refused"), 70);
        check(see(&exchanged("GET https://a.example/x\nOrigin: https://a.example", 401, "", "")), None, 10);
    }
}
