//! Base64 as it is met, in either alphabet, padded or not. Not a check of how it ought to be written: the grammar does that.

/// The bytes; `None` where a character belongs to neither alphabet or nothing is left to read.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in text.bytes() {
        held = ((held << 6) | sextet(byte)?) & 0x00ff_ffff;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
        }
    }
    (!text.is_empty() && text.len() % 4 != 1).then_some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    Some(match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
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
