//! Keys and tokens: good ones as an issuer makes them, and any text signed as it stands for the hostile ones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// base64url without padding.
pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

enum Pair {
    Rsa(Box<RsaKeyPair>, &'static dyn signature::RsaEncoding),
    Ec(EcdsaKeyPair, &'static str, usize),
    Ed(Ed25519KeyPair),
}

/// A private key of an issuer.
pub struct Signer {
    /// Its id.
    pub kid: String,
    /// Its algorithm.
    pub alg: &'static str,
    pair: Pair,
}

impl Signer {
    /// A new key for this algorithm.
    pub fn new(kid: &str, alg: &'static str) -> Self {
        let rsa = |encoding| Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()), encoding);
        let pair = match alg {
            "RS256" => rsa(&signature::RSA_PKCS1_SHA256),
            "RS384" => rsa(&signature::RSA_PKCS1_SHA384),
            "RS512" => rsa(&signature::RSA_PKCS1_SHA512),
            "PS256" => rsa(&signature::RSA_PSS_SHA256),
            "ES256" => Pair::Ec(EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), "P-256", 32),
            "ES384" => Pair::Ec(EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap(), "P-384", 48),
            "ES256K" => Pair::Ec(EcdsaKeyPair::generate(&signature::ECDSA_P256K1_SHA256_FIXED_SIGNING).unwrap(), "secp256k1", 32),
            "EdDSA" => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            _ => panic!("no such algorithm here: {alg}"),
        };
        Self { kid: kid.to_owned(), alg, pair }
    }

    /// The public half, as a JWK set lists it.
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair, _) => {
                let (n, e) = rsa_numbers(pair.public_key().as_ref());
                json!({ "kty": "RSA", "n": b64(n), "e": b64(e) })
            }
            Pair::Ec(pair, curve, size) => {
                let point = pair.public_key().as_ref();
                json!({ "kty": "EC", "crv": curve, "x": b64(&point[1..=*size]), "y": b64(&point[1 + size..]) })
            }
            Pair::Ed(pair) => json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref()) }),
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.alg);
        jwk["use"] = json!("sig");
        jwk
    }

    /// The public half as the library has it: PKCS#1 for RSA, the point for EC, raw bytes for Ed25519.
    pub fn public(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Rsa(pair, _) => pair.public_key().as_ref().to_vec(),
            Pair::Ec(pair, ..) => pair.public_key().as_ref().to_vec(),
            Pair::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    /// Signs bytes.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, bytes, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair, ..) => pair.sign(&random, bytes).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(bytes).as_ref().to_vec(),
        }
    }

    /// The header of an access token signed by this key.
    pub fn header(&self) -> Value {
        json!({ "alg": self.alg, "kid": self.kid, "typ": "at+jwt" })
    }

    /// A token with this header and these claims.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        self.token_of(header.to_string(), claims.to_string())
    }

    /// A token with this text as header and this as claims, whatever they are.
    pub fn token_of(&self, header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
        self.compact(&format!("{}.{}", b64(header), b64(claims)))
    }

    /// Signs two parts that are encoded already.
    pub fn compact(&self, signed: &str) -> String {
        format!("{signed}.{}", b64(self.sign(signed.as_bytes())))
    }
}

/// HMAC-SHA256 over two parts, as an attacker who takes a public key for a secret makes it.
pub fn hmac_token(header: &Value, claims: &Value, secret: &[u8]) -> String {
    let signed = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", b64(tag.as_ref()))
}

/// Modulus and exponent of a PKCS#1 public key of 2048 bits: SEQUENCE { INTEGER 0 ‖ n, INTEGER e }.
fn rsa_numbers(der: &[u8]) -> (&[u8], &[u8]) {
    (&der[9..9 + 256], &der[der.len() - 3..])
}
