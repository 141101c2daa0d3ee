//! What is printed: data on standard output, everything else on standard error. No other module prints.

use crate::failure::Failure;
use countersign_doctor::Screen;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// Where the columns of an unknown terminal end.
const WIDTH: usize = 100;

/// Prints as the command line and the terminal want it.
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Was `--json` given?
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }

    /// Text as it is, at once.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        write!(out, "{text}{end}").and_then(|()| out.flush()).map_err(Failure::from_output)
    }

    /// One line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| Failure::error("unprintable", error.to_string()))?;
        self.text(&escaped(&text))
    }

    /// JSON where it was asked for, otherwise text.
    pub(crate) fn either(&self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { self.json(value) } else { self.text(&text()) }
    }

    /// A remark that is no data; it is left out under `--json`.
    pub(crate) fn remark(&self, text: &str) {
        if !self.json {
            // Whoever closed standard error does not want to read it.
            let _ = writeln!(io::stderr(), "{text}");
        }
    }

    /// A failure: JSON on standard output where that was asked for, otherwise text on standard error.
    pub(crate) fn fail(&self, failure: &Failure) -> ExitCode {
        if self.json {
            let _ = self.json(failure);
        } else {
            let _ = writeln!(io::stderr(), "{}", failure.render(colour(&io::stderr())));
        }
        failure.exit()
    }

    /// What standard output can show.
    pub(crate) fn screen(&self) -> Screen {
        let out = io::stdout();
        let columns = if out.is_terminal() { rustix::termios::tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col)) } else { None };
        Screen { width: columns.filter(|columns| *columns > 0).unwrap_or(WIDTH).min(WIDTH), colour: colour(&out) }
    }
}

/// JSON in which nothing works on a terminal: what could reorder or hide letters is escaped, which means the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}') {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Colour only on a terminal, and never with `NO_COLOR` or on a dumb one.
fn colour(stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A table of texts with aligned columns; nothing but the heading if there are no rows.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|column| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heading.get(column).map(|name| name.len())).max().unwrap_or_default()
    });
    let line = |cells: &[String; N]| {
        let padded: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    std::iter::once(&heading.map(str::to_owned)).chain(rows).map(line).collect()
}

/// What somebody has after a change, by kind: `now has the scopes a, b`, or `still has` where nothing changed.
pub(crate) fn has(changed: bool, held: &[(&str, &[String])]) -> String {
    let kind = |(kind, names): &(&str, &[String])| match names {
        [] => format!("no {kind}"),
        names => format!("the {kind} {}", names.join(", ")),
    };
    let kinds: Vec<_> = held.iter().map(kind).collect();
    format!("{} has {}", if changed { "now" } else { "still" }, kinds.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_has() {
        let (roles, none): (&[String], &[String]) = (&["staff".into(), "site crew".into()], &[]);
        assert_eq!(has(true, &[("roles", roles), ("scopes", none)]), "now has the roles staff, site crew and no scopes");
        assert_eq!(has(false, &[("scopes", none)]), "still has no scopes");
    }

    #[test]
    fn json_shows_what_is_in_it() {
        assert_eq!(escaped("{\"a\":\"b\u{9b}\u{202e}ü\"}"), "{\"a\":\"b\\u009b\\u202eü\"}");
    }

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["ann".to_owned(), String::new()], ["o'neill".to_owned(), "staff".to_owned()]];
        assert_eq!(table(["name", "roles"], &rows), "name     roles\nann\no'neill  staff\n");
        assert_eq!(table(["name"], &[]), "name\n");
    }
}
