//! What refusals look like as a whole: patterns that are told apart, each with its evidence and how sure it is.
//!
//! A log shows who was refused where and when, seldom why. A pattern is certain only where the log itself names the cause
//! or the status means nothing else.

mod deployment;
mod guessing;
mod single;
mod tokens;

use super::report::Shown;
use super::tally::Tally;
use crate::catalogue::Code;
use crate::diagnosis::Confidence;
use countersign::{Cause, ForeignCause};
use serde::Serialize;

/// The most that is quoted as evidence of one pattern.
const EVIDENCE: usize = 4;

/// What refusals look like as a whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pattern {
    /// Its kind.
    pub kind: PatternKind,
    /// The causes that it comes from, the likeliest first.
    pub causes: Vec<Code>,
    /// How sure it is.
    pub confidence: Confidence,
    /// In one sentence.
    pub sentence: String,
    /// What it rests on.
    pub evidence: Vec<String>,
    /// What to do or to look at next.
    pub next_step: &'static str,
}

/// The kinds of patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternKind {
    /// Many names tried from few addresses.
    CredentialStuffing,
    /// One name, or one log-in form, tried again and again.
    PasswordGuessing,
    /// Clients that were admitted until their tokens ran out.
    ExpiredTokens,
    /// From one moment on nearly everybody is refused.
    BrokenDeployment,
    /// One client that tries many routes.
    Scanner,
    /// One client that is refused steadily and never admitted.
    MisconfiguredClient,
    /// A limit of requests was reached.
    RateLimit,
    /// What the server asks to decide does not answer.
    ProviderOutage,
}

impl PatternKind {
    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            PatternKind::CredentialStuffing => "credential stuffing",
            PatternKind::PasswordGuessing => "password guessing",
            PatternKind::ExpiredTokens => "expired tokens",
            PatternKind::BrokenDeployment => "a broken deployment",
            PatternKind::Scanner => "a scanner",
            PatternKind::MisconfiguredClient => "a misconfigured client",
            PatternKind::RateLimit => "a rate limit",
            PatternKind::ProviderOutage => "an unreachable provider",
        }
    }
}

/// Everything that the refusals look like, the surest first.
pub(super) fn patterns(tally: &Tally, shown: Shown) -> Vec<Pattern> {
    let steps = deployment::steps(tally);
    let mut patterns: Vec<Pattern> = [guessing::stuffing(tally, shown), guessing::guessing(tally, shown)].into_iter().flatten().collect();
    patterns.extend(deployment::pattern(tally, &steps, shown));
    patterns.extend(tokens::pattern(tally, &steps, shown));
    patterns.extend(single::scanner(tally, shown));
    patterns.extend(single::misconfigured(tally, shown));
    patterns.extend(single::rate_limit(tally, shown));
    patterns.extend(single::outage(tally));
    patterns.sort_by(|a, b| b.confidence.cmp(&a.confidence).then_with(|| a.kind.cmp(&b.kind)));
    patterns
}

/// How often the log names one of these causes.
fn named(tally: &Tally, causes: &[Code]) -> u64 {
    causes.iter().filter_map(|cause| tally.causes.get(cause)).sum()
}

/// `1 client`, `3 clients`.
fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// The causes of a wrong name or password.
const WRONG: &[Code] = &[
    Code::Common(Cause::PasswordWrong),
    Code::Common(Cause::AccountUnknown),
    Code::Foreign(ForeignCause::CredentialsInvalid),
    Code::Common(Cause::DigestResponseWrong),
];
