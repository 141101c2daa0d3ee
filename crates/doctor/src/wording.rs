//! The words that an explanation has in every form: its title, how sure it is, whose side mends it, where a quote stands.
//! How they are laid out is the forms' own.

use crate::clue::{Quote, Side};
use crate::diagnosis::Confidence;
use crate::explanation::Explanation;

/// The most quotes that one piece of evidence shows.
pub(crate) const MOST_QUOTES: usize = 6;

/// `401 token-expired`, or what is known of it.
pub(crate) fn title(explanation: &Explanation) -> String {
    let cause = explanation.verdict.cause.map_or("cause unknown", |cause| cause.code());
    explanation.status.map_or_else(|| cause.to_owned(), |status| format!("{status} {cause}"))
}

/// How sure, in one word.
pub(crate) const fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Unknown => "unknown",
        Confidence::Possible => "possible",
        Confidence::Likely => "likely",
        Confidence::Certain => "certain",
    }
}

/// And what that means.
pub(crate) const fn meaning(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Unknown => "nothing stands out, so no cause is named",
        Confidence::Possible => "it explains what is seen; so would others",
        Confidence::Likely => "it would be a surprise if it were another",
        Confidence::Certain => "it is stated, or can be computed from what was given",
    }
}

/// Who can do it.
pub(crate) const fn side(side: Side) -> &'static str {
    match side {
        Side::Caller => "caller",
        Side::Proxy => "proxy",
        Side::Server => "server",
        Side::Provider => "provider",
        Side::Administrator => "administrator",
    }
}

/// Are there quotes of more than one exchange? Only then it has to be said which one is meant.
pub(crate) fn several_exchanges(explanation: &Explanation) -> bool {
    explanation.evidence.iter().flat_map(|evidence| &evidence.quotes).any(|quote| quote.exchange > 1)
}

/// Where a quote stands.
pub(crate) fn place(quote: &Quote, several: bool) -> String {
    match quote.exchange {
        1.. if several => format!("exchange {}, {}", quote.exchange, quote.place),
        _ => quote.place.clone(),
    }
}

/// A quote's lines, each with its number (0 for none), what stands before the quoted part, and that part.
pub(crate) fn quoted(quote: &Quote) -> Vec<(usize, String, String)> {
    let named = [" header ", " claim "].iter().find_map(|kind| quote.place.rsplit_once(kind));
    let before = named.map(|(_, name)| format!("{name}: ")).unwrap_or_default();
    let numbered = |at: usize| if quote.line == 0 { 0 } else { quote.line + at };
    let lines = quote.text.lines().map(|line| line.trim_end().replace('\t', " "));
    let lines: Vec<_> = lines
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| (numbered(at), if at == 0 { before.clone() } else { String::new() }, line))
        .collect();
    if lines.is_empty() { vec![(numbered(0), before, "(empty)".to_owned())] } else { lines }
}

/// Text without what could move a cursor, reorder letters or hide among them; tabs stay.
pub fn clean(text: &str) -> String {
    let unsafe_to_show = |c: char| {
        c.is_control() && c != '\t'
            || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().map(|c| if unsafe_to_show(c) { '\u{fffd}' } else { c }).collect()
}

/// Text in which pairs of backticks mark what is code: each piece with whether it is.
pub(crate) fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, after)) = after.split_once('`').filter(|(code, _)| !code.trim().is_empty()) else { break };
        pieces.extend([(false, before), (true, code)]);
        rest = after;
    }
    pieces.push((false, rest));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

#[cfg(test)]
pub(crate) mod sample;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[(bool, &str)]) {
        assert_eq!(pieces(text), expect);
    }

    #[test]
    fn code_in_text() {
        check("a `b` c", &[(false, "a "), (true, "b"), (false, " c")]);
        check("`b", &[(false, "`b")]);
        check("a `` b", &[(false, "a `` b")]);
        check("", &[]);
    }

    #[test]
    fn quotes_by_line() {
        let quote = |place: &str, line, text: &str| Quote { place: place.into(), exchange: 1, line, text: text.into() };
        let row = |number, before: &str, text: &str| (number, before.to_owned(), text.to_owned());
        assert_eq!(quoted(&quote("request header A", 5, "b")), [row(5, "A: ", "b")]);
        assert_eq!(quoted(&quote("response body", 7, "a\n\nb\r\n")), [row(7, "", "a"), row(9, "", "b")]);
        assert_eq!(quoted(&quote("token claim exp", 0, "a\nb")), [row(0, "exp: ", "a"), row(0, "", "b")]);
        assert_eq!(quoted(&quote("request header A", 1, "")), [row(1, "A: ", "(empty)")]);
    }
}
