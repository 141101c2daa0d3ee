//! Digest credentials (RFC 7616 section 3.4) as values. Not whether they are right: nothing is hashed here.
//!
//! Read strictly, as Basic is: credentials that two readers could take differently, that lack a part, or that are of the
//! form of RFC 2069 (no `qop`, so that they can be sent again at will) have one fault that says why. The one freedom is
//! quotes, which clients have always put where none belong, and which change no meaning.

use std::borrow::Cow;
use std::fmt;

use crate::fault::FaultKind;
use crate::form::Place;
use crate::param::{Param, first};
use crate::reader::Reader;

/// The longest text that is read, in bytes.
pub const DIGEST_LIMIT: usize = 8192;

/// What a client answered to a Digest challenge. `Debug` shows lengths only.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestCredentials<'a> {
    /// The user name, from `username` or `username*`; with [`userhash`](Self::userhash) its hash.
    pub username: Cow<'a, str>,
    /// Does the hash of the name stand for the name?
    pub userhash: bool,
    /// The protection space that was hashed.
    pub realm: Cow<'a, str>,
    /// The server's nonce.
    pub nonce: Cow<'a, str>,
    /// The request target that was hashed.
    pub uri: Cow<'a, str>,
    /// The response, in hexadecimal digits: not checked for their number.
    pub response: Cow<'a, str>,
    /// The algorithm's name, where one was given; without it MD5 is meant.
    pub algorithm: Option<Cow<'a, str>>,
    /// `auth` or `auth-int`, as it was written.
    pub qop: Cow<'a, str>,
    /// How often the nonce was used, this time included: at least one.
    pub count: u32,
    /// The same as it was written: eight hexadecimal digits in lower case.
    pub nc: Cow<'a, str>,
    /// The client's nonce.
    pub cnonce: Cow<'a, str>,
}

impl fmt::Debug for DigestCredentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DigestCredentials({} bytes, count {})", self.username.len(), self.count)
    }
}

/// Reads what stands after `Digest ` in an `Authorization` field.
///
/// # Errors
///
/// The first fault that was found.
///
/// ```
/// use countersign_grammar::{DigestFault, decode_digest};
///
/// let text = r#"username="Mufasa", realm="a", nonce="n", uri="/", response="8ca5", qop=auth, nc=0000000a, cnonce="c""#;
/// let read = decode_digest(text)?;
/// assert_eq!((&*read.username, read.count), ("Mufasa", 10));
/// assert_eq!(decode_digest("username=\"Mufasa\"").unwrap_err(), DigestFault::Missing("realm"));
/// # Ok::<(), DigestFault>(())
/// ```
pub fn decode_digest(text: &str) -> Result<DigestCredentials<'_>, DigestFault> {
    if text.len() > DIGEST_LIMIT {
        return Err(DigestFault::TooLong);
    }
    let params = params(text)?;
    let given = |name: &'static str| params.iter().find(|param| param.is(name)).map(|param| param.value.clone());
    let needed = |name: &'static str| given(name).filter(|value| !value.is_empty()).ok_or(DigestFault::Missing(name));
    let (username, userhash) = username(&params)?;
    let read = DigestCredentials {
        username,
        userhash,
        // A realm may be empty, and still has to be there.
        realm: given("realm").ok_or(DigestFault::Missing("realm"))?,
        nonce: needed("nonce")?,
        uri: needed("uri")?,
        response: needed("response")?,
        algorithm: given("algorithm"),
        qop: needed("qop")?,
        count: 0,
        nc: needed("nc")?,
        cnonce: needed("cnonce")?,
    };
    let ascii = [&read.realm, &read.nonce, &read.uri, &read.response, &read.qop, &read.cnonce];
    if ascii.iter().any(|value| !value.is_ascii()) {
        return Err(DigestFault::NotAscii);
    }
    let count = count(&read.nc).ok_or(DigestFault::Count)?;
    Ok(DigestCredentials { count, ..read })
}

