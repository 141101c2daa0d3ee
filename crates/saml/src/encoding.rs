//! What messages are wrapped in on their way: base64 as XML writes it, and deflate with an end to it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use std::io::Read;

/// Base64 with white space anywhere in it, as XML's `base64Binary` allows.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).ok()
}

pub(crate) fn to_base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Raw deflate (RFC 1951), as the redirect binding has it.
pub(crate) fn deflate(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    // Reading from and writing to memory does not fail.
    let _ = DeflateEncoder::new(text.as_bytes(), Compression::default()).read_to_end(&mut out);
    out
}

/// Undoes [`deflate`]; none if it is something else, or longer than `limit`. No more than that is ever held.
pub(crate) fn inflate(bytes: &[u8], limit: usize) -> Option<String> {
    let mut text = String::new();
    let most = u64::try_from(limit).ok()?;
    DeflateDecoder::new(bytes).take(most + 1).read_to_string(&mut text).ok()?;
    (text.len() <= limit).then_some(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bomb_is_left_at_the_limit() {
        let bomb = deflate(&"a".repeat(64 * 1024 * 1024));
        assert!(bomb.len() < 100_000);
        assert_eq!(inflate(&bomb, 1024), None);
        assert_eq!(inflate(&deflate("<a/>"), 1024).unwrap(), "<a/>");
        assert_eq!(inflate(b"\xff\xff\xff", 1024), None);
    }

    #[test]
    fn base64_is_strict_but_for_white_space() {
        assert_eq!(from_base64(" YWI\n=\t").unwrap(), b"ab");
        assert_eq!(from_base64("YWI"), None);
        assert_eq!(from_base64("YWJ="), None);
        assert_eq!(from_base64("<!-- -->"), None);
    }
}
