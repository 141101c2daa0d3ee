//! An explanation as Markdown, for a ticket. What others wrote stands in code or is escaped, so that it can neither format
//! nor link nor call on anybody.

use crate::clue::Quote;
use crate::explanation::{Evidence, Explanation};
use crate::wording::{MOST_QUOTES, clean, confidence, meaning, pieces, place, quoted, several_exchanges, side, title};
use std::fmt::Write;

/// An explanation, as Markdown.
pub fn markdown(explanation: &Explanation) -> String {
    // Writing to a string does not fail, here and below.
    let verdict = &explanation.verdict;
    let sure = confidence(verdict.confidence);
    let mut out = format!("## {} ({sure})\n\n{}\n\n", text(&title(explanation)), text(&verdict.sentence));
    let _ = writeln!(out, "- **Sure**: {sure}: {}\n- **Family**: `{}`", meaning(verdict.confidence), verdict.family.name());
    if let Some(request) = &explanation.request {
        let _ = writeln!(out, "- **Request**: {}", code(request));
    }
    if let Some(product) = &verdict.product {
        let _ = writeln!(out, "- **Product**: {}", text(product));
    }
    if let Some(contradiction) = &verdict.contradiction {
        let _ = write!(out, "\n> **Contradiction**: {}\n", text(contradiction));
    }
    out.push_str("\n### Evidence\n");
    if explanation.evidence.is_empty() {
        out.push_str("\nNone that would tell the cause.\n");
    }
    let several = several_exchanges(explanation);
    for found in &explanation.evidence {
        evidence(&mut out, found, several);
    }
    if !explanation.alternatives.is_empty() {
        out.push_str(if verdict.cause.is_some() { "\n### It could also be\n\n" } else { "\n### It could be\n\n" });
    }
    for (at, other) in explanation.alternatives.iter().enumerate() {
        let ruled_out = other.ruled_out_by.trim_end_matches('.');
        let _ = write!(out, "{}. **{}** (`{}`): {}", at + 1, text(other.cause.code()), other.family.name(), text(&other.because));
        let _ = if ruled_out.is_empty() { writeln!(out) } else { writeln!(out, " Ruled out by {}.", text(ruled_out)) };
    }
    if let Some(step) = &explanation.next_step {
        let _ = write!(out, "\n### Next step\n\n{}\n", text(&step.text));
        if let Some(command) = &step.command {
            fence(&mut out, "", command.lines());
        }
    }
    if !explanation.fix.is_empty() {
        out.push_str("\n### Fix\n\n");
    }
    for fix in &explanation.fix {
        let _ = writeln!(out, "- **{}**: {}", side(fix.side), text(&fix.text));
        if !fix.lines.is_empty() {
            fence(&mut out, "  ", fix.lines.iter().flat_map(|line| line.lines()));
        }
    }
    if !explanation.retry.is_empty() {
        let _ = write!(out, "\n### Does it help to try again?\n\n{}\n", text(explanation.retry));
    }
    if !explanation.not_seen.is_empty() {
        out.push_str("\n### Not seen\n\n");
    }
    for absent in &explanation.not_seen {
        let _ = writeln!(out, "- {}", text(absent));
    }
    out
}

fn evidence(out: &mut String, evidence: &Evidence, several: bool) {
    let _ = write!(out, "\n- {}\n", text(&evidence.text));
    for quote in evidence.quotes.iter().take(MOST_QUOTES) {
        quotation(out, quote, several);
    }
    if let Some(more) = evidence.quotes.len().checked_sub(MOST_QUOTES).filter(|more| *more > 0) {
        let _ = write!(out, "\n  and {more} more like these\n");
    }
}

fn quotation(out: &mut String, quote: &Quote, several: bool) {
    let at = if quote.line == 0 { String::new() } else { format!(", line {}", quote.line) };
    let _ = write!(out, "\n  {}{at}:\n", text(&place(quote, several)));
    let lines: Vec<String> = quoted(quote).into_iter().map(|(_, before, text)| before + &text).collect();
    fence(out, "  ", lines.iter().flat_map(|line| line.lines()));
}

/// A block of lines as they are, within a fence that is longer than any in it.
fn fence<'a>(out: &mut String, indent: &str, lines: impl Iterator<Item = &'a str>) {
    let lines: Vec<String> = lines.map(clean).collect();
    let fence = "`".repeat(lines.iter().map(|line| longest_run(line)).max().unwrap_or_default().max(2) + 1);
    let _ = write!(out, "\n{indent}{fence}text\n");
    for line in lines {
        let _ = writeln!(out, "{indent}{line}");
    }
    let _ = writeln!(out, "{indent}{fence}");
}

