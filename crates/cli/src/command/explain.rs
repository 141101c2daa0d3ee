//! `countersign explain`: opens references, prints the pages of causes, and explains anybody's refusals from what they
//! left behind. What was given is read by the doctor; this gathers it and prints what comes of it.
//!
//! ```text
//! THING… ──input──► a log ──► log
//!                └► bytes ──answer──► a cause's page │ a reference's report │ an explanation ──form──► standard output
//! ```

mod answer;
mod form;
mod input;
mod log;
pub(super) mod probe;
mod reference;
mod web;

use crate::failure::{Class, Failure};
use crate::output::Output;
use crate::place::Place;
use answer::Answer;
use clap::Args;
use countersign::Timestamp;
use countersign_doctor::Dossier;
use form::Form;
use input::{Input, Opened};
use probe::Asked;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A URL, a reference or text that has one in it, the code of a cause, a file, `-` for standard input, or the text itself: an
    /// exchange, a curl command, a HAR, a token, a SAML message, …; several are explained together
    #[arg(value_name = "THING", required_unless_present = "web")]
    things: Vec<String>,
    /// In which form: for people, for a ticket, as a page, for programs [default: terminal]
    #[arg(long, value_enum, value_name = "FORM", hide_default_value = true)]
    format: Option<Form>,
    /// The time to judge by where a recording has none, as RFC 3339 or in seconds since the epoch [default: this machine's]
    #[arg(long, value_name = "TIME", value_parser = moment)]
    now: Option<Timestamp>,
    /// Serve a page on this machine alone to paste or drop things on
    #[arg(long, conflicts_with_all = ["things", "format", "now"])]
    web: bool,
    /// Where the page is served; loopback only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = web::loopback)]
    listen: SocketAddr,
    /// A sealing key, where the data directory is out of reach
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "config"])]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    log: log::LogOptions,
    #[command(flatten)]
    probe: probe::ProbeOptions,
    #[command(flatten)]
    place: Place,
}

impl Explain {
    /// Is everything to be printed as JSON?
    pub(crate) fn as_json(&self) -> bool {
        self.format == Some(Form::Json)
    }

    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        if self.web {
            return web::run(self, output);
        }
        let form = match self.format {
            Some(form) if output.is_json() && form != Form::Json => {
                let said = Failure::of(Class::CannotKnow, "arguments", "--json and --format ask for two forms at once");
                return Err(said.mend("leave one of them out"));
            }
            Some(form) => form,
            None if output.is_json() => Form::Json,
            None => Form::Terminal,
        };
        let (mut inputs, mut logs) = (Vec::new(), Vec::new());
        for opened in input::open_all(&self.things)? {
            match opened {
                Opened::Log(log) => logs.push(log),
                Opened::Whole(input) => inputs.push(input),
            }
        }
        match (logs.first(), inputs.is_empty()) {
            (Some(_), true) => return log::run(logs, &self.log, form, output),
            (Some(log), false) => {
                let said = format!("{} is a log, which is explained alone or with other logs", log.name);
                return Err(Failure::error("input", said).mend(format!("countersign explain {}", log.name)));
            }
            (None, _) => {}
        }
        let mut probed = |dossier: &mut Dossier| self.probe.further(dossier, output);
        let answer = match self.answer_further(&inputs, &mut probed) {
            _ if self.probe.dry_run && self.asks(&inputs) => self.ask(&inputs, output)?,
            Ok(Answer::Explanation(explanation)) if self.asks(&inputs) && explanation.verdict.cause.is_none() => {
                self.ask(&inputs, output)?
            }
            Err(Failure::Said { class: Class::NothingToExplain, .. }) if self.asks(&inputs) => self.ask(&inputs, output)?,
            other => other?,
        };
        form.print(&answer, output)
    }

    /// A URL by itself has to be asked; under `--probe` it has been.
    fn asks(&self, inputs: &[Input]) -> bool {
        !self.probe.probe && inputs.iter().all(|input| input.url().is_some())
    }

    fn ask(&self, inputs: &[Input], output: &Output) -> Result<Answer, Failure> {
        let urls: Vec<&str> = inputs.iter().filter_map(Input::url).collect();
        match self.probe.ask(&urls, output)? {
            Asked::Shown(plan) => Ok(Answer::Plan(plan)),
            Asked::Answered(dossier) => self.conclude(dossier, &[], &mut |_| Ok(None)),
        }
    }

    fn clock(&self) -> Timestamp {
        self.now.unwrap_or_else(crate::place::now)
    }
}

/// A moment, as RFC 3339 or in seconds since the epoch.
fn moment(text: &str) -> Result<Timestamp, String> {
    let seconds = text.strip_prefix('@').unwrap_or(text).parse().ok();
    let written = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
    seconds.or_else(written).ok_or_else(|| "a time such as 2026-01-31T12:00:00Z, or seconds since the epoch, please".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<Timestamp>) {
        assert_eq!(moment(text).ok(), expect, "{text}");
    }

    #[test]
    fn moments() {
        check("1700000000", Some(1_700_000_000));
        check("@1700000000", Some(1_700_000_000));
        check("2023-11-14T22:13:20Z", Some(1_700_000_000));
        check("2023-11-14T23:13:20+01:00", Some(1_700_000_000));
        check("yesterday", None);
        check("", None);
    }
}
