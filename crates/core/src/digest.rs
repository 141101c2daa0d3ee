//! The arithmetic of Digest (RFC 7616, and RFC 2617 for the older peers): from a password to the response, for both sides of a
//! conversation. No fields are read or written here, no nonces made, nothing compared: the grammar, the judge and the probe do.
//!
//! ```text
//!  user, realm, password ──ha1()──► HA1 ─────────────────┐
//!  method, target ──request_digest()──► HA2 ─────────────┼──response()──► hex
//!  method, target, body ──request_digest_of_body()──┘    │
//!  nonce, nc, cnonce, qop ──► Salt ──────────────────────┘
//! ```
//!
//! ```
//! use countersign::digest::{Algorithm, Qop, Salt, ha1, request_digest, response};
//!
//! let ha1 = ha1("Mufasa", "http-auth@example.org", "Circle of Life", Algorithm::Sha256);
//! let salt = Salt {
//!     nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
//!     count: "00000001",
//!     cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
//!     qop: Some(Qop::Auth),
//! };
//! let request = request_digest("GET", "/dir/index.html", Algorithm::Sha256);
//! let response = response(&ha1, &salt, &request, Algorithm::Sha256);
//! assert_eq!(response, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
//! ```
//!
//! ## Security considerations
//!
//! HA1 is as good as the password within its realm, and is kept like one: it is a [`Secret`]. Who has a response can try
//! passwords against it as fast as the hash runs, whichever it is. All values are joined by colons, so that a user name or realm
//! with a colon in it has the HA1 of another pair: accounts must not have one. Compare responses in constant time. Text is
//! hashed as its UTF-8 bytes; whoever wants a normal form (RFC 7616 section 4) brings the text into it before.

use crate::evidence::hex;
use crate::secret::Secret;
use aws_lc_rs::digest::{SHA256, SHA512_256, digest};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

/// A hash function, and whether it is used by session (`-sess`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`, also what no algorithm in a challenge means. Here for peers that know no other.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
    /// `SHA-512-256`: SHA-512/256 of FIPS 180-4, which has initial values of its own. RFC 7616 prints an example (section
    /// 3.9.2) that was made in another way; what is computed here is the standard's function.
    Sha512T256,
    /// `SHA-512-256-sess`.
    Sha512T256Sess,
}

/// What a response protects besides the credentials (quality of protection).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qop {
    /// `auth`: method and target.
    Auth,
    /// `auth-int`: the body too.
    AuthInt,
}

/// What makes one response differ from the next, as it stands in the credentials, without quotes and escapes.
#[derive(Clone, Copy, Debug)]
pub struct Salt<'a> {
    /// The server's nonce.
    pub nonce: &'a str,
    /// How often the nonce was used: `nc`, eight hexadecimal digits, as they were sent.
    pub count: &'a str,
    /// The client's nonce. Without `qop` only the `-sess` algorithms look at it.
    pub cnonce: &'a str,
    /// None is RFC 2069: neither `nc` nor `cnonce` counts then, and a response can be used again at will.
    pub qop: Option<Qop>,
}

impl Algorithm {
    /// All of them, the strongest first.
    #[rustfmt::skip]
    pub const ALL: [Self; 6] =
        [Self::Sha512T256, Self::Sha512T256Sess, Self::Sha256, Self::Sha256Sess, Self::Md5, Self::Md5Sess];

    /// The algorithm of a name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// As it is written in fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Md5Sess => "MD5-sess",
            Self::Sha256 => "SHA-256",
            Self::Sha256Sess => "SHA-256-sess",
            Self::Sha512T256 => "SHA-512-256",
            Self::Sha512T256Sess => "SHA-512-256-sess",
        }
    }

    /// The same hash without `-sess`: what HA1 is kept under.
    pub fn base(self) -> Self {
        match self {
            Self::Md5 | Self::Md5Sess => Self::Md5,
            Self::Sha256 | Self::Sha256Sess => Self::Sha256,
            Self::Sha512T256 | Self::Sha512T256Sess => Self::Sha512T256,
        }
    }

    /// Is HA1 salted with the nonces before it is used?
    pub fn is_session(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess | Self::Sha512T256Sess)
    }

    /// How many hexadecimal digits a hash has.
    pub fn digits(self) -> usize {
        match self {
            Self::Md5 | Self::Md5Sess => 32,
            Self::Sha256 | Self::Sha256Sess | Self::Sha512T256 | Self::Sha512T256Sess => 64,
        }
    }

    /// The hash of bytes, in lower-case hexadecimal digits.
    pub fn hash(self, bytes: &[u8]) -> String {
        match self {
            Self::Md5 | Self::Md5Sess => hex(&Md5::digest(bytes)),
            Self::Sha256 | Self::Sha256Sess => hex(digest(&SHA256, bytes).as_ref()),
            Self::Sha512T256 | Self::Sha512T256Sess => hex(digest(&SHA512_256, bytes).as_ref()),
        }
    }
}

impl Qop {
    /// The protection of a name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Auth, Self::AuthInt].into_iter().find(|qop| qop.name().eq_ignore_ascii_case(name))
    }

    /// As it is written in fields.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

/// HA1, what a server may keep in a password's place: the hash of `user:realm:password`. The same for an algorithm and its
/// `-sess`; [`response`] adds what those add.
pub fn ha1(user: &str, realm: &str, password: &str, algorithm: Algorithm) -> Secret {
    Secret::new(algorithm.hash(Zeroizing::new(format!("{user}:{realm}:{password}")).as_bytes()))
}

/// What stands for the user name where both sides agreed on `userhash` (RFC 7616 section 3.4.4): the hash of `user:realm`.
pub fn userhash(user: &str, realm: &str, algorithm: Algorithm) -> String {
    algorithm.hash(format!("{user}:{realm}").as_bytes())
}

/// HA2 for `auth` and for no `qop`: the hash of `method:target`, the target as it stands in `uri`. With an empty method it is that
/// of the answer, for the `rspauth` of Authentication-Info (RFC 7616 section 3.5).
pub fn request_digest(method: &str, target: &str, algorithm: Algorithm) -> String {
    algorithm.hash(format!("{method}:{target}").as_bytes())
}

/// HA2 for `auth-int`: the hash of `method:target:hash of the body`. The body is the content without its transfer coding, the
/// empty one where there is none.
pub fn request_digest_of_body(method: &str, target: &str, body: &[u8], algorithm: Algorithm) -> String {
    algorithm.hash(format!("{method}:{target}:{}", algorithm.hash(body)).as_bytes())
}

/// The response, and `rspauth`, for an HA1 and an HA2 of the same algorithm.
pub fn response(ha1: &Secret, salt: &Salt<'_>, request: &str, algorithm: Algorithm) -> String {
    let Salt { nonce, count, cnonce, qop } = salt;
    let key = match algorithm.is_session() {
        true => Zeroizing::new(algorithm.hash(Zeroizing::new(format!("{}:{nonce}:{cnonce}", ha1.expose())).as_bytes())),
        false => Zeroizing::new(ha1.expose().to_owned()),
    };
    let joined = match qop {
        Some(qop) => format!("{}:{nonce}:{count}:{cnonce}:{}:{request}", *key, qop.name()),
        None => format!("{}:{nonce}:{request}", *key),
    };
    algorithm.hash(Zeroizing::new(joined).as_bytes())
}

#[cfg(test)]
mod tests;
