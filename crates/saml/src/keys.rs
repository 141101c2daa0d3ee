//! Keys: those of a provider, which only its metadata brings, and our own. What a message carries along as its key is
//! never looked at.

use crate::algorithm::{KeyKind, SIGNATURES};
use crate::certificate;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SecureRandom;
use aws_lc_rs::rsa::{OaepAlgorithm, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair, ParsedPublicKey, RSA_PKCS1_SHA256, RsaKeyPair};
use countersign::hex;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// A provider's key for its signatures, with the algorithms that it may be used with.
#[derive(Debug)]
pub struct TrustedKey {
    uses: Vec<(&'static str, ParsedPublicKey)>,
    fingerprint: String,
}

impl TrustedKey {
    /// The key of a certificate in DER. None if it cannot be read, is of a kind that is not supported, or too short:
    /// RSA has 2048 bits at least.
    pub fn from_certificate(der: &[u8]) -> Option<Self> {
        let key = certificate::public_key(der)?;
        let of_its_kind = SIGNATURES.iter().filter(|algorithm| algorithm.kind == key.kind);
        let uses: Vec<_> = of_its_kind
            .filter_map(|algorithm| Some((algorithm.uri, ParsedPublicKey::new(algorithm.verification, key.info).ok()?)))
            .collect();
        let fingerprint = hex(digest(&SHA256, der).as_ref().first_chunk::<8>()?);
        // A short key is parsed all the same, and then fails to verify anything.
        let long_enough = key.kind != KeyKind::Rsa || key.info.len() > 256;
        (!uses.is_empty() && long_enough).then_some(Self { uses, fingerprint })
    }

    /// The key of the first certificate in PEM.
    pub fn from_pem(pem: &str) -> Option<Self> {
        Self::from_certificate(&CertificateDer::from_pem_slice(pem.as_bytes()).ok()?)
    }

    /// The first half of the certificate's SHA-256, as evidence names it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// May it be used with this algorithm?
    pub(crate) fn fits(&self, algorithm: &str) -> bool {
        self.uses.iter().any(|(uri, _)| *uri == algorithm)
    }

    pub(crate) fn verifies(&self, algorithm: &str, bytes: &[u8], signature: &[u8]) -> bool {
        let key = self.uses.iter().find(|(uri, _)| *uri == algorithm);
        key.is_some_and(|(_, key)| key.verify_sig(bytes, signature).is_ok())
    }
}

/// Our own key: it signs what we ask, and opens what is encrypted to us. RSA.
pub struct OwnKey {
    pair: RsaKeyPair,
    opening: OaepPrivateDecryptingKey,
    certificate: Vec<u8>,
}

/// Why our own key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the texts are the documentation")]
pub enum OwnKeyFault {
    #[error("the key file holds no private key in PEM")]
    NoKey,
    #[error("the private key is no RSA key of 2048 to 8192 bits")]
    NotRsa,
    #[error("the certificate file holds no certificate in PEM")]
    NoCertificate,
    #[error("the certificate is for another key")]
    OtherCertificate,
}

impl OwnKey {
    /// Reads a private key and the certificate that shows its public half, both in PEM.
    ///
    /// # Errors
    /// [`OwnKeyFault`] says what is wrong with which of them.
    pub fn from_pem(key: &str, certificate: &str) -> Result<Self, OwnKeyFault> {
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| OwnKeyFault::NoKey)?;
        let pair = match &key {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(OwnKeyFault::NotRsa),
        };
        let pair = pair.map_err(|_| OwnKeyFault::NotRsa)?;
        let pkcs8 = pair.as_der().map_err(|_| OwnKeyFault::NotRsa)?;
        let opening = PrivateDecryptingKey::from_pkcs8(pkcs8.as_ref()).map_err(|_| OwnKeyFault::NotRsa)?;
        let opening = OaepPrivateDecryptingKey::new(opening).map_err(|_| OwnKeyFault::NotRsa)?;
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| OwnKeyFault::NoCertificate)?.to_vec();
        let shown = certificate::public_key(&certificate).ok_or(OwnKeyFault::NoCertificate)?;
        let public = pair.public_key().as_der().map_err(|_| OwnKeyFault::NotRsa)?;
        if shown.info != public.as_ref() {
            return Err(OwnKeyFault::OtherCertificate);
        }
        Ok(Self { pair, opening, certificate })
    }

    /// The certificate in DER.
    pub(crate) fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// Signs with RSA and SHA-256.
    pub(crate) fn sign(&self, bytes: &[u8], random: &dyn SecureRandom) -> Result<Vec<u8>, Unspecified> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, random, bytes, &mut signature)?;
        Ok(signature)
    }

    /// Opens what was encrypted with RSA-OAEP.
    pub(crate) fn open(&self, algorithm: &'static OaepAlgorithm, bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut opened = Zeroizing::new(vec![0; self.opening.min_output_size()]);
        let length = self.opening.decrypt(algorithm, bytes, &mut opened, None).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

impl fmt::Debug for OwnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnKey({} bits)", self.pair.public_modulus_len() * 8)
    }
}
