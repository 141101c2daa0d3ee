//! An explanation as HTML: one file that needs nothing else, runs nothing and loads nothing, in the light and in the dark.

use crate::clue::Quote;
use crate::explanation::{Evidence, Explanation};
use crate::wording::{MOST_QUOTES, clean, confidence, meaning, pieces, place, quoted, several_exchanges, side, title};
use std::fmt::Write;

/// The style of [`html`] and of whatever shows an [`html_article`].
pub const HTML_STYLE: &str = include_str!("html/style.css");

/// An explanation as a page of its own.
pub fn html(explanation: &Explanation) -> String {
    html_page(&title(explanation), &html_article(explanation))
}

/// Text that has its form already, as a page of its own.
pub fn html_text(title: &str, text: &str) -> String {
    html_page(title, &html_preformatted(text))
}

/// The same as a part of a page.
pub fn html_preformatted(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(escape).collect();
    format!("<article><pre class=\"plain\">{}</pre></article>\n", lines.join("\n"))
}

fn html_page(title: &str, article: &str) -> String {
    // The meta element holds this file to what it promises wherever it is opened.
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style>{HTML_STYLE}</style>\n</head>\n<body>\n<main>\n{article}</main>\n</body>\n</html>\n",
        escape(title)
    )
}

/// An explanation as a part of a page.
pub fn html_article(explanation: &Explanation) -> String {
    // Writing to a string does not fail, here and below.
    let verdict = &explanation.verdict;
    let sure = confidence(verdict.confidence);
    let mut out = format!(
        "<article>\n<h1>{} <span class=\"sure {sure}\">{sure}</span></h1>\n<p class=\"sentence\">{}</p>\n<dl>\n",
        escape(&title(explanation)),
        text(&verdict.sentence)
    );
    let mut field = |name: &str, value: String| {
        let _ = writeln!(out, "<dt>{name}</dt><dd>{value}</dd>");
    };
    field("sure", format!("{sure}: {}", meaning(verdict.confidence)));
    field("family", format!("<code>{}</code>", verdict.family.name()));
    if let Some(request) = &explanation.request {
        field("request", format!("<code>{}</code>", escape(request)));
    }
    if let Some(product) = &verdict.product {
        field("product", text(product));
    }
    out.push_str("</dl>\n");
    if let Some(contradiction) = &verdict.contradiction {
        let _ = writeln!(out, "<p class=\"contradiction\"><strong>Contradiction:</strong> {}</p>", text(contradiction));
    }
    out.push_str("<h2>Evidence</h2>\n");
    if explanation.evidence.is_empty() {
        out.push_str("<p>None that would tell the cause.</p>\n");
    }
    let several = several_exchanges(explanation);
    for found in &explanation.evidence {
        evidence(&mut out, found, several);
    }
    alternatives(&mut out, explanation);
    if let Some(step) = &explanation.next_step {
        let _ = writeln!(out, "<h2>Next step</h2>\n<p>{}</p>", text(&step.text));
        copy(&mut out, step.command.iter());
    }
    if !explanation.fix.is_empty() {
        out.push_str("<h2>Fix</h2>\n<ul>\n");
        for fix in &explanation.fix {
            let _ = write!(out, "<li><strong>{}</strong>: {}", side(fix.side), text(&fix.text));
            copy(&mut out, fix.lines.iter());
            out.push_str("</li>\n");
        }
        out.push_str("</ul>\n");
    }
    if !explanation.retry.is_empty() {
        let _ = writeln!(out, "<h2>Does it help to try again?</h2>\n<p>{}</p>", text(explanation.retry));
    }
    if !explanation.not_seen.is_empty() {
        out.push_str("<h2>Not seen</h2>\n<ul>\n");
        for absent in &explanation.not_seen {
            let _ = writeln!(out, "<li>{}</li>", text(absent));
        }
        out.push_str("</ul>\n");
    }
    out + "</article>\n"
}

