//! Credentials that were damaged on their way into the request. Not placeholders, and not what a product wants otherwise.

use super::refusal::{Refusal, starts_with};
use super::said::Said;
use super::sent::{self, Place};
use crate::catalogue::Code::{self, Common, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::{Dossier, Header};
use crate::{base64, jwt};
use countersign::{Cause, ForeignCause};
use countersign_grammar::{BasicFault, FaultKind, decode_basic, parse_credentials, registered_scheme};

const NAME: &str = "garbled";
const GARBLED: Code = Foreign(ForeignCause::CredentialsGarbled);

/// Words that say that a key or token has not the form of one.
pub(super) const FORM: &[&str] = &[
    "invalid api key format",
    "invalid key format",
    "invalid api token format",
    "invalid access token format",
    "invalid credential format",
    "invalid credentials format",
    "invalid authorization format",
    "invalid authorization header format",
    "invalid format for * key",
    "api key format is invalid",
    "api key is malformed",
    "malformed api key",
    "malformed key",
    "key is malformed",
    "key has an invalid format",
    "not a valid api key format",
];

/// What is wrong: how sure that it matters, and what to say.
type Damage = (u8, String, Option<&'static str>);

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some(request) = refusal.request() else { return Vec::new() };
    let fields: Vec<&Header> = request.headers.all("authorization").collect();
    let mut clues = Vec::new();
    if let Some(header) = fields.first() {
        if let Some(damage) = damage(header, &refusal) {
            clues.push(clue(damage, Quote::header(refusal.index, "request", header)));
        }
        if let Some(second) = fields.get(1) {
            let because = "Authorization came twice, and servers differ in which one they read, or read neither (RFC 9110 section 11.6.2).";
            let repeated = Clue::new(NAME, Common(Cause::CredentialsRepeated), 78, because);
            clues.push(repeated.quote(Quote::header(refusal.index, "request", header)).quote(Quote::header(
                refusal.index,
                "request",
                second,
            )));
        }
    }
    for sent in sent::credentials(request).iter().filter(|sent| matches!(sent.place, Place::Field | Place::Query)) {
        if let Some(damage) = value(&sent.value, sent.place == Place::Field) {
            clues.push(clue(damage, sent.quote(refusal.index)));
        }
    }
    clues.extend(two_mechanisms(&refusal, &fields));
    if !sent::credentials(request).is_empty() {
        clues.extend(Said::of(dossier).any(FORM).map(|heard| heard.clue(NAME, GARBLED, 88)));
    }
    clues
}

fn clue((weight, because, line): Damage, quote: Quote) -> Clue {
    let clue = Clue::new(NAME, GARBLED, weight, because).quote(quote);
    match line {
        Some(line) => clue.fix(Side::Caller, "Send it like this.", &[line]),
        None => clue,
    }
}

fn damage(header: &Header, refusal: &Refusal<'_>) -> Option<Damage> {
    let whole = header.value.as_str();
    let (scheme, rest) = whole.split_once([' ', '\t']).unwrap_or((whole, ""));
    let rest_trimmed = rest.trim();
    if whole.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{2013}', '\u{2014}']) {
        return Some((94, "Typographic quotes or dashes stand in the field, as a word processor puts them in.".to_owned(), None));
    }
    if let Some(word) = scheme.strip_suffix([':', ',', '=']).filter(|word| registered_scheme(word).is_some()) {
        return Some((
            94,
            format!("After the scheme {word} stands a sign that does not belong there; a space alone separates it from the credentials."),
            None,
        ));
    }
    if registered_scheme(scheme).is_none() {
        return bare(whole, refusal);
    }
    let faults = parse_credentials(whole).faults;
    if faults.iter().any(|fault| fault.kind == FaultKind::DoubledScheme) {
        return Some((95, "The scheme stands there twice: it was put before a value that has it already.".to_owned(), None));
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return basic(rest_trimmed);
    }
    if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token") {
        return value(rest_trimmed, true).or_else(|| token(rest_trimmed));
    }
    None
}

