//! Placeholders in the place of credentials: a variable that was never filled in, or a script's word for nothing.

use super::refusal::Refusal;
use super::sent::{self, Place, Sent};
use crate::base64;
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Side};
use crate::dossier::Dossier;
use countersign::ForeignCause;

const NAME: &str = "placeholder";
const PLACEHOLDER: Code = Foreign(ForeignCause::CredentialsPlaceholder);

/// Values that are never credentials, in lower case.
const NOTHING: &[&str] = &[
    "null",
    "undefined",
    "[object object]",
    "[object promise]",
    "none",
    "nil",
    "nan",
    "(null)",
    "<null>",
    "nullptr",
    "false",
    "true",
    "[]",
    "{}",
    "\"\"",
    "''",
    "\"null\"",
    "'null'",
    "\"undefined\"",
    "token",
    "your_token",
    "your-token",
    "yourtoken",
    "your token",
    "my_token",
    "mytoken",
    "access_token",
    "accesstoken",
    "access-token",
    "the_token",
    "jwt",
    "jwt_token",
    "api_key",
    "apikey",
    "api-key",
    "key",
    "secret",
    "your_api_key",
    "your-api-key",
    "yourapikey",
    "my_api_key",
    "your_access_token",
    "your-access-token",
    "api_key_here",
    "insert_token_here",
    "changeme",
    "change_me",
    "change-me",
    "replace_me",
    "replaceme",
    "todo",
    "tbd",
    "xxx",
    "xxxx",
    "xxxxx",
    "xxxxxx",
    "...",
    "…",
    "-",
    "placeholder",
    "example",
    "process.env.token",
    "system.object",
];
/// A script's words for nothing: what a program sent that had no credentials.
const SCRIPT: &[&str] = &[
    "null",
    "undefined",
    "[object object]",
    "[object promise]",
    "none",
    "nil",
    "nan",
    "(null)",
    "<null>",
    "false",
    "[]",
    "{}",
    "\"\"",
    "''",
    "\"null\"",
    "'null'",
    "\"undefined\"",
];

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some(request) = refusal.request() else { return Vec::new() };
    let sent = sent::credentials(request);
    let alone = sent.iter().filter(|sent| !matches!(sent.place, Place::Cookie)).count() <= 1;
    sent.iter().filter_map(|sent| clue(&refusal, sent, alone)).take(3).collect()
}

fn clue(refusal: &Refusal<'_>, sent: &Sent<'_>, alone: bool) -> Option<Clue> {
    let (what, weight) = judge(sent)?;
    let weight = match sent.place {
        Place::Cookie | Place::Body if !alone || weight < 90 => weight / 2,
        Place::Body => weight - 15,
        _ => weight,
    };
    let because = format!("What was sent in {} {what}.", sent.whereabouts());
    let clue = Clue::new(NAME, PLACEHOLDER, weight, because).quote(sent.quote(refusal.index));
    Some(clue.fix(
        Side::Caller,
        "Look where the value comes from, and send nothing as long as there is none; then the login can be asked for.",
        &[],
    ))
}

/// What is wrong with it, and how sure that is.
fn judge(sent: &Sent<'_>) -> Option<(&'static str, u8)> {
    let whole = sent.value.trim();
    if sent.place != Place::Authorization {
        if !matches!(sent.place, Place::Body | Place::Cookie) && whole.is_empty() {
            return Some(("is empty", 88));
        }
        return matches!(sent.name.to_ascii_lowercase().as_str(), "grant_type" | "code" | "user" | "username" | "email" | "login" | "type")
            .then_some(())
            .map_or_else(|| value(whole), |()| None);
    }
    if whole.is_empty() {
        return Some(("is empty", 90));
    }
    let (scheme, rest) = whole.split_once([' ', '\t']).unwrap_or((whole, ""));
    let rest = rest.trim();
    let known = countersign_grammar::registered_scheme(scheme.trim_end_matches(':')).is_some();
    if rest.is_empty() {
        return if known && !matches!(scheme.to_ascii_lowercase().as_str(), "negotiate" | "ntlm") {
            Some(("is a scheme and nothing after it", 93))
        } else {
            value(whole)
        };
    }
    if scheme.eq_ignore_ascii_case("basic") {
        return basic(rest);
    }
    value(rest)
}

