//! Providers: a name that accounts can be kept under, a client that can prove itself, and addresses that fit.

use super::issuer::{check_algorithms, check_url};
use super::{World, saml, url, value};
use crate::config::file::{GrantWritten, ProviderKind, ProviderWritten};
use crate::config::plan::{Protocol, Provider};
use crate::config::read::{At, Place, Reader, shown};
use countersign::login::oidc::{ClientAuthentication, RelyingParty};
use countersign::login::{Grant, Mapping};
use countersign::{Issuer, Secret};
use std::sync::Arc;
use std::time::Duration;

const NAME_LIMIT: usize = 32;

/// Checks all providers.
pub(super) fn check_all(reader: &Reader<'_>, written: &[ProviderWritten], world: &World<'_>) -> Vec<Arc<Provider>> {
    for (number, provider) in written.iter().enumerate() {
        let Some(name) = &provider.name else { continue };
        let mut earlier = written.iter().take(number).filter_map(|other| other.name.as_ref());
        if earlier.any(|other| other.value == name.value) {
            reader.fault(&name.place, format!("another provider is named {} already", shown(&name.value)), None);
        }
    }
    written.iter().map(|provider| Arc::new(check(reader, provider, world))).collect()
}

fn check(reader: &Reader<'_>, written: &ProviderWritten, world: &World<'_>) -> Provider {
    let name = text(&written.name);
    if let Some(at) = written.name.as_ref().filter(|name| !is_name(&name.value)) {
        reader.fault(&at.place, "a provider's name is made of small letters, digits and `-`, 32 at the most", None);
    }
    let protocol = match value(&written.kind, ProviderKind::Oidc) {
        ProviderKind::Oidc => Protocol::Oidc(Arc::new(relying_party(reader, written, &name, world))),
        ProviderKind::Saml => Protocol::Saml(Arc::new(saml::party(reader, written, world))),
    };
    let prefix = written.name_prefix.as_ref().map_or_else(|| format!("{name}/"), |prefix| prefix.value.clone());
    if let Some(at) = written.name_prefix.as_ref().filter(|prefix| prefix.value.chars().any(|c| c == ':' || c.is_control())) {
        reader.fault(&at.place, "accounts' names have neither colons nor control characters", None);
    }
    let mapping = Mapping {
        name_from: text(&written.name_from),
        name_prefix: prefix,
        roles_from: texts(&written.roles_from),
        grants: written.grants.iter().map(|written| grant(reader, written)).collect(),
    };
    let label = written.label.as_ref().map_or_else(|| name.clone(), |label| label.value.clone());
    Provider { label, mapping, protocol, name }
}

/// A key that this kind of provider needs.
pub(super) fn needed<'w, T>(
    reader: &Reader<'_>,
    written: &ProviderWritten,
    name: &str,
    value: &'w Option<At<T>>,
    example: &str,
) -> Option<&'w At<T>> {
    if value.is_none() {
        reader.fault(&written.place, format!("`{name}` is missing here"), Some(format!("add `{name} = {example}`")));
    }
    value.as_ref()
}

/// Keys that mean nothing to this kind of provider.
pub(super) fn meaningless(reader: &Reader<'_>, kind: &str, keys: &[(&str, Option<&Place>)]) {
    for (name, place) in keys {
        if let Some(place) = place.filter(|place| **place != Place::Default) {
            reader.warn(place, format!("`{name}` means nothing with `kind = \"{kind}\"`"), None);
        }
    }
}

