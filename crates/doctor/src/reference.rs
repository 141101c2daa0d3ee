//! One of our own references: from the opened record to cause, evidence, rule as written and fix.
//!
//! ```text
//!  Record (an opened reference) ─┐
//!  Kept (configuration in force) ┼─► Case ──► report() ──► Report
//!  LookedUp (what a store knows) ┘
//! ```

pub(crate) mod case;
pub(crate) mod credentials;
pub(crate) mod evidence;
pub(crate) mod fault;
pub(crate) mod remedy;
pub(crate) mod report;
pub(crate) mod rule;
