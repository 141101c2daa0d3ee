//! SAML: what a response says of itself against when and where it was posted, metadata beside it, and what service
//! providers say in words. Signatures are verified where the provider's metadata is there.

mod certificate;
mod message;
mod metadata;
mod status;
mod words;

use super::refusal::Refusal;
use super::said::Said;
use crate::clue::{Clue, Quote};
use crate::dossier::{DocumentKind, Dossier};
use crate::{mask, saml, xml};
use countersign::{Cause, Timestamp};
use message::Posted;

const NAME: &str = "saml";

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let posted = posted(dossier);
    let metadata = metadata::all(dossier);
    let mut clues: Vec<Clue> = posted.iter().flat_map(|posted| message::see(posted, &metadata)).collect();
    clues.extend(metadata.iter().flat_map(|metadata| metadata.faults(dossier.now)));
    let broken = |document: &&crate::dossier::Document| document.kind == DocumentKind::Saml;
    for document in dossier.documents.iter().filter(broken) {
        if let Err(fault) = xml::read(&document.text) {
            let quote = quote(0, "SAML message", &document.text);
            clues.push(Clue::new(NAME, Cause::AssertionMalformed, 85, format!("The SAML message cannot be read: {fault}.")).quote(quote));
        }
    }
    let said = Said::of(dossier);
    clues.extend(words::see(&said, !posted.is_empty() || !metadata.is_empty() || speaks_of_saml(dossier, &said)));
    clues
}

/// The messages of the dossier: those given alone, and the one of the last request that carried one, if it was refused.
fn posted(dossier: &Dossier) -> Vec<Posted> {
    let refusal = Refusal::of(dossier);
    let date = refusal.and_then(|refusal| refusal.date()).map(|(at, _)| at).or_else(|| refusal.and_then(|refusal| refusal.exchange.at));
    let mut found = Vec::new();
    for document in dossier.documents.iter().filter(|document| document.kind == DocumentKind::Saml) {
        if let Ok(root) = xml::read(&document.text) {
            found.push(Posted {
                root,
                text: document.text.clone(),
                url: None,
                now: date.or(dossier.now),
                stated: date.is_some(),
                exchange: 0,
                signed_outside: false,
            });
        }
    }
    let Some(refusal) = refusal else { return found };
    let until = dossier.exchanges.iter().enumerate().take(refusal.index + 1).rev().take(20);
    for (at, exchange) in until {
        let Some(request) = &exchange.request else { continue };
        let messages = saml::messages(&request.body).into_iter().chain(saml::messages(request.query()));
        let date: Option<Timestamp> = exchange
            .response
            .as_ref()
            .and_then(|response| response.headers.get("date"))
            .and_then(super::date::http)
            .or(exchange.at)
            .or(date.filter(|_| at == refusal.index));
        let before = found.len();
        found.extend(messages.filter_map(|message| {
            let root = xml::read(&message.xml).ok()?;
            Some(Posted {
                root,
                text: message.xml,
                url: Some(request.url.clone()),
                now: date.or(dossier.now),
                stated: date.is_some(),
                exchange: at + 1,
                signed_outside: request.query().contains("Signature="),
            })
        }));
        if found.len() > before {
            break;
        }
    }
    found
}

/// Is the refusal about SAML, by its address or its words?
fn speaks_of_saml(dossier: &Dossier, said: &Said) -> bool {
    let path = dossier.refusal().and_then(|(_, exchange)| exchange.request.as_ref()).map(|request| request.path().to_ascii_lowercase());
    let by_path = path.is_some_and(|path| ["saml", "/acs", "/sso", "shibboleth", "/adfs", "mellon"].iter().any(|word| path.contains(word)));
    by_path || said.texts().any(|text| text.contains("saml") || text.contains("shibboleth") || text.contains("assertion consumer"))
}

/// `exchange` counts from 1; 0 is a document.
fn quote(exchange: usize, place: &str, text: &str) -> Quote {
    Quote { place: place.to_owned(), exchange, line: 0, text: mask::text(text) }
}

#[cfg(test)]
mod tests;
