//! The rule as it was written: its place in the configuration that was in force, and its lines. Reads the text only for
//! that; what the rule means was decided when the gateway judged.

use crate::reference::case::{Case, Kept};
use crate::reference::credentials::schemes;
use countersign::reference::Record;
use countersign::{KeyPlace, Scheme};
use serde::{Serialize, Serializer};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A rule as the configuration has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleAsWritten {
    /// The configuration's file.
    pub file: String,
    /// The line that it begins at.
    pub line: usize,
    /// Its lines.
    #[serde(rename = "text", serialize_with = "joined")]
    pub lines: Vec<String>,
    /// Its place in its site.
    pub index: u16,
    /// The path pattern.
    pub path: Option<String>,
    /// The methods that it is for; all of them if it does not say.
    pub methods: Option<Vec<String>>,
    /// The schemes that it accepts.
    pub schemes: Option<Vec<Scheme>>,
}

/// A rule that would have matched, had one thing been different.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleAsWritten,
    /// Why it did not match.
    pub why: String,
}

fn joined<S: Serializer>(lines: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&lines.join("\n"))
}

/// The rule that refused, if one matched and the configuration was kept.
pub(crate) fn refusing(case: &Case<'_>) -> Option<RuleAsWritten> {
    find(case.kept?, case.record.site?, case.record.rule?)
}

/// The rules that nearly matched.
pub(crate) fn near(case: &Case<'_>) -> Vec<NearMiss> {
    let (Some(kept), Some(site)) = (case.kept, case.record.site) else { return Vec::new() };
    let rules = case.record.near.iter().filter_map(|&index| find(kept, site, index));
    rules.map(|rule| NearMiss { why: why(&rule, case.record), rule }).collect()
}

fn why(rule: &RuleAsWritten, record: &Record) -> String {
    let path = rule.path.as_deref().unwrap_or("(none)");
    match &rule.methods {
        Some(methods) if !methods.contains(&record.method) => {
            format!("it is for {} only", methods.join(", "))
        }
        _ => format!("its path is {path}"),
    }
}

/// A rule by its place, with the lines from its header (or opening brace) to the end of its last value.
fn find(kept: Kept<'_>, site: u16, index: u16) -> Option<RuleAsWritten> {
    let document = DeTable::parse(kept.text).ok()?;
    let site = element(document.get_ref().get("site")?, site)?;
    let rule = element(table(site)?.get("rule")?, index)?;
    let members = table(rule)?;
    let end = members.iter().map(|(_, value)| value.span().end).fold(rule.span().end, usize::max);
    let (line, lines) = lines(kept.text, rule.span().start..end);
    let accepted = members.get("schemes").and_then(texts);
    Some(RuleAsWritten {
        file: kept.file.to_owned(),
        line,
        lines,
        index,
        path: members.get("path").and_then(text),
        methods: members.get("methods").and_then(texts),
        schemes: accepted.map(|names| schemes(names.iter().map(String::as_str))),
    })
}

/// The address of the app, as the site that was asked for has it.
pub(crate) fn upstream(case: &Case<'_>) -> Option<String> {
    of_site(case, "upstream")
}

/// The host that was asked for, if the site is for one host only. Where the gateway listens does not tell it: callers may
/// come through a proxy, a mapped port, or another `--listen`.
pub(crate) fn host(case: &Case<'_>) -> Option<String> {
    of_site(case, "host").filter(|host| !host.contains('*'))
}

/// Where the site that was asked for looks for API keys.
pub(crate) fn key_places(case: &Case<'_>) -> Vec<KeyPlace> {
    let written = || {
        let document = DeTable::parse(case.kept?.text).ok()?;
        let site = element(document.get_ref().get("site")?, case.record.site?)?;
        table(site)?.get("api_keys_in").and_then(texts)
    };
    let places: Vec<_> = written().unwrap_or_default().iter().filter_map(|text| KeyPlace::parse(text).ok()).collect();
    if places.is_empty() { KeyPlace::usual() } else { places }
}

fn of_site(case: &Case<'_>, key: &str) -> Option<String> {
    let document = DeTable::parse(case.kept?.text).ok()?;
    let site = element(document.get_ref().get("site")?, case.record.site?)?;
    table(site)?.get(key).and_then(text)
}

type Value<'a> = Spanned<DeValue<'a>>;

fn element<'a, 't>(array: &'a Value<'t>, index: u16) -> Option<&'a Value<'t>> {
    match array.get_ref() {
        DeValue::Array(array) => array.get(usize::from(index)),
        _ => None,
    }
}

fn table<'a, 't>(value: &'a Value<'t>) -> Option<&'a DeTable<'t>> {
    match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn text(value: &Value<'_>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

fn texts(value: &Value<'_>) -> Option<Vec<String>> {
    match value.get_ref() {
        DeValue::Array(array) => array.iter().map(text).collect(),
        _ => None,
    }
}

/// The number of the first line, and the whole lines that a span touches.
fn lines(text: &str, span: Range<usize>) -> (usize, Vec<String>) {
    let first = text.get(..span.start).unwrap_or_default().matches('\n').count();
    let last = text.get(..span.end).unwrap_or_default().matches('\n').count();
    let lines = text.lines().skip(first).take(last - first + 1).map(|line| crate::wording::clean(line.trim_end()));
    (first + 1, lines.filter(|line| !line.is_empty()).collect())
}
