//! Evidence in sentences: each item of a record with its times as UTC and as differences, and with names where the
//! store knows them.

use crate::moment::{from_request, span, utc};
use crate::reference::case::{Case, Found};
use countersign::{Account, AccountState, Cause, Item, Subject, Timestamp, Value, hex};
use serde::Serialize;

/// One thing that the refusal rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub about: &'static str,
    /// What would have been right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Shown>,
    /// What there was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presented: Option<Shown>,
    /// Both in one sentence.
    pub text: String,
}

/// A value as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// Text, or a keyed hash in hexadecimal.
    Text(String),
    /// Several texts.
    Texts(Vec<String>),
    /// A count or length.
    Number(i64),
    /// A time.
    Time {
        /// RFC 3339.
        utc: String,
        /// Seconds since the epoch.
        unix: Timestamp,
        /// Seconds after the request; negative if before.
        from_request: i64,
    },
}

/// The evidence of a case, the most telling first.
pub(crate) fn findings(case: &Case<'_>) -> Vec<Finding> {
    let at = case.record.at_ms.div_euclid(1000);
    let finding = |item: &Item| Finding {
        about: item.about.code(),
        expected: item.expected.as_ref().map(|value| shown(value, at)),
        presented: item.presented.as_ref().map(|value| shown(value, at)),
        text: sentence(item, case.record.cause, &case.looked_up.account, at),
    };
    case.record.evidence.items().iter().map(finding).collect()
}

fn shown(value: &Value, at: Timestamp) -> Shown {
    match value {
        Value::Text(text) => Shown::Text(text.clone()),
        Value::Texts(texts) => Shown::Texts(texts.clone()),
        Value::Number(number) => Shown::Number(*number),
        Value::Time(time) => Shown::Time { utc: utc(*time), unix: *time, from_request: time.saturating_sub(at) },
        Value::Fingerprint(bytes) => Shown::Text(hex(bytes)),
    }
}

/// An item of a refusal for this cause, made at this time, in words.
pub(crate) fn sentence(item: &Item, cause: Cause, found: &Found<&Account>, at: Timestamp) -> String {
    let when = |time: &i64| format!("{}, {}", utc(*time), from_request(*time, at));
    match (item.about, &item.expected, &item.presented) {
        (Subject::Expiry, expected, Some(Value::Time(time))) => format!("expired {}{}", when(time), leeway(expected, at)),
        (Subject::NotBefore, expected, Some(Value::Time(time))) => format!("not valid before {}{}", when(time), leeway(expected, at)),
        (Subject::IssuedAt, Some(Value::Time(earliest)), Some(Value::Time(time))) if time < earliest => {
            format!("made {}; it is good for {} at the most", when(time), span(at.saturating_sub(*earliest)))
        }
        (Subject::IssuedAt, expected, Some(Value::Time(time))) => format!("issued {}{}", when(time), leeway(expected, at)),
        (Subject::Revoked, _, Some(Value::Time(time))) => format!("revoked {}", when(time)),
        (Subject::LastSeen, Some(Value::Time(earliest)), Some(Value::Time(time))) => {
            format!("last used {}; the idle lifetime is {}", when(time), span(at.saturating_sub(*earliest)))
        }
        (Subject::AuthenticationTime, Some(Value::Time(earliest)), Some(Value::Time(time))) => {
            let limit = span(at.saturating_sub(*earliest));
            match time {
                0 => format!("the credentials do not tell when the person authenticated; at most {limit} before the request would do"),
                _ => format!("authenticated {}; at most {limit} before it would do", when(time)),
            }
        }
        (Subject::AccountState, _, Some(Value::Time(time))) => format!("{} since {}", state(cause), when(time)),
        (Subject::Account, _, Some(Value::Number(number))) => account(*number, found),
        (Subject::Subject, _, Some(Value::Number(number))) => account(*number, found),
        (Subject::Subject, _, Some(value)) => format!("the token's subject is {}", plain(value)),
        (Subject::AccountName, _, Some(Value::Fingerprint(bytes))) => {
            format!("the name that was presented has the keyed hash {}: equal hashes are equal names", hex(bytes))
        }
        (Subject::ApiKey | Subject::Session, _, Some(Value::Fingerprint(bytes))) => {
            format!("the value that was presented has the keyed hash {}: equal hashes are equal values", hex(bytes))
        }
        (Subject::Begun, _, Some(Value::Time(time))) => format!("the login began {}", when(time)),
        (Subject::Attempts, _, Some(Value::Number(count))) if cause == Cause::LoginLooping => format!("{count} logins within a minute"),
        (Subject::DigestSecret, ..) => {
            "no secret for Digest is kept for this account, realm and algorithm: its password was set before they were asked for".to_owned()
        }
        (Subject::NonceCount, None, Some(count)) => format!("the count {} of this nonce was used before", plain(count)),
        (Subject::Upstream, None, Some(Value::Number(status))) => format!("the app answered {status}"),
        (Subject::Attempts, None, Some(Value::Number(waiting))) => format!("{waiting} passwords were waiting to be checked"),
        (Subject::Length, Some(limit), Some(length)) if cause == Cause::RequestTooLarge => {
            format!("{} bytes, where {} are allowed", plain(length), plain(limit))
        }
        (Subject::Password, _, Some(value)) => format!("the password was {}", plain(value)),
        (Subject::Form, _, Some(value)) => plain(value),
        (Subject::Scheme, Some(accepted), None) => format!("the rule accepts {}; none of them came", plain(accepted)),
        (Subject::Scheme, Some(accepted), Some(used)) => format!("the rule accepts {}; the request used {}", plain(accepted), plain(used)),
        (Subject::Scheme, None, Some(used)) => format!("the request used {}", plain(used)),
        (Subject::Scopes, Some(needed), Some(held)) => lacking(needed, held),
        (Subject::Roles, Some(needed), Some(held)) => format!("one of {} is needed; held: {}", plain(needed), plain(held)),
        (Subject::Length, Some(expected), Some(presented)) => format!("{} bytes where {} are right", plain(presented), plain(expected)),
        (Subject::Length, None, Some(presented)) => format!("{} bytes long", plain(presented)),
        (Subject::Place, None, Some(place)) => format!("it stood in the {}", plain(place)),
        (about, Some(expected), Some(presented)) => {
            format!("{}: {} would be right, there was {}", about.code(), plain(expected), plain(presented))
        }
        (about, Some(expected), None) => format!("{}: {} would be right, there was none", about.code(), plain(expected)),
        (about, None, Some(presented)) => format!("{}: {}", about.code(), plain(presented)),
        (about, None, None) => about.code().to_owned(),
    }
}

