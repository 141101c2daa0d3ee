//! What a judgement comes to.

use crate::cause::Cause;
use crate::evidence::Evidence;
use crate::facts::Need;
use crate::identity::Identity;

/// One step of a judgement.
#[derive(Debug)]
pub enum Step {
    /// It is done.
    Decided(Verdict),
    /// A fact is missing; judge again when it is at hand.
    Needs(Need),
}

/// What a judgement comes to. A scheme with several rounds adds its own way of going on here.
#[derive(Debug)]
pub enum Verdict {
    /// Let it through, as this identity.
    Admit(Identity),
    /// Refuse it.
    Refuse(Refusal),
    /// It cannot be decided; this is never a refusal of the credentials.
    Unable(Outage),
}

/// Why it is refused, for those who may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The cause.
    pub cause: Cause,
    /// What it rests on.
    pub evidence: Evidence,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal with its evidence.
    pub const fn new(cause: Cause, evidence: Evidence) -> Self {
        Self { cause, evidence, retry_after: None }
    }
}

/// Why it cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// One of the causes of the outage families.
    pub cause: Cause,
    /// Seconds after which another try makes sense.
    pub retry_after: u32,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Why a judgement stops short of admitting: carries the happy path by `?`.
#[derive(Debug)]
pub enum Stop {
    /// For want of a fact.
    Needs(Need),
    /// Refused.
    Refuse(Box<Refusal>),
    /// Undecidable.
    Unable(Box<Outage>),
}

impl Stop {
    /// Refused, with its evidence.
    pub fn refuse(cause: Cause, evidence: Evidence) -> Self {
        Self::Refuse(Box::new(Refusal::new(cause, evidence)))
    }
}

impl From<Result<Identity, Stop>> for Step {
    fn from(result: Result<Identity, Stop>) -> Self {
        match result {
            Ok(identity) => Step::Decided(Verdict::Admit(identity)),
            Err(Stop::Refuse(refusal)) => Step::Decided(Verdict::Refuse(*refusal)),
            Err(Stop::Unable(outage)) => Step::Decided(Verdict::Unable(*outage)),
            Err(Stop::Needs(need)) => Step::Needs(need),
        }
    }
}
