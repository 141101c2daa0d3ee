//! Digest: what it is asked with, and whether anybody said that secrets for it may be kept.

use super::value;
use crate::config::file::{DigestWritten, File, SiteWritten};
use crate::config::read::{At, Place, Reader, not_among, shown};
use countersign::DigestPolicy;
use countersign::digest::{Algorithm, Qop};
use std::sync::Arc;
use std::time::Duration;

/// Checks the section; what it says holds for every rule that accepts `digest`. None where it is not enabled.
pub(super) fn check(reader: &Reader<'_>, file: &File) -> Option<Arc<DigestPolicy>> {
    let written = &file.digest;
    let enabled = value(&written.enabled, false);
    let asked = file.sites.iter().flat_map(|site| asked_for(site).map(move |place| (site, place))).collect::<Vec<_>>();
    for (_, place) in asked.iter().filter(|_| !enabled) {
        let message = "`digest` needs secrets that are as good as passwords, and the configuration does not say that they may be kept";
        reader.fault(place, message, Some("add `[digest]` with `enabled = true`, and give the accounts new passwords".into()));
    }
    if let Some(flag) = written.enabled.as_ref().filter(|flag| flag.value && asked.is_empty() && flag.place != Place::Default) {
        reader.warn(&flag.place, "no rule accepts `digest`, so no secrets are kept for it", None);
    }
    for realm in asked.iter().filter_map(|(site, _)| site.realm.as_ref()).filter(|realm| realm.value.contains(['"', '\\'])) {
        let message = "clients differ in how they hash a realm with quotes or backslashes, so some cannot log in with Digest";
        reader.warn(&realm.place, message, None);
    }
    let policy = policy(reader, written);
    enabled.then(|| Arc::new(policy))
}

/// The places where a site's rules name it.
fn asked_for(site: &SiteWritten) -> impl Iterator<Item = &Place> {
    let named = site.rules.iter().filter_map(|rule| rule.schemes.as_ref()).flat_map(|schemes| &schemes.value);
    named.filter(|name| name.value == "digest").map(|name| &name.place)
}

fn policy(reader: &Reader<'_>, written: &DigestWritten) -> DigestPolicy {
    let algorithms: Vec<&str> = Algorithm::ALL.iter().map(|algorithm| algorithm.name()).collect();
    DigestPolicy {
        algorithms: listed(reader, "algorithms", &written.algorithms, &algorithms)
            .iter()
            .filter_map(|name| Algorithm::named(name))
            .collect(),
        qop: listed(reader, "qop", &written.qop, &["auth", "auth-int"]).iter().filter_map(|name| Qop::named(name)).collect(),
        nonce_lifetime: value(&written.nonce_lifetime, Duration::from_secs(300)).as_secs().cast_signed(),
        userhash: value(&written.userhash, false),
    }
}

/// The members of a list, each of which must be one of the names.
fn listed(reader: &Reader<'_>, key: &str, list: &Option<At<Vec<At<String>>>>, names: &[&str]) -> Vec<String> {
    let Some(list) = list else { return Vec::new() };
    if list.value.is_empty() {
        reader.fault(&list.place, format!("`{key}` is empty, so nobody could answer"), None);
    }
    let mut known: Vec<String> = Vec::new();
    for member in &list.value {
        if !names.contains(&member.value.as_str()) {
            let wrong = not_among(&member.value, names);
            reader.fault(&member.place, format!("`{key}` cannot have {}: {}", shown(&member.value), wrong.message), wrong.mend);
        } else if known.contains(&member.value) {
            reader.warn(&member.place, format!("`{}` is listed already", member.value), None);
        } else {
            known.push(member.value.clone());
        }
    }
    known
}
