//! The report on one of our references, for people.

use super::{Canvas, Meaning, Screen};
use crate::pages::owner;
use crate::reference::remedy::{Form, Remedy};
use crate::reference::report::Report;
use crate::reference::rule::RuleAsWritten;

/// A report, for people.
pub fn render(report: &Report, screen: &Screen) -> String {
    let mut page = Canvas::new(*screen);
    page.line(&page.paint(Meaning::Refused, &format!("{} {}", report.status, report.cause)));
    page.text(0, report.sentence);
    page.blank();
    page.field("at", &format!("{}, {}", report.at, report.ago));
    page.field(
        "request",
        &format!("{} {}", report.request.method, if report.request.path.is_empty() { "(no canonical path)" } else { &report.request.path }),
    );
    page.field("id", &report.request.id);
    page.field("mended by", owner(report.owner));
    page.heading("Evidence");
    if report.evidence.is_empty() {
        page.item("none beyond the cause itself");
    }
    for finding in &report.evidence {
        page.item(&finding.text);
    }
    credentials(&mut page, report);
    rules(&mut page, report);
    page.heading("Fix");
    for remedy in &report.fix {
        fix(&mut page, remedy);
    }
    page.blank();
    page.text(0, &format!("More: countersign explain {}", report.cause));
    page.finish()
}

fn credentials(page: &mut Canvas, report: &Report) {
    page.heading("Credentials");
    if !report.credentials.looked {
        page.item("not recorded for this refusal");
    }
    for seen in &report.credentials.seen {
        let accepted = match seen.accepted {
            Some(false) => "; the rule does not accept it",
            _ => "",
        };
        page.item(&format!("seen: {}{accepted}", seen.text));
    }
    for absent in &report.credentials.not_seen {
        let text = format!("not seen: {} (looked at {})", absent.scheme, absent.looked_at);
        match absent.accepted {
            Some(true) => page.item(&page.paint(Meaning::Lacking, &format!("{text}; the rule accepts it"))),
            _ => page.item(&page.paint(Meaning::Aside, &text)),
        }
    }
}

fn rules(page: &mut Canvas, report: &Report) {
    page.heading("Rule");
    match (&report.rule, report.rule_unknown) {
        (Some(rule), _) => snippet(page, rule),
        (None, why) => page.item(why.unwrap_or("unknown")),
    }
    for near in &report.near_misses {
        page.item(&format!("nearly matched: {}:{}, but {}", near.rule.file, near.rule.line, near.why));
    }
    let file = report.revision.file.as_deref().map(|file| format!(" of {file}")).unwrap_or_default();
    page.item(&format!("configuration {}{file}", report.revision.id));
}

fn snippet(page: &mut Canvas, rule: &RuleAsWritten) {
    page.text(2, &format!("{}:{}", rule.file, rule.line));
    let digits = (rule.line + rule.lines.len()).to_string().len();
    for (offset, line) in rule.lines.iter().enumerate() {
        page.line(&format!("  {:>digits$} | {line}", rule.line + offset));
    }
}

fn fix(page: &mut Canvas, remedy: &Remedy) {
    let colon = if remedy.form == Form::Advice || remedy.lines.is_empty() { "" } else { ":" };
    let who = format!("{:?}", remedy.who).to_lowercase();
    page.item(&format!("{who}: {}{colon}", remedy.text));
    for line in &remedy.lines {
        page.line(&format!("      {}", page.paint(Meaning::Mends, line)));
    }
}
