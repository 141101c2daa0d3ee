//! Reading a line of a log from left to right. Nothing is copied; what is not there is `None`, never a fault.

/// What is left of a line.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a>(pub(super) &'a [u8]);

impl<'a> Scan<'a> {
    /// Up to the next of this byte, which is consumed; `None` if there is none.
    pub(super) fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let at = memchr::memchr(end, self.0)?;
        let (head, rest) = (self.0.get(..at)?, self.0.get(at + 1..)?);
        self.0 = rest;
        Some(head)
    }

    /// The next word; the last one ends with the line.
    pub(super) fn word(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        if self.0.is_empty() {
            return None;
        }
        self.until(b' ').or_else(|| Some(std::mem::take(&mut self.0)))
    }

    /// The next text between quotation marks, without them. A backslash keeps a mark from ending it.
    pub(super) fn quoted(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        let text = self.0.strip_prefix(b"\"")?;
        let mut from = 0;
        loop {
            let at = from + memchr::memchr2(b'"', b'\\', text.get(from..)?)?;
            if text.get(at) == Some(&b'"') {
                self.0 = text.get(at + 1..)?;
                return text.get(..at);
            }
            from = at + 2;
        }
    }

    /// The next text in square brackets, which must stand here.
    pub(super) fn bracketed(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        self.0 = self.0.strip_prefix(b"[")?;
        self.until(b']')
    }

    /// A word that may be quoted.
    pub(super) fn field(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        if self.0.first() == Some(&b'"') { self.quoted() } else { self.word() }
    }

    fn skip_spaces(&mut self) {
        while let Some(rest) = self.0.strip_prefix(b" ") {
            self.0 = rest;
        }
    }
}

/// Method and target of a request line: `GET /x HTTP/1.1`. Something else is no request.
pub(super) fn request(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut scan = Scan(line);
    let method = scan.word()?;
    let target = scan.word().unwrap_or_default();
    let name = !method.is_empty() && method.len() <= 32 && method.iter().all(|c| c.is_ascii_uppercase() || *c == b'-' || *c == b'_');
    name.then_some((method, target))
}

/// A status of three digits.
pub(super) fn status(word: &[u8]) -> Option<u16> {
    let [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = word else { return None };
    Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
}

/// The address of `address:port`, `[v6]:port` or an address alone.
pub(super) fn without_port(word: &[u8]) -> &[u8] {
    if let Some(rest) = word.strip_prefix(b"[") {
        return Scan(rest).until(b']').unwrap_or(rest);
    }
    match memchr::memchr_iter(b':', word).take(2).count() {
        1 => Scan(word).until(b':').unwrap_or(word),
        _ => word,
    }
}

/// Does it look like an address?
pub(super) fn is_address(word: &[u8]) -> bool {
    is_v4(word) || std::str::from_utf8(without_port(word)).is_ok_and(|text| text.parse::<std::net::IpAddr>().is_ok())
}

/// Is it four numbers up to 255? Nearly every client is; any other way of asking takes longer.
fn is_v4(word: &[u8]) -> bool {
    let (mut parts, mut number, mut digits) = (1, 0_u32, 0);
    for c in word.get(..16).unwrap_or(word) {
        match c {
            b'0'..=b'9' => {
                number = number * 10 + u32::from(c - b'0');
                digits += 1;
            }
            b'.' if digits > 0 => (parts, number, digits) = (parts + 1, 0, 0),
            _ => return false,
        }
        if number > 255 || digits > 3 {
            return false;
        }
    }
    parts == 4 && digits > 0 && word.len() < 16
}

/// What stands between two texts, if both are there.
pub(super) fn between<'a>(line: &'a [u8], before: &[u8], after: &[u8]) -> Option<&'a [u8]> {
    let from = memchr::memmem::find(line, before)? + before.len();
    let rest = line.get(from..)?;
    rest.get(..memchr::memmem::find(rest, after)?)
}

/// Is the text in the line?
pub(super) fn has(line: &[u8], text: &str) -> bool {
    memchr::memmem::find(line, text.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &[&str]) {
        let mut scan = Scan(line.as_bytes());
        let words: Vec<_> = std::iter::from_fn(|| scan.field()).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        assert_eq!(words, expect, "{line}");
    }

    #[test]
    fn fields_end_where_they_end() {
        check("", &[]);
        check("a  b", &["a", "b"]);
        check(r#"a "b c" d"#, &["a", "b c", "d"]);
        check(r#""a \" b" c"#, &[r#"a \" b"#, "c"]);
        check(r#""never closed"#, &[]);
        check("\"ends in a backslash\\", &[]);
    }

    #[test]
    fn ports_are_left_out() {
        for (word, expect) in [("10.0.0.1:80", "10.0.0.1"), ("[::1]:80", "::1"), ("fe80::1", "fe80::1"), ("host", "host")] {
            assert_eq!(without_port(word.as_bytes()), expect.as_bytes());
        }
    }
}