/// What is between the request and the time that was compared with is the leeway.
fn leeway(expected: &Option<Value>, at: Timestamp) -> String {
    match expected {
        Some(Value::Time(compared)) if compared.abs_diff(at) > 0 => {
            format!(" (a leeway of {} is counted in)", span(compared.saturating_sub(at)))
        }
        _ => String::new(),
    }
}

fn state(cause: Cause) -> &'static str {
    match cause {
        Cause::AccountDisabled => "disabled",
        Cause::AccountLocked => "locked",
        _ => "in its state",
    }
}

fn account(number: i64, found: &Found<&Account>) -> String {
    match found {
        Found::NotAsked => format!("account number {number}"),
        Found::Gone => format!("account number {number}, which has been removed since"),
        Found::Here(account) => {
            let state = match account.state {
                AccountState::Active => "active",
                AccountState::Locked => "locked",
                AccountState::Disabled => "disabled",
            };
            format!("account {} (number {number}), now {state}", account.name.as_str())
        }
    }
}

fn lacking(needed: &Value, held: &Value) -> String {
    let lacking = missing(needed, held);
    let lacking = if lacking.is_empty() { "one that is not shown".to_owned() } else { lacking.join(", ") };
    format!("needed: {}; held: {}; lacking: {lacking}", plain(needed), plain(held))
}

/// What is needed and not held.
pub(crate) fn missing(needed: &Value, held: &Value) -> Vec<String> {
    match (needed, held) {
        (Value::Texts(needed), Value::Texts(held)) => needed.iter().filter(|scope| !held.contains(scope)).cloned().collect(),
        _ => Vec::new(),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) if text.is_empty() => "nothing".to_owned(),
        Value::Text(text) => text.clone(),
        Value::Texts(texts) if texts.is_empty() => "none".to_owned(),
        Value::Texts(texts) => texts.join(", "),
        Value::Time(time) => utc(*time),
        Value::Number(number) => number.to_string(),
        Value::Fingerprint(bytes) => hex(bytes),
    }
}
