//! The sealed reference, `cs1_…`: a refusal's record as authenticated ciphertext that only its own installation opens.
//!
//! ```text
//! Record ──CBOR──► padded ──AES-256-GCM-SIV──► key id ‖ nonce ‖ ciphertext ‖ tag ──base64url──► cs1_…
//! ```
//!
//! Nothing has to be stored for a reference to work: any node, or the command line offline, opens it with the key.
//! There are two lengths only, so that a reference's length tells nothing about its cause.
//!
//! ## Security considerations
//! Nonces are random, and one key seals for a month: with AES-GCM-SIV (RFC 8452) a repeated nonce would show no more
//! than that two records are equal.

use crate::cause::Cause;
use crate::evidence::{Evidence, hex};
use crate::presented::Seen;
use crate::record::Timestamp;
use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::{Decode, Encode};
use std::fmt;
use thiserror::Error;

/// What every reference begins with; the number is the version of its form.
pub const PREFIX: &str = "cs1_";
/// The longest reference, in characters.
pub const LIMIT: usize = 512;
/// The longest path that a record keeps, in bytes.
pub const PATH_LIMIT: usize = 48;
/// The longest request id that a record keeps, in bytes.
pub const REQUEST_ID_LIMIT: usize = 36;

const HEAD: usize = 4 + NONCE;
const NONCE: usize = 12;
const TAG: usize = 16;
/// The two lengths of a record, padded: references of 367 and 511 characters.
const SIZES: [usize; 2] = [240, 348];

/// What is known of one refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Milliseconds since the epoch.
    pub at_ms: i64,
    /// The cause.
    pub cause: Cause,
    /// The status that was sent, which an app's own refusal brings along.
    pub status: u16,
    /// The site's place in the configuration; none if no site was found.
    pub site: Option<u16>,
    /// The rule's place in its site; none if no rule matched.
    pub rule: Option<u16>,
    /// The configuration in force: the first bytes of its SHA-256.
    pub revision: [u8; 8],
    /// The installation's node that refused.
    pub node: [u8; 4],
    /// The request's id, as the log has it.
    pub request_id: String,
    /// The method.
    pub method: String,
    /// The canonical path without its query, cut to [`PATH_LIMIT`].
    pub path: String,
    /// The credentials that the request carried.
    pub seen: Vec<Seen>,
    /// What the refusal rests on.
    pub evidence: Evidence,
    /// Rules that nearly matched, by their place.
    pub near: Vec<u16>,
}

/// A key that seals references.
pub struct SealKey {
    id: [u8; 4],
    key: LessSafeKey,
}

/// The keys of an installation: the newest seals, all open.
#[derive(Debug)]
pub struct SealRing {
    newest: SealKey,
    older: Vec<SealKey>,
}

/// Why a reference does not open.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReferenceFault {
    /// It does not begin as one.
    #[error("this is not a reference: one begins with {PREFIX}")]
    NotAReference,
    /// It has another length or other characters than any reference has.
    #[error("the reference is damaged: {0}")]
    Malformed(&'static str),
    /// Its key is not here.
    #[error(
        "the reference was sealed with key {0}, which is not here: it belongs to another installation, or is older than the keys that were kept"
    )]
    KeyUnknown(String),
    /// It is not what was sealed.
    #[error("the reference was altered: its seal does not hold")]
    Altered,
    /// It was sealed longer ago than references are opened.
    #[error("the reference is too old: it was sealed {age} s ago, and references open for {max_age} s")]
    TooOld {
        /// Seconds since it was sealed.
        age: i64,
        /// Seconds for which references open.
        max_age: i64,
    },
}

impl SealKey {
    /// A key with the id that its references carry.
    pub fn new(id: [u8; 4], key: &[u8; 32]) -> Self {
        // The length is right by type, so the construction cannot fail.
        match UnboundKey::new(&AES_256_GCM_SIV, key) {
            Ok(key) => Self { id, key: LessSafeKey::new(key) },
            Err(_) => unreachable!("a key of 32 bytes fits AES-256-GCM-SIV"),
        }
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", hex(&self.id))
    }
}

impl SealRing {
    /// The newest key seals; the older ones only open.
    pub const fn new(newest: SealKey, older: Vec<SealKey>) -> Self {
        Self { newest, older }
    }

    fn find(&self, id: [u8; 4]) -> Option<&SealKey> {
        std::iter::once(&self.newest).chain(&self.older).find(|key| key.id == id)
    }
}

