//! How long a server's certificate is still good, from its DER (RFC 5280 section 4.1.2.5), and what is wrong with one that is
//! not taken. Whether it is to be trusted is rustls's question.

use countersign::Timestamp;
use rustls::{AlertDescription, CertificateError, Error};
use std::io;

/// The end of a certificate's lifetime in seconds since the epoch; none where it cannot be read.
pub(crate) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (_, certificate, _) = element(der)?;
    let (_, mut rest, _) = element(certificate)?;
    // Version (optional), serial number, signature, issuer; then the validity.
    if rest.first() == Some(&0xa0) {
        rest = element(rest)?.2;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, until) = element(validity)?;
    let (tag, time, _) = element(until)?;
    moment(tag, str::from_utf8(time).ok()?)
}

/// Tag, content, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDhhmmssZ` (UTCTime) or `YYYYMMDDhhmmssZ` (GeneralizedTime).
fn moment(tag: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.is_ascii() && digits.len() == if tag == 0x17 { 12 } else { 14 })?;
    let (year, rest) = digits.split_at(digits.len() - 10);
    let number = |text: &str| text.parse::<i64>().ok();
    let two = |at: usize| number(rest.get(at..at + 2)?);
    let year = match (tag, number(year)?) {
        (0x17, year @ 0..50) => 2000 + year,
        (0x17, year) => 1900 + year,
        (_, year) => year,
    };
    let days = days(year, two(0)?, two(2)?);
    Some(days * 86_400 + two(4)? * 3_600 + two(6)? * 60 + two(8)?)
}

/// Days from the epoch to a date of the Gregorian calendar; years begin in March, so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// Why there is no TLS connection, in words.
pub(crate) fn no_tls(error: &io::Error) -> String {
    match error.get_ref().and_then(|error| error.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(wrong)) => format!("TLS: the server's certificate {}", wrong_with(wrong)),
        Some(Error::AlertReceived(AlertDescription::CertificateRequired)) => "TLS: the server wants a client certificate".to_owned(),
        Some(Error::AlertReceived(alert)) => format!("TLS: the server refused with the alert {alert:?}"),
        Some(Error::InvalidMessage(_)) => "TLS: what answers there speaks no TLS".to_owned(),
        _ => format!("TLS: {error}"),
    }
}

fn wrong_with(wrong: &CertificateError) -> &'static str {
    match wrong {
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "is from no authority that is trusted: neither a public one nor one of --ca FILE, which names private ones"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "is for another name",
        _ => "is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tag: u8, text: &str, expect: Option<Timestamp>) {
        assert_eq!(moment(tag, text), expect, "{text}");
    }

    #[test]
    fn times() {
        check(0x17, "700101000000Z", Some(0));
        check(0x17, "260228235959Z", Some(1_772_323_199));
        check(0x18, "20240229120000Z", Some(1_709_208_000));
        check(0x17, "20240229120000Z", None);
        check(0x18, "2024022912000", None);
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for der in [b"".as_slice(), b"\x30", b"\x30\x82\xff\xff", b"\x30\x84\xff\xff\xff\xff", b"\x30\x02\x30\x00", &[0x30; 64]] {
            assert_eq!(not_after(der), None, "{der:?}");
        }
    }
}
