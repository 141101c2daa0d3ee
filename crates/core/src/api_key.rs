//! API keys as text: the form of ours, and the places of a request where people put them. Which keys there are is a fact.
//!
//! ```text
//! csk_live_q7…(43 characters)…x2c9Kd1A
//! │   │    │                    └ checksum over all before it, 6 characters
//! │   │    └ 32 random bytes, base64url
//! │   └ the environment, where the installation names one
//! └ so that a key is recognised wherever it turns up
//! ```

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderName;
use std::fmt;
use thiserror::Error;

/// What every API key of ours begins with, so that a misplaced one is recognised.
pub const API_KEY_PREFIX: &str = "csk_";
/// The longest name of an environment.
const ENVIRONMENT_LIMIT: usize = 16;
/// 32 random bytes in base64url.
const RANDOM_LENGTH: usize = 43;
/// 36 bits of a hash in base64url: of a million slips, none is taken for right.
const CHECKSUM_LENGTH: usize = 6;

/// What is wrong with a key by itself, before anybody is asked whether it exists.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// It does not begin like a key of ours.
    #[error("lacks the prefix of our keys")]
    Foreign,
    /// It is too short or too long, has other characters, or its checksum does not fit.
    #[error("its checksum does not fit: it was cut, extended or mistyped")]
    Mistyped,
    /// It was made for another environment, whose name is given; empty for one without a name.
    #[error("it was made for another environment")]
    Elsewhere(String),
}

/// Writes a key for an environment (empty for none) from 32 random bytes.
pub fn write_api_key(environment: &str, random: &[u8; 32]) -> String {
    let mark = if environment.is_empty() { "" } else { "_" };
    let text = format!("{API_KEY_PREFIX}{environment}{mark}{}", URL_SAFE_NO_PAD.encode(random));
    let checksum = checksum(&text);
    text + &checksum
}

/// Could it be a key of this environment?
///
/// # Errors
/// [`KeyFault`]: what is wrong with it whichever keys there are.
pub fn check_api_key(key: &str, environment: &str) -> Result<(), KeyFault> {
    let rest = key.strip_prefix(API_KEY_PREFIX).ok_or(KeyFault::Foreign)?;
    let (text, sum) = key.len().checked_sub(CHECKSUM_LENGTH).and_then(|at| key.split_at_checked(at)).ok_or(KeyFault::Mistyped)?;
    let named = rest.len().checked_sub(RANDOM_LENGTH + CHECKSUM_LENGTH).and_then(|at| rest.get(..at)).ok_or(KeyFault::Mistyped)?;
    let named = if named.is_empty() { named } else { named.strip_suffix('_').ok_or(KeyFault::Mistyped)? };
    if (!named.is_empty() && !is_environment(named)) || checksum(text) != sum {
        return Err(KeyFault::Mistyped);
    }
    if named != environment {
        return Err(KeyFault::Elsewhere(named.to_owned()));
    }
    Ok(())
}

/// May an environment be called so? Lower-case letters and digits, 16 at the most.
pub fn is_environment(name: &str) -> bool {
    (1..=ENVIRONMENT_LIMIT).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn checksum(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut sum = URL_SAFE_NO_PAD.encode(hash.as_ref());
    sum.truncate(CHECKSUM_LENGTH);
    sum
}

/// Where in a request an API key is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header field of its own.
    Header(HeaderName),
    /// `Authorization`, under this scheme's name.
    Authorization(String),
    /// A query parameter.
    Query(String),
    /// A cookie.
    Cookie(String),
    /// A field of an `application/x-www-form-urlencoded` body.
    Form(String),
    /// A member of a JSON body, by the names that lead to it.
    Json(Vec<String>),
}

impl KeyPlace {
    /// Where keys are read unless a site says otherwise: `header:X-API-Key` and `query:api_key`.
    pub fn usual() -> Vec<KeyPlace> {
        vec![KeyPlace::Header(HeaderName::from_static("x-api-key")), KeyPlace::Query("api_key".to_owned())]
    }

