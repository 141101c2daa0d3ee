//! JWTs as they are met in requests: read, never verified. Not a reader of tokens that are given alone.

use super::base64;
use countersign::Timestamp;
use serde_json::Value;

/// A JWT's header and claims.
pub(crate) struct Jwt {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

/// The first text in a value that looks like a JWT, complete or not.
pub(crate) fn find(value: &str) -> Option<&str> {
    let value = value.get(..16 * 1024).unwrap_or(value);
    let start = value.match_indices("eyJ").map(|(at, _)| at).find(|at| {
        !value.get(..*at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
    })?;
    let rest = value.get(start..)?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '='))).unwrap_or(rest.len());
    rest.get(..end).filter(|token| token.len() > 20)
}

/// Reads one that is signed; `None` where it is none.
pub(crate) fn read(token: &str) -> Option<Jwt> {
    let mut parts = token.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let object = |part: &str| serde_json::from_slice::<Value>(&base64::decode(part)?).ok().filter(Value::is_object);
    Some(Jwt { header: object(header)?, claims: object(claims)? })
}

impl Jwt {
    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A member of the header.
    pub(crate) fn head(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// A claim that is a date (RFC 7519 section 2, NumericDate), in seconds.
    pub(crate) fn date(&self, name: &str) -> Option<Timestamp> {
        let value = self.claims.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "a date with a fraction is cut to seconds")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64)).or_else(|| value.as_str()?.parse().ok())
    }

    /// The audiences.
    pub(crate) fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).take(20).collect(),
            _ => Vec::new(),
        }
    }
}
