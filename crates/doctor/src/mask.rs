//! Secrets in what is quoted: of each a few first characters and the length are left, enough to tell it from another and
//! too little to use it. It errs on the side of hiding. What stands in a secret's place without being one (`null`,
//! `{{token}}`, `$TOKEN`) is evidence and stays.
//!
//! ```text
//!  a field ─► its kind by name ─► credentials │ cookies │ one secret │ text
//!  text ─► without control characters ─► words ─► secret by name, by form, by place ─► cut at 200 characters
//! ```
//!
//! Time grows linearly with the text, of which the first 64 KiB are looked at.

mod credentials;
mod names;
mod scan;
mod secret;

use names::Kind;
use scan::Scan;
use std::borrow::Cow;

/// The most characters of a quote.
const LONGEST: usize = 200;
/// The most bytes that are looked at for a quote.
const LOOKED_AT: usize = 64 * 1024;

/// Text in which these secrets are masked wherever they stand: a server may say back what it was sent.
pub(crate) fn echoed(text: &str, secrets: &[String]) -> String {
    let known = secrets.iter().filter(|known| text.contains(known.as_str()));
    known.fold(text.to_owned(), |text, known| text.replace(known.as_str(), &secret::masked(known)))
}

/// A header field's value without its secrets; the rest is cut at 200 characters.
pub(crate) fn header(name: &str, value: &str) -> String {
    let value = clean(value);
    cut(&match names::kind(name) {
        Kind::Credentials => credentials::credentials(&value),
        Kind::Cookie => credentials::cookies(&value),
        Kind::SetCookie => credentials::set_cookie(&value),
        Kind::Secret => credentials::key(&value),
        Kind::Identifier => value.into_owned(),
        Kind::Other => Scan::new(&value, &[]).run(),
    })
}

/// Text without what looks like a secret, cut at 200 characters.
pub(crate) fn text(text: &str) -> String {
    cut(&Scan::new(&clean(text), &[]).run())
}

/// A name that is no secret (of a key, an issuer, an audience, a trace), in which only what is a token by its form is hidden.
pub(crate) fn name(text: &str) -> String {
    cut(&Scan::of_name(&clean(text)).run())
}

/// What a reader notes, in which what it repeats of the input is not trusted: tokens are hidden, and it ends somewhere.
pub(crate) fn note(text: &str) -> String {
    cut_at(&Scan::of_name(&clean(text)).run(), 2 * LONGEST)
}

/// The text in one line, without what would move a terminal's cursor or turn the order of its letters.
fn clean(text: &str) -> Cow<'_, str> {
    let text = text.get(..text.floor_char_boundary(LOOKED_AT)).unwrap_or(text).trim();
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
            }
            '\u{1b}' => {
                if letters.next_if_eq(&'[').is_some() {
                    while letters.next_if(|letter| ('\u{20}'..'\u{40}').contains(letter)).is_some() {}
                    letters.next_if(|letter| ('\u{40}'..='\u{7e}').contains(letter));
                }
            }
            _ if is_unseen(letter) => {}
            _ => plain.push(letter),
        }
    }
    Cow::Owned(plain)
}

/// Control characters, marks of direction, and what has no width.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn cut(text: &str) -> String {
    cut_at(text, LONGEST)
}

fn cut_at(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