    /// Reads a place as configurations write it: `header:NAME`, `authorization:SCHEME`, `query:NAME`, `cookie:NAME`,
    /// `form:NAME`, `json:NAME.NAME`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (kind, name) = text.split_once(':').ok_or("it has no `:`; write `header:X-API-Key`")?;
        let word =
            || !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let named = || {
            if word() { Ok(name.to_owned()) } else { Err("the name has other characters than letters, digits, `-`, `_` and `.`, or none") }
        };
        match kind {
            "header" => {
                let field = HeaderName::try_from(named()?).map_err(|_| "this is no name of a header field")?;
                let meant = "write `authorization:SCHEME` for a key in `Authorization`, and `cookie:NAME` for one in a cookie";
                if field == http::header::AUTHORIZATION || field == http::header::COOKIE { Err(meant) } else { Ok(Self::Header(field)) }
            }
            "authorization" => match named()? {
                taken if ["basic", "bearer", "digest", "dpop"].iter().any(|known| taken.eq_ignore_ascii_case(known)) => {
                    Err("this scheme's credentials are no API keys; choose a name such as `ApiKey`")
                }
                scheme => Ok(Self::Authorization(scheme)),
            },
            "query" => Ok(Self::Query(named()?)),
            "cookie" => Ok(Self::Cookie(named()?)),
            "form" => Ok(Self::Form(named()?)),
            "json" => {
                let names: Vec<String> = named()?.split('.').map(str::to_owned).collect();
                if names.iter().any(String::is_empty) { Err("a name between two dots is empty") } else { Ok(Self::Json(names)) }
            }
            _ => Err("the place is one of `header`, `authorization`, `query`, `cookie`, `form`, `json`"),
        }
    }

    /// Where it is, as OpenAPI calls it, and the name there.
    pub fn location(&self) -> (&'static str, String) {
        match self {
            Self::Header(name) => ("header", canonical(name.as_str())),
            Self::Authorization(scheme) => ("header", format!("Authorization: {scheme}")),
            Self::Query(name) => ("query", name.clone()),
            Self::Cookie(name) => ("cookie", name.clone()),
            Self::Form(name) => ("body", name.clone()),
            Self::Json(names) => ("body", names.join(".")),
        }
    }
}

/// In words for whoever sends a request: `the header X-API-Key`.
impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, name) = self.location();
        match self {
            Self::Header(_) | Self::Authorization(_) => write!(f, "the header {name}"),
            Self::Query(_) => write!(f, "the query parameter {name}"),
            Self::Cookie(_) => write!(f, "the cookie {name}"),
            Self::Form(_) => write!(f, "the form field {name}"),
            Self::Json(_) => write!(f, "the JSON member {name}"),
        }
    }
}

/// A field's name as people write it.
fn canonical(name: &str) -> String {
    let word = |word: &str| match word {
        "api" | "id" => word.to_ascii_uppercase(),
        _ => word.get(..1).map(|first| first.to_ascii_uppercase() + word.get(1..).unwrap_or_default()).unwrap_or_default(),
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_slip_and_another_environment_are_told_apart() {
        let live = write_api_key("live", &[7; 32]);
        let plain = write_api_key("", &[7; 32]);
        assert!(live.starts_with("csk_live_") && plain.starts_with("csk_Bw"), "{live} {plain}");
        assert_eq!((live.len(), plain.len()), (58, 53));
        assert_eq!(check_api_key(&live, "live"), Ok(()));
        assert_eq!(check_api_key(&plain, ""), Ok(()));
        assert_eq!(check_api_key(&live, "test"), Err(KeyFault::Elsewhere("live".into())));
        assert_eq!(check_api_key(&plain, "test"), Err(KeyFault::Elsewhere(String::new())));
        assert_eq!(check_api_key("sk_live_0123", "live"), Err(KeyFault::Foreign));
        for at in 4..live.len() {
            let mut wrong = live.clone().into_bytes();
            wrong[at] = if wrong[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(check_api_key(&String::from_utf8(wrong).unwrap(), "live"), Err(KeyFault::Mistyped), "{at}");
        }
        for wrong in [&live[..live.len() - 1], &format!("{live}A"), "csk_", "csk_é", &"csk_é".repeat(20), &plain[..48]] {
            assert_eq!(check_api_key(wrong, "live"), Err(KeyFault::Mistyped), "{wrong}");
        }
    }

    #[test]
    fn places_as_configurations_write_them() {
        for (text, expect) in [
            ("header:X-API-Key", "the header X-API-Key"),
            ("header:apikey", "the header Apikey"),
            ("authorization:ApiKey", "the header Authorization: ApiKey"),
            ("query:key", "the query parameter key"),
            ("cookie:key", "the cookie key"),
            ("form:api_key", "the form field api_key"),
            ("json:auth.key", "the JSON member auth.key"),
        ] {
            assert_eq!(KeyPlace::parse(text).unwrap().to_string(), expect);
        }
        for text in ["X-API-Key", "header:", "header:a b", "header:Authorization", "authorization:bearer", "json:a..b", "path:x", "form:é"]
        {
            assert!(KeyPlace::parse(text).is_err(), "{text}");
        }
    }
}
