//! Values of arguments: durations, names, scopes, and secrets that come on standard input.

use crate::failure::Failure;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use countersign::{AccountName, Secret};
use std::io::Read;

/// The longest secret that is read, in bytes.
const SECRET_LIMIT: u64 = 1024;
/// A hundred years: longer lives nothing.
const LONGEST: i64 = 100 * 366 * 86_400;

/// `30s`, `5m`, `12h`, `90d`, `2w`, as seconds.
pub(crate) fn duration(text: &str) -> Result<i64, String> {
    let units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];
    let parsed = units.iter().find_map(|(unit, seconds)| {
        let count = text.strip_suffix(unit)?.trim_end();
        let digits = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
        if digits { count.parse::<i64>().ok()?.checked_mul(*seconds) } else { None }
    });
    match parsed {
        Some(seconds @ 1..=LONGEST) => Ok(seconds),
        Some(_) => Err("between one second and a hundred years, please".to_owned()),
        None => Err("a number and a unit, please: 30s, 5m, 12h, 90d, 2w".to_owned()),
    }
}

/// A duration, or `never`.
pub(crate) fn lifetime(text: &str) -> Result<Lifetime, String> {
    if text == "never" { Ok(Lifetime(None)) } else { duration(text).map(|seconds| Lifetime(Some(seconds))) }
}

/// Seconds, or no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime(pub(crate) Option<i64>);

/// An account's name: the colon ends it in Basic (RFC 7617 section 2), control characters stand in no header.
pub(crate) fn account_name(text: &str) -> Result<AccountName, String> {
    let name = AccountName::new(text);
    match name.as_str() {
        "" => Err("a name has at least one character".to_owned()),
        name if name.contains(':') => Err("a name has no colon: Basic could not send it".to_owned()),
        name if name.chars().any(char::is_control) => Err("a name has no control characters".to_owned()),
        name if name.len() > 128 => Err("a name has at most 128 bytes".to_owned()),
        _ => Ok(name),
    }
}

/// A scope (RFC 6749 section 3.3): visible ASCII without quotes and backslashes.
pub(crate) fn scope(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    match text {
        "" => Err("a scope has at least one character".to_owned()),
        text if text.bytes().all(allowed) => Ok(text.to_owned()),
        _ => Err("one scope without blanks, quotes and backslashes, please; give --scope again for another".to_owned()),
    }
}

/// A role: it travels to the app in a list with commas.
pub(crate) fn role(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a role has at least one character".to_owned()),
        text if text.contains(',') || text.chars().any(char::is_control) => {
            Err("one role without commas and control characters, please; give --role again for another".to_owned())
        }
        text => Ok(text.to_owned()),
    }
}

/// Roles and scopes, any number of each.
#[derive(Args, Clone, Debug)]
pub(crate) struct Rights {
    /// A role; may be given several times
    #[arg(long = "role", value_name = "ROLE", value_parser = role)]
    pub(crate) roles: Vec<String>,
    /// A scope; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    pub(crate) scopes: Vec<String>,
}

/// A secret on standard input; one line break at its end does not count.
pub(crate) fn secret_from(input: impl Read) -> Result<Secret, Failure> {
    let mut text = String::new();
    let read = input.take(SECRET_LIMIT + 1).read_to_string(&mut text);
    let secret = Secret::new(text);
    read.map_err(|error| Failure::error("input", format!("cannot read the password: {error}")))?;
    let text = secret.expose();
    let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
    match text {
        "" => Err(Failure::error("input", "the password on standard input is empty")
            .mend("printf '%s' PASSWORD | countersign … --password-stdin")),
        text if text.len() as u64 > SECRET_LIMIT => Err(Failure::error("input", format!("a password has at most {SECRET_LIMIT} bytes"))),
        text if text.chars().any(char::is_control) => {
            Err(Failure::error("input", "the password has a line break or another control character, which Basic cannot send"))
        }
        text => Ok(Secret::new(text)),
    }
}

/// A new secret of as many random bytes, in base64url.
pub(crate) fn random(bytes: usize) -> Result<String, Failure> {
    let mut random = vec![0; bytes];
    rand::fill(&mut random).map_err(|_| Failure::error("system", "the system gives no random numbers"))?;
    Ok(URL_SAFE_NO_PAD.encode(random))
}

/// 32 random bytes, for a secret with a form of its own.
pub(crate) fn random_bytes() -> Result<[u8; 32], Failure> {
    let mut random = [0; 32];
    rand::fill(&mut random).map_err(|_| Failure::error("system", "the system gives no random numbers"))?;
    Ok(random)
}

/// A new identifier of as many random bytes, in hexadecimal.
pub(crate) fn identifier(bytes: usize) -> Result<String, Failure> {
    let mut random = vec![0; bytes];
    rand::fill(&mut random).map_err(|_| Failure::error("system", "the system gives no random numbers"))?;
    Ok(countersign::hex(&random))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(duration(text).ok(), expect, "{text:?}");
    }

    #[test]
    fn durations() {
        check("30s", Some(30));
        check("5m", Some(300));
        check("12h", Some(43_200));
        check("90d", Some(7_776_000));
        check("2w", Some(1_209_600));
        for wrong in ["", "s", "5", "-5m", "+5m", "5 minutes", "0s", "1.5h", "99999999999999999999d", "5000w5", "101000d"] {
            check(wrong, None);
        }
        assert_eq!(lifetime("never"), Ok(Lifetime(None)));
        assert_eq!(lifetime("1d"), Ok(Lifetime(Some(86_400))));
    }

    #[test]
    fn names_scopes_and_roles() {
        assert_eq!(account_name(" Ann ").unwrap().as_str(), "ann");
        for wrong in ["", " ", "a:b", "a\nb", &"x".repeat(129)] {
            assert!(account_name(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(scope("orders:read"), Ok("orders:read".to_owned()));
        for wrong in ["", "a b", "a\"", "a\\", "ä"] {
            assert!(scope(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(role(" site staff "), Ok("site staff".to_owned()));
        for wrong in ["", "a,b", "a\tb"] {
            assert!(role(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn secrets_on_standard_input() {
        let read = |text: &str| secret_from(text.as_bytes()).map(|secret| secret.expose().to_owned()).ok();
        assert_eq!(read("correct horse"), Some("correct horse".to_owned()));
        assert_eq!(read("correct horse\r\n"), Some("correct horse".to_owned()));
        assert_eq!(read(" blanks count "), Some(" blanks count ".to_owned()));
        for wrong in ["", "\n", "two\nlines\n", "two\n\n", &"x".repeat(1025)] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
        assert!(secret_from([0xff_u8].as_slice()).is_err());
    }

    #[test]
    fn random_values_differ() {
        assert_ne!(random(32).unwrap(), random(32).unwrap());
        assert_eq!((random(32).unwrap().len(), identifier(6).unwrap().len()), (43, 12));
    }
}
