//! The probe: a bounded number of requests that tell what a recording of a refusal does not. It judges nothing: what comes
//! back goes into the doctor's dossier.
//!
//! ```text
//!  Dossier ──plan()──► Plan: every request, what it sends and why ──run()──► Outcome: exchanges and documents
//!                       └──► shown before anything is sent                    └──► Dossier::join ──► explain()
//! ```
//!
//! ## Security considerations
//!
//! Credentials go to the origin that they were recorded for and to no other, not even when that one redirects to itself. A
//! host that somebody else names (`iss`, `Location`, metadata) is called only at public addresses, unless it is the very
//! host that was asked about; what was looked up is what is called. A password is sent once at most, or twice
//! where the server says that it did not look at the first. Requests have no
//! bodies and safe methods. Redirects are not followed by themselves, cookies are not kept, proxies not taken from the
//! environment, and size and time have bounds.

mod certificate;
mod credentials;
mod dice;
mod login;
mod metadata;
mod plan;
mod run;
mod target;
mod trial;
mod wire;

pub use plan::{MOST, Options, Plan, PlanFault, Planned, ask, plan};
pub use run::{Outcome, run};
pub use trial::{Secrets, trials};

/// What we call ourselves.
pub const AGENT: &str = concat!("countersign/", env!("CARGO_PKG_VERSION"), " (probe)");
