//! What the documents say that probes fetched: the issuer's discovery and keys against the token, the resource's metadata
//! against where it was asked.

use super::{NAME, Probes};
use crate::clue::{Clue, Quote};
use crate::dossier::{Document, DocumentKind, Exchange, Probe};
use crate::finding::{jwt, refusal};
use countersign::{Cause, ForeignCause};
use serde_json::Value;

pub(super) fn see(probes: &Probes<'_>) -> Vec<Clue> {
    let mut clues = Vec::new();
    let authorization = probes.request().and_then(|request| request.headers.get("authorization"));
    let alone = probes.dossier.documents.iter().find(|document| document.kind == DocumentKind::Jwt).map(|document| document.text.as_str());
    if let Some(token) = authorization.and_then(jwt::find).or(alone.and_then(jwt::find)).and_then(jwt::read) {
        clues.extend(issuer(probes, &token));
        clues.extend(key(probes, &token));
    }
    clues.extend(resource(probes));
    clues
}

/// Documents that probes fetched, with the exchange that brought them.
fn fetched<'a>(probes: &Probes<'a>, kind: DocumentKind) -> impl Iterator<Item = (usize, &'a Document, Value)> {
    let dossier = probes.dossier;
    let documents = dossier.documents.iter().filter(move |document| document.kind == kind);
    documents.filter_map(move |document| {
        let brought = |exchange: &Exchange| {
            exchange.probe == Some(Probe::Metadata) && exchange.request.as_ref().is_some_and(|request| request.url == document.name)
        };
        Some((dossier.exchanges.iter().position(brought)?, document, refusal::json(&document.text)?))
    })
}

/// The issuer that is found where the token says must be the token's.
fn issuer(probes: &Probes<'_>, token: &jwt::Jwt) -> Option<Clue> {
    let claimed = token.text("iss")?;
    let well_known = |name: &str| name.strip_suffix("/.well-known/openid-configuration") == Some(claimed.trim_end_matches('/'));
    let (index, _, discovery) = fetched(probes, DocumentKind::Discovery).find(|(_, document, _)| well_known(&document.name))?;
    let said = discovery.get("issuer")?.as_str()?;
    if said == claimed {
        return None;
    }
    let slash = said.trim_end_matches('/') == claimed.trim_end_matches('/');
    let (cause, weight): (crate::catalogue::Code, _) =
        if slash { (Cause::TokenIssuerUnknown.into(), 70) } else { (ForeignCause::ProviderMisconfigured.into(), 62) };
    let how = if slash { "but for a slash at the end, which counts" } else { "which is another issuer" };
    let text = format!("The token's iss leads to a provider that calls itself {}, {how}.", crate::mask::text(said));
    Some(Clue::new(NAME, cause, weight, text).quote(Quote::text(index, "discovery member issuer", 0, said)))
}

/// The key that the token names must be among the issuer's.
fn key(probes: &Probes<'_>, token: &jwt::Jwt) -> Option<Clue> {
    let named = token.head("kid")?;
    let (index, _, set) = fetched(probes, DocumentKind::KeySet).next()?;
    let kids: Vec<&str> = set.get("keys")?.as_array()?.iter().filter_map(|key| key.get("kid")?.as_str()).take(50).collect();
    if kids.contains(&named) || kids.is_empty() {
        return None;
    }
    let text =
        "The token names a key that is not among those that its issuer publishes: it was signed with one that was retired, or elsewhere.";
    let clue = Clue::new(NAME, Cause::TokenKeyUnknown, 84, text);
    Some(clue.quote(Quote::text(index, "key set, key ids", 0, &kids.join(", "))))
}

/// What the resource says of itself (RFC 9728).
fn resource(probes: &Probes<'_>) -> Option<Clue> {
    let given = probes.given?;
    let asked = probes.request()?;
    if let Some((index, _, metadata)) = fetched(probes, DocumentKind::ResourceMetadata).next() {
        let said = metadata.get("resource").and_then(Value::as_str)?;
        let (here, there) = (refusal::origin(&asked.url)?, refusal::origin(said)?);
        let text =
            "The resource's metadata is for another origin than the one that was asked; clients must refuse it (RFC 9728 section 3.3).";
        let clue = Clue::new(NAME, ForeignCause::MetadataMissing, 50, text);
        return (here != there).then(|| clue.quote(Quote::text(index, "metadata member resource", 0, said)));
    }
    let challenge = given.response.headers.all("www-authenticate").find(|header| header.value.contains("resource_metadata="))?;
    let named = |exchange: &Exchange| {
        let request = exchange.request.as_ref().filter(|_| exchange.probe == Some(Probe::Metadata));
        request.is_some_and(|request| challenge.value.contains(&request.url) || request.path().contains("oauth-protected-resource"))
    };
    let (index, exchange) = probes.dossier.exchanges.iter().enumerate().find(|(_, exchange)| named(exchange))?;
    let status = exchange.response.as_ref().map_or(0, |response| response.status);
    let came = exchange.failure.clone().unwrap_or_else(|| status.to_string());
    let text = format!("The challenge names metadata that is not to be had: {came}.");
    let clue = Clue::new(NAME, ForeignCause::MetadataMissing, 74, text).quote(Quote::header(given.index, "response", challenge));
    Some(clue.quote(Quote::text(index, "probe for metadata", 0, &came)))
}
