//! The one canonical form of a request target, computed once: rules and upstream see the same string.
//!
//! A path is canonical if every reader takes it for the same resource. What some reader takes for another one (dot
//! segments, empty segments, encoded slashes, `;`, control bytes, double encoding) is a [`TargetFault`]; needless
//! escapes are undone, so that a rule cannot be passed by spelling a letter as `%61` (RFC 3986 section 6.2.2).

use thiserror::Error;

/// A request target in its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    text: String,
    path_length: usize,
    folded: Option<Box<str>>,
}

/// Why a target has no canonical form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages are the documentation")]
pub enum TargetFault {
    #[error("it does not begin with a slash")]
    NotAbsolute,
    #[error("it has a dot segment")]
    DotSegment,
    #[error("it has an empty segment")]
    EmptySegment,
    #[error("it has a semicolon")]
    Semicolon,
    #[error("it has a backslash")]
    Backslash,
    #[error("it has an encoded slash, dot or other delimiter")]
    EncodedDelimiter,
    #[error("it is encoded twice")]
    DoubleEncoding,
    #[error("it has a percent sign without two hexadecimal digits")]
    BrokenEscape,
    #[error("it has a control character or a blank")]
    ControlCharacter,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it has a fragment")]
    Fragment,
}

impl Target {
    /// The canonical form of a path with an optional query.
    ///
    /// # Errors
    /// [`TargetFault`] where readers could disagree. The query is kept as it is: no rule reads it.
    pub fn parse(raw: &str) -> Result<Self, TargetFault> {
        let (path, query) = raw.split_once('?').map_or((raw, None), |(path, query)| (path, Some(query)));
        let mut text = String::with_capacity(raw.len());
        let plain = canonical_path(path, &mut text)?;
        let path_length = text.len();
        if let Some(query) = query {
            if query.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
                return Err(TargetFault::ControlCharacter);
            }
            if query.contains('#') {
                return Err(TargetFault::Fragment);
            }
            text.push('?');
            text.push_str(query);
        }
        let mut target = Self { text, path_length, folded: None };
        if !plain {
            target.folded = Some(fold(target.path()).into());
        }
        Ok(target)
    }

    /// Path and query, as the upstream gets them.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.text.get(..self.path_length).unwrap_or_default()
    }

    /// The path as a reader that ignores case sees it; a protecting rule matches this one too.
    pub fn folded_path(&self) -> &str {
        self.folded.as_deref().unwrap_or_else(|| self.path())
    }

    /// The query without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.text.get(self.path_length + 1..)
    }

    /// The values of a query parameter, undecoded.
    pub fn parameters<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let pairs = self.query().unwrap_or_default().split('&');
        pairs.filter_map(move |pair| pair.split_once('=').filter(|(key, _)| *key == name).map(|(_, value)| value))
    }
}

/// What a case-insensitive reader makes of a canonical path: percent-decoded, upper-cased, then lower-cased, which also
/// brings the long s and the Kelvin sign to their letters.
pub fn fold(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, tail) {
            (b'%', [high, low, after @ ..]) if let Some(value) = unhex(*high, *low) => {
                bytes.push(value);
                rest = after;
            }
            _ => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).to_uppercase().to_lowercase()
}

/// Appends the canonical form; true if case-folding would change nothing.
fn canonical_path(path: &str, out: &mut String) -> Result<bool, TargetFault> {
    if !path.starts_with('/') {
        return Err(TargetFault::NotAbsolute);
    }
    let mut plain = true;
    let mut escaped = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'%' => {
                plain = false;
                let [high, low, after @ ..] = tail else { return Err(TargetFault::BrokenEscape) };
                let value = unhex(*high, *low).ok_or(TargetFault::BrokenEscape)?;
                rest = after;
                match value {
                    b'/' | b'\\' | b'.' | b'?' | b'#' => return Err(TargetFault::EncodedDelimiter),
                    b';' => return Err(TargetFault::Semicolon),
                    b'%' => return Err(TargetFault::DoubleEncoding),
                    0..=0x1f | 0x7f => return Err(TargetFault::ControlCharacter),
                    value if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'_' | b'~') => out.push(char::from(value)),
                    value => {
                        out.push('%');
                        for nibble in [value >> 4, value & 15] {
                            out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
                        }
                        escaped.push(value);
                        continue;
                    }
                }
            }
            b';' => return Err(TargetFault::Semicolon),
            b'\\' => return Err(TargetFault::Backslash),
            b'#' => return Err(TargetFault::Fragment),
            0..=b' ' | 0x7f => return Err(TargetFault::ControlCharacter),
            0x80.. => return Err(TargetFault::NotUtf8),
            b'/' if out.ends_with('/') => return Err(TargetFault::EmptySegment),
            byte => {
                plain &= !byte.is_ascii_uppercase();
                out.push(char::from(byte));
            }
        }
        if !escaped.is_empty() {
            check_utf8(&mut escaped)?;
        }
    }
    check_utf8(&mut escaped)?;
    // `out` may hold a prefix only if a caller reuses it; segments are those of the path.
    let dotted = out.contains("/.") && out.split('/').any(|segment| matches!(segment, "." | ".."));
    if dotted { Err(TargetFault::DotSegment) } else { Ok(plain) }
}