/// A value without a scheme.
fn bare(whole: &str, refusal: &Refusal<'_>) -> Option<Damage> {
    let lower = whole.to_ascii_lowercase();
    for glued in ["bearer", "basic"] {
        if lower.strip_prefix(glued).is_some_and(|rest| rest.len() > 8 && !rest.starts_with([' ', '\t'])) {
            return Some((92, format!("No space stands between {glued} and what follows, so that the scheme cannot be read."), None));
        }
    }
    if starts_with(whole, "authorization:") {
        return Some((95, "The field's own name stands in its value again.".to_owned(), None));
    }
    if whole.contains(' ') {
        return None;
    }
    let line = Some("Authorization: Bearer …");
    // API Gateway hands the field to its authorizers as it is; Amazon's own examples send a Cognito token without a scheme.
    let gateway = refusal.answered("x-amzn-errortype").is_some()
        || refusal.answered("x-amz-apigw-id").is_some()
        || refusal.request().is_some_and(|request| request.host().contains(".execute-api."));
    if gateway {
        return None;
    }
    let asked = refusal.challenges();
    let bearer = asked.is_empty() || asked.iter().any(|challenge| challenge.is("Bearer") || challenge.is("Token") || challenge.is("JWT"));
    if bearer
        && jwt::spot(whole).is_some_and(|token| token.len() == whole.len() && jwt::Jwt::read(token).is_some_and(|token| token.signed()))
    {
        return Some((84, "A JWT stands in Authorization without the word Bearer before it.".to_owned(), line));
    }
    if !bearer && jwt::spot(whole).is_some() {
        return Some((
            40,
            "Authorization holds a JWT without a scheme, and the challenge asks for another kind of credentials.".to_owned(),
            None,
        ));
    }
    if asked.iter().any(|challenge| challenge.is("Bearer") || challenge.is("Basic") || challenge.is("Token")) {
        return Some((80, "Authorization holds a value without a scheme, and the challenge asks for one with a scheme.".to_owned(), None));
    }
    if base64::decode(whole).is_some_and(|bytes| bytes.contains(&b':') && bytes.iter().all(|byte| (32..127).contains(byte))) {
        return Some((
            84,
            "Authorization holds the base64 of a name and a password without the word Basic before it.".to_owned(),
            Some("Authorization: Basic …"),
        ));
    }
    (whole.len() >= 16 && refusal.status() == 401).then(|| {
        (
            34,
            "Authorization holds a value without a scheme. Some APIs want it so; most want a word such as Bearer before it.".to_owned(),
            line,
        )
    })
}

