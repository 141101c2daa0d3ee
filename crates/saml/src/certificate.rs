//! The public key in an X.509 certificate, and nothing else of it (RFC 5280 section 4.1). In SAML a certificate is how
//! metadata writes a key: trust comes from the metadata, so that neither its dates nor its issuer count.

use crate::algorithm::KeyKind;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const CURVES: &[(&[u8], KeyKind)] = &[
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], KeyKind::P256),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], KeyKind::P384),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], KeyKind::P521),
];

const SEQUENCE: u8 = 0x30;
const OBJECT: u8 = 0x06;
const VERSION: u8 = 0xa0;

/// A public key: its kind, and its `SubjectPublicKeyInfo` in DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicKey<'a> {
    pub(crate) kind: KeyKind,
    pub(crate) info: &'a [u8],
}

/// The key of a certificate; none if it is none, or if its key is of a kind that is not supported.
pub(crate) fn public_key(der: &[u8]) -> Option<PublicKey<'_>> {
    let (certificate, _) = Value::of(SEQUENCE, der)?;
    let (body, _) = Value::of(SEQUENCE, certificate.content)?;
    let rest = Value::of(VERSION, body.content).map_or(body.content, |(_, rest)| rest);
    // Serial number, algorithm, issuer, dates, subject; then the key.
    let rest = (0..5).try_fold(rest, |rest, _| Some(Value::read(rest)?.1))?;
    let (info, _) = Value::of(SEQUENCE, rest)?;
    Some(PublicKey { kind: kind(info.content)?, info: info.whole })
}

fn kind(info: &[u8]) -> Option<KeyKind> {
    let (algorithm, _) = Value::of(SEQUENCE, info)?;
    let (name, parameters) = Value::of(OBJECT, algorithm.content)?;
    match name.content {
        RSA => Some(KeyKind::Rsa),
        EC => {
            let (curve, _) = Value::of(OBJECT, parameters)?;
            CURVES.iter().find(|(name, _)| *name == curve.content).map(|row| row.1)
        }
        _ => None,
    }
}

/// One value of DER.
struct Value<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Value<'a> {
    /// The first value, and what follows it.
    fn read(der: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, after_tag) = der.split_first()?;
        let (&first, rest) = after_tag.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (bytes.iter().fold(0, |length, &byte| (length << 8) | usize::from(byte)), rest)
            }
            _ => return None,
        };
        let (content, after) = rest.split_at_checked(length)?;
        let whole = der.get(..der.len() - after.len())?;
        Some((Self { tag, content, whole }, after))
    }

    fn of(tag: u8, der: &'a [u8]) -> Option<(Self, &'a [u8])> {
        Self::read(der).filter(|(value, _)| value.tag == tag)
    }
}
