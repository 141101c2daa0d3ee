//! Digest challenges and what was answered to them (RFC 7616). Not a recomputation: the password is not known.

use super::refusal::Refusal;
use super::said::percent;
use crate::catalogue::Code::{self, Common};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Dossier, Exchange, Header};
use countersign::Cause;
use countersign_grammar::{Challenge, Credentials, CredentialsBody, parse_challenges, parse_credentials};

const NAME: &str = "digest";
const STALE: Code = Common(Cause::DigestNonceStale);
const REPLAYED: Code = Common(Cause::DigestNonceReplayed);
const TARGET: Code = Common(Cause::DigestTargetMismatch);
const WRONG: Code = Common(Cause::DigestResponseWrong);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let (sent_in, asked_in) =
        if refusal.status() == 407 { ("proxy-authorization", "proxy-authenticate") } else { ("authorization", "www-authenticate") };
    let Some(header) = refusal.asked(sent_in) else { return Vec::new() };
    let answer = parse_credentials(&header.value).value;
    if !answer.is("Digest") {
        return Vec::new();
    }
    let asked = challenge(refusal.exchange, asked_in);
    let before = refusal.earlier().find_map(|(index, exchange)| challenge(exchange, asked_in).map(|found| (index, found)));
    let quote = Quote::header(refusal.index, "request", header);
    let mut clues = Vec::new();
    let mut say = |code: Code, weight: u8, because: &str, more: Option<Quote>| {
        let mut clue = Clue::new(NAME, code, weight, because).quote(quote.clone());
        clue.quotes.extend(more);
        clues.push(clue);
    };
    let value = |name: &str| answer.value(name).unwrap_or_default();
    let fresh = asked.as_ref().map(|(challenge, header)| (challenge, Quote::header(refusal.index, "response", header)));
    let renewed = fresh.as_ref().is_some_and(|(challenge, _)| challenge.value("nonce").is_some_and(|nonce| nonce != value("nonce")));
    if let Some((challenge, quoted)) = &fresh {
        if challenge.value("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")) {
            say(
                STALE,
                97,
                "The challenge says stale=true: the password is right, the nonce is too old (RFC 7616 section 3.3).",
                Some(quoted.clone()),
            );
        }
        for (name, what) in [("realm", "realm"), ("algorithm", "algorithm"), ("opaque", "opaque value")] {
            let theirs = challenge.value(name).unwrap_or(if name == "algorithm" { "MD5" } else { "" });
            let mine = answer.value(name).unwrap_or(if name == "algorithm" { "MD5" } else { "" });
            let same_nonce = name != "opaque" || !renewed;
            if !theirs.eq_ignore_ascii_case(mine) && same_nonce && !theirs.is_empty() {
                say(
                    TARGET,
                    if name == "opaque" { 45 } else { 84 },
                    &format!("The {what} that was answered is not the one that the challenge gives."),
                    Some(quoted.clone()),
                );
            }
        }
        if challenge.value("qop").is_some() && answer.value("qop").is_none() {
            say(
                TARGET,
                56,
                "The challenge offers qop, and the answer has none: the old form of RFC 2069, which many servers do not read any more.",
                Some(quoted.clone()),
            );
        }
        let offered = challenge.value("qop").unwrap_or_default();
        if !offered.is_empty() && !value("qop").is_empty() && !offered.split(',').any(|qop| qop.trim().eq_ignore_ascii_case(value("qop"))) {
            say(TARGET, 86, "The answer's qop is none of those that the challenge offers.", Some(quoted.clone()));
        }
    }
    let target = refusal.request().map(|request| target(&request.url)).unwrap_or_default();
    let uri = value("uri");
    if !uri.is_empty() && !target.is_empty() && uri != target && uri != "*" && self::target(uri) != target {
        let (weight, because) = if percent(uri) == percent(&target) {
            (84, "The digest's uri is the request's target in another spelling of its percent escapes.")
        } else if uri.split('?').next() == target.split('?').next() {
            (88, "The digest's uri leaves out or changes the query of the request's target.")
        } else {
            (80, "The digest's uri is another target than the one that was asked for, as when something on the way rewrote the path.")
        };
        say(TARGET, weight, because, None);
    }
    if let Some((index, (challenge, header))) = &before {
        let quoted = Quote::header(*index, "response", header);
        let same = challenge.value("nonce") == answer.value("nonce");
        if !same {
            say(STALE, 62, "The nonce that was answered is not the one that was given last.", Some(quoted));
        }
    } else if renewed {
        let count = u64::from_str_radix(value("nc").trim_start_matches("0x"), 16).unwrap_or(1);
        if count > 1 {
            say(
                STALE,
                72,
                "The nonce was in use for some time (its count says so), and the challenge gives a fresh one without saying stale: a server that lets nonces expire and does not say so looks like this.",
                None,
            );
        } else {
            say(STALE, 34, "The challenge gives another nonce than the one that was used.", None);
        }
    }
    if reused(&refusal, &answer, sent_in) {
        say(
            REPLAYED,
            88,
            "The same nonce with the same count was sent before; a server that counts refuses the second use (RFC 7616 section 3.4).",
            None,
        );
    }
    let raw = header.value.as_str();
    if value("username").is_empty() && !raw.contains("username*") {
        say(WRONG, 82, "The digest has no user name.", None);
    }
    let (weight, form) = form(raw, &answer, refusal.server().is_empty());
    if weight > 0 {
        say(TARGET, weight, form, None);
    }
    say(WRONG, 46, "The digest is complete; a wrong password, or another realm than the one that was hashed, gives this refusal.", None);
    let advice = "Begin anew: ask without credentials, take the nonce of that challenge, and answer at once.";
    clues
        .into_iter()
        .map(|clue| if clue.code == STALE { clue.fix(Side::Caller, advice, &["curl --digest -u USER:PASSWORD …"]) } else { clue })
        .collect()
}

