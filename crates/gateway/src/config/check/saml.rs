//! SAML providers: metadata that can be used, a key of our own that fits its certificate, and the address that people
//! reach us under.

use super::provider::{meaningless, needed, text, texts};
use super::{World, url, value};
use crate::config::file::ProviderWritten;
use crate::config::plan::{Binding, SamlParty};
use crate::config::read::{At, Reader, shown};
use countersign_saml::{Endpoints, OwnKey, Provider, Service, TrustedKey, Wishes};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

pub(super) fn party(reader: &Reader<'_>, written: &ProviderWritten, world: &World<'_>) -> SamlParty {
    let place = |at: &Option<At<String>>| at.as_ref().map(|at| at.place.clone());
    let (issuer, client, redirect) = (place(&written.issuer), place(&written.client_id), place(&written.redirect_uri));
    let oidc = [("issuer", issuer.as_ref()), ("client_id", client.as_ref()), ("redirect_uri", redirect.as_ref())];
    meaningless(reader, "saml", &oidc);
    let saml = &written.saml;
    let base = needed(reader, written, "public_url", &saml.public_url, "\"https://shop.example\"");
    if let Some(base) = base
        && let Err(wrong) = url::origin(&base.value)
    {
        reader.fault(&base.place, format!("`public_url` cannot be {}: {}", shown(&base.value), wrong.message), wrong.mend);
    }
    let base = base.map_or("", |base| base.value.as_str());
    let provider = provider(reader, written, world);
    let binding = saml.binding.as_ref().map(|at| at.value);
    if let (Some(at), Some(provider)) = (&saml.binding, &provider)
        && !offers(&provider.sign_in, at.value)
    {
        reader.fault(&at.place, "the provider's metadata has no endpoint for this binding", None);
    }
    let key = own_key(reader, written, world);
    if let (Some(at), Some(provider)) = (&saml.metadata, &provider)
        && provider.wants_signed_requests
        && saml.key.is_none()
    {
        let mend = "add `key` and `certificate`";
        reader.fault(&at.place, "the provider takes only requests that are signed, and there is no key to sign them", Some(mend.into()));
    }
    let provider = provider.unwrap_or_else(unread);
    SamlParty {
        binding: binding.unwrap_or(if provider.sign_in.redirect.is_some() { Binding::Redirect } else { Binding::Post }),
        service: Service {
            entity_id: saml.entity_id.as_ref().map_or_else(|| format!("{base}{}", SamlParty::METADATA), |id| id.value.clone()),
            consumer: format!("{base}{}", SamlParty::CONSUMER),
            sign_out: format!("{base}{}", SamlParty::SIGN_OUT),
            key,
            leeway: i64::try_from(value(&written.leeway, Duration::ZERO).as_secs()).unwrap_or_default(),
        },
        wishes: Wishes {
            force: false,
            contexts: texts(&written.acr_values),
            name_id_format: saml.name_id_format.as_ref().map(|format| format.value.clone()),
        },
        subject_from: saml.subject_from.as_ref().map(|name| name.value.clone()).filter(|name| !name.is_empty()),
        end_session: value(&written.end_session, true),
        provider,
    }
}

fn provider(reader: &Reader<'_>, written: &ProviderWritten, world: &World<'_>) -> Option<Provider> {
    let saml = &written.saml;
    let at = needed(reader, written, "metadata", &saml.metadata, "\"corp-metadata.xml\"")?;
    let document = read(reader, at, world)?;
    let signer = match &saml.metadata_signer {
        None => None,
        Some(file) => {
            let key = TrustedKey::from_pem(&read(reader, file, world)?);
            if key.is_none() {
                reader.fault(&file.place, format!("{} holds no certificate with a key that can be used", world.path(file).display()), None);
                return None;
            }
            key
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    let entity = Some(text(&saml.entity)).filter(|entity| !entity.is_empty());
    match Provider::read(&document, entity.as_deref(), signer, now) {
        Ok(provider) => Some(provider),
        Err(fault) => {
            reader.fault(&at.place, format!("{} is no metadata that can be used: {fault}", world.path(at).display()), None);
            None
        }
    }
}

fn own_key(reader: &Reader<'_>, written: &ProviderWritten, world: &World<'_>) -> Option<OwnKey> {
    let saml = &written.saml;
    let (key, certificate) = match (&saml.key, &saml.certificate) {
        (None, None) => return None,
        (Some(key), Some(certificate)) => (key, certificate),
        (Some(lone), None) | (None, Some(lone)) => {
            reader.fault(&lone.place, "`key` and `certificate` are set together", None);
            return None;
        }
    };
    let (private, shown) = (read(reader, key, world), read(reader, certificate, world));
    match OwnKey::from_pem(&private?, &shown?) {
        Ok(own) => Some(own),
        Err(fault) => {
            reader.fault(&key.place, fault.to_string(), None);
            None
        }
    }
}

/// A file's text; none if there is a fault, or nothing is to be read.
fn read(reader: &Reader<'_>, at: &At<String>, world: &World<'_>) -> Option<Zeroizing<String>> {
    let path = world.path(at);
    let text = world.document?(&path);
    if let Err(wrong) = &text {
        reader.fault(&at.place, format!("{} {wrong}", path.display()), None);
    }
    text.ok()
}

fn offers(endpoints: &Endpoints, binding: Binding) -> bool {
    match binding {
        Binding::Redirect => endpoints.redirect.is_some(),
        Binding::Post => endpoints.post.is_some(),
    }
}

/// A provider of which nothing is known, and whose word counts for nothing.
fn unread() -> Provider {
    Provider {
        entity_id: String::new(),
        sign_in: Endpoints::default(),
        sign_out: Endpoints::default(),
        keys: Vec::new(),
        wants_signed_requests: false,
        valid_until: None,
    }
}
