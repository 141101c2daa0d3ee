//! Base64 with the standard alphabet and padding (RFC 4648 section 4), read strictly: each value has one spelling.
//! Not the URL-safe alphabet, and no line breaks.

/// Why a text is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base64Fault {
    Character,
    UrlSafe,
    Padding,
    TrailingBits,
}

/// Decodes the whole text.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Base64Fault> {
    let body = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(body.len() / 4 * 3 + 2);
    let mut url_safe = false;
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in body.bytes() {
        let sextet = match byte {
            b'-' => 62,
            b'_' => 63,
            _ => sextet(byte).ok_or(Base64Fault::Character)?,
        };
        url_safe |= matches!(byte, b'-' | b'_');
        bits = bits << 6 | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(low_byte(bits >> count));
        }
    }
    let padding = text.len() - body.len();
    match body.len() % 4 {
        _ if url_safe => Err(Base64Fault::UrlSafe),
        1 => Err(Base64Fault::Padding),
        left if padding != (4 - left) % 4 => Err(Base64Fault::Padding),
        _ if bits & ((1 << count) - 1) != 0 => Err(Base64Fault::TrailingBits),
        _ => Ok(bytes),
    }
}

/// Encodes with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = low_byte(group >> (18 - 6 * place)) & 63;
            text.push(if place > chunk.len() { '=' } else { digit(sextet) });
        }
    }
    text
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn digit(sextet: u8) -> char {
    char::from(match sextet {
        0..=25 => b'A' + sextet,
        26..=51 => b'a' + (sextet - 26),
        52..=61 => b'0' + (sextet - 52),
        62 => b'+',
        _ => b'/',
    })
}

fn low_byte(bits: u32) -> u8 {
    bits.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, Base64Fault>) {
        assert_eq!(decode(text), expect.map(|plain| plain.as_bytes().to_vec()));
        if let Ok(plain) = expect {
            assert_eq!(encode(plain.as_bytes()), text);
        }
    }

    #[test]
    fn the_vectors_of_rfc_4648_section_10() {
        check("", Ok(""));
        check("Zg==", Ok("f"));
        check("Zm8=", Ok("fo"));
        check("Zm9v", Ok("foo"));
        check("Zm9vYg==", Ok("foob"));
        check("Zm9vYmE=", Ok("fooba"));
        check("Zm9vYmFy", Ok("foobar"));
    }

    #[test]
    fn other_spellings_are_refused() {
        check("Zg", Err(Base64Fault::Padding));
        check("Zg=", Err(Base64Fault::Padding));
        check("Zg===", Err(Base64Fault::Padding));
        check("Zm9v====", Err(Base64Fault::Padding));
        check("Zm9vY", Err(Base64Fault::Padding));
        check("====", Err(Base64Fault::Padding));
        check("Zh==", Err(Base64Fault::TrailingBits));
        check("Zm9=", Err(Base64Fault::TrailingBits));
        check("Z g=", Err(Base64Fault::Character));
        check("Zg==\n", Err(Base64Fault::Character));
        check("Zg==Zg==", Err(Base64Fault::Character));
        check("Zm-_", Err(Base64Fault::UrlSafe));
        check("Zm-_ ", Err(Base64Fault::Character));
    }

    /// The definition, bit by bit: slow, and made in another way.
    fn reference(bytes: &[u8]) -> String {
        let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
        let mut bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
        while !bits.len().is_multiple_of(6) {
            bits.push('0');
        }
        let sextets = bits.as_bytes().chunks(6);
        let mut text: String = sextets
            .filter_map(|six| usize::from_str_radix(std::str::from_utf8(six).unwrap(), 2).ok())
            .filter_map(|sextet| alphabet.get(sextet))
            .collect();
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        text
    }

    proptest! {
        #[test]
        fn encoding_agrees_with_the_reference_and_decodes_back(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert_eq!(&text, &reference(&bytes));
            prop_assert_eq!(decode(&text), Ok(bytes));
        }

        #[test]
        fn what_decodes_has_one_spelling(text in "[A-Za-z0-9+/]{0,9}={0,3}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