/// Parameters in a form or an order that simple servers, as in cameras and routers, do not read.
fn form(raw: &str, answer: &Credentials<'_>, simple: bool) -> (u8, &'static str) {
    let CredentialsBody::Params(params) = &answer.body else { return (70, "The digest's parameters cannot be read.") };
    let quoted = |name: &str| raw.contains(&format!("{name}=\""));
    if quoted("nc") {
        return (50, "The count nc stands in quotes, which RFC 7616 section 3.4 forbids and some servers do not read.");
    }
    if raw.contains("qop=\"") {
        return (30, "qop stands in quotes in the answer, which RFC 7616 section 3.4 forbids and some servers do not read.");
    }
    let order: Vec<&str> = params.iter().map(countersign_grammar::Param::name).collect();
    let at = |name: &str| order.iter().position(|found| found.eq_ignore_ascii_case(name));
    let odd = match (at("response"), at("cnonce"), at("qop"), at("nc")) {
        (Some(response), Some(cnonce), Some(qop), Some(nc)) => response < cnonce && (nc > qop && cnonce < nc || nc == order.len() - 1),
        _ => false,
    };
    if odd && simple {
        return (
            52,
            "The parameters stand in an order of which simple servers, as in cameras, are known to make nothing: cnonce before qop and nc. RFC 7616 allows any order.",
        );
    }
    if odd { (24, "The parameters stand in an unusual order, which RFC 7616 allows and some servers do not read.") } else { (0, "") }
}

fn challenge<'a>(exchange: &'a Exchange, field: &str) -> Option<(Challenge<'a>, &'a Header)> {
    let headers = exchange.response.as_ref()?.headers.0.iter().filter(|header| header.name.eq_ignore_ascii_case(field));
    headers
        .flat_map(|header| parse_challenges(&header.value).value.into_iter().map(move |challenge| (challenge, header)))
        .find(|(challenge, _)| challenge.is("Digest"))
}

/// Path and query.
fn target(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"));
    rest.split('#').next().unwrap_or_default().to_owned()
}

fn reused(refusal: &Refusal<'_>, answer: &Credentials<'_>, field: &str) -> bool {
    refusal.earlier().take(200).any(|(_, exchange)| {
        let Some(header) = exchange.request.as_ref().and_then(|request| request.headers.all(field).next()) else { return false };
        let other = parse_credentials(&header.value).value;
        other.is("Digest") && answer.value("nc").is_some() && ["nonce", "nc"].iter().all(|name| other.value(name) == answer.value(name))
    })
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchange, exchanged};
    use super::*;

    #[test]
    fn digests() {
        let with = |more: &str| {
            format!("GET https://a.example/x?q=1\nAuthorization: Digest username=\"u\", realm=\"r\", nonce=\"n\", {more}, response=\"0\"")
        };
        let good = "uri=\"/x?q=1\", qop=auth, nc=00000001, cnonce=\"c\"";
        let asks = |more: &str| format!("WWW-Authenticate: Digest realm=\"r\", qop=\"auth\", {more}");
        check(see(&exchanged(&with(good), 401, &asks("nonce=\"m\", stale=true"), "")), Some("digest-nonce-stale"), 95);
        check(see(&exchanged(&with(good), 401, &asks("nonce=\"n\""), "")), Some("digest-response-wrong"), 40);
        check(
            see(&exchanged(&with("uri=\"/x\", qop=auth, nc=00000001"), 401, &asks("nonce=\"n\""), "")),
            Some("digest-target-mismatch"),
            80,
        );
        check(
            see(&exchanged(&with("uri=\"/x?q=1\", qop=auth, nc=00000009"), 401, &asks("nonce=\"m\""), "")),
            Some("digest-nonce-stale"),
            70,
        );
        check(
            see(&exchanged(&with(good), 401, "WWW-Authenticate: Digest realm=\"other\", nonce=\"n\"", "")),
            Some("digest-target-mismatch"),
            80,
        );
        let twice = Dossier {
            exchanges: vec![exchange(&with(good), 200, "", ""), exchange(&with(good), 401, &asks("nonce=\"n\""), "")],
            ..Dossier::default()
        };
        check(see(&twice), Some("digest-nonce-replayed"), 80);
        check(see(&exchanged("GET https://a.example/\nAuthorization: Basic Og==", 401, &asks("nonce=\"n\""), "")), None, 10);
    }
}
