//! The lines of a recording, with the marks of each tool turned into curl's: `> ` before what was sent, `< ` before what came,
//! `* ` before what the tool says itself. Lines of no tool stay as they are.

use std::borrow::Cow;

/// Gives each line with its number, from 1; a line that holds several by escapes gives them all under the same number.
pub(super) fn each(text: &str, sink: &mut impl FnMut(usize, &str)) {
    let mut translator = Translator::default();
    for (index, raw) in text.split('\n').enumerate() {
        // A progress meter writes over itself with carriage returns.
        let mut parts = raw.split('\r').filter(|part| !part.is_empty());
        let first = parts.next().unwrap_or_default();
        for part in std::iter::once(first).chain(parts) {
            translator.line(&plain(part), &mut |line| sink(index + 1, line));
        }
    }
}

#[derive(Default)]
struct Translator {
    /// The section of `curl --trace-ascii` that its numbered lines belong to.
    section: Option<&'static str>,
    /// Has the head of Ruby's response ended?
    after_head: bool,
    /// Did wget say where it goes?
    wget: bool,
}

/// What wget says of itself.
const WGETS_OWN: &[&str] = &[
    "Resolving ",
    "Connecting to ",
    "Reusing existing connection",
    "Username/Password Authentication Failed.",
    "Authorization failed.",
    "Length: ",
    "Saving to: ",
];

impl Translator {
    fn line(&mut self, line: &str, sink: &mut impl FnMut(&str)) {
        let line = without_log_prefix(line);
        let marked = [("&gt; ", "> "), ("&lt; ", "< "), ("&gt;", ">"), ("&lt;", "<")];
        if let Some((mark, rest)) = marked.iter().find_map(|(escaped, mark)| line.strip_prefix(escaped).map(|rest| (mark, rest))) {
            return sink(&format!("{mark}{rest}"));
        }
        // `--2026-01-31 10:00:00--  https://example.com/` of wget.
        let asked = line.strip_prefix("--").and_then(|rest| rest.split_once("--  ")).filter(|(time, _)| time.len() <= 30);
        if let Some((_, url)) = asked.filter(|(_, url)| url.starts_with("http")) {
            self.wget = true;
            return sink(&format!("GET {url}"));
        }
        if self.wget && (WGETS_OWN.iter().any(|begin| line.starts_with(begin)) || line.trim_end().ends_with("awaiting response...")) {
            return;
        }
        if self.trace(line, sink) || self.python(line, sink) || self.ruby(line, sink) || wire(line, sink) || quoted(line, sink) {
            return;
        }
        sink(line);
    }

    /// `curl --trace-ascii` and `GIT_TRACE_CURL`.
    fn trace(&mut self, line: &str, sink: &mut impl FnMut(&str)) -> bool {
        const MARKS: &[(&str, &str)] =
            &[("== Info:", "* "), ("=> Send header", "> "), ("<= Recv header", "< "), ("=> Send data", ""), ("<= Recv data", "")];
        let trimmed = line.trim_start();
        if let Some((begin, mark)) = MARKS.iter().find(|(begin, _)| trimmed.starts_with(begin)) {
            let rest = trimmed.get(begin.len()..).unwrap_or_default();
            match rest.strip_prefix(", ") {
                Some(_) => self.section = Some(mark),
                None => sink(&format!("{mark}{}", rest.strip_prefix(':').unwrap_or(rest).trim_start())),
            }
            return true;
        }
        let Some(mark) = self.section else { return false };
        let numbered = line.split_once(": ").or_else(|| line.split_once(':'));
        match numbered.filter(|(number, _)| number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_hexdigit())) {
            Some((_, rest)) => sink(&format!("{mark}{rest}")),
            None => {
                self.section = None;
                sink(line);
            }
        }
        true
    }

    /// `http.client` of Python with its debug level set.
    fn python(&mut self, line: &str, sink: &mut impl FnMut(&str)) -> bool {
        if let Some(sent) = line.strip_prefix("send: ") {
            let sent = unescaped(unquoted(sent.strip_prefix('b').unwrap_or(sent)));
            let head = sent.lines().next().is_some_and(|first| super::start::strict(first).is_some());
            let mut in_head = head;
            for line in sent.split('\n').map(|line| line.trim_end_matches('\r')) {
                sink(&if in_head { Cow::Owned(format!("> {line}")) } else { Cow::Borrowed(line) });
                in_head &= !line.is_empty();
            }
        } else if let Some(reply) = line.strip_prefix("reply: ") {
            sink(&format!("< {}", unescaped(unquoted(reply)).trim_end()));
        } else if let Some(header) = line.strip_prefix("header: ") {
            sink(&format!("< {header}"));
        } else {
            return false;
        }
        true
    }

    /// `Net::HTTP` of Ruby with its debug output set: its arrows point the other way.
    fn ruby(&mut self, line: &str, sink: &mut impl FnMut(&str)) -> bool {
        let (sent, text) = match (line.strip_prefix("<- \""), line.strip_prefix("-> \"")) {
            (Some(text), _) => (true, text),
            (_, Some(text)) => (false, text),
            _ => return false,
        };
        let text = unescaped(text.trim_end().trim_end_matches('"'));
        if sent {
            self.after_head = false;
            let mut in_head = text.lines().next().is_some_and(|first| super::start::strict(first).is_some());
            for line in text.split('\n').map(|line| line.trim_end_matches('\r')) {
                sink(&if in_head { Cow::Owned(format!("> {line}")) } else { Cow::Borrowed(line) });
                in_head &= !line.is_empty();
            }
        } else {
            for line in text.trim_end_matches('\n').split('\n').map(|line| line.trim_end_matches('\r')) {
                sink(&if self.after_head { Cow::Borrowed(line) } else { Cow::Owned(format!("< {line}")) });
                self.after_head |= line.is_empty();
            }
        }
        true
    }
}

