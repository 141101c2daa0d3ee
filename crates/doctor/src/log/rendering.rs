//! The report on a log, on a terminal.

use super::pattern::Pattern;
use super::report::{LogReport, LogRow};
use crate::terminal::{Canvas, Meaning, Screen};
use crate::wording;

/// Rows of a table that are shown.
const ROWS: usize = 5;
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII: [char; 9] = [' ', '.', '.', ':', '-', '=', '+', '*', '#'];

/// The report on a log, for people. `plain` is for terminals that cannot show block characters.
pub fn render_log(report: &LogReport, screen: &Screen, plain: bool) -> String {
    let mut page = Canvas::new(*screen);
    let share = percent(report.refused, report.requests);
    page.line(
        &page.paint(Meaning::Refused, &format!("{} of {} requests refused ({share})", grouped(report.refused), grouped(report.requests))),
    );
    if let (Some(first), Some(last)) = (&report.first, &report.last) {
        page.field("from", first);
        page.field("to", last);
    }
    let unreadable =
        if report.unreadable > 0 { format!(", {} of them not of this format", grouped(report.unreadable)) } else { String::new() };
    page.field("format", &format!("{}, {} lines{unreadable}", report.format.name(), grouped(report.lines)));
    if let Some(joined) = &report.joined {
        page.field("beside", &format!("{}, which explains {} of the refusals", joined.format.name(), grouped(joined.explained)));
    }
    chart(&mut page, report, screen.width, plain);
    patterns(&mut page, report);
    spikes(&mut page, report);
    by_cause(&mut page, report);
    for (title, rows) in
        [("Clients", &report.clients), ("Routes", &report.routes), ("Users", &report.users), ("User agents", &report.agents)]
    {
        table(&mut page, title, rows, report.refused);
    }
    if !report.not_seen.is_empty() {
        page.heading("Not seen");
        report.not_seen.iter().for_each(|line| page.item(line));
    }
    page.finish()
}

fn chart(page: &mut Canvas, report: &LogReport, width: usize, plain: bool) {
    let counts = report.refusals();
    if report.refused == 0 || counts.len() < 2 {
        return;
    }
    let columns = counts.len().min(width.max(20) - 4).min(96);
    let sums: Vec<u64> = (0..columns)
        .map(|column| {
            let (from, to) = (column * counts.len() / columns, (column + 1) * counts.len() / columns);
            counts.get(from..to).unwrap_or_default().iter().map(|count| u64::from(*count)).sum()
        })
        .collect();
    let most = sums.iter().copied().max().unwrap_or_default().max(1);
    let blocks = if plain { &ASCII } else { &BLOCKS };
    let bar = |count: &u64| blocks.get((count * 8).div_ceil(most) as usize).copied().unwrap_or(' ');
    let line: String = sums.iter().map(bar).collect();
    page.heading("Refusals by time");
    page.line(&format!("  {}", page.paint(Meaning::Refused, &line)));
    let each = crate::moment::span(report.series.seconds * counts.len() as i64 / columns as i64);
    page.text(2, &page.paint(Meaning::Aside, &format!("about {each} a column, at the most {}", grouped(most))));
}

fn patterns(page: &mut Canvas, report: &LogReport) {
    if report.refused == 0 {
        return;
    }
    page.heading("What it looks like");
    if report.patterns.is_empty() {
        page.item("nothing in particular: the refusals follow none of the patterns that are known here");
    }
    for pattern in &report.patterns {
        let causes: Vec<_> = pattern.causes.iter().map(|cause| cause.code()).collect();
        let title = format!("{}, {} ({})", pattern.kind.words(), wording::confidence(pattern.confidence), causes.join(", "));
        page.item(&page.paint(Meaning::Lacking, &title));
        page.text(4, &pattern.sentence);
        for line in &pattern.evidence {
            page.hanging("    - ", 6, line);
        }
        page.text(4, &page.paint(Meaning::Mends, pattern.next_step));
    }
}

