//! Introspection: an issuer that is asked about tokens, and a client that can prove itself there.

use super::{World, url, value};
use crate::config::file::{ClientProofKind, IntrospectionWritten, TokensAsked};
use crate::config::read::{At, Reader, shown};
use countersign::Secret;
use countersign::introspection::{ClientProof, Introspector};
use countersign::login::oidc::ClientAuthentication;
use countersign_sources::ClientKey;
use std::time::Duration;

pub(super) fn check(reader: &Reader<'_>, written: &IntrospectionWritten, world: &World<'_>) -> Introspector {
    if let Some(at) = &written.endpoint {
        match url::issuer(&at.value) {
            Err(wrong) => reader.fault(&at.place, format!("`endpoint` cannot be {}: {}", shown(&at.value), wrong.message), wrong.mend),
            Ok(true) => reader.warn(&at.place, "tokens are sent without TLS to a public host: whoever sits between can use them", None),
            Ok(false) => {}
        }
    }
    for at in written.client_id.iter().filter(|at| at.value.is_empty() || at.value.chars().any(char::is_control)) {
        reader.fault(&at.place, "`client_id` is empty or has control characters", None);
    }
    Introspector {
        endpoint: written.endpoint.as_ref().map(|at| at.value.clone()),
        client_id: written.client_id.as_ref().map_or_else(String::new, |at| at.value.clone()),
        proof: proof(reader, written, world),
        all: value(&written.tokens, TokensAsked::Opaque) == TokensAsked::All,
        reuse: i64::try_from(value(&written.reuse, Duration::ZERO).as_secs()).unwrap_or(0),
        signed: value(&written.signed, false),
        require_audience: value(&written.require_audience, true),
    }
}

fn proof(reader: &Reader<'_>, written: &IntrospectionWritten, world: &World<'_>) -> ClientProof {
    let kind = value(&written.client_auth, ClientProofKind::Basic);
    if kind == ClientProofKind::Key {
        return key(reader, written, world);
    }
    for at in written.client_key_file.iter().chain(&written.client_key_id) {
        let mend = "write `client_auth = \"private_key_jwt\"`";
        reader.warn(&at.place, "the client's key is not used: it proves itself by a secret", Some(mend.into()));
    }
    let how = if kind == ClientProofKind::Post { ClientAuthentication::Post } else { ClientAuthentication::Basic };
    ClientProof::Secret(how, secret(reader, written, world).unwrap_or_else(|| Secret::new("")))
}

/// The client's secret, from the one place that has it.
fn secret(reader: &Reader<'_>, written: &IntrospectionWritten, world: &World<'_>) -> Option<Secret> {
    match (&written.client_secret, &written.client_secret_file) {
        (Some(_), Some(file)) => {
            reader.fault(&file.place, "the client's secret is set twice: by the environment and by this file", None);
            None
        }
        (Some(secret), None) => Some(secret.value.clone()),
        (None, Some(file)) => read(reader, file, world.path(file), world.secret),
        (None, None) => {
            let mend = "name a file by `client_secret_file`; nobody but the issuer's clients may ask about tokens";
            reader.fault(&written.place, "the client has no secret to prove itself by", Some(mend.into()));
            None
        }
    }
}

fn key(reader: &Reader<'_>, written: &IntrospectionWritten, world: &World<'_>) -> ClientProof {
    let id = written.client_key_id.as_ref().map(|id| id.value.clone());
    if let Some(at) = &written.client_secret_file {
        reader.warn(&at.place, "the client's secret is not used: it proves itself by a key", None);
    }
    let Some(file) = &written.client_key_file else {
        reader.fault(&written.place, "the client has no key to prove itself by", Some("name a file by `client_key_file`".into()));
        return ClientProof::Key { pem: Secret::new(""), id };
    };
    let pem = read(reader, file, world.path(file), world.secret).unwrap_or_else(|| Secret::new(""));
    // Where files are not looked at, there is nothing to be read in them.
    if world.document.is_some()
        && !pem.expose().is_empty()
        && let Err(wrong) = ClientKey::read(&pem)
    {
        reader.fault(&file.place, format!("{} {wrong}", world.path(file).display()), None);
    }
    ClientProof::Key { pem, id }
}

fn read(
    reader: &Reader<'_>,
    file: &At<String>,
    path: std::path::PathBuf,
    secret: &dyn Fn(&std::path::Path) -> Result<Secret, String>,
) -> Option<Secret> {
    let read = secret(&path);
    if let Err(wrong) = &read {
        reader.fault(&file.place, format!("{} {wrong}", path.display()), None);
    }
    read.ok()
}
