//! The pair of Basic credentials (RFC 7617). Not the check of a password.
//!
//! Read strictly: what is accepted has one spelling, and everything else has one fault that says why. A reader that
//! guesses would let two programs see two different users in the same bytes.

use std::fmt;
use std::hint::black_box;

use crate::base64::{Base64Fault, decode, encode};

/// The longest base64 text that is read, in bytes.
pub const BASIC_LIMIT: usize = 8192;

/// A user name and a password. `Debug` shows lengths only, and the memory is overwritten when the pair is dropped.
pub struct BasicPair {
    text: String,
    colon: usize,
}

impl BasicPair {
    /// The user name; holds no colon and no control characters, and may be empty.
    pub fn user(&self) -> &str {
        self.text.get(..self.colon).unwrap_or_default()
    }

    /// The password; holds no control characters, and may be empty.
    pub fn password(&self) -> &str {
        self.text.get(self.colon + 1..).unwrap_or_default()
    }
}

impl Drop for BasicPair {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.text).into_bytes());
    }
}

impl fmt::Debug for BasicPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicPair({} bytes, {} bytes)", self.user().len(), self.password().len())
    }
}

/// Reads what stands after `Basic ` in an `Authorization` field.
///
/// # Errors
///
/// The first fault in the order of [`BasicFault`]'s variants.
///
/// ```
/// use countersign_grammar::{BasicFault, decode_basic};
///
/// let pair = decode_basic("QWxhZGRpbjpvcGVuIHNlc2FtZQ==")?;
/// assert_eq!((pair.user(), pair.password()), ("Aladdin", "open sesame"));
/// assert_eq!(decode_basic("QWxhZGRpbg==").unwrap_err(), BasicFault::NoColon);
/// # Ok::<(), BasicFault>(())
/// ```
pub fn decode_basic(token68: &str) -> Result<BasicPair, BasicFault> {
    if token68.len() > BASIC_LIMIT {
        return Err(BasicFault::TooLong);
    }
    if token68.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("Basic ")) {
        return Err(BasicFault::DoubledScheme);
    }
    let bytes = decode(token68)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        wipe(error.into_bytes());
        BasicFault::NotUtf8
    })?;
    let colon = text.find(':');
    // Made before the last checks, so that what they refuse is overwritten as well.
    let pair = BasicPair { text, colon: colon.unwrap_or_default() };
    if pair.text.contains(char::is_control) {
        return Err(BasicFault::ControlCharacter);
    }
    colon.map(|_| pair).ok_or(BasicFault::NoColon)
}

/// Writes what stands after `Basic ` in an `Authorization` field. The result is a secret.
///
/// # Errors
///
/// [`BasicFault::ColonInUser`], [`BasicFault::ControlCharacter`] or [`BasicFault::TooLong`]: no text stands for that
/// pair.
pub fn encode_basic(user: &str, password: &str) -> Result<String, BasicFault> {
    if user.contains(':') {
        return Err(BasicFault::ColonInUser);
    }
    let pair = BasicPair { text: format!("{user}:{password}"), colon: user.len() };
    if pair.text.len() > BASIC_LIMIT / 4 * 3 {
        return Err(BasicFault::TooLong);
    }
    if pair.text.contains(char::is_control) {
        return Err(BasicFault::ControlCharacter);
    }
    Ok(encode(pair.text.as_bytes()))
}

/// Why there is no pair. The texts never hold any part of the credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BasicFault {
    /// Longer than [`BASIC_LIMIT`].
    TooLong,
    /// `Basic Basic …`.
    DoubledScheme,
    /// A character that base64 does not have.
    NotBase64,
    /// `-` or `_`, in a text that is otherwise base64.
    UrlSafeAlphabet,
    /// Equals signs missing, too many, or a length that no base64 text has.
    Padding,
    /// Unused bits that are not zero: another spelling of the same bytes.
    TrailingBits,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// C0, DEL or C1, as RFC 7617 section 2 forbids.
    ControlCharacter,
    /// No colon between user name and password.
    NoColon,
    /// Only when writing: the user name would end at its own colon.
    ColonInUser,
}

impl BasicFault {
    /// The stable name, in kebab case.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    #[rustfmt::skip]
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::TooLong => ("too-long", "The Basic credentials are longer than 8192 bytes."),
            Self::DoubledScheme => ("doubled-scheme", "The word Basic stands twice before the credentials."),
            Self::NotBase64 => ("not-base64", "The Basic credentials hold a character that base64 does not have."),
            Self::UrlSafeAlphabet => ("url-safe-alphabet", "The Basic credentials use the URL-safe alphabet (- and _) in place of the standard one (+ and /)."),
            Self::Padding => ("padding", "The Basic credentials are cut off, or lack their equals signs at the end, or have too many."),
            Self::TrailingBits => ("trailing-bits", "The last character of the Basic credentials has bits that belong to nothing; they were not made by a base64 encoder."),
            Self::NotUtf8 => ("not-utf8", "The user name or password is not UTF-8; the client used another character encoding."),
            Self::ControlCharacter => ("control-character", "The user name or password holds a control character, often a line break from a file or from echo."),
            Self::NoColon => ("no-colon", "No colon separates the user name from the password."),
            Self::ColonInUser => ("colon-in-user", "A user name with a colon cannot be sent with Basic."),
        }
    }
}

impl fmt::Display for BasicFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

impl std::error::Error for BasicFault {}

impl From<Base64Fault> for BasicFault {
    fn from(fault: Base64Fault) -> Self {
        match fault {
            Base64Fault::Character => Self::NotBase64,
            Base64Fault::UrlSafe => Self::UrlSafeAlphabet,
            Base64Fault::Padding => Self::Padding,
            Base64Fault::TrailingBits => Self::TrailingBits,
        }
    }
}

/// Overwrites bytes that were a secret, as well as safe code can.
fn wipe(mut bytes: Vec<u8>) {
    bytes.fill(0);
    black_box(&bytes);
}
