//! A name and a password, answered in the way that a server's challenge asks for: Digest (RFC 7616) where it is offered. Pure;
//! the arithmetic is the core's. Not whether the password may still be tried: see `run`.

use countersign::digest::{Algorithm, Qop, Salt, ha1, request_digest, request_digest_of_body, response, userhash};
use countersign_doctor::Exchange;
use countersign_grammar::{Challenge, parse_challenges};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What one password belongs to. It holds a secret, so that it has no `Debug`.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// What a 401 asks of somebody with a password.
pub(crate) enum Asked {
    /// Not Digest: Basic, another scheme, or it was no 401.
    Other,
    /// Digest, but not in a form that can be answered.
    Unanswerable,
    /// Digest, answered: the value of Authorization, and its algorithm.
    Digest { value: String, algorithm: Algorithm, stale: bool, basic_too: bool },
}

impl Login {
    /// Answers the strongest Digest challenge of an answer, for a request without a body.
    pub(crate) fn answer(&self, to: &Exchange, method: &str, target: &str, cnonce: &str) -> Asked {
        let Some(refused) = to.response.as_ref().filter(|response| response.status == 401) else { return Asked::Other };
        let fields: Vec<&str> = refused.headers.all("www-authenticate").map(|header| header.value.as_str()).collect();
        let challenges: Vec<Challenge<'_>> = fields.iter().flat_map(|field| parse_challenges(field).value).collect();
        let offers: Vec<&Challenge<'_>> = challenges.iter().filter(|challenge| challenge.is("Digest")).collect();
        if offers.is_empty() {
            return Asked::Other;
        }
        let best =
            Algorithm::ALL.into_iter().find_map(|algorithm| Some((algorithm, *offers.iter().find(|offer| takes(offer, algorithm))?)));
        let Some((algorithm, offer)) = best else { return Asked::Unanswerable };
        Asked::Digest {
            value: self.credentials(offer, algorithm, method, target, cnonce),
            algorithm,
            stale: offer.value("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            basic_too: challenges.iter().any(|challenge| challenge.is("Basic")),
        }
    }

    fn credentials(&self, offer: &Challenge<'_>, algorithm: Algorithm, method: &str, target: &str, cnonce: &str) -> String {
        let value = |name| offer.value(name).unwrap_or_default();
        let (realm, nonce) = (value("realm"), value("nonce"));
        let qop = qop(offer).flatten();
        let salt = Salt { nonce, count: "00000001", cnonce, qop };
        let request = match qop {
            Some(Qop::AuthInt) => request_digest_of_body(method, target, b"", algorithm),
            _ => request_digest(method, target, algorithm),
        };
        let response = response(&ha1(&self.name, realm, &self.password, algorithm), &salt, &request, algorithm);
        let hashed = value("userhash").eq_ignore_ascii_case("true");
        let user = match hashed {
            true => format!("username=\"{}\"", userhash(&self.name, realm, algorithm)),
            false if !self.name.is_ascii() && value("charset").eq_ignore_ascii_case("utf-8") => {
                format!("username*=UTF-8''{}", utf8_percent_encode(&self.name, NON_ALPHANUMERIC))
            }
            false => format!("username={}", quoted(&self.name)),
        };
        let mut text = format!("Digest {user}, realm={}, nonce={}, uri={}", quoted(realm), quoted(nonce), quoted(target));
        text.push_str(&format!(", response=\"{response}\""));
        // What the challenge did not name, older servers do not expect.
        if offer.value("algorithm").is_some() {
            text.push_str(&format!(", algorithm={}", algorithm.name()));
        }
        if let Some(qop) = qop {
            text.push_str(&format!(", qop={}, nc={}, cnonce={}", qop.name(), salt.count, quoted(cnonce)));
        } else if algorithm.is_session() {
            text.push_str(&format!(", cnonce={}", quoted(cnonce)));
        }
        if let Some(opaque) = offer.value("opaque") {
            text.push_str(&format!(", opaque={}", quoted(opaque)));
        }
        if hashed {
            text.push_str(", userhash=true");
        }
        text
    }
}

/// Can this challenge be answered with this algorithm? A character that could not be read would fail the password in vain.
fn takes(offer: &Challenge<'_>, algorithm: Algorithm) -> bool {
    let named = Algorithm::named(offer.value("algorithm").unwrap_or("MD5"));
    let readable = |name| offer.value(name).is_none_or(|value| !value.contains(char::REPLACEMENT_CHARACTER));
    named == Some(algorithm)
        && offer.value("nonce").is_some()
        && qop(offer).is_some()
        && ["realm", "nonce", "opaque"].into_iter().all(readable)
}

/// The protection to use; within, none where the challenge is as old as RFC 2069; none at all where all are unknown.
fn qop(offer: &Challenge<'_>) -> Option<Option<Qop>> {
    let Some(offered) = offer.value("qop") else { return Some(None) };
    let known: Vec<Qop> = offered.split([',', ' ']).filter_map(|name| Qop::named(name.trim())).collect();
    if known.contains(&Qop::Auth) { Some(Some(Qop::Auth)) } else { known.first().map(|qop| Some(*qop)) }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_doctor::{Header, Headers, Response};

    #[track_caller]
    fn check(name: &str, challenges: &[&str], expect: &str) {
        let field = |value: &&str| Header { name: "WWW-Authenticate".into(), value: (*value).into(), line: 0 };
        let headers = Headers(challenges.iter().map(field).collect());
        let to = Exchange { response: Some(Response { status: 401, headers, ..Response::default() }), ..Exchange::default() };
        let login = Login { name: name.into(), password: "Circle of Life".into() };
        let nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let came = match login.answer(&to, "GET", "/dir/index.html", nonce) {
            Asked::Other => "other".to_owned(),
            Asked::Unanswerable => "unanswerable".to_owned(),
            Asked::Digest { value, .. } => value,
        };
        assert_eq!(came, expect, "{challenges:?}");
    }

    const SERVER: &str = "realm=\"http-auth@example.org\", nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"";

    #[test]
    fn the_strongest_is_answered() {
        let [md5, sha] =
            ["MD5", "SHA-256"].map(|name| format!("Digest {SERVER}, qop=\"auth, auth-int\", algorithm={name}, opaque=\"a\\\"b\""));
        let expect = format!(
            "Digest username=\"Mufasa\", {SERVER}, uri=\"/dir/index.html\", \
             response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", algorithm=SHA-256, qop=auth, \
             nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", opaque=\"a\\\"b\""
        );
        check("Mufasa", &[&md5, &sha], &expect);
        check("Mufasa", &["Basic realm=\"x\"", &format!("{sha}, {md5}")], &expect);
    }

    #[test]
    fn what_is_old() {
        let expect = "uri=\"/dir/index.html\", response=\"7b2cc3b30e75b4777ea31027084363fd\"";
        check("Mufasa", &[&format!("Digest {SERVER}")], &format!("Digest username=\"Mufasa\", {SERVER}, {expect}"));
    }

    #[test]
    fn what_is_not_answered() {
        check("Mufasa", &["Basic realm=\"x\""], "other");
        check("Mufasa", &["Digest realm=\"x\", nonce=\"y\", algorithm=SHA-1"], "unanswerable");
        check("Mufasa", &["Digest realm=\"x\", nonce=\"y\", qop=\"other\""], "unanswerable");
        check("Mufasa", &["Digest realm=\"x\""], "unanswerable");
        check("Mufasa", &["Digest realm=\"\u{fffd}\", nonce=\"y\""], "unanswerable");
    }
}
