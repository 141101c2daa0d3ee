//! The file as it is written, read leniently: no member is required, scalars may be of any type, and long texts are cut
//! while reading, so that a recording of a whole day does not fill the memory.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The most of one text that is kept while reading, in bytes: a body in base64.
const TEXT_LIMIT: usize = 352 * 1024;

#[derive(Deserialize)]
pub(super) struct File {
    pub log: Log,
}

#[derive(Deserialize)]
pub(super) struct Log {
    #[serde(default, deserialize_with = "or_default")]
    pub creator: Tool,
    #[serde(default, deserialize_with = "or_default")]
    pub browser: Tool,
    #[serde(default)]
    pub entries: Vec<Entry>,
}

/// What wrote the file.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tool {
    pub name: Text,
    pub version: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    #[serde(rename = "startedDateTime")]
    pub started: Text,
    #[serde(deserialize_with = "or_default")]
    pub request: Message,
    #[serde(deserialize_with = "or_default")]
    pub response: Message,
    /// Chrome's kind of resource: `xhr`, `fetch`, `document`, `image`, `preflight`.
    #[serde(rename = "_resourceType")]
    pub resource: Text,
    #[serde(rename = "_error")]
    pub error: Text,
}

/// A request or a response; each leaves the other's members empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub method: Text,
    pub url: Text,
    #[serde(rename = "postData", deserialize_with = "or_default")]
    pub post: Body,
    pub status: Text,
    #[serde(rename = "redirectURL")]
    pub redirect: Text,
    #[serde(deserialize_with = "or_default")]
    pub content: Body,
    #[serde(deserialize_with = "or_default")]
    pub headers: Vec<Pair>,
    #[serde(deserialize_with = "or_default")]
    pub cookies: Vec<Cookie>,
    /// Where Chrome writes why there is no response.
    #[serde(rename = "_error")]
    pub error: Text,
    /// The same of other writers.
    pub comment: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    pub text: Text,
    pub encoding: Text,
    pub size: Text,
    #[serde(rename = "mimeType")]
    pub media_type: Text,
    #[serde(deserialize_with = "or_default")]
    pub params: Vec<Pair>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Pair {
    pub name: Text,
    pub value: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Cookie {
    pub name: Text,
    pub value: Text,
    pub path: Text,
    pub domain: Text,
    pub expires: Text,
    #[serde(rename = "httpOnly")]
    pub http_only: Text,
    pub secure: Text,
    #[serde(rename = "sameSite")]
    pub same_site: Text,
}

/// A scalar as text: text, a number, a truth value; anything else is empty.
#[derive(Clone, Default)]
pub(super) struct Text(pub String);

impl Text {
    /// A time of RFC 3339 in milliseconds since the epoch.
    pub(super) fn milliseconds(&self) -> Option<i64> {
        self.0.parse::<jiff::Timestamp>().ok().map(|time| time.as_millisecond())
    }

    /// The text, no longer than so many bytes.
    pub(super) fn cut(mut self, limit: usize) -> String {
        if self.0.len() > limit {
            let end = (0..=limit).rev().find(|&at| self.0.is_char_boundary(at)).unwrap_or(0);
            self.0.truncate(end);
        }
        self.0
    }
}

/// `null` as the default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Scalar)
    }
}

struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        let end =
            if text.len() <= TEXT_LIMIT { text.len() } else { (0..=TEXT_LIMIT).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0) };
        Ok(Text(text.get(..end).unwrap_or_default().to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Text, E> {
        Ok(Text(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Text, E> {
        Ok(Text::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Text, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }
}
