//! Durations (`5m`, `1h30m`) and sizes (`4KB`) as configuration writes them.

use super::read::Wrong;
use std::time::Duration;

const DURATIONS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
const SIZES: &[(&str, u64)] =
    &[("B", 1), ("KB", 1 << 10), ("KiB", 1 << 10), ("MB", 1 << 20), ("MiB", 1 << 20), ("GB", 1 << 30), ("GiB", 1 << 30)];

/// Reads a duration: whole numbers with `ms`, `s`, `m`, `h` or `d`, one after the other.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let wrong = || Wrong::new("a duration is a number with `ms`, `s`, `m`, `h` or `d`, such as `5m`", spelled(text, DURATIONS, "s"));
    let mut rest = text;
    let mut total = 0_u64;
    while !rest.is_empty() || text.is_empty() {
        let (number, after) = number(rest).ok_or_else(wrong)?;
        let letters = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = after.split_at(letters);
        let (_, factor) = DURATIONS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        total = number.checked_mul(*factor).and_then(|more| total.checked_add(more)).ok_or_else(|| Wrong::new("it is too long", None))?;
        rest = after;
    }
    Ok(Duration::from_millis(total))
}

/// Reads a size: a whole number with `B`, `KB`, `MB` or `GB`, each 1024 times the one before.
pub(super) fn size(text: &str) -> Result<u64, Wrong> {
    let wrong = || Wrong::new("a size is a number with `B`, `KB`, `MB` or `GB`, such as `4KB`", spelled(text, SIZES, "B"));
    let (number, unit) = number(text).ok_or_else(wrong)?;
    let (_, factor) = SIZES.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
    number.checked_mul(*factor).ok_or_else(|| Wrong::new("it is too large", None))
}

/// Milliseconds in the largest unit that divides them.
pub(super) fn write_duration(milliseconds: u64) -> String {
    written(milliseconds, DURATIONS)
}

/// Bytes in the largest unit that divides them.
pub(super) fn write_size(bytes: u64) -> String {
    let units: Vec<_> = SIZES.iter().filter(|(name, _)| !name.contains('i')).copied().collect();
    written(bytes, &units)
}

fn written(amount: u64, units: &[(&str, u64)]) -> String {
    let (name, factor) = units.iter().rev().find(|(_, factor)| amount != 0 && amount.is_multiple_of(*factor)).unwrap_or(&("", 1));
    let name = if amount == 0 { units.iter().find(|(name, _)| name.len() == 1).map_or("", |(name, _)| name) } else { name };
    format!("{}{name}", amount / factor)
}

/// Digits at the start, and what follows them.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    Some((digits.parse().ok()?, rest))
}

/// The spelling that was meant: blanks and case do not make a difference of meaning, and a bare number has one unit.
fn spelled(text: &str, units: &[(&str, u64)], bare: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (number, unit) = number(&text)?;
    let short = unit.to_ascii_lowercase();
    let unit = match (short.as_str(), units) {
        ("", _) => bare,
        ("k" | "kb" | "kib", SIZES) => "KB",
        ("m" | "mb" | "mib", SIZES) => "MB",
        ("g" | "gb" | "gib", SIZES) => "GB",
        ("b" | "byte" | "bytes", SIZES) => "B",
        (_, SIZES) => return None,
        ("sec" | "secs" | "second" | "seconds", _) => "s",
        ("min" | "mins" | "minute" | "minutes", _) => "m",
        ("hr" | "hrs" | "hour" | "hours", _) => "h",
        ("day" | "days", _) => "d",
        (unit, _) => units.iter().find(|(name, _)| *name == unit)?.0,
    };
    Some(format!("write `\"{number}{unit}\"`"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in [("5m", 300_000), ("1h30m", 5_400_000), ("250ms", 250), ("0s", 0), ("90d", 7_776_000_000)] {
            assert_eq!(duration(text).unwrap(), Duration::from_millis(milliseconds), "{text}");
        }
        for (text, mend) in [
            ("30", Some("write `\"30s\"`")),
            ("5 min", Some("write `\"5m\"`")),
            ("5M", Some("write `\"5m\"`")),
            ("1w", None),
            ("", None),
            ("m", None),
            ("-5m", None),
            ("99999999999999999999s", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(duration(text).unwrap_err().mend.as_deref(), mend, "{text}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("4KB", 4096), ("1MiB", 1 << 20), ("17B", 17), ("2GB", 2 << 30)] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
        for (text, mend) in [("10", Some("write `\"10B\"`")), ("10 mb", Some("write `\"10MB\"`")), ("1TB", None), ("9999999999999GB", None)]
        {
            assert_eq!(size(text).unwrap_err().mend.as_deref(), mend, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for milliseconds in [0, 1, 1500, 60_000, 3_600_000, 86_400_000] {
            assert_eq!(duration(&write_duration(milliseconds)).unwrap().as_millis(), u128::from(milliseconds));
        }
        for bytes in [0, 1, 1000, 4096, 1 << 20] {
            assert_eq!(size(&write_size(bytes)).unwrap(), bytes);
        }
    }
}
