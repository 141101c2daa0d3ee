//! Proofs of possession (DPoP, RFC 9449 section 4): a small signed token about one request, which brings its key along.
//! Here it is read and its signature checked; whether it fits request and token is judged elsewhere.

use super::algorithm::Algorithm;
use super::claims::date;
use super::jws::{Parts, TokenFault, read_shallow};
use super::keys::{Jwk, Key};
use crate::record::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use thiserror::Error;

/// The longest proof that is read, in bytes: enough for an RSA key of 8192 bits.
pub const PROOF_LIMIT: usize = 8 * 1024;

/// A proof whose signature is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of the key that signed it (RFC 7638).
    pub thumbprint: String,
    /// `jti`: its id, never empty.
    pub id: String,
    /// `htm`.
    pub method: String,
    /// `htu`.
    pub target: String,
    /// `iat`.
    pub made: Timestamp,
    /// `ath`: the hash of the access token that it goes with.
    pub token_hash: Option<String>,
    /// The nonce that the server gave.
    pub nonce: Option<String>,
}

/// Why a text is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages are the documentation")]
pub enum ProofFault {
    #[error("the proof cannot be read: {0}")]
    Token(#[from] TokenFault),
    #[error("the proof's typ is not dpop+jwt")]
    Type,
    #[error("the proof's alg is none that is accepted")]
    Algorithm,
    #[error("the proof has no jwk")]
    KeyMissing,
    #[error("the proof's jwk holds a private key, which is burnt by that")]
    KeyPrivate,
    #[error("the proof's jwk is no key for its alg")]
    Key,
    #[error("the proof is not signed by the key in it")]
    Signature,
    #[error("the proof lacks jti, htm, htu or iat")]
    Claims,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    jwk: Option<Jwk>,
    crit: Option<IgnoredAny>,
    jku: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
    enc: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    jti: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    #[serde(default, deserialize_with = "date")]
    iat: Option<Timestamp>,
    ath: Option<String>,
    nonce: Option<String>,
}

impl Proof {
    /// Reads a proof and checks its signature.
    ///
    /// # Errors
    /// [`ProofFault`] tells what is wrong with it by itself (RFC 9449 section 4.3, points 2 to 7).
    pub fn read(text: &str) -> Result<Self, ProofFault> {
        let parts = Parts::split(text, PROOF_LIMIT)?;
        let header: Header = read_shallow(&parts.header).ok_or(TokenFault::Header)?;
        let algorithm = header.check()?;
        let jwk = header.jwk.ok_or(ProofFault::KeyMissing)?;
        if jwk.is_private() {
            return Err(ProofFault::KeyPrivate);
        }
        let thumbprint = jwk.thumbprint().ok_or(ProofFault::Key)?;
        let key = Key::new(jwk, &[algorithm]).ok_or(ProofFault::Key)?;
        let claims: Claims = read_shallow(&parts.claims).ok_or(TokenFault::Claims)?;
        if !key.signed(parts.signed, &parts.signature) {
            return Err(ProofFault::Signature);
        }
        let (Some(id), Some(method), Some(target), Some(made)) = (claims.jti, claims.htm, claims.htu, claims.iat) else {
            return Err(ProofFault::Claims);
        };
        if id.is_empty() {
            return Err(ProofFault::Claims);
        }
        Ok(Self { thumbprint, id, method, target, made, token_hash: claims.ath, nonce: claims.nonce })
    }
}

impl Header {
    fn check(&self) -> Result<Algorithm, ProofFault> {
        let typ = self.typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        if !typ.is_some_and(|typ| typ.eq_ignore_ascii_case("dpop+jwt")) {
            return Err(ProofFault::Type);
        }
        if self.crit.is_some() || self.b64.is_some() {
            return Err(TokenFault::Critical.into());
        }
        if self.zip.is_some() || self.enc.is_some() {
            return Err(TokenFault::Encrypted.into());
        }
        if self.jku.is_some() || self.x5u.is_some() || self.x5c.is_some() {
            return Err(TokenFault::EmbeddedKey.into());
        }
        Algorithm::from_name(&self.alg).ok_or(ProofFault::Algorithm)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The header and key that the examples of RFC 9449 share.
    const HEADER: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19";
    const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    fn read(claims: &str, signature: &str) -> Result<Proof, ProofFault> {
        Proof::read(&format!("{HEADER}.{claims}.{signature}"))
    }

    /// RFC 9449 section 4.1, for the token endpoint.
    #[test]
    fn the_example_of_section_4() {
        let proof = read(
            "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ",
            "2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
        );
        let expect = Proof {
            thumbprint: THUMBPRINT.into(),
            id: "-BwC3ESc6acc2lTc".into(),
            method: "POST".into(),
            target: "https://server.example.com/token".into(),
            made: 1_562_262_616,
            token_hash: None,
            nonce: None,
        };
        assert_eq!(proof, Ok(expect));
    }

    /// RFC 9449 section 7.1, for a protected resource.
    #[test]
    fn the_example_of_section_7() {
        let claims = "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9";
        let signature = "2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
        let proof = read(claims, signature).unwrap();
        assert_eq!(
            (proof.thumbprint.as_str(), proof.token_hash.as_deref()),
            (THUMBPRINT, Some("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"))
        );
        assert_eq!(proof.target, "https://resource.example.org/protectedresource");
        let other = format!("3{}", signature.get(1..).unwrap());
        assert_eq!(read(claims, &other), Err(ProofFault::Signature));
        assert_eq!(Proof::read(&"a".repeat(PROOF_LIMIT + 1)), Err(ProofFault::Token(TokenFault::TooLong)));
    }

    /// RFC 7638 section 3.1.
    #[test]
    fn the_thumbprint_of_an_rsa_key() {
        let jwk: Jwk = serde_json::from_str(
            r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#,
        )
        .unwrap();
        assert_eq!(jwk.thumbprint().as_deref(), Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    }
}