fn evidence(out: &mut String, evidence: &Evidence, several: bool) {
    out.push_str("<section class=\"evidence\">\n");
    for quote in evidence.quotes.iter().take(MOST_QUOTES) {
        quotation(out, quote, several);
    }
    if let Some(more) = evidence.quotes.len().checked_sub(MOST_QUOTES).filter(|more| *more > 0) {
        let _ = writeln!(out, "<p class=\"aside\">and {more} more like these</p>");
    }
    let _ = writeln!(out, "<p>{}</p>\n</section>", text(&evidence.text));
}

fn quotation(out: &mut String, quote: &Quote, several: bool) {
    let _ = write!(out, "<figure><figcaption>{}</figcaption><pre>", escape(&place(quote, several)));
    for (number, before, text) in quoted(quote) {
        let number = if number == 0 { String::new() } else { number.to_string() };
        let _ = writeln!(out, "<span class=\"number\">{number}</span>{}<mark>{}</mark>", escape(&before), escape(&text));
    }
    out.push_str("</pre></figure>\n");
}

fn alternatives(out: &mut String, explanation: &Explanation) {
    if explanation.alternatives.is_empty() {
        return;
    }
    let heading = if explanation.verdict.cause.is_some() { "It could also be" } else { "It could be" };
    let _ = writeln!(out, "<h2>{heading}</h2>\n<ol>");
    for other in &explanation.alternatives {
        let (cause, family) = (other.cause.code(), other.family.name());
        let _ = write!(out, "<li><strong>{cause}</strong> (<code>{family}</code>): {}", text(&other.because));
        if !other.ruled_out_by.is_empty() {
            let _ = write!(out, " <span class=\"aside\">Ruled out by {}.</span>", text(other.ruled_out_by.trim_end_matches('.')));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n");
}

/// Lines to copy.
fn copy<'a>(out: &mut String, texts: impl Iterator<Item = &'a String>) {
    let lines: Vec<String> = texts.flat_map(|text| text.lines()).map(escape).collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "<pre class=\"copy\">{}</pre>", lines.join("\n"));
    }
}

/// Prose; what stands in backticks becomes code.
fn text(text: &str) -> String {
    let piece = |(code, piece): (bool, &str)| if code { format!("<code>{}</code>", escape(piece)) } else { escape(piece) };
    pieces(text).into_iter().map(piece).collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in clean(&text.replace(['\r', '\n'], " ")).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wording::sample;

    #[test]
    fn it_has_every_part() {
        let page = html(&sample::expired());
        for expected in [
            "<title>401 token-expired</title>",
            "<h1>401 token-expired <span class=\"sure certain\">certain</span></h1>",
            "<code>invalid_client</code>",
            "<span class=\"number\">5</span>Authorization: <mark>Bearer eyJhbGci… (812 characters)</mark>",
            "<strong>clock-skew</strong>",
            "<pre class=\"copy\">date -u</pre>",
            "<strong>caller</strong>: Renew the token",
            "<li>the token&#39;s signature was not checked</li>",
        ] {
            assert!(page.contains(expected), "no {expected:?} in\n{page}");
        }
    }

    /// Only elements and attributes of our own, and nothing that loads or runs.
    #[test]
    fn hostile_text_stays_text() {
        let page = html(&sample::hostile());
        assert!(!page.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}', '\u{feff}', '\r']), "{page:?}");
        for element in ["<script", "<img", "<a ", "<link", "href=", "src=x onerror=alert(1)>", "@import", "url("] {
            assert!(!page.contains(element), "{element} in\n{page}");
        }
        assert_eq!(page.matches("</pre>").count(), page.matches("<pre").count());
        assert_eq!(page.matches("</code>").count(), page.matches("<code").count());
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn text_with_its_form() {
        let page = html_text("a<b", "one\n  <two>\u{1b}");
        assert!(page.contains("<title>a&lt;b</title>"));
        assert!(page.contains("one\n  &lt;two&gt;\u{fffd}</pre>"), "{page}");
    }
}
