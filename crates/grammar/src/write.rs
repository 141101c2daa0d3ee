//! The one printer of challenges and Authentication-Info. Not their reading. What it mends is documented at
//! [`Challenge`]; what it writes reads back as the same value, without a fault.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::challenge::{Body, Challenge};
use crate::form::{Form, Place};
use crate::param::{PARAM_LIMIT, Param};
use crate::reader::{is_tchar, is_token68_text};
use crate::scheme::challenges_with_params_only;

impl<'a> Challenge<'a> {
    /// A challenge without parameters yet.
    ///
    /// ```
    /// use countersign_grammar::Challenge;
    ///
    /// let challenge = Challenge::new("Digest")
    ///     .param("realm", "a \"b\"")
    ///     .param("qop", "auth")
    ///     .param("algorithm", "SHA-256");
    /// assert_eq!(challenge.to_string(), r#"Digest realm="a \"b\"", qop="auth", algorithm=SHA-256"#);
    /// ```
    pub fn new(scheme: impl Into<Cow<'a, str>>) -> Self {
        Self { scheme: token(scheme.into()), body: Body::Params(Vec::new()), span: 0..0 }
    }

    /// A challenge with a value that has no name, as Negotiate has it. `None` when the value is no token68
    /// (RFC 9110 section 11.2), the scheme is empty, or its challenges are made of parameters by its RFC.
    pub fn with_token68(scheme: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Option<Self> {
        let (scheme, value) = (token(scheme.into()), value.into());
        let fits = !scheme.is_empty() && !challenges_with_params_only(&scheme) && is_token68_text(&value);
        fits.then_some(Self { scheme, body: Body::Token68(value), span: 0..0 })
    }

    /// Adds a parameter, or replaces the one of that name. A token68 gives way: a challenge has one or the other.
    #[must_use]
    pub fn param(mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        let name = token(name.into());
        let form = Form::of(Place::Challenge, &self.scheme, &name);
        if let Body::Token68(_) = self.body {
            self.body = Body::Params(Vec::new());
        }
        if let Body::Params(params) = &mut self.body {
            set(params, name, value.into(), form);
        }
        self
    }
}

impl fmt::Display for Challenge<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme.is_empty() {
            return Ok(());
        }
        f.write_str(&self.scheme)?;
        match &self.body {
            Body::Token68(_) if challenges_with_params_only(&self.scheme) => Ok(()),
            Body::Token68(token) => write!(f, " {token}"),
            Body::Params(params) => write_params(f, " ", params, |name| Form::of(Place::Challenge, &self.scheme, name)),
        }
    }
}

/// Writes several challenges as one field value. Clients read several field lines with one challenge each more
/// reliably; this is for places that have room for one line only.
pub fn print_challenges(challenges: &[Challenge<'_>]) -> String {
    let written = challenges.iter().filter(|challenge| !challenge.scheme().is_empty()).map(Challenge::to_string);
    written.collect::<Vec<_>>().join(", ")
}

/// Writes `name="value"` pairs, with `before` in front of the first.
pub(crate) fn write_params(f: &mut fmt::Formatter<'_>, before: &str, params: &[Param<'_>], form: impl Fn(&str) -> Form) -> fmt::Result {
    let mut separator = before;
    for (place, param) in params.iter().enumerate() {
        if params.iter().take(place).any(|earlier| earlier.is(&param.name)) {
            continue;
        }
        let form = form(&param.name);
        let Some(value) = mended(form, Cow::Borrowed(&param.value)) else { continue };
        write!(f, "{separator}{}=", param.name)?;
        separator = ", ";
        if matches!(form, Form::Token | Form::Bare) {
            f.write_str(&value)?;
            continue;
        }
        f.write_char('"')?;
        for char in value.chars() {
            if matches!(char, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(char)?;
        }
        f.write_char('"')?;
    }
    Ok(())
}

/// Adds a parameter with its value mended, or replaces the one of that name.
pub(crate) fn set<'a>(params: &mut Vec<Param<'a>>, name: Cow<'a, str>, value: Cow<'a, str>, form: Form) {
    let Some(value) = mended(form, value) else { return };
    if name.is_empty() {
        return;
    }
    if let Some(earlier) = params.iter_mut().find(|earlier| earlier.is(&name)) {
        earlier.value = value;
    } else if params.len() < PARAM_LIMIT {
        params.push(Param { name, value, span: 0..0 });
    }
}

/// The text as a token, with what a token cannot hold left out.
pub(crate) fn token(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().all(is_tchar) {
        return text;
    }
    Cow::Owned(text.chars().filter(|char| u8::try_from(*char).is_ok_and(is_tchar)).collect())
}

/// The value as it can be written in this form; `None` when nothing of it can. Mending twice changes nothing more.
fn mended(form: Form, value: Cow<'_, str>) -> Option<Cow<'_, str>> {
    match form {
        Form::Token | Form::Bare => {
            let bare = token(value);
            let bare = if bare.contains('\'') { Cow::Owned(bare.replace('\'', "")) } else { bare };
            (!bare.is_empty()).then_some(bare)
        }
        Form::Plain if value.contains(['"', '\\']) => Some(printable(value.replace('"', "'").replace('\\', "/").into())),
        Form::Quoted | Form::Plain | Form::Free => Some(printable(value)),
    }
}

fn printable(value: Cow<'_, str>) -> Cow<'_, str> {
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return value;
    }
    let mut text = String::with_capacity(value.len() * 2);
    for char in value.chars() {
        match char {
            ' '..='~' => text.push(char),
            _ if char.is_control() => text.push(' '),
            _ => char.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_percent(&mut text, byte)),
        }
    }
    Cow::Owned(text)
}

fn push_percent(text: &mut String, byte: u8) {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
    text.extend(['%', digit(byte >> 4), digit(byte & 15)]);
}