fn spikes(page: &mut Canvas, report: &LogReport) {
    if report.spikes.is_empty() {
        return;
    }
    page.heading("Spikes");
    for spike in &report.spikes {
        let route = spike.route.as_ref().map(|route| format!(", mostly {route}")).unwrap_or_default();
        let client = spike.client.as_ref().map(|client| format!(", mostly from {client}")).unwrap_or_default();
        page.item(&format!(
            "{} to {}: {} refused of {}, up to {} a minute (usually {}){route}{client}",
            spike.from,
            spike.to,
            grouped(spike.refused),
            grouped(spike.requests),
            spike.peak_per_minute,
            spike.usual_per_minute
        ));
    }
}

fn by_cause(page: &mut Canvas, report: &LogReport) {
    if !report.by_cause.is_empty() {
        page.heading("Causes");
        for row in &report.by_cause {
            page.line(&format!("  {:>10}  {:>6}  {}", grouped(row.count), percent(row.count, report.refused), row.cause));
        }
    }
    if !report.by_status.is_empty() {
        page.heading("Statuses");
        for row in &report.by_status {
            page.line(&format!("  {:>10}  {:>6}  {}", grouped(row.count), percent(row.count, report.refused), row.status));
        }
    }
}

fn table(page: &mut Canvas, title: &str, rows: &[LogRow], refused: u64) {
    if rows.is_empty() {
        return;
    }
    page.heading(title);
    for row in rows.iter().take(ROWS) {
        let mut beside = Vec::new();
        beside.extend(row.admitted.map(|admitted| format!("{} not refused", grouped(admitted))));
        beside.extend(row.clients.map(|clients| format!("from {}", about(clients, "client"))));
        beside.extend(row.routes.filter(|routes| *routes > 1).map(|routes| format!("for {}", about(routes, "route"))));
        beside.extend((row.error > 0).then(|| format!("up to {} too high", grouped(row.error))));
        let beside = if beside.is_empty() { String::new() } else { page.paint(Meaning::Aside, &format!(" ({})", beside.join(", "))) };
        page.hanging(
            &format!("  {:>10}  {:>6}  ", grouped(row.refused), percent(row.refused, refused)),
            22,
            &format!("{}{beside}", row.name),
        );
    }
}

/// What came since the last time, on one line; for a log that is followed.
pub fn render_log_change(change: &LogReport) -> String {
    let statuses: Vec<_> = change.by_status.iter().map(|row| format!("{} × {}", grouped(row.count), row.status)).collect();
    let causes: Vec<_> = change.by_cause.iter().take(3).map(|row| format!("{} × {}", grouped(row.count), row.cause)).collect();
    let most = |rows: &[LogRow]| rows.first().filter(|row| row.refused * 2 >= change.refused).map(|row| row.name.clone());
    let route = most(&change.routes).map(|route| format!(", mostly {route}")).unwrap_or_default();
    let client = most(&change.clients).map(|client| format!(", mostly from {client}")).unwrap_or_default();
    let at = change.last.as_deref().unwrap_or("at an unknown time");
    format!("{at}  {} more refused ({}){route}{client}", grouped(change.refused), [statuses, causes].concat().join(", "))
}

/// A pattern that has come up, on one line.
pub fn render_pattern(pattern: &Pattern) -> String {
    format!("looks like {}, {}: {}", pattern.kind.words(), wording::confidence(pattern.confidence), pattern.sentence)
}

/// `about 12 clients`; small numbers are exact enough.
fn about(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        2..=5 => format!("{number} {one}s"),
        _ => format!("about {number} {one}s"),
    }
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn percent(part: u64, whole: u64) -> String {
    match (part, whole) {
        (_, 0) => "0 %".to_owned(),
        (part, whole) if part * 1000 < whole && part > 0 => "<0.1 %".to_owned(),
        (part, whole) => format!("{:.1} %", part as f64 * 100.0 / whole as f64),
    }
}
