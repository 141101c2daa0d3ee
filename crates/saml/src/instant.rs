//! Instants as SAML writes them (SAML core section 1.3.3): `2026-11-24T12:00:00Z`, in UTC and nothing else.

use countersign::Timestamp;

const DAY: i64 = 86_400;

/// Reads an instant; fractions of a second are left off.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim().strip_suffix('Z').or_else(|| text.trim().strip_suffix("+00:00"))?;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    if fraction.is_some_and(|digits| digits.is_empty() || digits.len() > 12 || !digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let (date, time) = whole.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let real = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day) && hour < 24 && minute < 60 && second < 60;
    real.then(|| days(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// Writes an instant.
pub(crate) fn write(at: Timestamp) -> String {
    let (days, seconds) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn numbers(text: &str, separator: char, lengths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let part = parts.next().filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01. Years are counted from March, so that the odd day of a leap year is its last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before_year + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// Year, month and day of a day from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    // A guess by the mean length of a year is at most one year off.
    let mut year = 1970 + (days * 400).div_euclid(146_097);
    while self::days(year, 1, 1) > days {
        year -= 1;
    }
    while self::days(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut rest = days - self::days(year, 1, 1);
    let mut month = 1;
    while rest >= days_in(year, month) {
        rest -= days_in(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}

#[cfg(test)]
mod tests {
    use super::{read, write};

    #[track_caller]
    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(read(text), expect, "{text}");
    }

    #[test]
    fn instants_are_read_in_utc_only() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-11-24T22:57:08Z", Some(1_795_561_028));
        check("2026-11-24T22:57:08.123456Z", Some(1_795_561_028));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800));
        check("1969-12-31T23:59:59Z", Some(-1));
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T22:57:08",
            "2026-11-24T22:57:08+01:00",
            "2023-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "26-11-24T00:00:00Z",
            "2026-11-24T00:00:00.Z",
            "+026-11-24T00:00:00Z",
            "tomorrow",
            "99999999999999999999-01-01T00:00:00Z",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for at in (-2_000_000_000..4_000_000_000).step_by(86_399 * 97) {
            assert_eq!(read(&write(at)), Some(at), "{}", write(at));
        }
    }
}
