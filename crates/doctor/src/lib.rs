//! The doctor: from a reference to cause, evidence, rule and fix.
//!
//! No I/O and no clock: the reference is opened, the configuration fetched and the store asked by the caller, which
//! hands their answers over as plain values. What was not asked is said to be unknown, never guessed.
//!
//! ```text
//!  Record (an opened reference) ─┐
//!  Kept (configuration in force) ┼─► Case ──► report() ──► Report ──► render() ──► terminal
//!  LookedUp (what a store knows) ┘                              └──► Serialize ──► JSON
//!
//!  Cause ──► page() ──► docs/causes/CODE.md
//! ```

mod advice;
mod base64;
mod catalogue;
mod clue;
mod diagnosis;
mod dialect;
mod dossier;
mod explanation;
mod finding;
mod html;
mod jwt;
mod log;
mod markdown;
mod mask;
mod moment;
mod pages;
mod reading;
mod reference;
mod replay;
mod saml;
mod terminal;
mod wording;
mod xml;

pub use catalogue::Code;
pub use clue::{Clue, Fix, Quote, Side};
pub use diagnosis::Confidence;
pub use dossier::{Document, DocumentKind, Dossier, Exchange, Header, Headers, Probe, Request, Response};
pub use explanation::{Alternative, Explanation, NextStep, SCHEMA, Verdict, explain};
pub use finding::finding_names;
pub use html::{HTML_STYLE, html, html_article, html_preformatted, html_text};
pub use log::{
    CauseCount, LogFormat, LogJoin, LogJoined, LogReader, LogReport, LogRow, LogSeries, Pattern, PatternKind, Spike, StatusCount,
    render_log, render_log_change, render_pattern,
};
pub use markdown::markdown;
pub use moment::{span, utc};
pub use pages::{facts, foreign_page, index, owner, page, page_of};
pub use reading::{LIMIT, ReadFault, read};
pub use reference::case::{Case, Found, Kept, LookedUp, Program, Wanted};
pub use reference::credentials::{Credentials, NotSeen, SeenCredential};
pub use reference::evidence::{Finding, Shown};
pub use reference::fault::FaultReport;
pub use reference::remedy::{Form, Remedy};
pub use reference::report::{Report, Revision, report};
pub use reference::rule::{NearMiss, RuleAsWritten};
pub use terminal::{Screen, render, render_explanation, render_page};
pub use wording::clean;