/// A run of escaped bytes must be whole UTF-8 characters, so that overlong forms find no reader.
fn check_utf8(escaped: &mut Vec<u8>) -> Result<(), TargetFault> {
    let text = std::str::from_utf8(escaped).map_err(|_| TargetFault::NotUtf8)?;
    if text.chars().any(|c| c.is_control()) {
        return Err(TargetFault::ControlCharacter);
    }
    escaped.clear();
    Ok(())
}

fn unhex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(raw: &str, expect: Result<&str, TargetFault>) {
        let target = Target::parse(raw);
        assert_eq!(target.as_ref().map(Target::as_str).map_err(|fault| *fault), expect, "{raw:?}");
    }

    #[test]
    fn canonical_targets() {
        check("/", Ok("/"));
        check("/a/b?x=%2f..//;", Ok("/a/b?x=%2f..//;"));
        check("/%61pi/%7euser/%C3%a9", Ok("/api/~user/%C3%A9"));
        check("/a/", Ok("/a/"));
        check("/.well-known/x", Ok("/.well-known/x"));
        check("/a..b/...", Ok("/a..b/..."));
        check("/a%20b", Ok("/a%20b"));
    }

    #[test]
    fn ambiguous_targets() {
        use TargetFault::*;
        for (raw, fault) in [
            ("", NotAbsolute),
            ("*", NotAbsolute),
            ("/public/../private", DotSegment),
            ("/./private", DotSegment),
            ("/a/..", DotSegment),
            ("//private", EmptySegment),
            ("/a//b", EmptySegment),
            ("/public/%2e%2e/private", EncodedDelimiter),
            ("/public/..%2fprivate", EncodedDelimiter),
            ("/public%5c..", EncodedDelimiter),
            ("/private%3f", EncodedDelimiter),
            ("/private%23", EncodedDelimiter),
            ("/private#x", Fragment),
            ("/private?x#y", Fragment),
            ("/private;x", Semicolon),
            ("/private%3bx", Semicolon),
            ("/a\\b", Backslash),
            ("/private%00", ControlCharacter),
            ("/private%0a", ControlCharacter),
            ("/private%7F", ControlCharacter),
            ("/private\t", ControlCharacter),
            ("/private%C2%85", ControlCharacter),
            ("/%2570rivate", DoubleEncoding),
            ("/%C0%AFprivate", NotUtf8),
            ("/%C3", NotUtf8),
            ("/%C3a", NotUtf8),
            ("/%C3%61", NotUtf8),
            ("/%ED%A0%80", NotUtf8),
            ("/%", BrokenEscape),
            ("/%4", BrokenEscape),
            ("/%zz", BrokenEscape),
        ] {
            check(raw, Err(fault));
        }
    }

    #[test]
    fn a_case_insensitive_reader_is_foreseen() {
        for raw in ["/PRIVATE", "/Private", "/%50rivate", "/pr%C4%B1vate", "/private"] {
            let folded = Target::parse(raw).unwrap().folded_path().to_owned();
            assert_eq!(folded, "/private", "{raw}");
        }
        assert_eq!(Target::parse("/%C5%BFecret").unwrap().folded_path(), "/secret");
    }

    proptest::proptest! {
        #[test]
        fn the_canonical_form_is_its_own(raw in "/([ -~]|%[46][1-9]){0,40}") {
            if let Ok(target) = Target::parse(&raw) {
                let again = Target::parse(target.as_str()).unwrap();
                proptest::prop_assert_eq!((again.as_str(), again.folded_path()), (target.as_str(), target.folded_path()));
            }
        }
    }
}
