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

mod case;
mod credentials;
mod evidence;
mod fault;
mod moment;
mod pages;
mod remedy;
mod report;
mod rule;
mod terminal;

pub use case::{Case, Found, Kept, LookedUp, Program, Wanted};
pub use credentials::{Credentials, NotSeen, SeenCredential};
pub use evidence::{Finding, Shown};
pub use fault::FaultReport;
pub use moment::{span, utc};
pub use pages::{facts, index, owner, page};
pub use remedy::{Form, Remedy};
pub use report::{Report, Request, Revision, report};
pub use rule::{NearMiss, RuleAsWritten};
pub use terminal::{Screen, render, render_page};