/// Seals a record. `nonce` must be random. Of a record that is too long, the least telling evidence is left out.
pub fn seal(record: &Record, ring: &SealRing, nonce: [u8; NONCE]) -> String {
    let mut sealed = Vec::with_capacity(HEAD + SIZES[1] + TAG);
    sealed.extend_from_slice(&ring.newest.id);
    sealed.extend_from_slice(&nonce);
    let mut padded = padded(record);
    let associated = Aad::from(associated(ring.newest.id));
    if ring.newest.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), associated, &mut padded).is_err() {
        unreachable!("a few hundred bytes are below every limit of the cipher");
    }
    sealed.append(&mut padded);
    let mut text = String::with_capacity(LIMIT);
    text.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(&sealed, &mut text);
    text
}

/// Opens a reference.
///
/// # Errors
/// [`ReferenceFault`] says whether it is none, damaged, foreign, altered, or too old.
pub fn open(text: &str, ring: &SealRing, now: Timestamp, max_age: i64) -> Result<Record, ReferenceFault> {
    let body = text.strip_prefix(PREFIX).ok_or(ReferenceFault::NotAReference)?;
    if text.len() > LIMIT {
        return Err(ReferenceFault::Malformed("it is too long"));
    }
    let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| ReferenceFault::Malformed("it has other characters, or was cut off"))?;
    let (id, rest) = bytes.split_first_chunk::<4>().ok_or(ReferenceFault::Malformed("it was cut off"))?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(ReferenceFault::Malformed("it was cut off"))?;
    if !SIZES.iter().any(|size| size + TAG == sealed.len()) {
        return Err(ReferenceFault::Malformed("it was cut off or extended"));
    }
    let key = ring.find(*id).ok_or_else(|| ReferenceFault::KeyUnknown(hex(id)))?;
    let mut sealed = sealed.to_vec();
    let opened = key.key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(associated(*id)), &mut sealed);
    let opened = opened.map_err(|_| ReferenceFault::Altered)?;
    let wire: Wire = minicbor::decode(opened).map_err(|_| ReferenceFault::Malformed("it was sealed by a later version"))?;
    let record = Record::try_from(wire)?;
    let age = now - record.at_ms / 1000;
    if age > max_age { Err(ReferenceFault::TooOld { age, max_age }) } else { Ok(record) }
}

fn associated(id: [u8; 4]) -> [u8; 8] {
    let mut associated = *b"cs1_\0\0\0\0";
    associated[4..].copy_from_slice(&id);
    associated
}

fn padded(record: &Record) -> Vec<u8> {
    let mut wire = Wire::from(record);
    loop {
        let mut bytes = Vec::with_capacity(SIZES[1] + TAG);
        if minicbor::encode(&wire, &mut bytes).is_err() {
            unreachable!("writing to memory does not fail");
        }
        if let Some(size) = SIZES.iter().find(|size| bytes.len() <= **size) {
            bytes.resize(*size, 0);
            return bytes;
        }
        let shorter = wire.near.pop().is_some() || wire.evidence.shorten() || wire.seen.pop().is_some();
        if !shorter {
            wire.path.clear();
            wire.request_id.clear();
            wire.method.clear();
        }
    }
}

/// A record as it is written (CBOR, RFC 8949): a later version may add members at the end.
#[derive(Encode, Decode)]
#[cbor(array)]
struct Wire {
    #[n(0)]
    at_ms: i64,
    #[n(1)]
    cause: u16,
    #[n(2)]
    status: u16,
    #[n(3)]
    site: Option<u16>,
    #[n(4)]
    rule: Option<u16>,
    #[cbor(n(5), with = "minicbor::bytes")]
    revision: [u8; 8],
    #[cbor(n(6), with = "minicbor::bytes")]
    node: [u8; 4],
    #[n(7)]
    request_id: String,
    #[n(8)]
    method: String,
    #[n(9)]
    path: String,
    #[n(10)]
    seen: Vec<Seen>,
    #[n(11)]
    evidence: Evidence,
    #[n(12)]
    near: Vec<u16>,
}

impl From<&Record> for Wire {
    fn from(record: &Record) -> Self {
        Self {
            at_ms: record.at_ms,
            cause: record.cause.number(),
            status: record.status,
            site: record.site,
            rule: record.rule,
            revision: record.revision,
            node: record.node,
            request_id: cut(&record.request_id, REQUEST_ID_LIMIT),
            method: cut(&record.method, 16),
            path: cut(&record.path, PATH_LIMIT),
            seen: record.seen.clone(),
            evidence: record.evidence.clone(),
            near: record.near.iter().copied().take(3).collect(),
        }
    }
}

