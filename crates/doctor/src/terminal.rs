//! Reports and pages on a terminal. Colour repeats what the words say and is left out where it is not allowed; text is
//! broken to the width, lines to copy never are.

mod explanation;
mod page;
mod reference;

pub use explanation::render_explanation;
pub use page::render_page;
pub use reference::render;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Its width in columns; at least 20 are assumed.
    pub width: usize,
    /// May colours be used?
    pub colour: bool,
}

/// What a colour says.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    /// What refused.
    Refused,
    /// What is lacking.
    Lacking,
    /// What mends it, to copy.
    Mends,
    /// A heading.
    Heading,
    /// What is said in passing.
    Aside,
}

/// Lines in the making.
pub(crate) struct Canvas {
    screen: Screen,
    out: String,
}

impl Canvas {
    pub(crate) fn new(screen: Screen) -> Self {
        Self { screen: Screen { width: screen.width.max(20), ..screen }, out: String::new() }
    }

    pub(crate) fn finish(self) -> String {
        self.out
    }

    pub(crate) fn paint(&self, meaning: Meaning, text: &str) -> String {
        let code = match meaning {
            Meaning::Refused => "1;31",
            Meaning::Lacking => "33",
            Meaning::Mends => "32",
            Meaning::Heading => "1",
            Meaning::Aside => "2",
        };
        if self.screen.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    pub(crate) fn heading(&mut self, text: &str) {
        self.blank();
        self.line(&self.paint(Meaning::Heading, text));
    }

    /// Text broken to the width.
    pub(crate) fn text(&mut self, indent: usize, text: &str) {
        self.hanging(&" ".repeat(indent), indent, text);
    }

    pub(crate) fn item(&mut self, text: &str) {
        self.hanging("  - ", 4, text);
    }

    pub(crate) fn field(&mut self, name: &str, text: &str) {
        self.hanging(&format!("  {name:<10}"), 12, text);
    }

    /// Text whose first line begins with `head`, and whose further ones are indented.
    pub(crate) fn hanging(&mut self, head: &str, indent: usize, text: &str) {
        let mut column = head.chars().count();
        self.out.push_str(head);
        let mut first = true;
        for word in text.split_whitespace() {
            let width = visible(word);
            if !first && column + 1 + width > self.screen.width {
                self.out.push('\n');
                self.out.push_str(&" ".repeat(indent));
                column = indent;
                first = true;
            }
            if !first {
                self.out.push(' ');
                column += 1;
            }
            self.out.push_str(word);
            column += width;
            first = false;
        }
        self.blank();
    }
}

/// The columns that a word takes: colour codes take none.
fn visible(word: &str) -> usize {
    let mut escaped = false;
    word.chars()
        .filter(|&c| match (c, escaped) {
            ('\u{1b}', _) => {
                escaped = true;
                false
            }
            ('m', true) => {
                escaped = false;
                false
            }
            (_, escaped) => !escaped,
        })
        .count()
}
