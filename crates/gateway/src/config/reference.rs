//! The table of keys as documentation: the part of `docs/configuration.md` that nobody writes by hand.

use super::keys::{Absent, KEYS, Key, Kind, SECTIONS, Section};
use super::units;
use std::fmt::Write;

/// Every section with its keys, as Markdown.
pub fn reference() -> String {
    SECTIONS.iter().map(describe).collect::<Vec<_>>().join("\n")
}

/// A section with an example of each of its keys, as TOML.
pub(super) fn example(section: &Section) -> String {
    let lines = keys(section)
        .filter(|key| key.kind != Kind::Secret && (section.name != "site.rule" || key.name != "access"))
        .map(|key| format!("{} = {}\n", key.name, key.example));
    format!("{}\n{}", section.header(), lines.collect::<String>())
}

fn describe(section: &Section) -> String {
    let mut text = format!("## `{}`\n\n{}\n\n", section.header(), section.meaning);
    text.push_str("| key | takes | without it | meaning |\n|---|---|---|---|\n");
    for key in keys(section) {
        let row = [format!("`{}`", key.name), takes(key.kind), absent(key), key.meaning.to_owned()].map(|cell| cell.replace('|', "\\|"));
        // Writing into a String does not fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    let _ = write!(text, "\n```toml\n{}```\n", example(section));
    text
}

fn keys(section: &Section) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.section == section.name)
}

fn takes(kind: Kind) -> String {
    let any_of = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match kind {
        Kind::Text => "text".into(),
        Kind::Address => "IP address with port".into(),
        Kind::Path => "path".into(),
        Kind::Secret => "text of the environment".into(),
        Kind::Duration(least, most) => format!("duration, `{}` to `{}`", units::write_duration(least), units::write_duration(most)),
        Kind::Size(0, u64::MAX) => "size".into(),
        Kind::Size(least, most) => format!("size, `{}` to `{}`", units::write_size(least), units::write_size(most)),
        Kind::Number(least, most) => format!("number, {least} to {most}"),
        Kind::Flag => "`true` or `false`".into(),
        Kind::OneOf(names) => format!("one of {}", any_of(names)),
        Kind::List([]) => "list of texts".into(),
        Kind::List(names) => format!("list of {}", any_of(names)),
        Kind::Scopes => "list of texts, or a table of such lists by method".into(),
    }
}

fn absent(key: &Key) -> String {
    match (key.absent, key.kind) {
        (Absent::Required, _) => "**required**".into(),
        (Absent::Means(words), _) => words.into(),
        (Absent::Is(""), _) => "`[]`".into(),
        (Absent::Is(value), Kind::List(_)) => format!("`[\"{}\"]`", value.replace(',', "\", \"")),
        (Absent::Is(value), Kind::Number(..) | Kind::Flag) => format!("`{value}`"),
        (Absent::Is(value), _) => format!("`\"{value}\"`"),
    }
}
