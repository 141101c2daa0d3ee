//! What a browser or a script has posted, as inputs: the parts of a form (RFC 7578), or the body itself.

use crate::command::explain::input::{Input, nothing};
use crate::failure::Failure;
use bytes::Bytes;
use memchr::memmem::{Finder, find};

/// The most parts that a form may have.
const PARTS: usize = 64;

/// The inputs, in their order; fields that are empty are left out.
pub(super) fn inputs(kind: &str, body: &Bytes) -> Result<Vec<Input>, Failure> {
    let inputs = match boundary(kind) {
        Some(boundary) => parts(body, &boundary),
        None => vec![Input { name: "the text".to_owned(), bytes: body.clone(), argument: true }],
    };
    let inputs: Vec<Input> = inputs.into_iter().filter(|input| !input.bytes.trim_ascii().is_empty()).collect();
    if inputs.is_empty() {
        return Err(nothing("nothing was pasted or dropped").mend("an exchange (curl -i), a HAR, a token: any of them will do"));
    }
    Ok(inputs)
}

fn boundary(kind: &str) -> Option<String> {
    let (name, parameters) = kind.split_once(';')?;
    if !name.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"').to_owned())
    })?;
    Some(value).filter(|value| (1..=70).contains(&value.len()))
}

fn parts(body: &Bytes, boundary: &str) -> Vec<Input> {
    let delimiter = format!("\r\n--{boundary}");
    let finder = Finder::new(&delimiter);
    let mut inputs = Vec::new();
    // The first delimiter has no line end before it.
    let opening = delimiter.len() - 2;
    if !body.starts_with(delimiter.trim_start().as_bytes()) {
        return inputs;
    }
    let mut at = opening;
    while inputs.len() < PARTS {
        let Some(rest) = body.get(at..).filter(|rest| !rest.starts_with(b"--")) else { break };
        let Some(end) = finder.find(rest) else { break };
        inputs.extend(rest.get(..end).and_then(|part| self::part(body, at, part)));
        at += end + delimiter.len();
    }
    inputs
}

/// A part: its head's line end, its fields, an empty line, its bytes.
fn part(body: &Bytes, at: usize, part: &[u8]) -> Option<Input> {
    let head = find(part, b"\r\n\r\n")?;
    let fields = String::from_utf8_lossy(part.get(..head)?).into_owned();
    let name = file_name(&fields);
    let argument = name.is_none();
    Some(Input { name: name.unwrap_or_else(|| "the text".to_owned()), bytes: body.slice(at + head + 4..at + part.len()), argument })
}

/// The name of the file that was dropped, cut to what a message can hold.
fn file_name(fields: &str) -> Option<String> {
    let (_, rest) = fields.split_once("filename=\"")?;
    let name: String = rest.split('"').next()?.chars().filter(|c| !c.is_control()).take(80).collect();
    Some(if name.is_empty() { "the file".to_owned() } else { name })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const FORM: &str = "multipart/form-data; boundary=xyz";

    #[track_caller]
    fn check(kind: &str, body: &str, expect: &[(&str, &str)]) {
        let found = inputs(kind, &Bytes::copy_from_slice(body.as_bytes())).unwrap_or_default();
        let found: Vec<_> = found.iter().map(|input| (input.name.as_str(), str::from_utf8(&input.bytes).unwrap())).collect();
        assert_eq!(found, expect, "{body:?}");
    }

    #[test]
    fn forms_and_plain_bodies() {
        let field = |head: &str, text: &str| format!("--xyz\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n");
        let text = field("name=\"text\"", "a\r\nb");
        let file = field("name=\"file\"; filename=\"a.har\"", "{}");
        let none = field("name=\"file\"; filename=\"\"", "");
        check(FORM, &format!("{text}{file}{none}--xyz--\r\n"), &[("the text", "a\r\nb"), ("a.har", "{}")]);
        check("multipart/form-data; boundary=\"xyz\"", &format!("{text}--xyz--"), &[("the text", "a\r\nb")]);
        check(FORM, &text, &[]);
        check(FORM, "no form", &[]);
        check(FORM, "--xyz", &[]);
        check(FORM, "--xyz--", &[]);
        check(FORM, "--xyz\r\n\r\n--xyz\r\n--xyz--", &[]);
        check("text/plain", "GET / HTTP/1.1", &[("the text", "GET / HTTP/1.1")]);
        check("", "  ", &[]);
    }
}
