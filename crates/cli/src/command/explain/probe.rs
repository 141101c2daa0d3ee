//! Probing: what has to be asked, since what was given does not tell it. Nothing is asked that was not allowed: by `--probe`,
//! or by giving nothing but a URL, which allows one plain GET.

use super::answer::Answer;
use crate::failure::{Class, Failure};
use crate::output::Output;
use crate::place::now;
use clap::Args;
use countersign_doctor::Dossier;
use countersign_probe::{Options, Outcome, Plan, PlanFault, ask, plan, run};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most that is read of a file of authorities, in bytes.
const AUTHORITIES: u64 = 1024 * 1024;

/// Options for probing.
#[derive(Args, Debug)]
#[command(next_help_heading = "Probing")]
pub(super) struct ProbeOptions {
    /// Ask the server: at most 12 requests with safe methods, which are shown before; credentials go only to the origin that
    /// they were recorded for, and a password goes once
    #[arg(long, conflicts_with = "web")]
    pub(super) probe: bool,
    /// Show what would be asked, and ask nothing
    #[arg(long, conflicts_with = "web")]
    pub(super) dry_run: bool,
    /// Ask through a proxy; none is taken from the environment
    #[arg(long, value_name = "URL", conflicts_with = "web")]
    proxy: Option<String>,
    /// Trust these authorities besides the public ones; certificates as PEM
    #[arg(long, value_name = "FILE", conflicts_with = "web")]
    ca: Option<PathBuf>,
}

/// What came of asking URLs.
pub(super) enum Asked {
    /// They would be asked so.
    Shown(Box<Plan>),
    /// They were.
    Answered(Dossier),
}

impl ProbeOptions {
    /// Finds out more about a case, if that is allowed.
    pub(super) fn further(&self, dossier: &mut Dossier, output: &Output) -> Result<Option<Answer>, Failure> {
        if !self.probe && !self.dry_run {
            return Ok(None);
        }
        let plan = plan(dossier, &self.options()?).map_err(fault)?;
        if self.dry_run {
            return Ok(Some(Answer::Plan(Box::new(plan))));
        }
        carry_out(&plan, output)?.enrich(dossier);
        Ok(None)
    }

    /// Asks URLs that were given alone: one plain GET each.
    pub(super) fn ask(&self, urls: &[&str], output: &Output) -> Result<Asked, Failure> {
        let options = self.options()?;
        let mut dossier = Dossier::default();
        for url in urls {
            let plan = ask(url, &options).map_err(fault)?;
            if self.dry_run {
                return Ok(Asked::Shown(Box::new(plan)));
            }
            dossier.join(carry_out(&plan, output)?.found);
        }
        Ok(Asked::Answered(dossier))
    }

    fn options(&self) -> Result<Options, Failure> {
        options(self.proxy.clone(), self.ca.as_deref())
    }
}

/// What plans depend on.
pub(in crate::command) fn options(proxy: Option<String>, ca: Option<&Path>) -> Result<Options, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let authorities = ca.map(authorities).transpose()?;
    Ok(Options { now: now(), seed: since.as_secs() << 30 ^ u64::from(since.subsec_nanos()), proxy, authorities })
}

fn authorities(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut pem = Vec::new();
    let read = File::open(file).and_then(|file| file.take(AUTHORITIES).read_to_end(&mut pem));
    read.map_err(|error| Failure::error("input", format!("cannot read {}: {error}", file.display())))?;
    Ok(pem)
}

/// Why nothing can be asked.
pub(in crate::command) fn fault(fault: PlanFault) -> Failure {
    match fault {
        PlanFault::Url(_) => Failure::of(Class::CannotKnow, "url", "this is no URL of http or https that could be asked"),
        PlanFault::Authorities => Failure::error("input", "what --ca names has no certificate of an authority as PEM")
            .mend("openssl x509 -inform der -in CA.der -out CA.pem, if it is the binary form"),
        PlanFault::Proxy(_) => {
            Failure::of(Class::CannotKnow, "proxy", "a proxy is named as http://HOST:PORT").mend("--proxy http://127.0.0.1:3128")
        }
    }
}

/// Says what is asked, asks, and says what came.
fn carry_out(plan: &Plan, output: &Output) -> Result<Outcome, Failure> {
    output.remark(&plan.describe());
    let outcome = run(plan, &mut |_| false).map_err(|error| Failure::error("system", format!("cannot start: {error}")))?;
    output.remark(&format!("sent ({}):", outcome.requests));
    for line in &outcome.lines {
        output.remark(&format!("     {line}"));
    }
    output.remark("");
    Ok(outcome)
}
