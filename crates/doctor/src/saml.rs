//! SAML messages as they travel: base64, URL-encoded, raw-deflated (HTTP-Redirect binding) or plain; from there to XML.
//!
//! No signature is verified here: the doctor looks at messages and admits nobody by them.

use crate::xml::XML_LIMIT;
use flate2::read::DeflateDecoder;
use std::io::Read;

/// A message with the binding that it came by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The XML.
    pub xml: String,
    /// The parameter that it was in: `SAMLResponse` or `SAMLRequest`; empty where it came alone.
    pub parameter: String,
}

/// The messages in a form body, a query or a page with a form that sends itself; at most four.
pub(crate) fn messages(text: &str) -> Vec<Message> {
    let mut found = Vec::new();
    for parameter in ["SAMLResponse", "SAMLRequest"] {
        for (at, _) in text.match_indices(parameter).take(20) {
            let rest = text.get(at + parameter.len()..).unwrap_or_default();
            let Some(value) = value(rest) else { continue };
            if let Some(xml) = xml(&value)
                && !found.iter().any(|message: &Message| message.xml == xml)
                && found.len() < 4
            {
                found.push(Message { xml, parameter: parameter.to_owned() });
            }
        }
    }
    found
}

/// What follows a parameter's name: `=…` of a form or query, `" value="…"` of a page, `": "…"` of JSON.
fn value(rest: &str) -> Option<String> {
    if let Some(form) = rest.strip_prefix('=') {
        let end = form.find(|c: char| c == '&' || c == '#' || c == '"' || c == '\'' || c.is_whitespace()).unwrap_or(form.len());
        return Some(form.get(..end)?.to_owned());
    }
    let head = rest.get(..rest.len().min(80)).or_else(|| rest.get(..rest.len().min(40)))?;
    let at = head.find("value=").map(|at| at + 6).or_else(|| head.find(':').map(|at| at + 1))?;
    let quoted = rest.get(at..)?.trim_start();
    let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(quoted.get(1..)?.split(quote).next()?.to_owned())
}

/// The XML in one value, in whatever coating; none where there is none in it.
pub(crate) fn xml(value: &str) -> Option<String> {
    let value = value.trim();
    if value.len() > 2 * XML_LIMIT {
        return None;
    }
    if value.starts_with('<') {
        return Some(value.to_owned());
    }
    let decoded = if value.contains('%') {
        let pair = format!("v={value}");
        form_urlencoded::parse(pair.as_bytes()).next()?.1.into_owned()
    } else {
        value.to_owned()
    };
    if decoded.trim_start().starts_with('<') {
        return Some(decoded);
    }
    // A form decodes `+` to a blank; base64 has no blanks within a line, so that it is put back.
    let decoded = decoded.trim().replace(' ', "+");
    let compact: String = decoded.replace("&#xD;", "").replace("&#10;", "").replace("&#x0A;", "").replace("&#13;", "");
    let compact: String = compact.replace("&#43;", "+").replace("&#x2B;", "+").replace("&#61;", "=");
    let compact: String = compact.split_whitespace().collect();
    let bytes = crate::base64::decode(&compact)?;
    let plain = if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') || bytes.starts_with(&[0xEF, 0xBB, 0xBF]) {
        bytes
    } else {
        inflate(&bytes)?
    };
    let text = String::from_utf8_lossy(&plain).trim_start_matches('\u{feff}').trim().to_owned();
    text.starts_with('<').then_some(text)
}

/// Inflates raw deflate; none beyond the bound, which no honest message comes near.
fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    DeflateDecoder::new(bytes).take(XML_LIMIT as u64 + 1).read_to_end(&mut plain).ok()?;
    (plain.len() <= XML_LIMIT).then_some(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use flate2::Compression;
    use flate2::write::DeflateEncoder;
    use std::io::Write;

    const XML: &str = "<samlp:Response ID=\"_1\">ÿÿ>>??</samlp:Response>";

    fn deflated(bytes: &[u8]) -> String {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn escaped(text: &str) -> String {
        form_urlencoded::byte_serialize(text.as_bytes()).collect()
    }

    #[track_caller]
    fn check(value: &str, expect: Option<&str>) {
        assert_eq!(xml(value).as_deref(), expect, "{value}");
    }

    #[test]
    fn every_coating_comes_off() {
        let plain = STANDARD.encode(XML);
        check(XML, Some(XML));
        check(&plain, Some(XML));
        check(&escaped(&plain), Some(XML));
        check(&escaped(XML), Some(XML));
        check(&deflated(XML.as_bytes()), Some(XML));
        check(&escaped(&deflated(XML.as_bytes())), Some(XML));
        check("c29tZXRoaW5nIGVsc2U=", None);
        check("", None);
    }

    #[test]
    fn a_decompression_bomb_is_left_alone() {
        check(&deflated(&vec![b'<'; XML_LIMIT + 1]), None);
    }

    #[test]
    fn messages_are_found_where_they_travel() {
        let plain = STANDARD.encode(XML);
        for text in [
            format!("RelayState=x&SAMLResponse={}", escaped(&plain)),
            format!("https://sp.example/acs?SAMLResponse={}&Signature=x", escaped(&deflated(XML.as_bytes()))),
            format!("<input type=\"hidden\" name=\"SAMLResponse\" value=\"{plain}\"/>"),
            format!("{{\"SAMLResponse\": \"{plain}\"}}"),
        ] {
            assert_eq!(messages(&text), [Message { xml: XML.to_owned(), parameter: "SAMLResponse".to_owned() }], "{text}");
        }
    }
}
