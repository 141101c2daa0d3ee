//! What somebody took out of a recording before giving it: it was sent, and it is not known. Redacted is never "missing".

use crate::dossier::{Exchange, Headers};

/// Says of each field and body that was redacted or cut that it was not seen.
pub(super) fn note(exchanges: &[Exchange], not_seen: &mut Vec<String>) {
    for (index, exchange) in exchanges.iter().enumerate().take(100) {
        let number = index + 1;
        if let Some(request) = &exchange.request {
            fields(number, "request", &request.headers, not_seen);
        }
        if let Some(response) = &exchange.response {
            fields(number, "response", &response.headers, not_seen);
            let body = response.body.trim_end();
            if body.ends_with("...") || body.ends_with('…') || body.ends_with("[truncated]") {
                not_seen.push(format!("the end of the response's body in exchange {number}: it was cut"));
            }
        }
    }
}

fn fields(number: usize, side: &str, headers: &Headers, not_seen: &mut Vec<String>) {
    for header in headers.0.iter().filter(|header| is_redacted(&header.value)).take(20) {
        not_seen.push(format!("the {side} header {} in exchange {number}: its value was redacted", header.name));
    }
}

/// Was this value, or the part after its scheme or name, replaced by a mark? `Bearer ***`, `<redacted>`, `a=1; session=[REDACTED]`.
pub(crate) fn is_redacted(value: &str) -> bool {
    value.split(';').map(str::trim).any(|value| {
        let secret = value.rsplit_once([' ', '=']).map_or(value, |(_, secret)| secret);
        marked(value) || marked(secret)
    })
}

fn marked(text: &str) -> bool {
    let inner = text.trim_matches(['<', '>', '[', ']', '{', '}', '(', ')', '*', '"', '\'', '-', '_']).to_ascii_lowercase();
    let one = |mark: char| text.len() >= 3 && text.chars().all(|letter| letter == mark);
    let words = ["redacted", "masked", "removed", "hidden", "omitted", "filtered", "sanitized", "sanitised", "censored", "snip", "snipped"];
    one('*')
        || one('•')
        || one('█')
        || one('.')
        || one('x')
        || one('X')
        || text == "…"
        || words.contains(&inner.as_str())
        || inner.contains("redacted")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[track_caller]
    fn check(value: &str, expect: bool) {
        assert_eq!(is_redacted(value), expect, "{value}");
    }

    #[test]
    fn marks_are_told_from_values() {
        for value in [
            "***",
            "Bearer ***",
            "Bearer <redacted>",
            "Basic [REDACTED]",
            "sid=xxxxxx",
            "<masked>",
            "Bearer …",
            "••••••",
            "sid=***; theme=x",
            "redacted-by-export",
        ] {
            check(value, true);
        }
        for value in ["", "Bearer", "Bearer null", "Basic Og==", "sid=abc", "*", "*/*", "Bearer {{token}}", "Bearer <token>", "xx"] {
            check(value, false);
        }
    }
}
