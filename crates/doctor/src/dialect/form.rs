//! The form of a dialect's file, and the dialects that it becomes. Every key is described in `docs/dialects.md`.

use super::pattern::Pattern;
use crate::catalogue::Code;
use crate::clue::{Fix, Side};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How one product speaks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dialect {
    /// The product's name, for people.
    pub product: String,
    /// Where its behaviour is documented.
    #[cfg_attr(not(test), allow(dead_code, reason = "for who reads the file, and for the tests"))]
    pub source: String,
    /// Do several products say these things in the same words? Then a phrase alone does not name the product.
    #[serde(default)]
    pub shared: bool,
    /// What recognises the product; any one suffices.
    #[serde(default)]
    pub tells: Tells,
    /// What it says.
    #[serde(default, rename = "phrase")]
    pub phrases: Vec<Phrase>,
}

/// What recognises a product.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Tells {
    pub host: Vec<Pattern>,
    pub path: Vec<Pattern>,
    pub header: BTreeMap<String, Pattern>,
    pub sent: BTreeMap<String, Pattern>,
    pub cookie: Vec<Pattern>,
    pub challenge: Vec<Pattern>,
    pub body: Vec<Pattern>,
}

/// One thing that a product says. Every condition that is given must hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Phrase {
    #[cfg_attr(not(test), allow(dead_code, reason = "for who reads the file, and for the tests"))]
    pub name: String,
    #[serde(default)]
    pub anywhere: bool,
    #[serde(default)]
    pub fallback: bool,
    #[serde(default)]
    pub status: Vec<u16>,
    #[serde(default)]
    pub text: Vec<Pattern>,
    #[serde(default)]
    pub body: Vec<Pattern>,
    #[serde(default)]
    pub challenge: Vec<Pattern>,
    #[serde(default)]
    pub failure: Vec<Pattern>,
    #[serde(default)]
    pub header: BTreeMap<String, Pattern>,
    #[serde(default)]
    pub sent: BTreeMap<String, Pattern>,
    #[serde(default)]
    pub method: Vec<String>,
    #[serde(default)]
    pub path: Vec<Pattern>,
    pub causes: Vec<Meaning>,
    pub says: String,
    #[serde(default, deserialize_with = "fixes")]
    pub fix: Vec<Fix>,
    #[cfg(test)]
    pub example: String,
    #[cfg(test)]
    #[serde(default)]
    pub asked: String,
    #[cfg(not(test))]
    #[serde(default, rename = "example")]
    _example: serde::de::IgnoredAny,
    #[cfg(not(test))]
    #[serde(default, rename = "asked")]
    _asked: serde::de::IgnoredAny,
}

impl Phrase {
    /// All that must be found in texts.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        [&self.text, &self.body, &self.challenge, &self.failure].into_iter().flatten()
    }

    /// On how much besides texts it rests.
    pub(super) fn conditions(&self) -> usize {
        self.header.len() + self.sent.len() + usize::from(!self.method.is_empty()) + usize::from(!self.path.is_empty())
    }
}

/// One cause that a phrase speaks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Meaning {
    #[serde(deserialize_with = "code")]
    pub code: Code,
    pub weight: u8,
    #[serde(default)]
    pub says: Option<String>,
    #[serde(default, deserialize_with = "fixes")]
    pub fix: Vec<Fix>,
}

/// Reads a file.
pub(super) fn read(text: &str) -> Result<Vec<Dialect>, toml::de::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        #[serde(default)]
        dialect: Vec<Dialect>,
    }
    toml::from_str::<File>(text).map(|file| file.dialect)
}

fn code<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
    let code = String::deserialize(deserializer)?;
    Code::from_code(&code).ok_or_else(|| serde::de::Error::custom(format_args!("no cause has the code `{code}`")))
}

fn fixes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Fix>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Written {
        side: Side,
        text: String,
        #[serde(default)]
        lines: Vec<String>,
    }
    let written = Vec::<Written>::deserialize(deserializer)?;
    Ok(written.into_iter().map(|Written { side, text, lines }| Fix { side, text, lines }).collect())
}