fn relying_party(reader: &Reader<'_>, written: &ProviderWritten, name: &str, world: &World<'_>) -> RelyingParty {
    needed(reader, written, "issuer", &written.issuer, "\"https://id.example\"");
    needed(reader, written, "client_id", &written.client_id, "\"orders\"");
    let saml = &written.saml;
    meaningless(
        reader,
        "oidc",
        &[
            ("metadata", saml.metadata.as_ref().map(|at| &at.place)),
            ("public_url", saml.public_url.as_ref().map(|at| &at.place)),
            ("entity_id", saml.entity_id.as_ref().map(|at| &at.place)),
            ("key", saml.key.as_ref().map(|at| &at.place)),
            ("certificate", saml.certificate.as_ref().map(|at| &at.place)),
            ("binding", saml.binding.as_ref().map(|at| &at.place)),
            ("subject_from", saml.subject_from.as_ref().map(|at| &at.place)),
        ],
    );
    check_url(reader, &written.issuer);
    let client_id = text(&written.client_id);
    for at in written.client_id.iter().filter(|at| at.value.is_empty() || at.value.chars().any(char::is_control)) {
        reader.fault(&at.place, "`client_id` is empty or has control characters", None);
    }
    let issuer = Issuer {
        name: name.to_owned(),
        issuer: text(&written.issuer),
        audiences: vec![client_id.clone()],
        algorithms: check_algorithms(reader, &written.algorithms),
        leeway: i64::try_from(value(&written.leeway, Duration::ZERO).as_secs()).unwrap_or_default(),
        access_token_type: false,
        binding: countersign::TokenBinding::Optional,
        dpop_nonces: false,
        introspection: None,
    };
    let mut scopes = texts(&written.scopes);
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    if let Some(at) = &written.redirect_uri
        && let Err(wrong) = url::redirect(&at.value)
    {
        reader.fault(&at.place, format!("`redirect_uri` cannot be {}: {}", shown(&at.value), wrong.message), wrong.mend);
    }
    let client_secret = secret(reader, written, world);
    RelyingParty {
        name: name.to_owned(),
        issuer: Arc::new(issuer),
        client_id,
        authentication: written.client_auth.as_ref().map(|way| way.value),
        client_secret,
        scopes,
        acr_values: texts(&written.acr_values),
        max_age: written.max_age.as_ref().map(|age| i64::try_from(age.value.as_secs()).unwrap_or(i64::MAX)),
        userinfo: value(&written.userinfo, true),
        redirect_uri: written.redirect_uri.as_ref().map(|at| at.value.clone()),
        end_session: value(&written.end_session, true),
        renew: value(&written.renew, false),
    }
}

/// The client's secret, from the one place that has it.
fn secret(reader: &Reader<'_>, written: &ProviderWritten, world: &World<'_>) -> Option<Secret> {
    let public = written.client_auth.as_ref().filter(|way| way.value == ClientAuthentication::None);
    let secret = match (&written.client_secret, &written.client_secret_file) {
        (Some(secret), Some(file)) => {
            reader.fault(&file.place, "the client's secret is set twice: by the environment and by this file", None);
            Some(secret.value.clone())
        }
        (Some(secret), None) => Some(secret.value.clone()),
        (None, Some(file)) => {
            let path = world.path(file);
            let read = (world.secret)(&path);
            if let Err(wrong) = &read {
                reader.fault(&file.place, format!("{} {wrong}", path.display()), None);
            }
            read.ok()
        }
        (None, None) => {
            for way in written.client_auth.iter().filter(|way| way.value != ClientAuthentication::None) {
                let mend = "name a file by `client_secret_file`, or write `client_auth = \"none\"` for a public client";
                reader.fault(&way.place, "the client has no secret to prove itself by", Some(mend.into()));
            }
            return None;
        }
    };
    if let Some(way) = public {
        reader.warn(&way.place, "the client's secret is not used: the client does not prove itself", None);
    }
    secret
}

fn grant(reader: &Reader<'_>, written: &GrantWritten) -> Grant {
    let grant =
        Grant { claim: text(&written.claim), value: text(&written.value), roles: texts(&written.roles), scopes: texts(&written.scopes) };
    if grant.roles.is_empty() && grant.scopes.is_empty() {
        reader.warn(&written.place, "this gives nothing", Some("add `roles` or `scopes`".into()));
    }
    grant
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_LIMIT).contains(&name.len()) && name.bytes().all(fits)
}

pub(super) fn text(written: &Option<At<String>>) -> String {
    written.as_ref().map_or_else(String::new, |text| text.value.clone())
}

pub(super) fn texts(written: &Option<At<Vec<At<String>>>>) -> Vec<String> {
    written.iter().flat_map(|list| &list.value).map(|text| text.value.clone()).collect()
}
