//! The algorithms that are accepted, in one table: what is not here is refused. No SHA-1, no HMAC, no DSA.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self, VerificationAlgorithm};

/// The kind of a public key: an algorithm is only ever tried with keys of its own kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa,
    P256,
    P384,
    P521,
}

/// A signature algorithm (RFC 9231).
#[derive(Clone, Copy)]
pub(crate) struct SignatureAlgorithm {
    pub(crate) uri: &'static str,
    pub(crate) kind: KeyKind,
    pub(crate) verification: &'static dyn VerificationAlgorithm,
}

/// What this service signs with.
pub(crate) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(crate) const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

#[rustfmt::skip]
pub(crate) const SIGNATURES: &[SignatureAlgorithm] = &[
    SignatureAlgorithm { uri: RSA_SHA256, kind: KeyKind::Rsa, verification: &signature::RSA_PKCS1_2048_8192_SHA256 },
    SignatureAlgorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", kind: KeyKind::Rsa, verification: &signature::RSA_PKCS1_2048_8192_SHA384 },
    SignatureAlgorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", kind: KeyKind::Rsa, verification: &signature::RSA_PKCS1_2048_8192_SHA512 },
    SignatureAlgorithm { uri: "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", kind: KeyKind::Rsa, verification: &signature::RSA_PSS_2048_8192_SHA256 },
    SignatureAlgorithm { uri: "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1", kind: KeyKind::Rsa, verification: &signature::RSA_PSS_2048_8192_SHA384 },
    SignatureAlgorithm { uri: "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1", kind: KeyKind::Rsa, verification: &signature::RSA_PSS_2048_8192_SHA512 },
    SignatureAlgorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", kind: KeyKind::P256, verification: &signature::ECDSA_P256_SHA256_FIXED },
    SignatureAlgorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384", kind: KeyKind::P384, verification: &signature::ECDSA_P384_SHA384_FIXED },
    SignatureAlgorithm { uri: "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512", kind: KeyKind::P521, verification: &signature::ECDSA_P521_SHA512_FIXED },
];

/// The digest of a reference.
pub(crate) fn digest(uri: &str) -> Option<&'static digest::Algorithm> {
    match uri {
        SHA256 => Some(&digest::SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(&digest::SHA384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(&digest::SHA512),
        _ => None,
    }
}
