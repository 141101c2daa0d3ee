//! One section of the file, key by key: each value is the flag's, the environment's, the file's, or the default, and of
//! the type that the table of keys says. Every fault is noted and reading goes on, so that all are told at once.

use super::keys::{self, Absent, Kind};
use super::near::nearest;
use super::read::{At, Place, Reader, ScopesWritten, Wrong, not_among, shown};
use super::units;
use countersign::Secret;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One section, as far as the file has it.
pub(super) struct Fields<'r, 't> {
    /// Where it stands; the file as a whole if it does not.
    pub place: Place,
    /// Does the file have it?
    pub present: bool,
    reader: &'r Reader<'r>,
    section: &'static str,
    variable: String,
    table: Option<&'t DeTable<'t>>,
}

/// What a value is read from.
enum Raw<'t> {
    Toml(&'t DeValue<'t>),
    Text(String),
}

impl<'r, 't> Fields<'r, 't> {
    /// The file's root.
    pub(super) fn root(reader: &'r Reader<'r>, table: &'t DeTable<'t>) -> Self {
        Self::open(reader, "", "COUNTERSIGN".into(), Some((table, Place::Default)))
    }

    /// Is a key there, whatever its value?
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.is_some_and(|table| table.contains_key(name))
    }

    /// A section that may be there once.
    pub(super) fn table(&self, name: &'static str) -> Self {
        let (section, variable) = self.below(name);
        let found = self.table.and_then(|table| table.get_key_value(name));
        let table = found.and_then(|(key, value)| match value.get_ref() {
            DeValue::Table(table) => Some((table, Place::File(header(key.span(), value.span())))),
            _ => {
                let mend = if value.get_ref().is_array() {
                    format!("write `[{section}]`, once")
                } else {
                    format!("write `[{section}]` on a line of its own")
                };
                self.reader.fault(&Place::File(key.span()), format!("`{name}` is one table"), Some(mend));
                None
            }
        });
        Self::open(self.reader, section, variable, table)
    }

    /// A section that may be there several times.
    pub(super) fn tables(&self, name: &'static str) -> Vec<Self> {
        let (section, variable) = self.below(name);
        let Some((key, value)) = self.table.and_then(|table| table.get_key_value(name)) else { return Vec::new() };
        let wrong = |place: Range<usize>| {
            let mend = format!("write `[[{section}]]`, with two brackets on each side");
            self.reader.fault(&Place::File(place), format!("there may be several `{name}`, so each is a table of a list"), Some(mend));
        };
        let DeValue::Array(list) = value.get_ref() else {
            wrong(key.span());
            return Vec::new();
        };
        let open = |(number, entry): (usize, &'t Spanned<DeValue<'t>>)| match entry.get_ref() {
            DeValue::Table(table) => {
                let place = Place::File(entry.span());
                Some(Self::open(self.reader, section, format!("{variable}__{number}"), Some((table, place))))
            }
            _ => {
                wrong(entry.span());
                None
            }
        };
        list.iter().enumerate().filter_map(open).collect()
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Option<At<String>> {
        self.parsed(name, |text| Ok(text.to_owned()))
    }

    /// A text that means something.
    pub(super) fn parsed<T>(&self, name: &'static str, read: impl Fn(&str) -> Result<T, Wrong>) -> Option<At<T>> {
        let (raw, place) = self.raw(name)?;
        let text = match &raw {
            Raw::Text(text) => text.as_str(),
            Raw::Toml(DeValue::String(text)) => text,
            Raw::Toml(other) => {
                let mend = other.as_integer().and_then(|number| read(&number.to_string()).err()?.mend);
                return self.mistyped(name, &place, "a text in quotes", mend);
            }
        };
        match read(text) {
            Ok(value) => Some(At { value, place }),
            Err(wrong) => {
                self.reader.fault(&place, format!("`{name}` cannot be {}: {}", shown(text), wrong.message), wrong.mend);
                None
            }
        }
    }

    /// A secret, which the environment may hold and no file: files are copied, kept and shown.
    pub(super) fn secret(&self, name: &'static str) -> Option<At<Secret>> {
        let (raw, place) = self.raw(name)?;
        match raw {
            Raw::Text(text) => Some(At { value: Secret::new(text), place }),
            Raw::Toml(_) => {
                let variable = format!("{}__{}", self.variable, name.to_ascii_uppercase());
                let mend = format!("set `{variable}`, or name a file by `{name}_file`");
                self.reader.fault(&place, format!("`{name}` takes no value here: secrets do not stand in this file"), Some(mend));
                None
            }
        }
    }

    /// One of the texts that the table of keys lists, as what it stands for.
    pub(super) fn one_of<T: Copy>(&self, name: &'static str, values: &[T]) -> Option<At<T>> {
        let Some(Kind::OneOf(names)) = keys::key(self.section, name).map(|key| key.kind) else { return None };
        self.parsed(name, |text| match names.iter().zip(values).find(|(name, _)| **name == text) {
            Some((_, value)) => Ok(*value),
            None => Err(not_among(text, names)),
        })
    }

    /// An address with a port.
    pub(super) fn address(&self, name: &'static str) -> Option<At<SocketAddr>> {
        self.parsed(name, |text| {
            let mend = match text.strip_prefix("localhost:").or_else(|| text.strip_prefix(':')) {
                Some(port) => Some(format!("write `\"127.0.0.1:{port}\"`")),
                None => text.parse::<std::net::IpAddr>().ok().map(|ip| format!("write `\"{}\"`", SocketAddr::new(ip, 8401))),
            };
            text.parse().map_err(|_| Wrong::new("an address is an IP address with a port, such as `127.0.0.1:8401`", mend))
        })
    }

    /// A duration within the key's bounds.
    pub(super) fn duration(&self, name: &'static str) -> Option<At<Duration>> {
        let Some(Kind::Duration(least, most)) = keys::key(self.section, name).map(|key| key.kind) else { return None };
        self.parsed(name, |text| {
            let value = units::duration(text)?;
            let inside = (u128::from(least)..=u128::from(most)).contains(&value.as_millis());
            let bounds = || Wrong::from(format!("it lies between {} and {}", units::write_duration(least), units::write_duration(most)));
            inside.then_some(value).ok_or_else(bounds)
        })
    }

    /// A size within the key's bounds.
    pub(super) fn size(&self, name: &'static str) -> Option<At<u64>> {
        let Some(Kind::Size(least, most)) = keys::key(self.section, name).map(|key| key.kind) else { return None };
        self.parsed(name, |text| {
            let value = units::size(text)?;
            let bounds = || Wrong::from(format!("it lies between {} and {}", units::write_size(least), units::write_size(most)));
            (least..=most).contains(&value).then_some(value).ok_or_else(bounds)
        })
    }

    /// A whole number within the key's bounds.
    pub(super) fn number(&self, name: &'static str) -> Option<At<usize>> {
        let Some(Kind::Number(least, most)) = keys::key(self.section, name).map(|key| key.kind) else { return None };
        let (raw, place) = self.raw(name)?;
        let number = match &raw {
            Raw::Text(text) => text.trim().parse::<u64>().ok(),
            Raw::Toml(DeValue::Integer(number)) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            Raw::Toml(_) => return self.mistyped(name, &place, "a whole number", None),
        };
        let value = number.filter(|number| (least..=most).contains(number)).and_then(|number| usize::try_from(number).ok());
        if value.is_none() {
            self.reader.fault(&place, format!("`{name}` is a whole number between {least} and {most}"), None);
        }
        value.map(|value| At { value, place })
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &'static str) -> Option<At<bool>> {
        let (raw, place) = self.raw(name)?;
        let value = match &raw {
            Raw::Toml(DeValue::Boolean(value)) => *value,
            Raw::Text(text) if text == "true" => true,
            Raw::Text(text) if text == "false" => false,
            Raw::Toml(DeValue::String(text)) if matches!(&**text, "true" | "false") => {
                return self.mistyped(name, &place, "`true` or `false`", Some("leave the quotes out".into()));
            }
            _ => return self.mistyped(name, &place, "`true` or `false`", None),
        };
        Some(At { value, place })
    }

    /// A list of texts. In the environment its members are separated by commas.
    pub(super) fn list(&self, name: &'static str) -> Option<At<Vec<At<String>>>> {
        let (raw, place) = self.raw(name)?;
        let value = match &raw {
            Raw::Text(text) => {
                let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
                members.map(|member| At { value: member.to_owned(), place: place.clone() }).collect()
            }
            Raw::Toml(value) => self.texts(name, value, &place)?,
        };
        Some(At { value, place })
    }

    /// Scopes by method; a plain list holds for `*`.
    pub(super) fn scopes(&self, name: &'static str) -> Option<At<ScopesWritten>> {
        let (raw, place) = self.raw(name)?;
        let Raw::Toml(DeValue::Table(table)) = raw else {
            let list = self.list(name)?;
            return Some(At { value: vec![(At { value: "*".into(), place: list.place.clone() }, list.value)], place: list.place });
        };
        let entry = |(method, scopes): (&Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let method = At {
                value: AsRef::<str>::as_ref(method.get_ref() as &std::borrow::Cow<'_, str>).to_owned(),
                place: Place::File(method.span()),
            };
            let scopes = self.texts(name, scopes.get_ref(), &Place::File(scopes.span()))?;
            Some((method, scopes))
        };
        Some(At { value: table.iter().filter_map(entry).collect(), place })
    }

    fn texts(&self, name: &'static str, value: &DeValue<'_>, place: &Place) -> Option<Vec<At<String>>> {
        let members = match value {
            DeValue::Array(members) => members,
            DeValue::String(text) => return self.mistyped(name, place, "a list", Some(format!("write `[{}]`", shown(text)))),
            _ => return self.mistyped(name, place, "a list of texts", None),
        };
        let text = |member: &Spanned<DeValue<'_>>| {
            let place = Place::File(member.span());
            match member.get_ref() {
                DeValue::String(text) => Some(At { value: text.clone().into_owned(), place }),
                _ => self.mistyped(name, &place, "a list of texts, each in quotes", None),
            }
        };
        Some(members.iter().filter_map(text).collect())
    }

    fn mistyped<T>(&self, name: &str, place: &Place, expected: &str, mend: Option<String>) -> Option<T> {
        self.reader.fault(place, format!("`{name}` takes {expected}"), mend);
        None
    }

    /// The value of a key: of a flag, the environment, the file, or the default, in this order.
    fn raw(&self, name: &'static str) -> Option<(Raw<'t>, Place)> {
        let key = keys::key(self.section, name)?;
        let flag = self.reader.flags.iter().find(|flag| flag.section == self.section && flag.key == name);
        let variable = format!("{}__{}", self.variable, name.to_ascii_uppercase());
        let set = flag.map(|flag| (flag.name.to_owned(), flag.value.clone()));
        if let Some((by, value)) =
            set.or_else(|| (self.reader.env)(&variable).filter(|value| !value.is_empty()).map(|value| (variable, value)))
        {
            let shown = if key.kind == Kind::Secret { "(a secret)".to_owned() } else { format!("{value:?}") };
            let line =
                format!("# {by}: {} = {shown}", if self.section.is_empty() { name.to_owned() } else { format!("{}.{name}", self.section) });
            let mut lines = self.reader.set.borrow_mut();
            if !lines.contains(&line) {
                lines.push(line);
            }
            return Some((Raw::Text(value), Place::Set(by)));
        }
        if let Some(value) = self.table.and_then(|table| table.get(name)) {
            return Some((Raw::Toml(value.get_ref()), Place::File(value.span())));
        }
        match key.absent {
            Absent::Is(value) => Some((Raw::Text(value.to_owned()), Place::Default)),
            Absent::Means(_) => None,
            Absent::Required => {
                if self.present {
                    self.reader.fault(&self.place, format!("`{name}` is missing here"), Some(format!("add `{name} = {}`", key.example)));
                }
                None
            }
        }
    }

    fn below(&self, name: &'static str) -> (&'static str, String) {
        let section = keys::SECTIONS.iter().find(|section| section.parent() == (self.section, name));
        (
            section.map_or(name, |section| section.name),
            format!("{}__{}", self.variable, name.to_ascii_uppercase()).replacen("COUNTERSIGN__", "COUNTERSIGN_", 1),
        )
    }

    fn open(reader: &'r Reader<'r>, section: &'static str, variable: String, table: Option<(&'t DeTable<'t>, Place)>) -> Self {
        let (table, place) = table.map_or((None, Place::Default), |(table, place)| (Some(table), place));
        let unknown = table.into_iter().flatten().filter(|(key, _)| !keys::names(section).any(|name| name == key.get_ref().as_ref()));
        for (key, _) in unknown {
            let name: &str = key.get_ref().as_ref();
            let (message, mend) = unknown_key(section, name);
            reader.fault(&Place::File(key.span()), message, mend);
        }
        Self { place, present: table.is_some(), reader, section, variable, table }
    }
}

fn unknown_key(section: &'static str, name: &str) -> (String, Option<String>) {
    let place = keys::section(section).map_or_else(|| "at the top of the file".to_owned(), |section| format!("in `{}`", section.header()));
    let message = format!("there is no key {} {place}", shown(name));
    let elsewhere = keys::KEYS.iter().find(|key| key.name == name).and_then(|key| keys::section(key.section));
    let mend = match (nearest(name, keys::names(section)), elsewhere) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, Some(section)) => format!("`{name}` belongs to `{}`", section.header()),
        (None, None) => {
            let names: Vec<String> = keys::names(section).map(|name| format!("`{name}`")).collect();
            format!("known are {}", names.join(", "))
        }
    };
    (message, Some(mend))
}

/// Where a table begins: an inline one has a place of its own, one with dotted keys only that of its key.
fn header(key: Range<usize>, table: Range<usize>) -> Range<usize> {
    if table.is_empty() { key } else { table }
}
