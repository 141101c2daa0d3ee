//! A cause's page on a terminal. Understands the Markdown that the pages use, and no more: headings, paragraphs, lists,
//! fences, links.

use super::{Canvas, Meaning, Screen};
use crate::catalogue::Code;
use crate::pages::page_of;

/// The page of a cause, for people.
pub fn render_page(code: impl Into<Code>, screen: &Screen) -> String {
    let mut canvas = Canvas::new(*screen);
    let mut paragraph = String::new();
    let mut fenced = false;
    for line in page_of(code.into()).lines() {
        if line.starts_with("```") {
            flush(&mut paragraph, &mut canvas);
            fenced = !fenced;
        } else if fenced {
            canvas.line(&format!("    {}", canvas.paint(Meaning::Mends, line)));
        } else if line.is_empty() {
            flush(&mut paragraph, &mut canvas);
            canvas.blank();
        } else if let Some(title) = line.strip_prefix('#') {
            let meaning = if line.starts_with("# ") { Meaning::Refused } else { Meaning::Heading };
            canvas.line(&canvas.paint(meaning, title.trim_start_matches(['#', ' '])));
        } else {
            if line.starts_with("- ") {
                flush(&mut paragraph, &mut canvas);
            }
            paragraph.push_str(line);
            paragraph.push('\n');
        }
    }
    flush(&mut paragraph, &mut canvas);
    canvas.finish()
}

fn flush(paragraph: &mut String, canvas: &mut Canvas) {
    let text = without_links(paragraph);
    match text.strip_prefix("- ") {
        Some(item) => canvas.item(item),
        None if !text.is_empty() => canvas.text(0, &text),
        None => {}
    }
    paragraph.clear();
}

/// `[text](target)` becomes its text.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("](") {
        let (head, label) = before.rsplit_once('[').unwrap_or((before, ""));
        out.push_str(head);
        out.push_str(label);
        rest = after.split_once(')').map_or(after, |(_, tail)| tail);
    }
    out + rest
}
