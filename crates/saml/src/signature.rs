//! Enveloped signatures (XML Signature 1.1 in the profile of SAML core section 5.4): verified, and made.
//!
//! ```text
//! element ─► its one ds:Signature ─► SignedInfo, canonical ─► key of the metadata ─► SignedInfo parsed from those bytes
//!    └─► canonical without that signature ─► digest equal ─► Signed: those very bytes, to be parsed anew
//! ```
//!
//! No reference is ever looked up: the element is the one that the caller holds, and the signature has to name its id.
//! Whoever reads on reads [`Signed`], so that what was not covered cannot be seen.

use crate::algorithm::{self, RSA_SHA256, SHA256};
use crate::encoding::{from_base64, to_base64};
use crate::keys::{OwnKey, TrustedKey};
use crate::names::{DS, ENVELOPED, EXCLUSIVE};
use crate::xml::{CanonicalForm, MESSAGE_LIMIT, Malformed, Node, Tree};
use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SecureRandom;
use countersign::{Evidence, Subject, Value};
use thiserror::Error;

/// The canonical text of an element whose signature was verified, without that signature.
#[derive(Debug)]
pub(crate) struct Signed(String);

impl Signed {
    /// The verified text, parsed anew: the only thing that may be read of it.
    pub(crate) fn tree(&self) -> Result<Tree<'_>, Malformed> {
        // Canonical forms write out what was left off: they may be a little longer.
        Tree::parse(&self.0, 4 * MESSAGE_LIMIT)
    }

    /// The verified text itself.
    pub(crate) fn into_text(self) -> String {
        self.0
    }
}

/// Why a signature does not count.
#[derive(Debug, Error)]
pub(crate) enum SignatureFault {
    #[error("not signed")]
    Missing,
    #[error("signature: {0}")]
    Form(#[from] Malformed),
    #[error("the algorithm {0} is not accepted")]
    Algorithm(String),
    #[error("no key of the metadata made the signature")]
    Key,
    #[error("the content is not what was signed")]
    Digest,
}

impl SignatureFault {
    /// What a refusal says of it, with the keys that would have counted.
    pub(crate) fn evidence(&self, keys: &[TrustedKey]) -> Evidence {
        let fingerprints = Value::texts(keys.iter().map(TrustedKey::fingerprint));
        match self {
            Self::Missing => Evidence::none().expected(Subject::KeyId, fingerprints),
            Self::Algorithm(presented) => Evidence::none().presented(Subject::Algorithm, Value::text(presented)),
            Self::Key => Evidence::none().expected(Subject::KeyId, fingerprints).presented(Subject::Form, Value::text(&self.to_string())),
            Self::Form(_) | Self::Digest => Evidence::none().presented(Subject::Form, Value::text(&self.to_string())),
        }
    }
}

/// Verifies the signature of an element.
///
/// # Errors
/// [`SignatureFault`], `Missing` if there is none.
pub(crate) fn verify(element: Node<'_>, keys: &[TrustedKey]) -> Result<Signed, SignatureFault> {
    let signature = element.optional(DS, "Signature")?.ok_or(SignatureFault::Missing)?;
    let (info, value) = parts(signature)?;
    let form = CanonicalForm::read(info.only(DS, "CanonicalizationMethod")?)?;
    let info = info.canonical(&form.ok_or(Malformed::because("SignedInfo is not in exclusive canonical form"))?, None)?;

    let tree = Tree::parse(&info, MESSAGE_LIMIT)?;
    let info_read = tree.root()?;
    let algorithm = info_read.only(DS, "SignatureMethod")?.required("Algorithm")?;
    if !algorithm::SIGNATURES.iter().any(|accepted| accepted.uri == algorithm) {
        return Err(SignatureFault::Algorithm(algorithm.to_owned()));
    }
    let value = from_base64(&value.text()?).ok_or(Malformed::because("SignatureValue is no base64"))?;
    if !keys.iter().filter(|key| key.fits(algorithm)).any(|key| key.verifies(algorithm, info.as_bytes(), &value)) {
        return Err(SignatureFault::Key);
    }

    let reference = Reference::read(info_read)?;
    if element.attribute("ID").is_none_or(|id| reference.uri.strip_prefix('#') != Some(id)) {
        return Err(Malformed::because("the signature is for another element").into());
    }
    let text = element.canonical(&reference.form, Some(signature))?;
    if digest(reference.algorithm, text.as_bytes()).as_ref() != reference.digest {
        return Err(SignatureFault::Digest);
    }
    Ok(Signed(text))
}

/// Verifies a signature over plain bytes, as the redirect binding has it.
pub(crate) fn verify_bytes(bytes: &[u8], algorithm: &str, value: &[u8], keys: &[TrustedKey]) -> Result<(), SignatureFault> {
    if !algorithm::SIGNATURES.iter().any(|accepted| accepted.uri == algorithm) {
        return Err(SignatureFault::Algorithm(algorithm.to_owned()));
    }
    let verified = keys.iter().filter(|key| key.fits(algorithm)).any(|key| key.verifies(algorithm, bytes, value));
    if verified { Ok(()) } else { Err(SignatureFault::Key) }
}

/// `SignedInfo` and `SignatureValue`. `KeyInfo` may be there and is passed over; nothing else may.
fn parts(signature: Node<'_>) -> Result<(Node<'_>, Node<'_>), Malformed> {
    let known = |node: Node<'_>| ["SignedInfo", "SignatureValue", "KeyInfo"].iter().any(|name| node.is(DS, name));
    if let Some(other) = signature.elements().find(|node| !known(*node)) {
        return Err(Malformed(format!("a signature with {}", other.name()).into()));
    }
    signature.optional(DS, "KeyInfo")?;
    Ok((signature.only(DS, "SignedInfo")?, signature.only(DS, "SignatureValue")?))
}

/// The one reference of a signature, as it was signed.
struct Reference<'t> {
    uri: &'t str,
    form: CanonicalForm,
    algorithm: &'static digest::Algorithm,
    digest: Vec<u8>,
}

