//! The one parser of SAML: elements by namespace and name, bounded in size, depth and number, without any DTD.
//!
//! Nobody outside this file sees the library's tree. An element is asked for its attributes without a namespace, for
//! a child that must be there once, or for its text; what is there twice, or mixed, is a fault and never the first one.

use crate::names::{EXCLUSIVE, EXCLUSIVE_WITH_COMMENTS};
use bergshamra_c14n::C14nMode;
use bergshamra_xml::nodeset::NodeSetType;
use bergshamra_xml::uppsala::Parser;
use bergshamra_xml::{Document, Element, NodeId, NodeKind, NodeSet};
use std::borrow::Cow;
use std::collections::HashSet;
use thiserror::Error;

/// The longest message, in bytes, after decoding and inflating.
pub(crate) const MESSAGE_LIMIT: usize = 256 * 1024;
/// Messages of providers are less than twenty deep.
const DEPTH_LIMIT: u32 = 48;
/// Elements and attributes in all.
const NODE_LIMIT: usize = 20_000;
/// Namespace declarations in all, and attributes of one element. They are counted before anything is parsed, since what
/// they cost the parser grows with the square of their number.
const DECLARATION_LIMIT: usize = 300;
const ATTRIBUTE_LIMIT: usize = 100;
/// Prefixes that a signature may name to be kept; each costs a look at every element.
const PREFIX_LIMIT: usize = 16;

/// What is wrong with a document, for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) Cow<'static, str>);

impl Malformed {
    pub(crate) const fn because(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

/// A document that was parsed.
pub(crate) struct Tree<'t> {
    document: Document<'t>,
}

/// One element of a tree.
#[derive(Clone, Copy)]
pub(crate) struct Node<'t> {
    document: &'t Document<'t>,
    id: NodeId,
    element: &'t Element<'t>,
}

impl<'t> Tree<'t> {
    /// Parses, and refuses whatever a message has no use for.
    pub(crate) fn parse(text: &'t str, limit: usize) -> Result<Self, Malformed> {
        if text.len() > limit {
            return Err(Malformed(format!("longer than {limit} bytes").into()));
        }
        if text.matches("xmlns").nth(DECLARATION_LIMIT).is_some() {
            return Err(Malformed(format!("more than {DECLARATION_LIMIT} namespace declarations").into()));
        }
        // No value of an attribute holds `<`, so that each tag is in one piece.
        if text.split('<').any(|piece| piece.matches('=').nth(ATTRIBUTE_LIMIT).is_some()) {
            return Err(Malformed(format!("more than {ATTRIBUTE_LIMIT} attributes of one element").into()));
        }
        let parser = Parser::new().with_forbid_dtd(true).with_max_depth(DEPTH_LIMIT);
        let document = parser.parse(text).map_err(|fault| Malformed(format!("not XML: {fault}").into()))?;
        let tree = Self { document };
        tree.check_numbers_and_ids()?;
        Ok(tree)
    }

    pub(crate) fn root(&'t self) -> Result<Node<'t>, Malformed> {
        let document = &self.document;
        document.document_element().and_then(|id| Node::new(document, id)).ok_or(Malformed::because("no element"))
    }

    /// An id that stands twice names nothing.
    fn check_numbers_and_ids(&self) -> Result<(), Malformed> {
        let mut ids = HashSet::new();
        let mut count = 0_usize;
        for id in self.document.descendants(self.document.root()) {
            let Some(element) = self.document.element(id) else { continue };
            count += 1 + element.attributes.len() + element.namespace_declarations.len();
            if count > NODE_LIMIT {
                return Err(Malformed(format!("more than {NODE_LIMIT} elements and attributes").into()));
            }
            for attribute in &element.attributes {
                if attribute.name.local_name.eq_ignore_ascii_case("id") && !ids.insert(attribute.value.as_ref()) {
                    return Err(Malformed::because("an id stands twice"));
                }
            }
        }
        Ok(())
    }
}

impl<'t> Node<'t> {
    fn new(document: &'t Document<'t>, id: NodeId) -> Option<Self> {
        document.element(id).map(|element| Self { document, id, element })
    }

    /// Is it this element?
    pub(crate) fn is(self, namespace: &str, name: &str) -> bool {
        self.element.name.namespace_uri.as_deref() == Some(namespace) && self.element.name.local_name == name
    }

    /// The name without its namespace, for evidence.
    pub(crate) fn name(self) -> &'t str {
        &self.element.name.local_name
    }

