//! A provider's metadata (SAML 2.0 metadata, `IDPSSODescriptor`): its name, its endpoints and its keys.
//!
//! The file is trusted as it was placed; a signature on it is checked where the operator names the key for that.

use crate::encoding::from_base64;
use crate::instant;
use crate::keys::TrustedKey;
use crate::names::{DS, MD, POST, REDIRECT, SAMLP};
use crate::signature::{self, Signed};
use crate::xml::{Malformed, Node, Tree};
use countersign::Timestamp;
use thiserror::Error;

/// The longest metadata that is read, in bytes. Files of whole federations are longer, and not what a login needs.
pub const METADATA_LIMIT: usize = 256 * 1024;
/// The most keys of one provider: two overlap while one is exchanged.
const KEY_LIMIT: usize = 8;

/// An identity provider, as its metadata describes it.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub entity_id: String,
    /// Where sign-ins are asked for.
    pub sign_in: Endpoints,
    /// Where log-outs are asked for and answered, if it takes part in them.
    pub sign_out: Endpoints,
    /// Its keys for signatures.
    pub keys: Vec<TrustedKey>,
    /// Does it take only requests that are signed?
    pub wants_signed_requests: bool,
    /// When the metadata ends, if it says so.
    pub valid_until: Option<Timestamp>,
}

/// Addresses of one service, by binding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// By HTTP-Redirect.
    pub redirect: Option<String>,
    /// By HTTP-POST.
    pub post: Option<String>,
    /// Where answers go, if not to the same place.
    pub response: Option<String>,
}

impl Endpoints {
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.redirect.is_none() && self.post.is_none()
    }

    fn read(descriptor: Node<'_>, name: &'static str) -> Result<Self, MetadataFault> {
        let mut endpoints = Self::default();
        for node in descriptor.all(MD, name) {
            let location = node.required("Location")?;
            let place = match node.attribute("Binding") {
                Some(REDIRECT) => &mut endpoints.redirect,
                Some(POST) => &mut endpoints.post,
                _ => continue,
            };
            if !is_address(location) {
                return Err(MetadataFault::Address(location.to_owned()));
            }
            place.get_or_insert_with(|| location.to_owned());
            if let Some(response) = node.attribute("ResponseLocation").filter(|response| is_address(response)) {
                endpoints.response.get_or_insert_with(|| response.to_owned());
            }
        }
        Ok(endpoints)
    }
}

/// Why metadata cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum MetadataFault {
    #[error("{0}")]
    Malformed(String),
    #[error("it describes no identity provider")]
    NoProvider,
    #[error("it describes several identity providers; name one by its entity id")]
    Several,
    #[error("it ended at {0}")]
    Over(String),
    #[error("the identity provider has no endpoint for sign-ins by HTTP-Redirect or HTTP-POST")]
    NoEndpoint,
    #[error("`{0}` is no address that a browser may be sent to")]
    Address(String),
    #[error("the identity provider has no key that signatures can be checked with: RSA of 2048 bits or more, or EC")]
    NoKey,
    #[error("its signature: {0}")]
    Signature(String),
}

impl From<Malformed> for MetadataFault {
    fn from(fault: Malformed) -> Self {
        Self::Malformed(fault.to_string())
    }
}

impl Provider {
    /// Reads a provider's metadata.
    ///
    /// `entity_id` chooses where several are described. `signer` is the key that must have signed the whole document,
    /// if the operator named one.
    ///
    /// # Errors
    /// [`MetadataFault`] says what makes it useless. Metadata that is over is refused.
    pub fn read(text: &str, entity_id: Option<&str>, signer: Option<TrustedKey>, now: Timestamp) -> Result<Self, MetadataFault> {
        let tree = Tree::parse(text.trim_start_matches('\u{feff}'), METADATA_LIMIT)?;
        let Some(signer) = signer else { return Self::choose(tree.root()?, entity_id, now) };
        let signed: Signed = signature::verify(tree.root()?, &[signer]).map_err(|fault| MetadataFault::Signature(fault.to_string()))?;
        Self::choose(signed.tree()?.root()?, entity_id, now)
    }

    fn choose(root: Node<'_>, entity_id: Option<&str>, now: Timestamp) -> Result<Self, MetadataFault> {
        let mut entities = Vec::new();
        for node in std::iter::once(root).chain(root.descendants()) {
            let named = entity_id.is_none() || node.attribute("entityID") == entity_id;
            if node.is(MD, "EntityDescriptor") && named && node.all(MD, "IDPSSODescriptor").next().is_some() {
                entities.push(node);
            }
        }
        match entities.as_slice() {
            [] => Err(MetadataFault::NoProvider),
            [entity] => Self::of(root, *entity, now),
            _ => Err(MetadataFault::Several),
        }
    }

    fn of(root: Node<'_>, entity: Node<'_>, now: Timestamp) -> Result<Self, MetadataFault> {
        let descriptors = || entity.all(MD, "IDPSSODescriptor");
        let speaks = |node: &Node<'_>| {
            node.attribute("protocolSupportEnumeration").is_none_or(|list| list.split_ascii_whitespace().any(|name| name == SAMLP))
        };
        let descriptor = descriptors().find(speaks).ok_or(MetadataFault::NoProvider)?;
        let mut valid_until = None::<Timestamp>;
        for text in [root, entity, descriptor].iter().filter_map(|node| node.attribute("validUntil")) {
            let end = instant::read(text).ok_or_else(|| MetadataFault::Malformed(format!("validUntil `{text}` is no instant in UTC")))?;
            valid_until = Some(valid_until.map_or(end, |before| before.min(end)));
        }
        if let Some(end) = valid_until.filter(|end| *end <= now) {
            return Err(MetadataFault::Over(instant::write(end)));
        }
        let sign_in = Endpoints::read(descriptor, "SingleSignOnService")?;
        if sign_in.is_empty() {
            return Err(MetadataFault::NoEndpoint);
        }
        let keys = keys(descriptor)?;
        if keys.is_empty() {
            return Err(MetadataFault::NoKey);
        }
        Ok(Self {
            entity_id: entity.required("entityID")?.to_owned(),
            sign_in,
            sign_out: Endpoints::read(descriptor, "SingleLogoutService")?,
            keys,
            wants_signed_requests: descriptor.attribute("WantAuthnRequestsSigned").is_some_and(|text| ["true", "1"].contains(&text)),
            valid_until,
        })
    }
}

/// The keys for signatures: those without a `use` serve for both (metadata section 2.4.1.1).
fn keys(descriptor: Node<'_>) -> Result<Vec<TrustedKey>, MetadataFault> {
    let mut keys = Vec::new();
    for node in descriptor.all(MD, "KeyDescriptor").filter(|node| node.attribute("use").is_none_or(|purpose| purpose == "signing")) {
        for data in node.only(DS, "KeyInfo")?.all(DS, "X509Data") {
            for certificate in data.all(DS, "X509Certificate") {
                keys.extend(from_base64(&certificate.text()?).and_then(|der| TrustedKey::from_certificate(&der)));
            }
        }
    }
    keys.truncate(KEY_LIMIT);
    Ok(keys)
}

/// May a browser be sent there? No `javascript:`, nothing that ends a header.
fn is_address(text: &str) -> bool {
    let web = text.starts_with("https://") || text.starts_with("http://");
    web && text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'`'))
}
