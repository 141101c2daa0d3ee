//! A command line's words, by the quoting of the shell that it was written for. Variables stay as they were written, since
//! nobody here knows their values.

/// The shell that a command was written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shell {
    /// sh, bash, zsh.
    #[default]
    Posix,
    /// Windows' cmd, with carets.
    Cmd,
    /// PowerShell, with backticks.
    Power,
    /// JavaScript in a browser's console.
    Script,
}

/// The words of one command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// The words, the program first.
    pub(super) words: Vec<String>,
    /// The line of each word within the command, from 1.
    pub(super) lines: Vec<usize>,
    /// What stood where a shell would have put something else: `$TOKEN`, `$(cat token)`.
    pub(super) expanded: Vec<String>,
    /// Did an unquoted `&` end it?
    pub(super) cut: bool,
}

/// Whether a command goes on after its last line, without looking at its earlier lines again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Quoting {
    pub(super) shell: Shell,
    quote: Option<char>,
    continued: bool,
    depth: i32,
    begun: bool,
}

impl Quoting {
    pub(super) fn of(shell: Shell) -> Self {
        Self { shell, ..Self::default() }
    }

    pub(super) fn line(&mut self, line: &str) {
        let escape = match self.shell {
            Shell::Posix | Shell::Script => '\\',
            Shell::Cmd => '^',
            Shell::Power => '`',
        };
        self.continued = false;
        let mut letters = line.chars().peekable();
        let mut before = ' ';
        while let Some(letter) = letters.next() {
            match (self.quote, letter) {
                (Some('\''), '\'') if self.shell != Shell::Script => self.quote = None,
                (Some('\''), _) if self.shell != Shell::Script => {}
                (_, letter) if letter == escape || (letter == '\\' && self.quote.is_some() && self.shell == Shell::Cmd) => {
                    self.continued = letters.next().is_none();
                }
                (Some('E'), '\'') => self.quote = None,
                (Some('E'), _) => {}
                (Some(quote), letter) if quote == letter => self.quote = None,
                (Some(_), _) => {}
                (None, '\'') if before == '$' && self.shell == Shell::Posix => self.quote = Some('E'),
                (None, '\'') if self.shell != Shell::Cmd => self.quote = Some('\''),
                (None, '"') => self.quote = Some('"'),
                (None, '`') if self.shell == Shell::Script => self.quote = Some('`'),
                (None, '(' | '{') => {
                    self.depth += 1;
                    self.begun = true;
                }
                (None, ')' | '}') => self.depth -= 1,
                (None, '#') if before == ' ' && self.shell == Shell::Posix => break,
                _ => {}
            }
            before = letter;
        }
        if self.shell == Shell::Cmd {
            // cmd knows no quote across lines; an odd number of them is a slip.
            self.quote = None;
        }
    }

    pub(super) fn is_open(&self) -> bool {
        let nested = matches!(self.shell, Shell::Power | Shell::Script) && self.depth > 0;
        self.continued || self.quote.is_some() || nested
    }
}

/// Splits a command for sh or cmd.
pub(super) fn split(text: &str, shell: Shell) -> Words {
    let text = match shell {
        Shell::Cmd => without_carets(text),
        _ => text.to_owned(),
    };
    Splitter { letters: text.chars().peekable(), shell, line: 1, words: Words::default(), word: None, word_line: 1 }.run()
}

fn without_carets(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '^' => match letters.next() {
                Some('\n') => plain.push_str(" \u{b}"),
                Some('\r') | None => {}
                Some(other) => plain.push(other),
            },
            // The sign that stands for a joined line end has to be ours.
            '\u{b}' => plain.push(' '),
            _ => plain.push(letter),
        }
    }
    plain
}

struct Splitter<'a> {
    letters: std::iter::Peekable<std::str::Chars<'a>>,
    shell: Shell,
    line: usize,
    words: Words,
    word: Option<String>,
    word_line: usize,
}