/// Text as a span of code.
fn code(text: &str) -> String {
    let text = words(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    let gap = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{gap}{text}{gap}{ticks}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// Words of prose; what stands in backticks becomes code.
fn text(text: &str) -> String {
    let text = words(text);
    let mut out = String::with_capacity(text.len());
    for (is_code, piece) in pieces(&text) {
        if is_code { out.push_str(&code(piece)) } else { escape(&mut out, piece) }
    }
    out
}

/// Escapes what would format, link, or call on people.
fn escape(out: &mut String, piece: &str) {
    let mut before = ' ';
    for (at, c) in piece.char_indices() {
        let rest = piece.get(at + c.len_utf8()..).unwrap_or_default();
        let first = out.is_empty();
        let special = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '$' | '!')
            || c == ':' && rest.starts_with("//")
            || c == '.' && before.eq_ignore_ascii_case(&'w')
            || first && matches!(c, '-' | '+' | '=')
            || matches!(c, '.' | ')') && !out.is_empty() && out.chars().all(|c| c.is_ascii_digit());
        if special {
            out.push('\\');
        }
        out.push(c);
        // An escaped `@` would still call on somebody; a joiner of no width keeps it from that.
        if c == '@' && !before.is_alphanumeric() {
            out.push('\u{2060}');
        }
        before = c;
    }
}

/// On one line, with nothing in it that would not be seen.
fn words(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(clean).collect();
    words.join(" ")
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use crate::wording::sample;

    #[track_caller]
    fn check(plain: &str, expect: &str) {
        assert_eq!(text(plain), expect);
    }

    #[test]
    fn prose_is_escaped() {
        check("a *b* [c](d)", "a \\*b\\* \\[c\\](d)");
        check("`a-b` and <b>", "`a-b` and \\<b\\>");
        check("1. one\n# two", "1\\. one \\# two");
        check("- x", "\\- x");
        check("see https://a.example and www.b.example", "see https\\://a.example and www\\.b.example");
        check("@all or a@b.example", "@\u{2060}all or a@b.example");
        check("lone ` tick", "lone \\` tick");
    }

    #[test]
    fn it_has_every_part() {
        let page = markdown(&sample::expired());
        for expected in [
            "## 401 token-expired (certain)\n",
            "- **Family**: `expired_token`\n",
            "- **Request**: `GET https://api.example.com/orders`\n",
            "> **Contradiction**: The server says `invalid_client`;",
            "  request header Authorization, line 5:\n\n  ```text\n  Authorization: Bearer eyJhbGci… (812 characters)\n  ```\n",
            "1. **clock-skew** (`clock_skew`): The clocks are 3 min apart. Ruled out by a Date that agrees.\n",
            "```text\ndate -u\n```\n",
            "- **caller**: Renew the token\n",
            "### Not seen\n\n- the token's signature was not checked\n",
        ] {
            assert!(page.contains(expected), "no {expected:?} in\n{page}");
        }
    }

    /// What is neither fenced nor in a span of code holds no markup.
    #[test]
    fn hostile_text_stays_text() {
        let page = markdown(&sample::hostile());
        assert!(!page.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}', '\r']), "{page:?}");
        let mut fence: Option<String> = None;
        for line in page.lines().map(str::trim) {
            match &fence {
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if line.starts_with("```") => fence = Some(line.trim_end_matches("text").to_owned()),
                None => {
                    let prose = outside_code(line);
                    for markup in ["<", "](", "![", "://", "@e"] {
                        let escaped = format!("\\{markup}");
                        assert!(prose.matches(markup).count() <= prose.matches(&escaped).count(), "{markup} in {prose}");
                    }
                }
            }
        }
        assert_eq!(fence, None, "{page}");
    }

    /// What is left of a line without its spans of code, whose ends are runs of as many backticks as their beginnings.
    fn outside_code(line: &str) -> String {
        let (mut out, mut rest) = (String::new(), line);
        while let Some(at) = rest.find('`') {
            let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
            let (before, after) = (&rest[..at], &rest[at + run..]);
            out.push_str(before);
            let escaped = before.ends_with('\\');
            let mut end = 0;
            let mut close = None;
            while let Some(tick) = after[end..].find('`').filter(|_| !escaped) {
                let length = after[end + tick..].len() - after[end + tick..].trim_start_matches('`').len();
                if length == run {
                    close = Some(end + tick + length);
                    break;
                }
                end += tick + length;
            }
            rest = close.map_or(after, |close| &after[close..]);
        }
        out + rest
    }
}