fn basic(token: &str) -> Option<Damage> {
    if token.contains('%') && token.contains("%3D") {
        return Some((92, "The base64 was percent-encoded, as for a URL: `=` became `%3D`.".to_owned(), None));
    }
    match decode_basic(token) {
        Ok(pair) => {
            let (user, password) = (pair.user(), pair.password());
            let quoted = |text: &str| {
                text.len() > 1 && (text.starts_with('"') && text.ends_with('"') || text.starts_with('\'') && text.ends_with('\''))
            };
            if quoted(user) || quoted(password) {
                return Some((
                    78,
                    "Name or password has quotes around it that are a part of it, as when a configuration or a shell keeps them."
                        .to_owned(),
                    None,
                ));
            }
            if user.trim() != user || password.trim() != password {
                return Some((70, "Name or password begins or ends with a blank.".to_owned(), None));
            }
            if base64::decode(password)
                .is_some_and(|bytes| bytes.len() > 6 && bytes.contains(&b':') && bytes.iter().all(|byte| (32..127).contains(byte)))
            {
                return Some((72, "The password is itself the base64 of a pair: it was encoded twice.".to_owned(), None));
            }
            if escaped(user) || escaped(password) {
                return Some((
                    68,
                    "Name or password has percent escapes in it: it was encoded as for a URL before it was put together. RFC 6749 section 2.3.1 wants that for clients at a token endpoint, and many servers take the pair as it is."
                        .to_owned(),
                    None,
                ));
            }
            if !user.is_ascii() || !password.is_ascii() {
                return Some((34, "Name or password has letters outside ASCII, sent as UTF-8; a server that reads Latin-1 gets another text (RFC 7617 section 2.1).".to_owned(), None));
            }
            if password.is_empty() && !user.is_empty() && user.len() < 16 {
                return Some((40, "The password is empty.".to_owned(), None));
            }
            // curl, Postman and their like take a pair; `user:password` typed into the user's field gives one more colon.
            (user.is_empty() && password.ends_with(':')).then(|| {
                (55, "The name is empty, and the password ends with a colon: the two were put the wrong way around.".to_owned(), None)
            })
        }
        Err(BasicFault::ControlCharacter) => {
            let bytes = base64::decode(token).unwrap_or_default();
            let newline = matches!(bytes.last(), Some(b'\n' | b'\r'));
            let (weight, what) = if newline {
                (96, "The base64 was made of a text with a line end, as `echo` writes one: the password that was sent ends with it.")
            } else {
                (90, "The base64 holds a control character within name or password.")
            };
            Some((weight, what.to_owned(), newline.then_some("printf '%s' \"$USER:$PASSWORD\" | base64 -w0")))
        }
        Err(BasicFault::NoColon) => {
            let decoded = base64::decode(token).unwrap_or_default();
            let again = String::from_utf8(decoded)
                .ok()
                .and_then(|inner| base64::decode(inner.trim()))
                .is_some_and(|bytes| bytes.contains(&b':') && bytes.is_ascii());
            let what = if again {
                "What was sent is base64 of base64: it was encoded twice."
            } else {
                "What was encoded has no colon, so that there is no name and password in it (RFC 7617 section 2)."
            };
            Some((if again { 94 } else { 92 }, what.to_owned(), Some("printf '%s' \"$USER:$PASSWORD\" | base64 -w0")))
        }
        Err(BasicFault::NotUtf8) => Some((
            66,
            "Name or password has letters outside ASCII in another encoding than UTF-8, such as Latin-1 (RFC 7617 section 2.1).".to_owned(),
            None,
        )),
        Err(BasicFault::DoubledScheme) => Some((95, "The scheme stands there twice.".to_owned(), None)),
        Err(BasicFault::UrlSafeAlphabet) => {
            Some((74, "The base64 is of the kind for URLs, with `-` or `_`; Basic has `+` and `/` (RFC 4648 section 4).".to_owned(), None))
        }
        Err(_) if token.contains(':') => Some((
            94,
            "Name and password stand there as they are; Basic wants them in base64 (RFC 7617 section 2).".to_owned(),
            Some("curl -u USER:PASSWORD …"),
        )),
        Err(BasicFault::TooLong) => None,
        Err(_) if token.contains(['*', '<', '[', '…']) || token.contains("...") => None,
        Err(_) => Some((84, "What follows Basic is no base64.".to_owned(), Some("printf '%s' \"$USER:$PASSWORD\" | base64 -w0"))),
    }
}

