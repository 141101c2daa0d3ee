//! Base64 as it is met, in either alphabet, padded or not. Not a check of how it ought to be written: the grammar does that.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// The bytes; `None` where a character belongs to neither alphabet or nothing is left to read.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let alphabet = if text.contains(['+', '/']) { STANDARD } else { URL_SAFE };
    alphabet.decode(text.trim_end_matches('=')).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&[u8]>) {
        assert_eq!(decode(text).as_deref(), expect);
    }

    #[test]
    fn either_alphabet_is_read() {
        check("Og==", Some(b":"));
        check("Og", Some(b":"));
        check("eHh4Og==", Some(b"xxx:"));
        check("_-8", Some(&[255, 239]));
        check("/+8=", Some(&[255, 239]));
        check("", None);
        check("a", None);
        check("a b=", None);
    }
}
