//! Which credentials the request carried, and which it did not: each scheme by name, with the place that was looked at.

use crate::reference::rule::RuleAsWritten;
use countersign::reference::Record;
use countersign::{Cause, Item, KeyPlace, Kind, Place, Scheme, Seen, Subject, Value};
use serde::Serialize;
use std::borrow::Cow;

/// The credentials of a request, seen and not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Credentials {
    /// The schemes that the rule accepts, as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Vec<Scheme>>,
    /// Were they looked at before the request was refused? If not, nothing is said of any.
    pub looked: bool,
    /// Those that were there.
    pub seen: Vec<SeenCredential>,
    /// Those that were not.
    pub not_seen: Vec<NotSeen>,
}

/// A credential that was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenCredential {
    /// Its kind, place, length.
    #[serde(flatten)]
    pub seen: Seen,
    /// Does the rule accept it? Left out if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// All of it in one sentence.
    pub text: String,
}

/// A credential that was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotSeen {
    /// The scheme.
    pub scheme: Scheme,
    /// Does the rule accept it? Left out if that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
    /// Where it would have been.
    pub looked_at: Cow<'static, str>,
}

/// Reads them off the record; the rule as written tells what is accepted where the evidence does not.
pub(crate) fn credentials(record: &Record, rule: Option<&RuleAsWritten>, key_places: &[KeyPlace]) -> Credentials {
    let accepted = accepted(record).or_else(|| rule.and_then(|rule| rule.schemes.clone()));
    let is_accepted = |kind: Kind| accepted.as_ref().map(|schemes| schemes.iter().any(|scheme| Kind::from(*scheme) == kind));
    let seen = record.seen.iter().map(|seen| {
        let mut seen = seen.clone();
        seen.name = seen.name.map(|name| crate::wording::clean(&name));
        SeenCredential { accepted: is_accepted(seen.kind), text: text(&seen), seen }
    });
    // A target or framing that cannot be read leaves no path; an app's own refusal is not about ours.
    let looked = !record.seen.is_empty() || !record.path.is_empty() && record.cause != Cause::UpstreamRefused;
    let absent = |scheme: &&Scheme| looked && !record.seen.iter().any(|seen| seen.kind == Kind::from(**scheme));
    let not_seen = Scheme::ALL.iter().filter(absent).map(|&scheme| NotSeen {
        scheme,
        accepted: is_accepted(Kind::from(scheme)),
        looked_at: looked_at(scheme, key_places),
    });
    Credentials { looked, seen: seen.collect(), not_seen: not_seen.collect(), accepted }
}

/// The evidence names the accepted schemes where they matter most.
fn accepted(record: &Record) -> Option<Vec<Scheme>> {
    record.evidence.items().iter().find_map(|item| match item {
        Item { about: Subject::Scheme, expected: Some(Value::Texts(names)), .. } => Some(schemes(names.iter().map(String::as_str))),
        _ => None,
    })
}

/// The schemes of these names, the strongest first.
pub(crate) fn schemes<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Scheme> {
    let names: Vec<_> = names.collect();
    Scheme::ALL.iter().copied().filter(|scheme| names.contains(&scheme.name())).collect()
}

fn text(seen: &Seen) -> String {
    let place = match seen.place {
        Place::Header => "a header",
        Place::Query => "the query",
        Place::Body => "the body",
        Place::Cookie => "a cookie",
    };
    let what = match (seen.kind, seen.name.as_deref()) {
        (Kind::Basic, _) => "Authorization: Basic".to_owned(),
        (Kind::Digest, _) => "Authorization: Digest".to_owned(),
        (Kind::Bearer, _) => "Authorization: Bearer".to_owned(),
        (Kind::ApiKey, _) => format!("an API key in {place}"),
        (Kind::Session, _) => "a session cookie".to_owned(),
        (Kind::OtherAuthorization, Some(name)) => format!("Authorization: {name}"),
        (Kind::OtherAuthorization, None) => "Authorization without a scheme that could be read".to_owned(),
    };
    format!("{what}, {} bytes", seen.length)
}

fn looked_at(scheme: Scheme, key_places: &[KeyPlace]) -> Cow<'static, str> {
    Cow::Borrowed(match scheme {
        Scheme::Bearer => "the header Authorization: Bearer",
        Scheme::Basic => "the header Authorization: Basic",
        Scheme::Digest => "the header Authorization: Digest",
        Scheme::Session => "the cookie countersign (over HTTPS: __Host-countersign)",
        Scheme::ApiKey => {
            let places: Vec<String> = key_places.iter().map(ToString::to_string).collect();
            return match places.split_last() {
                Some((last, before)) if !before.is_empty() => Cow::Owned(format!("{} and {last}", before.join(", "))),
                _ => Cow::Owned(places.concat()),
            };
        }
    })
}
