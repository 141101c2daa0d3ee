//! The dates of an X.509 certificate, read from its DER and trusted for nothing else (RFC 5280 section 4.1.2.5).

use countersign::Timestamp;

/// From when and until when a certificate in base64 is valid.
pub(super) fn validity(base64: &str) -> Option<(Timestamp, Timestamp)> {
    let compact: String = base64.split_whitespace().collect();
    let der = crate::base64::decode(&compact)?;
    let (_, certificate, _) = element(&der)?;
    let (_, mut rest, _) = element(certificate)?;
    // Version (tagged 0), serial number, algorithm, issuer; then the validity, the first sequence of two times.
    for _ in 0..6 {
        let (tag, content, after) = element(rest)?;
        if tag == 0x30
            && let Some((0x17 | 0x18, from, then)) = element(content)
            && let Some((0x17 | 0x18, until, _)) = element(then)
        {
            return Some((time(from)?, time(until)?));
        }
        rest = after;
    }
    None
}

/// Tag, content, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, &byte| (length << 8) | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`.
fn time(bytes: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('Z')?;
    let full = match text.len() {
        12 => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        14 => text.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    let iso = format!("{}-{}-{}T{}:{}:{}Z", part(0, 4)?, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?);
    iso.parse::<jiff::Timestamp>().ok().map(|time| time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[track_caller]
    fn check(fields: &[&[u8]], expect: Option<(Timestamp, Timestamp)>) {
        let wrap = |content: Vec<u8>| [vec![0x30, u8::try_from(content.len()).unwrap_or(0)], content].concat();
        let der = wrap(wrap(fields.concat()));
        assert_eq!(validity(&STANDARD.encode(der)), expect);
    }

    #[test]
    fn dates_are_found() {
        let head: &[u8] = &[0xa0, 0x03, 0x02, 0x01, 0x02, 0x02, 0x01, 0x07, 0x30, 0x00, 0x30, 0x00];
        let dates = [&[0x30, 0x20, 0x17, 0x0d][..], b"231114221320Z", &[0x18, 0x0f], b"20331114221320Z"].concat();
        check(&[head, &dates], Some((1_700_000_000, 2_015_619_200)));
        check(&[head], None);
        check(&[&[0x30, 0x84, 0xff]], None);
        assert_eq!(validity("no certificate"), None);
    }
}