impl<'t> Reference<'t> {
    fn read(info: Node<'t>) -> Result<Self, SignatureFault> {
        let reference = info.only(DS, "Reference")?;
        let form = Self::transforms(reference.only(DS, "Transforms")?)?;
        let algorithm = reference.only(DS, "DigestMethod")?.required("Algorithm")?;
        let accepted = algorithm::digest(algorithm).ok_or_else(|| SignatureFault::Algorithm(algorithm.to_owned()))?;
        let digest = from_base64(&reference.only(DS, "DigestValue")?.text()?).ok_or(Malformed::because("DigestValue is no base64"))?;
        Ok(Self { uri: reference.required("URI")?, form, algorithm: accepted, digest })
    }

    /// The signature is taken out, and the rest made canonical: these two steps, in this order, and no others.
    fn transforms(transforms: Node<'_>) -> Result<CanonicalForm, Malformed> {
        let mut steps = transforms.elements();
        let (first, second, more) = (steps.next(), steps.next(), steps.next());
        let is_transform = |node: &Node<'_>| node.is(DS, "Transform");
        let enveloped =
            |node: &Node<'_>| is_transform(node) && node.attribute("Algorithm") == Some(ENVELOPED) && node.elements().next().is_none();
        let form = match (first.filter(enveloped), second.filter(is_transform), more) {
            (Some(_), Some(second), None) => CanonicalForm::read(second)?,
            _ => None,
        };
        form.ok_or(Malformed::because("other transforms than the two of SAML"))
    }
}

/// A signature for an element that is written in two halves, between which it will stand.
///
/// # Errors
/// [`Unspecified`] if the key cannot sign; [`Malformed`] is not possible for what this crate writes, and counts as such.
pub(crate) fn sign(head: &str, tail: &str, id: &str, key: &OwnKey, random: &dyn SecureRandom) -> Result<String, Unspecified> {
    let whole = format!("{head}{tail}");
    let canonical = Tree::parse(&whole, MESSAGE_LIMIT).and_then(|tree| tree.root()?.canonical(&CanonicalForm::PLAIN, None));
    let digest = to_base64(digest(&digest::SHA256, canonical.map_err(|_| Unspecified)?.as_bytes()));
    // Written in its canonical form already.
    let info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{RSA_SHA256}\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{ENVELOPED}\"></ds:Transform><ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{SHA256}\"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    let value = to_base64(key.sign(info.as_bytes(), random)?);
    Ok(format!(
        "{head}<ds:Signature xmlns:ds=\"{DS}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>{tail}",
        to_base64(key.certificate())
    ))
}
