//! An explanation on a terminal: what was quoted stands there with its line number, underlined, and what follows from it
//! beneath. Everything is broken to the width but lines to copy.

use super::{Canvas, Meaning, Screen};
use crate::clue::{Fix, Quote};
use crate::explanation::{Alternative, Evidence, Explanation, NextStep};
use crate::wording::{MOST_QUOTES, clean, confidence, meaning, place, quoted, several_exchanges, side, title};

/// Below this width a field's name gets a line of its own.
const NARROW: usize = 44;

/// An explanation, for people.
pub fn render_explanation(explanation: &Explanation, screen: &Screen) -> String {
    let verdict = &explanation.verdict;
    let mut sheet = Sheet { canvas: Canvas::new(*screen), several: several_exchanges(explanation) };
    sheet.say("", Some(Meaning::Refused), &format!("{} ({})", title(explanation), confidence(verdict.confidence)));
    sheet.say("", None, &verdict.sentence);
    sheet.canvas.blank();
    sheet.field("sure", &format!("{}: {}", confidence(verdict.confidence), meaning(verdict.confidence)));
    sheet.field("family", verdict.family.name());
    if let Some(request) = &explanation.request {
        sheet.field("request", request);
    }
    if let Some(product) = &verdict.product {
        sheet.field("product", product);
    }
    if let Some(contradiction) = &verdict.contradiction {
        sheet.heading("Contradiction");
        sheet.say("  ", Some(Meaning::Lacking), contradiction);
    }
    sheet.heading("Evidence");
    sheet.evidence(&explanation.evidence);
    sheet.alternatives(&explanation.alternatives, verdict.cause.is_some());
    sheet.next_step(explanation.next_step.as_ref());
    sheet.fix(&explanation.fix);
    if !explanation.retry.is_empty() {
        sheet.heading("Does it help to try again?");
        sheet.say("  ", None, explanation.retry);
    }
    if !explanation.not_seen.is_empty() {
        sheet.heading("Not seen");
        for absent in &explanation.not_seen {
            sheet.say("  - ", Some(Meaning::Aside), absent);
        }
    }
    if let Some(cause) = verdict.cause {
        sheet.canvas.blank();
        sheet.say("", None, &format!("More: countersign explain {cause}"));
    }
    sheet.canvas.finish()
}

struct Sheet {
    canvas: Canvas,
    /// Does it have to be said which exchange is meant?
    several: bool,
}

impl Sheet {
    fn evidence(&mut self, all: &[Evidence]) {
        if all.is_empty() {
            self.say("  - ", None, "none that would tell the cause");
        }
        let last = all.iter().flat_map(|evidence| &evidence.quotes).map(|quote| quote.line + quote.text.lines().count()).max();
        let digits = last.unwrap_or_default().to_string().len();
        let mut above: &[Quote] = &[];
        for (at, evidence) in all.iter().enumerate() {
            // What follows from the very same lines stands beneath them too.
            let again = !above.is_empty() && above == evidence.quotes;
            if at > 0 && !again {
                self.canvas.blank();
            }
            for quote in evidence.quotes.iter().take(if again { 0 } else { MOST_QUOTES }) {
                self.quote(quote, digits);
            }
            above = &evidence.quotes;
            let head = if evidence.quotes.is_empty() { "  - ".to_owned() } else { format!("  {:digits$} = ", "") };
            if let Some(more) = evidence.quotes.len().checked_sub(MOST_QUOTES).filter(|more| *more > 0 && !again) {
                self.say(&head, Some(Meaning::Aside), &format!("and {more} more like these"));
            }
            self.say(&head, None, &evidence.text);
        }
    }

    /// The place, then each line with its number and a line of carets beneath.
    fn quote(&mut self, quote: &Quote, digits: usize) {
        self.say(&format!("  {:digits$}--> ", ""), Some(Meaning::Aside), &place(quote, self.several));
        for (number, before, text) in quoted(quote) {
            let shown = if number == 0 { String::new() } else { number.to_string() };
            let mut head = format!("  {shown:>digits$} | ");
            let blank = format!("  {:digits$} | ", "");
            let room = self.room(&head);
            let (before, text) = (clean(&before), clean(&text));
            // A name that leaves no room for its value stands alone.
            let mut offset = columns(&before);
            if offset > 0 && offset + 8 > room && offset + columns(&text) > room {
                for piece in chop(&before, room) {
                    self.canvas.line(&format!("{}{}", self.aside(&head), piece.trim_end()));
                    head.clone_from(&blank);
                }
                offset = 0;
            }
            let before = if offset == 0 { "" } else { before.as_str() };
            for (at, piece) in fold(&text, room - offset).iter().enumerate() {
                let lead = if at == 0 { before.to_owned() } else { " ".repeat(offset) };
                self.canvas.line(&format!("{}{lead}{piece}", self.aside(&head)));
                let carets = self.canvas.paint(Meaning::Lacking, &"^".repeat(columns(piece)));
                self.canvas.line(&format!("{}{}{carets}", self.aside(&blank), " ".repeat(offset)));
                head.clone_from(&blank);
            }
        }
    }