/// The wire log of Apache HttpClient: `http-outgoing-0 >> "GET / HTTP/1.1[\r][\n]"`.
fn wire(line: &str, sink: &mut impl FnMut(&str)) -> bool {
    let Some((_, rest)) = line.split_once("http-outgoing-") else { return false };
    let Some((number, rest)) = rest.split_once(' ') else { return false };
    let (mark, text) = match (rest.strip_prefix(">> "), rest.strip_prefix("<< ")) {
        (Some(text), _) => (">", text),
        (_, Some(text)) => ("<", text),
        _ => return false,
    };
    // The quoted lines say the same once more.
    if number.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('"') {
        sink(&format!("{mark} {text}"));
    }
    true
}

/// A whole message on one line with its line ends escaped, as Go's `%q` and structured logs write it.
fn quoted(line: &str, sink: &mut impl FnMut(&str)) -> bool {
    let inner = line.trim().trim_start_matches(['"', '\'', '`']);
    let Some(end) = inner.find("\\r\\n").or_else(|| inner.find("\\n")) else { return false };
    let first = inner.get(..end).unwrap_or_default();
    if first.len() > 8192 || super::start::strict(first).is_none() {
        return false;
    }
    unescaped(inner.trim_end_matches(['"', '\'', '`', ','])).split('\n').for_each(|line| sink(line.trim_end_matches('\r')));
    true
}

/// The line without the colours that a terminal would show.
fn plain(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                letters.by_ref().find(|letter| ('\u{40}'..='\u{7e}').contains(letter));
            }
            '\u{1b}' => {}
            _ => plain.push(letter),
        }
    }
    Cow::Owned(plain)
}

/// The line without the time, the severity and the source that a log puts before it.
fn without_log_prefix(line: &str) -> &str {
    let bytes = line.as_bytes();
    // `15:04:05.123456 ` of curl --trace-time and git, the latter with `http.c:756   `.
    if let Some(rest) = bytes.get(..9).filter(|head| clock(head) && head.ends_with(b".")).and_then(|_| line.split_once(' ')) {
        let rest = rest.1;
        let source = rest.split_once(' ').filter(|(source, _)| source.starts_with("http.c:") || source.starts_with("http.c "));
        return source.map_or(rest, |(_, rest)| rest.trim_start());
    }
    // `I0102 15:04:05.000000    1234 round_trippers.go:432] ` of kubectl.
    if matches!(bytes.first(), Some(b'I' | b'W' | b'E'))
        && bytes.get(1..5).is_some_and(|date| date.iter().all(u8::is_ascii_digit))
        && let Some((_, rest)) = line.split_once("] ")
    {
        return rest;
    }
    let okhttp = line.get(..line.floor_char_boundary(120)).unwrap_or(line).to_ascii_lowercase();
    match okhttp.find("okhttp").and_then(|at| Some(at + okhttp.get(at..)?.find(": ")? + 2)) {
        Some(at) => line.get(at..).unwrap_or(line),
        None => line,
    }
}

fn clock(head: &[u8]) -> bool {
    head.iter().enumerate().all(|(at, byte)| if at == 2 || at == 5 { *byte == b':' } else { byte.is_ascii_digit() || at == 8 })
}

fn unquoted(text: &str) -> &str {
    let text = text.trim_end();
    let inner = |quote: char| text.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest));
    inner('\'').or_else(|| inner('"')).unwrap_or(text)
}

/// The text with the escapes of Python, Ruby, Go and C read.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('x') => {
                let digits: String = letters.clone().take(2).collect();
                if let Ok(byte) = u8::from_str_radix(&digits, 16) {
                    letters.nth(1);
                    plain.push(if byte.is_ascii() { char::from(byte) } else { '\u{fffd}' });
                }
            }
            Some(other) => plain.push(other),
            None => plain.push('\\'),
        }
    }
    plain
}
