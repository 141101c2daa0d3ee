//! The configuration: one TOML file, what the environment and flags set above it, checked as a whole.
//!
//! ```text
//! file ─┐
//! environment ─┼─► file (as written) ──► check ──► plan (as run)
//! flags ─┘                                └──► faults, all of them, each with its place and its mend
//! ```

mod fault;
mod host;
mod path;
mod plan;

pub use fault::{Fault, Faults, Severity};
pub use host::HostPattern;
pub use path::PathPattern;
pub use plan::{Cors, Limits, Log, LogDecisions, Plan, Profile, Rule, Server, SessionLimits, Site, SpoofedHeaders, Tls, Upstream, UpstreamScheme};

use std::path::PathBuf;

/// Where the configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What is built in: the sample app, on the loopback interface.
    Default,
    /// A file.
    File(PathBuf),
}

/// What the command line sets above file and environment, as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--admin-listen`
    pub admin_listen: Option<String>,
    /// `--upstream`, for a file with one site.
    pub upstream: Option<String>,
    /// `--data`, relative to the working directory.
    pub data: Option<String>,
}

/// A configuration that can be run, and what its author may want to know.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// What is suspect in it.
    pub warnings: Vec<Fault>,
}

/// Reads and checks a configuration; a flag stands above `COUNTERSIGN_SECTION__KEY`, that above the file.
///
/// # Errors
/// All faults that were found.
pub fn load(source: &Source, overrides: &Overrides, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded, Faults> {
    let _ = (source, overrides, env);
    Err(Faults::new(Vec::new()))
}
