//! Issuers: their URL, their audiences, and algorithms that can be trusted.

use super::{World, introspection, url, value};
use crate::config::file::IssuerWritten;
use crate::config::near::nearest;
use crate::config::read::{At, Reader, shown};
use countersign::token::Algorithm;
use countersign::{Issuer, TokenBinding};
use std::sync::Arc;
use std::time::Duration;

/// Checks all issuers.
pub(super) fn check_all(reader: &Reader<'_>, written: &[IssuerWritten], world: &World<'_>) -> Vec<Arc<Issuer>> {
    for (number, issuer) in written.iter().enumerate() {
        let earlier = || written.iter().take(number);
        if let Some(name) = &issuer.name
            && earlier().filter_map(|other| other.name.as_ref()).any(|other| other.value == name.value)
        {
            reader.fault(&name.place, format!("another issuer is named {} already", shown(&name.value)), None);
        }
        if let Some(url) = &issuer.issuer
            && earlier().filter_map(|other| other.issuer.as_ref()).any(|other| other.value == url.value)
        {
            let mend = "list all audiences in the one `audiences`".to_owned();
            reader.fault(&url.place, format!("the issuer {} is trusted already", shown(&url.value)), Some(mend));
        }
    }
    written.iter().map(|issuer| Arc::new(check(reader, issuer, world))).collect()
}

fn check(reader: &Reader<'_>, written: &IssuerWritten, world: &World<'_>) -> Issuer {
    for name in written.name.iter().filter(|name| name.value.is_empty() || name.value.chars().any(char::is_control)) {
        reader.fault(&name.place, "an issuer's name is not empty and has no control characters", None);
    }
    check_url(reader, &written.issuer);
    if let Some(list) = written.audiences.as_ref().filter(|list| list.value.iter().all(|audience| audience.value.is_empty())) {
        let message = "without an audience, tokens that were made for other services would be accepted here";
        reader.fault(&list.place, message, Some("name what the issuer puts into `aud` for this service".into()));
    }
    let text = |written: &Option<At<String>>| written.as_ref().map_or_else(String::new, |text| text.value.clone());
    Issuer {
        name: text(&written.name),
        issuer: text(&written.issuer),
        audiences: written.audiences.iter().flat_map(|list| &list.value).map(|audience| audience.value.clone()).collect(),
        algorithms: check_algorithms(reader, &written.algorithms),
        leeway: i64::try_from(value(&written.leeway, Duration::ZERO).as_secs()).unwrap_or_default(),
        access_token_type: value(&written.access_token_type, false),
        binding: value(&written.binding, TokenBinding::Optional),
        dpop_nonces: value(&written.dpop_nonces, false),
        introspection: written.introspection.as_ref().map(|asked| Arc::new(introspection::check(reader, asked, world))),
    }
}

/// An issuer is a URL, and its keys come over TLS.
pub(super) fn check_url(reader: &Reader<'_>, written: &Option<At<String>>) {
    if let Some(text) = written {
        match url::issuer(&text.value) {
            Err(wrong) => reader.fault(&text.place, format!("`issuer` cannot be {}: {}", shown(&text.value), wrong.message), wrong.mend),
            Ok(true) => {
                let message = "the issuer's keys come without TLS from a public host: whoever sits between can replace them";
                reader.warn(&text.place, message, Some(format!("write `{}`", text.value.replacen("http://", "https://", 1))));
            }
            Ok(false) => {}
        }
    }
}

/// The signature algorithms that are trusted of an issuer.
pub(super) fn check_algorithms(reader: &Reader<'_>, written: &Option<At<Vec<At<String>>>>) -> Vec<Algorithm> {
    if let Some(list) = written.as_ref().filter(|list| list.value.is_empty()) {
        reader.fault(&list.place, "without an algorithm no token can be accepted", Some("leave the line out for the usual ones".into()));
    }
    let mut algorithms: Vec<Algorithm> = Vec::new();
    for name in written.iter().flat_map(|list| &list.value) {
        match Algorithm::from_name(&name.value) {
            Some(algorithm) if algorithms.contains(&algorithm) => {
                reader.warn(&name.place, format!("{algorithm} is listed already"), None);
            }
            Some(algorithm) => algorithms.push(algorithm),
            None => refuse_algorithm(reader, name),
        }
    }
    algorithms
}

fn refuse_algorithm(reader: &Reader<'_>, name: &At<String>) {
    let upper = name.value.to_ascii_uppercase();
    let (message, mend) = match upper.as_str() {
        "NONE" => ("`none` means that nobody signed the token: anybody could write one".to_owned(), None),
        "HS256" | "HS384" | "HS512" => {
            let message = format!(
                "{upper} is signed with a shared secret: whoever can check a token can make one, and a published key could be taken for the secret"
            );
            (message, Some("let the issuer sign with ES256, EdDSA, PS256 or RS256".to_owned()))
        }
        _ => {
            let known = Algorithm::ALL.iter().map(|algorithm| algorithm.name());
            let meant = nearest(&name.value, known.clone()).map(|meant| format!("did you mean `{meant}`?"));
            let known: Vec<&str> = known.collect();
            (format!("there is no algorithm {}", shown(&name.value)), meant.or_else(|| Some(format!("known are {}", known.join(", ")))))
        }
    };
    reader.fault(&name.place, message, mend);
}