fn basic(token: &str) -> Option<(&'static str, u8)> {
    if let Some(found) = value(token) {
        return Some(found);
    }
    let bytes = base64::decode(token)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_end_matches(['\n', '\r']);
    let Some((user, password)) = text.split_once(':') else {
        return SCRIPT.contains(&text.to_ascii_lowercase().as_str()).then_some(("is the base64 of a script's word for nothing", 95));
    };
    let nothing = |part: &str| SCRIPT.contains(&part.to_ascii_lowercase().as_str());
    match (user, password) {
        ("", "") => Some((
            "is the base64 of a colon alone: an empty name with an empty password, as clients send that found an empty entry in a .netrc or two empty variables",
            94,
        )),
        (user, password) if nothing(user) || nothing(password) => Some(("holds a script's word for nothing as name or password", 94)),
        (user, password) => {
            let found = value(user).filter(|(_, weight)| *weight >= 94).or_else(|| value(password).filter(|(_, weight)| *weight >= 94));
            found.map(|_| ("holds a variable that was never filled in", 92))
        }
    }
}

fn value(value: &str) -> Option<(&'static str, u8)> {
    let folded = value.trim().to_ascii_lowercase();
    if SCRIPT.contains(&folded.as_str()) {
        return Some(("is a script's word for nothing", 96));
    }
    if NOTHING.contains(&folded.as_str()) {
        return Some(("is an example's placeholder", 66));
    }
    let between = |open: &str, close: &str| {
        value
            .find(open)
            .is_some_and(|at| value.get(at + open.len()..).is_some_and(|rest| rest.find(close).is_some_and(|end| (1..60).contains(&end))))
    };
    if between("{{", "}}") || between("${", "}") || between("<%", "%>") || between("$(", ")") || between("#{", "}") || between("${{", "}}")
    {
        return Some(("is a variable of a template that was never filled in", 96));
    }
    let name = |text: &str| {
        text.len() > 1
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
            && text.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    if value.strip_prefix('$').is_some_and(|rest| name(rest) && rest.len() < 60 && !rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Some(("is the name of a shell variable that the quotes kept from being filled in", 94));
    }
    if value.strip_prefix('%').and_then(|rest| rest.strip_suffix('%')).is_some_and(name) {
        return Some(("is the name of a variable that was never filled in", 94));
    }
    if value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).is_some_and(|inner| inner.len() < 60) {
        return Some(("still stands in an example's angle brackets, unless whoever recorded it put it there", 62));
    }
    if value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(name)
        || value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(name)
        || value.strip_prefix(':').is_some_and(|rest| name(rest) && rest.len() < 30)
    {
        return Some(("still stands in an example's brackets", 70));
    }
    let flat: String = folded.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).collect();
    if (flat.starts_with("your") || flat.starts_with("my"))
        && ["token", "key", "secret", "here", "jwt"].iter().any(|end| flat.ends_with(end))
        && flat.len() < 40
        || flat.ends_with("goeshere")
        || flat.ends_with("tokenhere")
        || flat.ends_with("keyhere")
    {
        return Some(("is an example's placeholder", 78));
    }
    if value.starts_with("process.env.")
        || value.starts_with("os.environ")
        || value.starts_with("env.")
        || value.starts_with("System.")
        || value.starts_with("Promise")
        || value.contains("[object ")
        || value.starts_with("<function")
        || value.starts_with("<bound method")
        || value.starts_with("function ")
    {
        return Some(("is a piece of program text", 95));
    }
    if folded.len() >= 6 && folded.bytes().all(|byte| matches!(byte, b'x' | b'*')) {
        return Some(("is a row of crosses or stars: a mask, by whoever sent it or whoever recorded it", 40));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchanged};
    use super::*;

    #[test]
    fn placeholders() {
        let found = Some("credentials-placeholder");
        for value in [
            "Bearer null",
            "Bearer undefined",
            "Bearer [object Object]",
            "Bearer None",
            "Bearer {{token}}",
            "Bearer ${TOKEN}",
            "Bearer $TOKEN",
            "Bearer %TOKEN%",
            "Bearer <token>",
            "Bearer YOUR_API_KEY",
            "Bearer",
            "Bearer ",
            "Basic Og==",
            "Basic dW5kZWZpbmVkOnVuZGVmaW5lZA==",
            "Basic undefined",
            "token {token}",
            "undefined",
            "Bearer your-token-here",
        ] {
            check(see(&exchanged(&format!("GET https://a.example/\nAuthorization: {value}"), 401, "", "")), found, 60);
        }
        for value in ["Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "Basic eHh4Og==", "Bearer abc", "Negotiate", "Basic $2y", "Digest username=\"\""]
        {
            check(see(&exchanged(&format!("GET https://a.example/\nAuthorization: {value}"), 401, "", "")), None, 10);
        }
        check(see(&exchanged("GET https://a.example/?api_key=undefined", 401, "", "")), found, 90);
        check(see(&exchanged("GET https://a.example/\nX-API-Key: ", 401, "", "")), found, 85);
        check(see(&exchanged("POST https://a.example/\n\n{\"token\":null}", 401, "", "")), found, 40);
        check(see(&exchanged("GET https://a.example/", 401, "", "")), None, 10);
    }
}