fn params(text: &str) -> Result<Vec<Param<'_>>, DigestFault> {
    let mut reader = Reader::new(text, 0);
    let params = reader.params(Place::Credentials, "Digest");
    let faults = reader.faults.iter().map(|fault| fault.kind);
    // Of several, the one that is told is the one that a person can do something about.
    match faults.filter(|kind| !kind.is_tolerable()).max_by_key(|kind| *kind == FaultKind::DuplicateParameter) {
        Some(FaultKind::DuplicateParameter) => Err(DigestFault::Repeated),
        Some(kind) => Err(DigestFault::Form(kind)),
        None => Ok(params),
    }
}

/// The name in its one of three spellings, and whether it is a hash.
fn username<'a>(params: &[Param<'a>]) -> Result<(Cow<'a, str>, bool), DigestFault> {
    let hashed = match first(params, "userhash") {
        None => false,
        Some(flag) if flag.eq_ignore_ascii_case("false") => false,
        Some(flag) if flag.eq_ignore_ascii_case("true") => true,
        Some(_) => return Err(DigestFault::Userhash),
    };
    let find = |name: &str| params.iter().find(|param| param.is(name)).map(|param| param.value.clone());
    let name = match (find("username"), find("username*")) {
        (Some(_), Some(_)) => return Err(DigestFault::TwoNames),
        (Some(name), None) => name,
        // RFC 7616 section 3.4: the two exclude each other.
        (None, Some(_)) if hashed => return Err(DigestFault::Userhash),
        (None, Some(encoded)) => Cow::Owned(extended(&encoded).ok_or(DigestFault::ExtendedName)?),
        (None, None) => return Err(DigestFault::Missing("username")),
    };
    if name.is_empty() {
        return Err(DigestFault::Missing("username"));
    }
    if name.contains(char::is_control) {
        return Err(DigestFault::ControlCharacter);
    }
    Ok((name, hashed))
}

/// `UTF-8'en'J%C3%BCrgen` (RFC 8187 section 3.2). Other character encodings are not read: RFC 7616 has this one only.
fn extended(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut left = encoded.bytes();
    while let Some(byte) = left.next() {
        bytes.push(match byte {
            b'%' => digit(left.next()?)? << 4 | digit(left.next()?)?,
            _ if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Eight hexadecimal digits in lower case (`8LHEX`), and not all of them zero: a client begins with one.
fn count(nc: &str) -> Option<u32> {
    let lower = nc.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let count = u32::from_str_radix(nc, 16).ok().filter(|_| nc.len() == 8 && lower)?;
    (count > 0).then_some(count)
}

/// Why Digest credentials cannot be read. The texts never hold any part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigestFault {
    /// Longer than [`DIGEST_LIMIT`].
    TooLong,
    /// They are no list of parameters that every reader takes alike.
    Form(FaultKind),
    /// A parameter is given twice.
    Repeated,
    /// This parameter is not there, or empty.
    Missing(&'static str),
    /// `username` and `username*` at once.
    TwoNames,
    /// `username*` is not `UTF-8''…` with percent escapes.
    ExtendedName,
    /// `userhash` is neither `true` nor `false`, or goes with `username*`.
    Userhash,
    /// C0, DEL or C1 in the name.
    ControlCharacter,
    /// Another parameter than the name has other letters than ASCII.
    NotAscii,
    /// `nc` is not eight hexadecimal digits, or zero.
    Count,
}

impl fmt::Display for DigestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("The Digest credentials are longer than 8192 bytes."),
            Self::Form(kind) => write!(f, "Digest: {kind}"),
            Self::Repeated => f.write_str("A Digest parameter is given twice."),
            Self::Missing("qop") => f.write_str("No qop: of the old form that can be sent again at will."),
            Self::Missing(name) => write!(f, "The Digest credentials lack {name}."),
            Self::TwoNames => f.write_str("Both username and username* are given."),
            Self::ExtendedName => f.write_str("username* is not of the form UTF-8''name."),
            Self::Userhash => f.write_str("userhash is not true or false, or goes with username*."),
            Self::ControlCharacter => f.write_str("The user name holds a control character."),
            Self::NotAscii => f.write_str("A parameter has other letters than ASCII."),
            Self::Count => f.write_str("nc is not eight hexadecimal digits from 00000001 on."),
        }
    }
}

impl std::error::Error for DigestFault {}
