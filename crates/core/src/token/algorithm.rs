//! The signature algorithms that are accepted (RFC 7518 section 3.1, RFC 8037, RFC 9864), all of them asymmetric.

use aws_lc_rs::signature::{self, VerificationAlgorithm};
use std::fmt;

macro_rules! algorithms {
    ($($name:ident $text:literal $kty:literal $crv:expr, $verification:ident;)+) => {
        /// A signature algorithm of JOSE.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names are the registry's")]
        pub enum Algorithm { $($name,)+ }

        impl Algorithm {
            /// All that are accepted.
            pub const ALL: &'static [Algorithm] = &[$(Algorithm::$name,)+];

            /// The registered name.
            pub const fn name(self) -> &'static str {
                match self { $(Algorithm::$name => $text,)+ }
            }

            /// The key type (`kty`) that it needs.
            pub const fn key_type(self) -> &'static str {
                match self { $(Algorithm::$name => $kty,)+ }
            }

            /// The curve (`crv`) that it needs.
            pub const fn curve(self) -> Option<&'static str> {
                match self { $(Algorithm::$name => $crv,)+ }
            }

            pub(super) fn verification(self) -> &'static dyn VerificationAlgorithm {
                match self { $(Algorithm::$name => &signature::$verification,)+ }
            }
        }
    };
}

algorithms! {
    Es256 "ES256" "EC" Some("P-256"), ECDSA_P256_SHA256_FIXED;
    Es384 "ES384" "EC" Some("P-384"), ECDSA_P384_SHA384_FIXED;
    Es512 "ES512" "EC" Some("P-521"), ECDSA_P521_SHA512_FIXED;
    EdDsa "EdDSA" "OKP" Some("Ed25519"), ED25519;
    Ps256 "PS256" "RSA" None, RSA_PSS_2048_8192_SHA256;
    Ps384 "PS384" "RSA" None, RSA_PSS_2048_8192_SHA384;
    Ps512 "PS512" "RSA" None, RSA_PSS_2048_8192_SHA512;
    Rs256 "RS256" "RSA" None, RSA_PKCS1_2048_8192_SHA256;
    Rs384 "RS384" "RSA" None, RSA_PKCS1_2048_8192_SHA384;
    Rs512 "RS512" "RSA" None, RSA_PKCS1_2048_8192_SHA512;
}

impl Algorithm {
    /// The hash that `at_hash` is made with (OpenID Connect Core section 3.1.3.6): that of the signature.
    pub(crate) fn hash(self) -> &'static aws_lc_rs::digest::Algorithm {
        use aws_lc_rs::digest::{SHA256, SHA384, SHA512};
        match self {
            Self::Es256 | Self::Ps256 | Self::Rs256 => &SHA256,
            Self::Es384 | Self::Ps384 | Self::Rs384 => &SHA384,
            Self::Es512 | Self::Ps512 | Self::Rs512 | Self::EdDsa => &SHA512,
        }
    }

    /// The algorithm of this name; `Ed25519` (RFC 9864) is another name for `EdDSA` here.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = if name == "Ed25519" { "EdDSA" } else { name };
        Algorithm::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
