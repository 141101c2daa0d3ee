//! SAML metadata: who is described, with which certificates, and until when.

use super::certificate;
use super::{NAME, quote};
use crate::base64;
use crate::clue::{Clue, Side};
use crate::dossier::{DocumentKind, Dossier};
use crate::moment::{from_now, utc};
use crate::xml::{self, Element};
use countersign::{Cause, ForeignCause, Timestamp};
use countersign_saml::TrustedKey;

/// One entity.
pub(super) struct Metadata {
    /// Its entity id.
    pub entity: String,
    /// Does it give assertions?
    pub identity_provider: bool,
    /// Does it take them?
    pub service_provider: bool,
    /// Its certificates for signatures, base64 without blanks.
    pub certificates: Vec<String>,
    valid_until: Option<String>,
}

/// The entities of all metadata that was given, at most 50.
pub(super) fn all(dossier: &Dossier) -> Vec<Metadata> {
    let given = dossier.documents.iter().filter(|document| document.kind == DocumentKind::SamlMetadata);
    let roots = given.filter_map(|document| xml::read(&document.text).ok());
    roots
        .flat_map(|root| {
            let over = root.attribute("validUntil").map(str::to_owned);
            root.all("EntityDescriptor").into_iter().map(|entity| Metadata::of(entity, over.clone())).collect::<Vec<_>>()
        })
        .take(50)
        .collect()
}

impl Metadata {
    fn of(entity: &Element, over: Option<String>) -> Self {
        let signing = entity.all("KeyDescriptor").into_iter().filter(|key| key.attribute("use") != Some("encryption"));
        let certificates =
            signing.flat_map(|key| key.all("X509Certificate")).map(|certificate| certificate.text.split_whitespace().collect());
        Self {
            entity: entity.attribute("entityID").unwrap_or_default().trim().to_owned(),
            identity_provider: entity.first("IDPSSODescriptor").is_some(),
            service_provider: entity.first("SPSSODescriptor").is_some(),
            certificates: certificates.take(20).collect(),
            valid_until: entity.attribute("validUntil").map(str::to_owned).or(over),
        }
    }

    /// Its keys for signatures, as far as they can be used.
    pub(super) fn keys(&self) -> Vec<TrustedKey> {
        self.certificates.iter().filter_map(|certificate| TrustedKey::from_certificate(&base64::decode(certificate)?)).collect()
    }

    /// What has run out in it.
    pub(super) fn faults(&self, now: Option<Timestamp>) -> Vec<Clue> {
        let Some(now) = now else { return Vec::new() };
        let mut clues = Vec::new();
        if let Some((until, text)) =
            self.valid_until.as_deref().and_then(|text| Some((time(text)?, text))).filter(|(until, _)| *until <= now)
        {
            let because = format!(
                "The metadata was valid until {}, {}: who keeps to it takes no message under it any more.",
                utc(until),
                from_now(until, now)
            );
            let clue = Clue::new(NAME, ForeignCause::ProviderMisconfigured, 75, because).quote(quote(0, "SAML metadata validUntil", text));
            clues.push(clue.fix(Side::Server, "Fetch the metadata anew, and let the service provider refresh it by itself.", &[]));
        }
        let ends: Vec<Timestamp> = self.certificates.iter().filter_map(|text| certificate::validity(text)).map(|(_, end)| end).collect();
        if let Some(last) = ends.iter().max().filter(|&&last| last <= now && ends.len() == self.certificates.len()) {
            let because = format!(
                "The last signing certificate in the metadata ran out at {}, {}; libraries that look at dates refuse its signatures.",
                utc(*last),
                from_now(*last, now)
            );
            clues.push(Clue::new(NAME, Cause::AssertionSignatureWrong, 45, because).quote(quote(
                0,
                "SAML metadata certificate",
                &utc(*last),
            )));
        }
        clues
    }
}

/// A time of XML Schema, in UTC as SAML has it.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zoned = || text.parse::<jiff::Timestamp>().ok();
    let bare = || format!("{text}Z").parse::<jiff::Timestamp>().ok();
    zoned().or_else(bare).map(|time| time.as_second())
}