impl TryFrom<Wire> for Record {
    type Error = ReferenceFault;

    fn try_from(wire: Wire) -> Result<Self, ReferenceFault> {
        Ok(Self {
            at_ms: wire.at_ms,
            cause: Cause::from_number(wire.cause).ok_or(ReferenceFault::Malformed("it names a cause of a later version"))?,
            status: wire.status,
            site: wire.site,
            rule: wire.rule,
            revision: wire.revision,
            node: wire.node,
            request_id: wire.request_id,
            method: wire.method,
            path: wire.path,
            seen: wire.seen,
            evidence: wire.evidence,
            near: wire.near,
        })
    }
}

fn cut(text: &str, limit: usize) -> String {
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::evidence::{Subject, Value};
    use crate::presented::{Kind, Place};

    fn ring(id: u8) -> SealRing {
        SealRing::new(SealKey::new([id; 4], &[id; 32]), vec![SealKey::new([9; 4], &[9; 32])])
    }

    fn record(cause: Cause, evidence: Evidence) -> Record {
        Record {
            at_ms: 1_700_000_000_123,
            cause,
            status: cause.status(),
            site: Some(0),
            rule: Some(2),
            revision: [7; 8],
            node: [3; 4],
            request_id: "5f1c2a88-0d6e-4f7a-9b1e-2a4f6c8e0b13".into(),
            method: "GET".into(),
            path: "/api/orders/2024/a-rather-long-path".into(),
            seen: vec![Seen { kind: Kind::Bearer, place: Place::Header, length: 812, name: None }],
            evidence,
            near: vec![1],
        }
    }

    #[test]
    fn what_was_sealed_opens() {
        let evidence = Evidence::none().differs(Subject::Expiry, Value::Time(1_700_000_000), Value::Time(1_699_999_000));
        let record = record(Cause::TokenExpired, evidence);
        let text = seal(&record, &ring(1), [5; 12]);
        assert_eq!(text.len(), 367);
        assert_eq!(open(&text, &ring(1), 1_700_000_010, 3600), Ok(record));
    }

    #[test]
    fn every_flipped_cut_or_added_character_is_noticed() {
        let text = seal(&record(Cause::TokenExpired, Evidence::none()), &ring(1), [5; 12]);
        for at in PREFIX.len()..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(open(&altered, &ring(1), 1_700_000_010, 3600).is_err(), "at {at}");
            assert!(open(&text[..at], &ring(1), 1_700_000_010, 3600).is_err(), "cut at {at}");
        }
        assert!(open(&format!("{text}A"), &ring(1), 1_700_000_010, 3600).is_err());
    }

    #[track_caller]
    fn check(text: &str, ring: &SealRing, now: Timestamp, expect: &ReferenceFault) {
        assert_eq!(open(text, ring, now, 3600).as_ref(), Err(expect));
    }

    #[test]
    fn faults_are_told_apart() {
        let text = seal(&record(Cause::TokenExpired, Evidence::none()), &ring(1), [5; 12]);
        check("hello", &ring(1), 0, &ReferenceFault::NotAReference);
        check(&text, &ring(2), 0, &ReferenceFault::KeyUnknown("01010101".into()));
        check(&text, &SealRing::new(SealKey::new([1; 4], &[8; 32]), vec![]), 0, &ReferenceFault::Altered);
        check(&text, &ring(1), 1_700_004_000, &ReferenceFault::TooOld { age: 4000, max_age: 3600 });
    }

    #[test]
    fn the_longest_record_still_fits() {
        let long = "é".repeat(200);
        let evidence = (0..20).fold(Evidence::none(), |evidence, _| evidence.presented(Subject::Issuer, Value::text(&long)));
        let mut record = record(Cause::TokenIssuerUnknown, evidence);
        record.path = long.clone();
        record.request_id = long;
        let text = seal(&record, &ring(1), [5; 12]);
        assert_eq!(text.len(), 511);
        assert_eq!(open(&text, &ring(1), 1_700_000_010, 3600).unwrap().cause, Cause::TokenIssuerUnknown);
    }

    proptest::proptest! {
        #[test]
        fn anything_else_is_a_fault_and_no_panic(text in "(cs1_)?[A-Za-z0-9_-]{0,520}") {
            proptest::prop_assert!(open(&text, &ring(1), 0, 3600).is_err());
        }
    }
}
