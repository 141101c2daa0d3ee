//! Which route a path belongs to: what differs from request to request becomes `{…}`, and the query, which may hold a
//! key, is left out.

/// The longest route that is kept, in bytes, and the most segments.
const LIMIT: usize = 160;
const SEGMENTS: usize = 10;
/// What stands for a part that differs.
const PLACE: &str = "{…}";

/// Writes method and route into a buffer, which is emptied before.
pub(super) fn write(out: &mut Vec<u8>, method: &[u8], target: &[u8]) {
    out.clear();
    if !method.is_empty() {
        out.extend_from_slice(method.get(..16).unwrap_or(method));
        out.push(b' ');
    }
    let path = path(target);
    for (number, segment) in path.split(|c| *c == b'/').enumerate() {
        if number > 0 {
            out.push(b'/');
        }
        if number > SEGMENTS || out.len() > LIMIT {
            out.extend_from_slice("…".as_bytes());
            return;
        }
        if differs(segment) {
            out.extend_from_slice(PLACE.as_bytes());
        } else {
            out.extend_from_slice(segment);
        }
    }
}

/// The path of a target: without scheme and host, query and fragment.
fn path(target: &[u8]) -> &[u8] {
    let end = memchr::memchr3(b'?', b'#', b';', target).unwrap_or(target.len());
    let path = target.get(..end).unwrap_or(target);
    if path.starts_with(b"/") {
        return path;
    }
    let Some(host) = memchr::memmem::find(path, b"://").and_then(|at| path.get(at + 3..)) else { return path };
    memchr::memchr(b'/', host).and_then(|at| host.get(at..)).unwrap_or(b"/")
}

/// Is a segment an identifier: a number, a UUID, hexadecimal, an address, or a long mix of letters and digits?
fn differs(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|c| c.is_ascii_digit()).count();
    if segment.len() > 64 {
        return true;
    }
    if digits == 0 {
        return segment.contains(&b'@') || segment.len() > 40;
    }
    let hex = segment.iter().all(|c| c.is_ascii_hexdigit() || *c == b'-');
    let plain = segment.iter().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'='));
    digits == segment.len()
        || (digits * 2 >= segment.len() && segment.len() >= 4)
        || (hex && segment.len() >= 8)
        || (plain && digits >= 2 && segment.len() >= 16)
        || segment.contains(&b'@')
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