impl Splitter<'_> {
    fn run(mut self) -> Words {
        while let Some(letter) = self.letters.next() {
            match letter {
                '\n' => {
                    self.line += 1;
                    self.end();
                    if !self.words.words.is_empty() {
                        break;
                    }
                }
                // Where a caret joined two lines.
                '\u{b}' if self.shell == Shell::Cmd => self.line += 1,
                ' ' | '\t' | '\r' => self.end(),
                '\'' if self.shell == Shell::Posix => self.single(),
                '"' => self.double(),
                '\\' if self.shell == Shell::Posix => match self.letters.next() {
                    Some('\n') => self.line += 1,
                    Some(other) => self.put(other),
                    None => {}
                },
                '$' if self.letters.peek() == Some(&'\'') && self.shell == Shell::Posix => {
                    self.letters.next();
                    self.ansi();
                }
                '$' if self.shell == Shell::Posix => self.variable(),
                '`' if self.shell == Shell::Posix => self.substitution('`', "`"),
                '&' => {
                    self.words.cut = self.letters.peek() != Some(&'&')
                        && self.word.is_some()
                        && self.letters.peek().is_some_and(|next| !next.is_whitespace());
                    break;
                }
                '|' | ';' => break,
                '>' | '<'
                    if self.word.is_none() || self.word.as_deref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) =>
                {
                    self.redirection()
                }
                '#' if self.word.is_none() && self.shell == Shell::Posix => {
                    while self.letters.next_if(|&letter| letter != '\n').is_some() {}
                }
                _ => self.put(letter),
            }
        }
        self.end();
        self.words
    }

    fn put(&mut self, letter: char) {
        if self.word.is_none() {
            self.word_line = self.line;
        }
        self.word.get_or_insert_default().push(letter);
        self.line += usize::from(letter == '\n');
    }

    fn begin(&mut self) {
        if self.word.is_none() {
            self.word_line = self.line;
            self.word = Some(String::new());
        }
    }

    fn end(&mut self) {
        if let Some(word) = self.word.take() {
            self.words.words.push(word);
            self.words.lines.push(self.word_line);
        }
    }

    fn single(&mut self) {
        self.begin();
        while let Some(letter) = self.letters.next() {
            match letter {
                '\'' => return,
                _ => self.put(letter),
            }
        }
    }

    fn double(&mut self) {
        self.begin();
        while let Some(letter) = self.letters.next() {
            match letter {
                '"' if self.shell == Shell::Cmd && self.letters.peek() == Some(&'"') => {
                    self.letters.next();
                    self.put('"');
                }
                '"' => return,
                '\\' => match self.letters.peek() {
                    Some('"' | '\\') => self.escaped(),
                    Some('$' | '`') if self.shell == Shell::Posix => self.escaped(),
                    Some('\n') if self.shell == Shell::Posix => {
                        self.letters.next();
                        self.line += 1;
                    }
                    _ => self.put('\\'),
                },
                '$' if self.shell == Shell::Posix => self.variable(),
                '`' if self.shell == Shell::Posix => self.substitution('`', "`"),
                _ => self.put(letter),
            }
        }
    }

    fn escaped(&mut self) {
        if let Some(letter) = self.letters.next() {
            self.put(letter);
        }
    }

    /// `$'…'`, with the escapes of C.
    fn ansi(&mut self) {
        self.begin();
        while let Some(letter) = self.letters.next() {
            match letter {
                '\'' => return,
                '\\' => match self.letters.next() {
                    Some('n') => self.put('\n'),
                    Some('r') => self.put('\r'),
                    Some('t') => self.put('\t'),
                    Some('x') => self.number(16, 2),
                    Some('u') => self.number(16, 4),
                    Some('U') => self.number(16, 8),
                    Some(other) => self.put(other),
                    None => {}
                },
                _ => self.put(letter),
            }
        }
    }

    fn number(&mut self, radix: u32, most: usize) {
        let mut value = 0;
        for _ in 0..most {
            let Some(digit) = self.letters.peek().and_then(|letter| letter.to_digit(radix)) else { break };
            value = (value * radix).saturating_add(digit);
            self.letters.next();
        }
        self.put(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    /// `$NAME`, `${NAME}`, `$(command)`: kept, and noted.
    fn variable(&mut self) {
        let mut text = String::from("$");
        match self.letters.peek().copied() {
            Some('(') => return self.substitution(')', "$"),
            Some('{') => {
                while let Some(letter) = self.letters.next_if(|letter| !matches!(letter, '\n' | '"')) {
                    text.push(letter);
                    if letter == '}' {
                        break;
                    }
                }
            }
            _ => {
                while let Some(letter) = self.letters.next_if(|letter| letter.is_ascii_alphanumeric() || *letter == '_') {
                    text.push(letter);
                }
            }
        }
        if text.len() > 1 {
            self.note(&text);
        }
        text.chars().for_each(|letter| self.put(letter));
    }

    fn substitution(&mut self, close: char, open: &str) {
        let mut text = open.to_owned();
        let mut depth = 0_u32;
        for letter in self.letters.by_ref() {
            text.push(letter);
            match letter {
                '(' => depth += 1,
                ')' if close == ')' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ if letter == close => break,
                _ => {}
            }
        }
        self.note(&text);
        text.chars().for_each(|letter| self.put(letter));
    }

    fn note(&mut self, text: &str) {
        if self.words.expanded.len() < 100 && !self.words.expanded.iter().any(|known| known == text) {
            self.words.expanded.push(text.chars().take(100).collect());
        }
    }

    /// `> file`, `2>&1`: of the shell, not of the command.
    fn redirection(&mut self) {
        self.word = None;
        while self.letters.next_if(|letter| matches!(letter, '>' | '<' | '&' | ' ')).is_some() {}
        while self.letters.next_if(|letter| !letter.is_whitespace() && !matches!(letter, '|' | ';' | '&')).is_some() {}
    }
}