/// Is there a percent escape, such as `%5E`?
fn escaped(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.windows(3).any(|three| matches!(three, [b'%', a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}

/// Damage that any key or token can have.
fn value(value: &str, field: bool) -> Option<Damage> {
    if value.len() < 3 {
        return None;
    }
    let quoted = |quote: char| value.starts_with(quote) && value.ends_with(quote);
    if quoted('"') || quoted('\'') || quoted('`') || value.starts_with("%22") && value.ends_with("%22") {
        return Some((
            92,
            "Quotes stand around the value and became a part of it, as when JSON text or a configuration line is sent as it is.".to_owned(),
            None,
        ));
    }
    if value.ends_with(['\n', '\r'])
        || value.contains(['\n', '\r'])
        || value.ends_with("\\n")
        || value.ends_with("%0A")
        || value.ends_with("%0a")
        || value.ends_with("%0D%0A")
    {
        return Some((94, "A line end stands in or after the value, as when it was read from a file.".to_owned(), None));
    }
    if starts_with(value, "b'") && value.ends_with('\'') || starts_with(value, "b\"") && value.ends_with('"') {
        return Some((95, "The value is Python's way of writing bytes, with b and quotes around it.".to_owned(), Some("token.decode()")));
    }
    if field && value.starts_with('{') && value.contains("\":") {
        return Some((92, "A whole JSON object was sent in the place of the token in it.".to_owned(), None));
    }
    if field && value.contains(' ') && jwt::spot(value).is_some() {
        return Some((84, "A blank stands within the token.".to_owned(), None));
    }
    if field && value.contains("%2B") | value.contains("%2F") | value.contains("%3D") && !value.contains('=') {
        return Some((62, "The value is percent-encoded, as for a URL; in a field it has to stand as it is.".to_owned(), None));
    }
    (field && !value.is_ascii()).then(|| (80, "The value has letters outside ASCII, which came in by copying.".to_owned(), None))
}

fn token(token: &str) -> Option<Damage> {
    if token.starts_with("eyJ") {
        let dots = token.matches('.').count();
        let whole = dots == 4 || jwt::Jwt::read(token).is_some_and(|token| token.signed());
        let cut = token.contains("...") || token.contains('…') || token.contains('*') || token.contains('<') || token.contains('[');
        if cut || whole && !token.ends_with('.') {
            return None;
        }
        return match dots {
            0 | 1 => Some((86, "The JWT has fewer than three parts: it was cut, or copied without its end.".to_owned(), None)),
            2 if token.ends_with('.') => Some((84, "The JWT has no signature: its third part is empty.".to_owned(), None)),
            2 => Some((60, "The parts of the JWT cannot be read as JSON: it was cut or changed.".to_owned(), None)),
            _ => Some((80, "The JWT has more parts than a JWT has.".to_owned(), None)),
        };
    }
    let pair = base64::decode(token).is_some_and(|bytes| {
        bytes.len() > 3 && bytes.iter().filter(|byte| **byte == b':').count() == 1 && bytes.iter().all(|byte| (33..127).contains(byte))
    });
    pair.then(|| {
        (62, "After Bearer stands the base64 of a name and a password, which belongs to Basic.".to_owned(), Some("Authorization: Basic …"))
    })
}

/// A signed URL and `Authorization`, or two kinds of credentials and words against them.
fn two_mechanisms(refusal: &Refusal<'_>, fields: &[&Header]) -> Option<Clue> {
    let request = refusal.request()?;
    let header = fields.first()?;
    let signed = sent::pairs(request.query()).any(|(name, _)| {
        matches!(
            name.to_ascii_lowercase().as_str(),
            "x-amz-signature" | "x-goog-signature" | "sig" | "signature" | "x-amz-algorithm" | "x-oss-signature" | "q-signature"
        )
    });
    let heard = Said::of(refusal.dossier).any(&[
        "only one auth mechanism",
        "multiple authentication",
        "more than one auth",
        "multiple auth",
        "two authentication",
        "both authorization",
        "conflicting authentication",
        "ambiguous authentication",
        "more than one method",
    ]);
    let weight = match (signed, heard.is_some()) {
        (true, true) => 97,
        (true, false) => 84,
        (false, true) => 90,
        (false, false) => return None,
    };
    let because = "The URL is signed, and Authorization came with it as well: two mechanisms where one is allowed. A client that follows a redirect to a signed URL must leave the field behind.";
    let clue = Clue::new(NAME, Foreign(ForeignCause::CredentialsForbiddenHere), weight, because).quote(Quote::header(
        refusal.index,
        "request",
        header,
    ));
    let mut clue = clue.fix(Side::Caller, "Send no Authorization to the signed URL: follow the redirect with a client that drops the field, or ask for the URL first and fetch it without.", &[]);
    clue.quotes.extend(heard.map(|heard| heard.quote));
    Some(clue)
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchanged};
    use super::*;

    #[test]
    fn damaged_credentials() {
        let garbled = Some("credentials-garbled");
        for (value, expect) in [
            ("Basic OnE3ZmFrZXBhdDNreDJ2bjVleGFtcGxlZmFrZXBhdDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAK", garbled),
            ("Bearer Bearer abc", garbled),
            ("Bearer: abc", garbled),
            ("Bearer \"abcdef\"", garbled),
            ("Basic user:password", garbled),
            ("Basic dXNlcg==", garbled),
            ("Bearer b'abc'", garbled),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.e30", garbled),
            ("BearerabcdefghijkL", garbled),
            ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", garbled),
            ("Bearer abcdef", None),
            ("Basic eHh4Og==", None),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln", None),
            ("Digest username=\"a\", nonce=\"b\"", None),
            ("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=c, Signature=d", None),
        ] {
            check(see(&exchanged(&format!("GET https://a.example/\nAuthorization: {value}"), 401, "", "")), expect, 70);
        }
        check(
            see(&exchanged(
                "GET https://a.example/?X-Amz-Signature=1\nAuthorization: Bearer a",
                400,
                "",
                "Only one auth mechanism allowed",
            )),
            Some("credentials-forbidden-here"),
            95,
        );
        check(
            see(&exchanged("GET https://a.example/\nAuthorization: Bearer a\nAuthorization: Bearer b", 401, "", "")),
            Some("credentials-repeated"),
            75,
        );
    }
}
