//! Text, word by word: a word is hidden for its own form, for the name before it, or for the place where it stands.

use super::credentials;
use super::names::{is_password, is_secret, is_secret_parameter};
use super::secret::{self, is_placeholder, masked};

/// One pass over a text.
pub(super) struct Scan<'a> {
    rest: &'a str,
    /// Names that hold secrets here and nowhere else.
    also: &'a [&'a str],
    /// The character before the rest.
    before: char,
    /// Is the next word a name, by the name before it?
    named: bool,
    /// Is all of it a name?
    name: bool,
    masked: String,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str, also: &'a [&'a str]) -> Self {
        Self { rest: text, also, before: ' ', named: false, name: false, masked: String::with_capacity(text.len().min(1024)) }
    }

    /// A name that is no secret, unless it is a token by its form.
    pub(super) fn of_name(text: &'a str) -> Self {
        Self { name: true, ..Self::new(text, &[]) }
    }

    /// The text without its secrets.
    pub(super) fn run(mut self) -> String {
        // More than the cut would never be seen.
        while !self.rest.is_empty() && self.masked.len() < 4096 {
            let word = self.take(|letter| !is_word(letter));
            if word.is_empty() {
                self.between();
            } else {
                self.word(word);
            }
        }
        self.masked
    }

    /// What is no word: passed on, except for a user in a URL.
    fn between(&mut self) {
        if let Some(after) = self.rest.strip_prefix("://") {
            self.masked.push_str("://");
            self.rest = after;
            let end = after.find(|letter: char| letter.is_whitespace() || "/?#\"'<>\\".contains(letter)).unwrap_or(after.len());
            if let Some((user, _)) = after.get(..end).unwrap_or_default().rsplit_once('@') {
                self.rest = after.get(user.len()..).unwrap_or_default();
                let (name, password) = user.split_once(':').map_or((user, None), |(name, password)| (name, Some(password)));
                self.masked.push_str(&if secret::is_secret(name) { masked(name) } else { name.to_owned() });
                if let Some(password) = password {
                    self.masked.push(':');
                    self.masked.push_str(&masked(password));
                }
            }
            self.before = '/';
            return;
        }
        let mut letters = self.rest.chars();
        if let Some(letter) = letters.next() {
            self.masked.push(letter);
            self.before = letter;
            self.rest = letters.as_str();
        }
    }

    fn word(&mut self, word: &'a str) {
        if word.starts_with("eyJ") && word.len() >= 10 {
            let more = self.take(|letter| !is_word(letter) && letter != '.');
            // The end of a sentence is no part of the token.
            let token = format!("{word}{}", more.trim_end_matches('.'));
            self.masked.push_str(&masked(&token));
            self.masked.push_str(more.get(more.trim_end_matches('.').len()..).unwrap_or_default());
            self.before = 'x';
            return;
        }
        let named = std::mem::take(&mut self.named) || self.name;
        if (secret::is_key(word) || (!named && secret::is_random(word))) && !is_uuid(word) {
            self.masked.push_str(&masked(word));
            self.before = 'x';
            return;
        }
        self.masked.push_str(word);
        let opened = self.before == '<';
        // `%3Fsig`: the escape before a name is none of its letters.
        let word = if self.before == '%' { word.get(2..).unwrap_or_default() } else { word };
        self.before = 'x';
        self.named = is_name(word);
        if self.header(word) || self.scheme(word) {
            return;
        }
        let always = is_secret(word) || self.also.iter().any(|name| word.eq_ignore_ascii_case(name));
        if always || is_secret_parameter(word) {
            self.value(word, always, opened);
        }
    }

    /// `Authorization: …` and `Cookie: …` in text: the rest of it is the field's.
    fn header(&mut self, word: &str) -> bool {
        let credentials = word.eq_ignore_ascii_case("authorization") || word.eq_ignore_ascii_case("proxy-authorization");
        let cookie = word.eq_ignore_ascii_case("cookie") || word.eq_ignore_ascii_case("set-cookie");
        let Some(after) = self.rest.strip_prefix(':').filter(|_| credentials || cookie) else { return false };
        let end = after.find(['"', '\'', '\n']).unwrap_or(after.len());
        let (value, rest) = after.split_at_checked(end).unwrap_or((after, ""));
        self.rest = rest;
        self.masked.push_str(": ");
        self.masked.push_str(&match (credentials, word.len()) {
            (true, _) => credentials::credentials(value.trim()),
            (_, 6) => credentials::cookies(value.trim()),
            _ => credentials::set_cookie(value.trim()),
        });
        true
    }

    /// `Bearer abc123` and `Basic dTpw` in text. `Basic realm=` and `Bearer token` are none.
    fn scheme(&mut self, word: &str) -> bool {
        let basic = word.eq_ignore_ascii_case("basic");
        let bearer = ["bearer", "apikey", "negotiate", "ntlm"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        let Some(after) = self.rest.strip_prefix(' ').filter(|_| basic || bearer) else { return false };
        let end = after.find(|letter: char| letter.is_whitespace() || "\"',;<>\\`)".contains(letter)).unwrap_or(after.len());
        let (token, rest) = after.split_at_checked(end).unwrap_or((after, ""));
        let padded = token.trim_end_matches('=');
        let odd = padded.len() >= 16 || padded.bytes().any(|byte| byte.is_ascii_digit());
        let hidden = match basic {
            true => token.len() >= 4 && credentials::decoded(token).is_some_and(|pair| pair.contains(':')),
            false => !padded.contains('=') && token.len() >= 6 && odd,
        };
        if !hidden {
            return false;
        }
        self.rest = rest;
        self.masked.push(' ');
        self.masked.push_str(&if basic { credentials::basic(token) } else { masked(token) });
        true
    }

    /// The value that belongs to a name: `name=value`, `"name": "value"`, `<name>value<`, `name%3Dvalue`.
    fn value(&mut self, name: &str, always: bool, opened: bool) {
        let mut rest = self.rest.trim_start_matches(['"', '\'', '\\', ' ']);
        let equals = ["=>", "=", "%3D", "%3d"].iter().find_map(|sign| rest.strip_prefix(sign));
        let colon = rest.strip_prefix(':').or_else(|| rest.strip_prefix('>').filter(|_| opened));
        rest = match (equals, colon) {
            (Some(rest), _) => rest,
            (None, Some(rest)) if always => rest,
            _ => return,
        };
        rest = rest.trim_start_matches(' ');
        let escaped = rest.starts_with('\\');
        let quote = rest.trim_start_matches('\\').chars().next().filter(|quote| matches!(quote, '"' | '\''));
        if let Some(quote) = quote {
            rest = rest.trim_start_matches('\\').strip_prefix(quote).unwrap_or(rest);
        }
        let mut kept = false;
        let ends = |letter: char| match quote {
            // `\"` inside of quotes is of the value; where the quotes are escaped themselves it is their end.
            Some(_) if std::mem::take(&mut kept) => false,
            Some(_) if letter == '\\' && !escaped => {
                kept = true;
                false
            }
            Some(quote) => letter == quote || letter == '\\',
            None => letter.is_whitespace() || "&,;\"'<>)]}|\\#".contains(letter),
        };
        let end = rest.find(ends).unwrap_or(rest.len());
        let (value, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if value.is_empty()
            || value.starts_with(['[', '{']) && !is_placeholder(value)
            || is_spoken(name, value, equals.is_some() && quote.is_none())
        {
            return;
        }
        let skipped = self.rest.len() - rest.len();
        self.masked.push_str(self.rest.get(..skipped).unwrap_or_default());
        self.masked.push_str(&masked(value));
        self.rest = after;
    }

    fn take(&mut self, stop: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(stop).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}

/// Is a value what a server says rather than a secret: `"token": "expired"`, `code=invalid_grant`, `code=401`?
fn is_spoken(name: &str, value: &str, parameter: bool) -> bool {
    if is_password(name) {
        return false;
    }
    const SAID: &[&str] = &[
        "expired",
        "invalid",
        "missing",
        "required",
        "revoked",
        "malformed",
        "string",
        "bearer",
        "jwt",
        "unauthorized",
        "forbidden",
        "unknown",
        "inactive",
        "blacklisted",
        "denied",
        "wrong",
    ];
    let letters = value.bytes().all(|byte| byte.is_ascii_alphabetic() || b"_- ".contains(&byte));
    let number = value.len() <= 6 && value.bytes().all(|byte| byte.is_ascii_digit());
    let said = SAID.iter().any(|word| value.eq_ignore_ascii_case(word)) || (letters && value.len() < 24 && value.contains('_'));
    match parameter {
        true => !is_secret(name) && (number || (letters && value.len() < 40)),
        false => number || said || value.contains(' '),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-+~".contains(letter)
}

/// Names of what is public by its nature, however random it looks.
fn is_name(word: &str) -> bool {
    const NAMES: &[&str] = &[
        "kid",
        "x5t",
        "jti",
        "iss",
        "aud",
        "sub",
        "azp",
        "client_id",
        "nonce",
        "request_id",
        "requestId",
        "trace_id",
        "traceId",
        "RequestId",
    ];
    NAMES.contains(&word)
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12])
}
