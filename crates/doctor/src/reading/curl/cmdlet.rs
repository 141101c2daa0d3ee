//! PowerShell's web cmdlets, `Invoke-WebRequest` and `Invoke-RestMethod`, in the form in which a browser copies them and people
//! write them: named parameters, and a table of header fields in place.

use super::request::absolute;
use crate::dossier::{Header, Headers, Request};
use std::iter::Peekable;
use std::str::Chars;

/// The request of one call.
pub(super) fn requests(text: &str, not_seen: &mut Vec<String>) -> Vec<Request> {
    let mut tokens = tokens(text).into_iter().skip(1).peekable();
    let mut request = Request { method: "GET".to_owned(), line: 1, ..Request::default() };
    while let Some((token, line, quoted)) = tokens.next() {
        let parameter = if quoted { String::new() } else { token.to_ascii_lowercase() };
        if !parameter.starts_with('-') {
            if request.url.is_empty() && !matches!(token.as_str(), "@" | "{" | "}" | "=" | ";" | "(" | ")") {
                request.url = absolute(&token);
            }
            continue;
        }
        const SWITCHES: &[&str] = &["-usebasicparsing", "-skipcertificatecheck", "-verbose", "-allowunencryptedauthentication"];
        if SWITCHES.contains(&parameter.as_str()) {
            continue;
        }
        if parameter == "-headers" && tokens.next_if(|(token, ..)| token == "@").is_some() {
            table(&mut tokens, &mut request.headers);
            continue;
        }
        let Some((value, ..)) = tokens.next_if(|(token, _, quoted)| *quoted || !token.starts_with('-')) else { continue };
        let mut field = |name: &str| request.headers.0.push(Header { name: name.to_owned(), value: value.clone(), line });
        match parameter.as_str() {
            "-uri" => request.url = absolute(&value),
            "-method" => request.method = value.to_ascii_uppercase(),
            "-contenttype" => field("Content-Type"),
            "-useragent" => field("User-Agent"),
            "-body" => request.body = value,
            "-token" => request.headers.0.push(Header { name: "Authorization".to_owned(), value: format!("Bearer {value}"), line }),
            "-headers" => not_seen.push(format!("the header fields in {value}")),
            "-credential" => not_seen.push(format!("the credentials in {value}")),
            "-websession" => not_seen.push(format!("the cookies and credentials in {value}")),
            "-usedefaultcredentials" => not_seen.push("the credentials of the user who is logged in".to_owned()),
            _ => {}
        }
    }
    if request.headers.get("user-agent").is_none() {
        request.headers.0.push(Header { name: "User-Agent".to_owned(), value: "PowerShell".to_owned(), line: 0 });
    }
    if request.url.is_empty() { Vec::new() } else { vec![request] }
}

/// `@{ "name" = "value"; … }`, without its `@`.
fn table(tokens: &mut Peekable<impl Iterator<Item = Token>>, headers: &mut Headers) {
    tokens.next_if(|(token, ..)| token == "{");
    while let Some((name, line, quoted)) = tokens.next() {
        match name.as_str() {
            "}" if !quoted => return,
            ";" if !quoted => {}
            _ => {
                tokens.next_if(|(token, ..)| token == "=");
                if let Some((value, ..)) = tokens.next_if(|(token, _, quoted)| *quoted || token != "}") {
                    headers.0.push(Header { name, value, line });
                }
            }
        }
    }
}

/// A token, its line from 1, and whether it was quoted.
type Token = (String, usize, bool);

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut letters = text.chars().peekable();
    let mut line = 1;
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line += 1,
            '`' => {
                letters.next_if(|&next| next == '\r');
                line += usize::from(letters.next_if(|&next| next == '\n').is_some());
            }
            _ if letter.is_whitespace() => {}
            '"' | '\'' => {
                let begin = line;
                let text = quoted(&mut letters, letter, &mut line);
                tokens.push((text, begin, true));
            }
            '@' | '{' | '}' | '=' | ';' | '(' | ')' => tokens.push((letter.to_string(), line, false)),
            _ => {
                let mut word = letter.to_string();
                while let Some(next) = letters.next_if(|next| !next.is_whitespace() && !matches!(next, '"' | '\'' | '{' | '}' | ';' | '`'))
                {
                    if next == '=' && !word.contains("://") {
                        tokens.push((std::mem::take(&mut word), line, false));
                        word.push('=');
                        break;
                    }
                    word.push(next);
                }
                tokens.push((word, line, false));
            }
        }
    }
    tokens
}

/// The rest of a quoted text; a quote twice is one, a backtick escapes where the quotes are double.
fn quoted(letters: &mut Peekable<Chars<'_>>, quote: char, line: &mut usize) -> String {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '`' if quote == '"' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some(other) => text.push(other),
                None => {}
            },
            _ if letter == quote => {
                if letters.next_if_eq(&quote).is_none() {
                    break;
                }
                text.push(quote);
            }
            _ => text.push(letter),
        }
        *line += usize::from(letter == '\n');
    }
    text
}
