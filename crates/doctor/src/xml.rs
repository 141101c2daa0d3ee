//! XML as a small tree of local names: what SAML messages and error bodies are read from.
//!
//! Not a validating reader: namespaces are left out, a document type is refused, and no entity but the five and character
//! references is known. Nothing that was read here is ever trusted, so that the doctor may look by local name.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use thiserror::Error;

/// The longest document that is read, in bytes.
pub(crate) const XML_LIMIT: usize = 10 * 1024 * 1024;
const DEPTH_LIMIT: usize = 64;
const ELEMENT_LIMIT: usize = 20_000;

/// An element.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    /// Its name without prefix.
    pub name: String,
    /// Its attributes: names without prefix, and values.
    pub attributes: Vec<(String, String)>,
    /// The elements in it.
    pub children: Vec<Element>,
    /// The text directly in it.
    pub text: String,
}

/// Why a text is not read as XML.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum XmlFault {
    #[error("it is longer than {XML_LIMIT} bytes")]
    TooLong,
    #[error("it has a document type (DTD), which no such message may have")]
    DocumentType,
    #[error("its elements are nested deeper than {DEPTH_LIMIT}")]
    TooDeep,
    #[error("it has more than {ELEMENT_LIMIT} elements")]
    TooMany,
    #[error("it breaks off, or is not well-formed, at byte {0}")]
    Broken(u64),
    #[error("it has no element")]
    Empty,
}

/// Reads a document's root element.
///
/// # Errors
/// [`XmlFault`] where it is not well-formed or beyond the bounds.
pub(crate) fn read(text: &str) -> Result<Element, XmlFault> {
    if text.len() > XML_LIMIT {
        return Err(XmlFault::TooLong);
    }
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut elements = 0_usize;
    loop {
        let event = reader.read_event();
        let broken = || XmlFault::Broken(reader.buffer_position());
        let closed = match event.map_err(|_| broken())? {
            Event::DocType(_) => return Err(XmlFault::DocumentType),
            Event::Start(start) => {
                elements += 1;
                open.push(Element::new(&start));
                None
            }
            Event::Empty(start) => {
                elements += 1;
                Some(Element::new(&start))
            }
            Event::End(_) => Some(open.pop().ok_or_else(broken)?),
            Event::Text(part) => {
                add_text(&mut open, &part);
                None
            }
            Event::CData(part) => {
                add_text(&mut open, &part);
                None
            }
            Event::GeneralRef(reference) => {
                let known = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character),
                    _ => five(&reference),
                };
                add_text(&mut open, known.ok_or_else(broken)?.encode_utf8(&mut [0; 4]));
                None
            }
            Event::Eof if elements == 0 => return Err(XmlFault::Empty),
            Event::Eof => return Err(broken()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => None,
        };
        if open.len() > DEPTH_LIMIT {
            return Err(XmlFault::TooDeep);
        }
        if elements > ELEMENT_LIMIT {
            return Err(XmlFault::TooMany);
        }
        if let Some(element) = closed {
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return Ok(element),
            }
        }
    }
}

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn five(name: &str) -> Option<char> {
    [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')]
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, character)| *character)
}

impl Element {
    fn new(start: &BytesStart<'_>) -> Self {
        let mut attributes = start.attributes();
        let attributes = attributes.with_checks(false).flatten().take(64).map(|attribute| {
            let raw = attribute.value.as_ref();
            let value = quick_xml::escape::unescape(raw).map_or_else(|_| raw.to_owned(), |value| value.into_owned());
            (attribute.key.local_name().as_ref().to_owned(), value)
        });
        Self { name: start.local_name().as_ref().to_owned(), attributes: attributes.collect(), ..Self::default() }
    }

    /// An attribute's value.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All elements of this name below it, itself included, in document order.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> Vec<&'a Element> {
        let mut found = Vec::new();
        let mut to_see = vec![self];
        while let Some(element) = to_see.pop() {
            if element.name == name {
                found.push(element);
            }
            to_see.extend(element.children.iter().rev());
        }
        found
    }

    /// The first element of this name below it.
    pub(crate) fn first<'a>(&'a self, name: &'a str) -> Option<&'a Element> {
        self.all(name).into_iter().next()
    }

    /// Its text without blanks around it.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<&str, XmlFault>) {
        assert_eq!(
            read(text).map(|root| root.all("a").iter().map(|a| a.trimmed()).collect::<Vec<_>>().join("|")),
            expect.map(str::to_owned)
        );
    }

    #[test]
    fn reads_by_local_name() {
        check("<x:r xmlns:x='u'><x:a>1 &amp; &#x32;</x:a><b><a>3<!-- no -->4</a></b></x:r>", Ok("1 & 2|34"));
        assert_eq!(read("<r A='&lt;'/>").unwrap().attribute("A"), Some("<"));
    }

    #[test]
    fn refuses_bombs() {
        check("<!DOCTYPE r [<!ENTITY e 'boom'>]><r>&e;</r>", Err(XmlFault::DocumentType));
        check(&"<a>".repeat(100_000), Err(XmlFault::TooDeep));
        check(&format!("<r>{}</r>", "<a/>".repeat(ELEMENT_LIMIT)), Err(XmlFault::TooMany));
        check("", Err(XmlFault::Empty));
        check("no markup", Err(XmlFault::Empty));
        assert!(matches!(read("<r><a>cut"), Err(XmlFault::Broken(_))));
        assert!(matches!(read("<r>&unknown;</r>"), Err(XmlFault::Broken(_))));
    }
}
