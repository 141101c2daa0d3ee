//! Encrypted assertions (XML Encryption 1.1): a content key in RSA-OAEP, the content in AES-GCM or AES-CBC.
//!
//! All faults are one fault: what exactly went wrong while opening is what an attacker would like to learn. AES-CBC
//! proves nothing about what it opens, so that it is only read where the response around it was signed; then nobody
//! but the provider can have sent what is tried. PKCS#1 v1.5 and 3DES are refused.

use crate::encoding::from_base64;
use crate::keys::OwnKey;
use crate::names::{DS, ENCRYPTED_ELEMENT, XENC, XENC11};
use crate::xml::{MESSAGE_LIMIT, Malformed, Node};
use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm};

const GCM_NONCE: usize = 12;
const BLOCK: usize = 16;
/// Content keys that are tried: a provider wraps one for each recipient.
const WRAPPED_LIMIT: usize = 4;

/// It could not be opened, for whatever reason.
const CLOSED: Malformed = Malformed::because("the assertion cannot be opened with our key");

/// Opens an `EncryptedAssertion`. `authenticated` says that it stands in a response whose signature was verified.
pub(crate) fn open(encrypted: Node<'_>, key: &OwnKey, authenticated: bool) -> Result<String, Malformed> {
    let data = encrypted.only(XENC, "EncryptedData")?;
    if data.attribute("Type").is_some_and(|kind| kind != ENCRYPTED_ELEMENT) {
        return Err(CLOSED);
    }
    let cipher = Cipher::named(data.only(XENC, "EncryptionMethod")?.required("Algorithm")?).ok_or(CLOSED)?;
    if matches!(cipher, Cipher::Cbc(_)) && !authenticated {
        return Err(Malformed::because("AES-CBC in a response that is not signed"));
    }
    let content = value(data)?;
    let info = data.optional(DS, "KeyInfo")?;
    let wrapped = info.into_iter().flat_map(|info| info.all(XENC, "EncryptedKey")).chain(encrypted.all(XENC, "EncryptedKey"));
    for wrapped in wrapped.take(WRAPPED_LIMIT) {
        let Some(algorithm) = transport(wrapped.only(XENC, "EncryptionMethod")?)? else { continue };
        let opened = key.open(algorithm, &value(wrapped)?).and_then(|secret| cipher.open(&secret, content.clone()));
        if let Some(text) = opened.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|text| text.len() <= MESSAGE_LIMIT) {
            return Ok(text);
        }
    }
    Err(CLOSED)
}

fn value(node: Node<'_>) -> Result<Vec<u8>, Malformed> {
    from_base64(&node.only(XENC, "CipherData")?.only(XENC, "CipherValue")?.text()?).ok_or(CLOSED)
}

/// How the content key was wrapped. Only pairs of digest and mask that are made of one hash are there to be used.
fn transport(method: Node<'_>) -> Result<Option<&'static OaepAlgorithm>, Malformed> {
    let digest = method.optional(DS, "DigestMethod")?.and_then(|node| node.attribute("Algorithm"));
    let mask = method.optional(XENC11, "MGF")?.and_then(|node| node.attribute("Algorithm"));
    if method.elements().any(|node| node.is(XENC, "OAEPparams")) {
        return Ok(None);
    }
    let sha1 = digest.is_none_or(|uri| uri == "http://www.w3.org/2000/09/xmldsig#sha1");
    Ok(match (method.attribute("Algorithm"), mask) {
        (Some("http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"), _) if sha1 => Some(&OAEP_SHA1_MGF1SHA1),
        (Some("http://www.w3.org/2009/xmlenc11#rsa-oaep"), mask) => match (digest, mask) {
            (_, None | Some("http://www.w3.org/2009/xmlenc11#mgf1sha1")) if sha1 => Some(&OAEP_SHA1_MGF1SHA1),
            (Some(SHA256), Some("http://www.w3.org/2009/xmlenc11#mgf1sha256")) => Some(&OAEP_SHA256_MGF1SHA256),
            (Some(SHA384), Some("http://www.w3.org/2009/xmlenc11#mgf1sha384")) => Some(&OAEP_SHA384_MGF1SHA384),
            (Some(SHA512), Some("http://www.w3.org/2009/xmlenc11#mgf1sha512")) => Some(&OAEP_SHA512_MGF1SHA512),
            _ => None,
        },
        _ => None,
    })
}

const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";

/// How the content was encrypted.
enum Cipher {
    Gcm(&'static Algorithm),
    Cbc(&'static aws_lc_rs::cipher::Algorithm),
}

impl Cipher {
    fn named(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Self::Gcm(&AES_128_GCM),
            "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Self::Gcm(&AES_192_GCM),
            "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Self::Gcm(&AES_256_GCM),
            "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Self::Cbc(&AES_128),
            "http://www.w3.org/2001/04/xmlenc#aes192-cbc" => Self::Cbc(&AES_192),
            "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Self::Cbc(&AES_256),
            _ => return None,
        })
    }

    fn open(&self, secret: &[u8], mut content: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Gcm(algorithm) => {
                let (nonce, sealed) = content.split_at_mut_checked(GCM_NONCE)?;
                let key = LessSafeKey::new(UnboundKey::new(algorithm, secret).ok()?);
                let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
                key.open_in_place(nonce, Aad::empty(), sealed).ok().map(|text| text.to_vec())
            }
            Self::Cbc(algorithm) => {
                let (first, rest) = content.split_at_mut_checked(BLOCK)?;
                let start = FixedLength::<BLOCK>::from(<[u8; BLOCK]>::try_from(&*first).ok()?);
                let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, secret).ok()?).ok()?;
                let text = key.decrypt(rest, DecryptionContext::Iv128(start)).ok()?;
                // Only the last byte of the padding has a meaning (XML Encryption section 5.2.1).
                let padding = usize::from(*text.last()?);
                let length = text.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding))?;
                text.get(..length).map(<[u8]>::to_vec)
            }
        }
    }
}