    /// An attribute without a namespace.
    pub(crate) fn attribute(self, name: &str) -> Option<&'t str> {
        let of = |attribute: &&'t bergshamra_xml::Attribute<'t>| {
            attribute.name.namespace_uri.is_none() && attribute.name.prefix.is_none() && attribute.name.local_name == name
        };
        self.element.attributes.iter().find(of).map(|attribute| attribute.value.as_ref())
    }

    /// An attribute that must be there.
    pub(crate) fn required(self, name: &str) -> Result<&'t str, Malformed> {
        self.attribute(name).ok_or_else(|| Malformed(format!("{} without {name}", self.name()).into()))
    }

    /// The elements in it.
    pub(crate) fn elements(self) -> impl Iterator<Item = Node<'t>> {
        self.document.children_iter(self.id).filter_map(move |id| Node::new(self.document, id))
    }

    /// The elements of one name in it.
    pub(crate) fn all(self, namespace: &'static str, name: &'static str) -> impl Iterator<Item = Node<'t>> {
        self.elements().filter(move |node| node.is(namespace, name))
    }

    /// The element that stands there once or not at all.
    pub(crate) fn optional(self, namespace: &'static str, name: &'static str) -> Result<Option<Node<'t>>, Malformed> {
        let mut all = self.all(namespace, name);
        match (all.next(), all.next()) {
            (_, Some(_)) => Err(Malformed(format!("more than one {name} in {}", self.name()).into())),
            (found, None) => Ok(found),
        }
    }

    /// The element that stands there once.
    pub(crate) fn only(self, namespace: &'static str, name: &'static str) -> Result<Node<'t>, Malformed> {
        self.optional(namespace, name)?.ok_or_else(|| Malformed(format!("no {name} in {}", self.name()).into()))
    }

    /// All elements below it.
    pub(crate) fn descendants(self) -> impl Iterator<Item = Node<'t>> {
        self.document.descendants(self.id).into_iter().filter_map(move |id| Node::new(self.document, id))
    }

    /// The whole text, across comments, without the white space around it. An element or instruction inside is a fault.
    pub(crate) fn text(self) -> Result<String, Malformed> {
        let mut text = String::new();
        for child in self.document.children_iter(self.id) {
            match self.document.node_kind(child) {
                Some(NodeKind::Text(part) | NodeKind::CData(part)) => text.push_str(part),
                Some(NodeKind::Comment(_)) => {}
                _ => return Err(Malformed(format!("{} holds more than text", self.name()).into())),
            }
        }
        Ok(text.trim().to_owned())
    }

    /// Its canonical form (Exclusive XML Canonicalization 1.0), without one of its children.
    pub(crate) fn canonical(self, form: &CanonicalForm, without: Option<Node<'t>>) -> Result<String, Malformed> {
        let left_out = without.map(|node| self.document.descendants(node.id)).unwrap_or_default();
        let mut seen: bergshamra_xml::nodeset::NodeIdSet = self.document.descendants(self.id).iter().map(NodeId::index).collect();
        seen.insert(self.id.index());
        for node in left_out.iter().chain(without.as_ref().map(|node| &node.id)) {
            seen.remove(&node.index());
        }
        let set = NodeSet::from_ids(seen, NodeSetType::Normal);
        let bytes = bergshamra_c14n::canonicalize_doc(self.document, form.mode, Some(&set), &form.prefixes)
            .map_err(|fault| Malformed(fault.to_string().into()))?;
        String::from_utf8(bytes).map_err(|_| Malformed::because("its canonical form is no UTF-8"))
    }
}

/// How a canonical form is made.
#[derive(PartialEq, Eq)]
pub(crate) struct CanonicalForm {
    mode: C14nMode,
    prefixes: Vec<String>,
}

impl CanonicalForm {
    /// Exclusive, without comments.
    pub(crate) const PLAIN: Self = Self { mode: C14nMode::Exclusive, prefixes: Vec::new() };

    /// As an algorithm or transform element says; none for anything but the exclusive forms.
    pub(crate) fn read(node: Node<'_>) -> Result<Option<Self>, Malformed> {
        let mode = match node.attribute("Algorithm") {
            Some(EXCLUSIVE) => C14nMode::Exclusive,
            Some(EXCLUSIVE_WITH_COMMENTS) => C14nMode::ExclusiveWithComments,
            _ => return Ok(None),
        };
        let mut prefixes = Vec::new();
        for inclusive in node.elements() {
            if !inclusive.is(EXCLUSIVE, "InclusiveNamespaces") || !prefixes.is_empty() {
                return Err(Malformed::because("a transform holds what it should not"));
            }
            prefixes = inclusive.required("PrefixList")?.split_ascii_whitespace().map(str::to_owned).collect();
        }
        if prefixes.len() > PREFIX_LIMIT {
            return Err(Malformed::because("a transform names too many prefixes"));
        }
        Ok(Some(Self { mode, prefixes }))
    }
}

/// Text for an element or an attribute in double quotes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' => escaped.push_str("&#x9;"),
            '\n' => escaped.push_str("&#xA;"),
            '\r' => escaped.push_str("&#xD;"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