    fn alternatives(&mut self, all: &[Alternative], named: bool) {
        if !all.is_empty() {
            self.heading(if named { "It could also be" } else { "It could be" });
        }
        for (at, other) in all.iter().enumerate() {
            self.say(&format!("  {}. ", at + 1), Some(Meaning::Heading), &format!("{} ({})", other.cause, other.family.name()));
            self.say("     ", None, &other.because);
            if !other.ruled_out_by.is_empty() {
                self.say("     ", Some(Meaning::Aside), &format!("Ruled out by {}.", other.ruled_out_by.trim_end_matches('.')));
            }
        }
    }

    fn next_step(&mut self, step: Option<&NextStep>) {
        if let Some(step) = step {
            self.heading("Next step");
            self.say("  ", None, &step.text);
            self.copy("    ", step.command.iter());
        }
    }

    fn fix(&mut self, all: &[Fix]) {
        if !all.is_empty() {
            self.heading("Fix");
        }
        for fix in all {
            let colon = if fix.lines.is_empty() { "" } else { ":" };
            let text = if colon.is_empty() { fix.text.as_str() } else { fix.text.trim_end_matches(['.', ':']) };
            self.say("  - ", None, &format!("{}: {text}{colon}", side(fix.side)));
            self.copy("      ", fix.lines.iter());
        }
    }

    /// Lines to copy: as they are, whatever the width.
    fn copy<'a>(&mut self, indent: &str, texts: impl Iterator<Item = &'a String>) {
        for line in texts.flat_map(|text| text.lines()) {
            self.canvas.line(&format!("{indent}{}", self.canvas.paint(Meaning::Mends, &clean(line))));
        }
    }

    fn heading(&mut self, text: &str) {
        self.canvas.blank();
        self.say("", Some(Meaning::Heading), text);
    }

    fn field(&mut self, name: &str, text: &str) {
        if self.canvas.screen.width < NARROW {
            self.say("  ", None, &format!("{name}:"));
            self.say("    ", None, text);
        } else {
            self.say(&format!("  {name:<10}"), None, text);
        }
    }

    /// Text broken to the width, its further lines indented as far as `head` reaches.
    fn say(&mut self, head: &str, meaning: Option<Meaning>, text: &str) {
        let indent = " ".repeat(columns(head));
        for (at, line) in wrap(text, self.room(head)).iter().enumerate() {
            let line = meaning.map_or_else(|| line.clone(), |meaning| self.canvas.paint(meaning, line));
            self.canvas.line(&format!("{}{line}", if at == 0 { head } else { &indent }));
        }
    }

    fn aside(&self, text: &str) -> String {
        self.canvas.paint(Meaning::Aside, text)
    }

    fn room(&self, head: &str) -> usize {
        self.canvas.screen.width.saturating_sub(columns(head)).max(4)
    }
}

/// Words in lines of at most this width; a word that is wider is cut.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut column = 0;
    for word in text.split_whitespace().map(clean) {
        for piece in chop(&word, width) {
            let wide = columns(&piece);
            if column > 0 && column + 1 + wide > width {
                lines.push(String::new());
                column = 0;
            }
            if let Some(line) = lines.last_mut() {
                if column > 0 {
                    line.push(' ');
                    column += 1;
                }
                line.push_str(&piece);
            }
            column += wide;
        }
    }
    lines
}

/// A quoted line in pieces of at most this width: broken before a word where that costs less than half a piece.
fn fold(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for word in text.split_inclusive(' ') {
        for part in chop(word, width) {
            let column = pieces.last().map_or(0, |piece| columns(piece));
            let room = width.saturating_sub(column);
            match pieces.last_mut() {
                Some(piece) if columns(part.trim_end()) <= room => piece.push_str(&part),
                Some(piece) if column < width / 2 => {
                    let mut parts = chop(&part, room.max(1)).into_iter();
                    piece.push_str(&parts.next().unwrap_or_default());
                    pieces.extend(chop(&parts.collect::<String>(), width));
                }
                _ => pieces.push(part),
            }
        }
    }
    for piece in &mut pieces {
        piece.truncate(piece.trim_end().len());
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// Text in pieces of at most this width.
fn chop(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut column = 0;
    for c in text.chars() {
        if column > 0 && column + wide(c) > width.max(2) {
            pieces.push(String::new());
            column = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        column += wide(c);
    }
    pieces
}

fn columns(text: &str) -> usize {
    text.chars().map(wide).sum()
}

/// The columns of a character: two for those of East Asia and for pictures, none for marks that join the one before.
const fn wide(c: char) -> usize {
    match c {
        '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests;
