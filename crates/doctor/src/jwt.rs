//! Tokens read leniently, to look at and never to trust: a broken token is what the doctor is asked about.

use crate::base64::decode;
use countersign::Timestamp;
use serde_json::Value;

/// The longest token that is looked at, in bytes.
const LIMIT: usize = 256 * 1024;

/// A JWT as far as it can be read.
#[derive(Clone, Debug)]
pub(crate) struct Jwt {
    /// The header; an object.
    pub header: Value,
    /// The claims; null where they cannot be read, as in an encrypted token.
    pub claims: Value,
    /// The number of parts.
    pub parts: usize,
    /// What is wrong with its form, where something is.
    pub fault: Option<&'static str>,
    /// The token.
    pub text: String,
}

impl Jwt {
    /// Reads a token whose first part is a JSON object in base64; none where it is nothing of the kind.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LIMIT {
            return None;
        }
        let parts: Vec<&str> = text.splitn(7, '.').collect();
        let header: Value = serde_json::from_slice(&decode(parts.first()?)?).ok().filter(Value::is_object)?;
        let claims = parts.get(1).filter(|_| parts.len() != 5).and_then(|part| decode(part));
        let (claims, payload_fault) = match claims.map(|bytes| serde_json::from_slice::<Value>(&bytes)) {
            Some(Ok(claims)) if claims.is_object() => (claims, None),
            Some(_) => (Value::Null, Some("its payload is not a JSON object")),
            None if parts.len() == 5 => (Value::Null, None),
            None => (Value::Null, Some("its payload is not base64url")),
        };
        let fault = match parts.as_slice() {
            [_] | [_, _] => Some("it has fewer than three parts: it was cut"),
            [_, _, signature] if signature.is_empty() && header.get("alg").and_then(Value::as_str) != Some("none") => {
                Some("its signature is empty: it was cut, or taken off")
            }
            [_, _, signature] if decode(signature).is_none() => Some("its signature is not base64url"),
            [_, _, _] | [_, _, _, _, _] => payload_fault,
            _ => Some("it has a number of parts that no token has"),
        };
        let padded = text.contains('=') || text.contains('+') || text.contains('/');
        let fault = fault.or_else(|| padded.then_some("it is in plain base64, not in base64url without padding"));
        Some(Self { header, claims, parts: parts.len(), fault, text: text.to_owned() })
    }

    /// Is it encrypted?
    pub(crate) fn encrypted(&self) -> bool {
        self.parts == 5 || self.header.get("enc").is_some()
    }

    /// Has it the form of a signed token whose claims can be read, whatever its signature?
    pub(crate) fn signed(&self) -> bool {
        self.parts == 3 && self.claims.is_object()
    }

    /// A header parameter as text.
    pub(crate) fn head(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// A claim as text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A claim as a time in seconds (RFC 7519 section 2, NumericDate); some issuers write it as text or with a fraction.
    pub(crate) fn time(&self, claim: &str) -> Option<Timestamp> {
        match self.claims.get(claim)? {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64)),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A claim as a list of texts, be it a text or a list.
    pub(crate) fn texts(&self, claim: &str) -> Vec<String> {
        match self.claims.get(claim) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).take(20).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// Its parts but for the signature, and no more than a prefix of them.
    pub(crate) fn masked(&self) -> String {
        let prefix: String = self.text.chars().take(10).collect();
        format!("{prefix}… ({} characters)", self.text.len())
    }
}

/// The first text in a value that looks like a token, complete or not.
pub(crate) fn spot(value: &str) -> Option<&str> {
    let value = value.get(..16 * 1024).unwrap_or(value);
    let inside = |before: &str| before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let start = value.match_indices("eyJ").map(|(at, _)| at).find(|at| !value.get(..*at).is_some_and(inside))?;
    value.get(start..).map(run).filter(|token| token.len() > 20)
}

/// What of a text's beginning can belong to a token.
fn run(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '='))).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// The tokens in a text, at most 20: whatever begins like the JSON header of one.
pub(crate) fn find(text: &str) -> Vec<Jwt> {
    let starts = text.match_indices("eyJ").map(|(at, _)| at).take(1000);
    let mut end = 0;
    let mut found = Vec::new();
    for at in starts {
        if at < end || found.len() == 20 {
            continue;
        }
        let whole = run(text.get(at..).unwrap_or_default());
        end = at + whole.len();
        if whole.trim_end_matches('.').contains('.') {
            found.extend(Jwt::read(whole));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    // {"alg":"RS256","kid":"k1"} and {"exp":1700000000,"aud":"api"}
    const HEADER: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0";
    const CLAIMS: &str = "eyJleHAiOjE3MDAwMDAwMDAsImF1ZCI6ImFwaSJ9";

    #[track_caller]
    fn check(token: &str, fault: Option<&str>) {
        let read = Jwt::read(token).map(|jwt| jwt.fault);
        assert_eq!(read, Some(fault), "{token}");
    }

    #[test]
    fn says_what_is_wrong_with_a_form() {
        check(&format!("{HEADER}.{CLAIMS}.c2ln"), None);
        check(&format!("{HEADER}.{CLAIMS}."), Some("its signature is empty: it was cut, or taken off"));
        check(&format!("{HEADER}.{CLAIMS}"), Some("it has fewer than three parts: it was cut"));
        check(&format!("{HEADER}.{}.c2ln", "bm8"), Some("its payload is not a JSON object"));
        check(&format!("{HEADER}.%%.c2ln"), Some("its payload is not base64url"));
        check(&format!("{HEADER}.a.b.c.d.e"), Some("it has a number of parts that no token has"));
        assert!(Jwt::read("hello.you.there").is_none());
        assert!(Jwt::read("").is_none());
    }

    #[test]
    fn finds_tokens_in_text() {
        let text = format!("token={HEADER}.{CLAIMS}.c2ln&x=eyJ and eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0 alone");
        let found = find(&text);
        assert_eq!(found.len(), 1);
        let jwt = found.first().unwrap();
        assert_eq!(jwt.time("exp"), Some(1_700_000_000));
        assert_eq!(jwt.texts("aud"), ["api"]);
        assert_eq!(jwt.masked(), "eyJhbGciOi… (81 characters)");
    }
}
