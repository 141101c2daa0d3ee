//! Which route a path belongs to: what differs from request to request becomes `{…}`, and the query, which may hold a
//! key, is left out.

/// The longest route that is kept, in bytes, and the most segments.
const LIMIT: usize = 160;
const SEGMENTS: usize = 10;
/// A segment that is longer is none that has a name.
const LONG: usize = 64;
/// What stands for a part that differs.
const PLACE: &str = "{…}";

/// Writes method and route into a buffer, which is emptied before.
pub(super) fn write(out: &mut Vec<u8>, method: &[u8], target: &[u8]) {
    out.clear();
    if !method.is_empty() {
        out.extend_from_slice(method.get(..16).unwrap_or(method));
        out.push(b' ');
    }
    let (mut number, mut begun, mut seen) = (0, out.len(), Seen::default());
    for c in path(target) {
        if *c == b'/' {
            replace(out, begun, seen);
            out.push(b'/');
            number += 1;
            if number > SEGMENTS || out.len() > LIMIT {
                out.extend_from_slice("…".as_bytes());
                return;
            }
            (begun, seen) = (out.len(), Seen::default());
            continue;
        }
        seen.see(*c);
        // More than this is replaced whatever it is.
        if seen.length <= LONG {
            out.push(*c);
        }
    }
    replace(out, begun, seen);
}

fn replace(out: &mut Vec<u8>, begun: usize, seen: Seen) {
    if seen.differs() {
        out.truncate(begun);
        out.extend_from_slice(PLACE.as_bytes());
    }
}

/// The path of a target: without scheme and host, query and fragment.
pub(super) fn path(target: &[u8]) -> &[u8] {
    let end = memchr::memchr3(b'?', b'#', b';', target).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or(target);
    if path.starts_with(b"/") {
        return path;
    }
    let Some(host) = memchr::memmem::find(path, b"://").and_then(|at| path.get(at + 3..)) else { return path };
    memchr::memchr(b'/', host).and_then(|at| host.get(at..)).unwrap_or(b"/")
}

/// What a segment is made of.
#[derive(Clone, Copy, Default)]
struct Seen {
    length: usize,
    digits: usize,
    /// Letters and dashes that hexadecimal numbers have.
    hex: usize,
    /// Other letters, and what else base64 has.
    plain: usize,
    at: bool,
}

impl Seen {
    fn see(&mut self, c: u8) {
        self.length += 1;
        match c {
            b'0'..=b'9' => self.digits += 1,
            b'a'..=b'f' | b'A'..=b'F' | b'-' => self.hex += 1,
            b'g'..=b'z' | b'G'..=b'Z' | b'_' | b'=' => self.plain += 1,
            b'@' => self.at = true,
            _ => {}
        }
    }

    /// Is it an identifier: a number, a UUID, hexadecimal, an address, or a long mix of letters and digits?
    const fn differs(self) -> bool {
        let Self { length, digits, .. } = self;
        if length > LONG || self.at {
            return true;
        }
        if digits == 0 {
            return length > 40;
        }
        let hex = digits + self.hex == length;
        let plain = digits + self.hex + self.plain == length;
        digits == length || (digits * 2 >= length && length >= 4) || (hex && length >= 8) || (plain && digits >= 2 && length >= 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(target: &str, expect: &str) {
        let mut out = b"left over".to_vec();
        write(&mut out, b"GET", target.as_bytes());
        assert_eq!(String::from_utf8_lossy(&out), format!("GET {expect}"));
    }

    #[test]
    fn what_differs_is_replaced() {
        check("/", "/");
        check("/api/v1/orders/12345?key=secret", "/api/v1/orders/{…}");
        check("/users/550e8400-e29b-41d4-a716-446655440000/posts", "/users/{…}/posts");
        check("/static/app.3f2a.js", "/static/app.3f2a.js");
        check("/wp-login.php", "/wp-login.php");
        check("/reset/eyJhbGciOiJIUzI1NiJ9abc", "/reset/{…}");
        check("/mail/ann@example.org", "/mail/{…}");
        check("https://www.example.com:443/a/7?x", "/a/{…}");
        check("https://www.example.com", "/");
        check("/a;jsessionid=12", "/a");
        check("/oauth2/token", "/oauth2/token");
        check("*", "*");
        check("/1/2/3/4/5/6/7/8/9/10/11/12", "/{…}/{…}/{…}/{…}/{…}/{…}/{…}/{…}/{…}/{…}/…");
    }
}
