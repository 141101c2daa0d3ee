//! Probing: what has to be asked, since what was given does not tell it. Nothing is asked that was not allowed.

use crate::failure::{Class, Failure};
use clap::Args;
use countersign::Timestamp;
use countersign_doctor::Explanation;

/// ProbeOptions for probing.
#[derive(Args, Debug)]
pub(super) struct ProbeOptions {}

/// Asks URLs that were given alone.
pub(super) fn ask(_urls: &[&str], _options: &ProbeOptions, _now: Timestamp) -> Result<Explanation, Failure> {
    let said = "a URL alone tells nothing: it would have to be asked over the network, which is done only by a probe";
    let failure = Failure::of(Class::CannotKnow, "needs-probe", said);
    Err(failure.mend("ask it and hand over what came: curl -isv URL 2>&1 | countersign explain -"))
}
