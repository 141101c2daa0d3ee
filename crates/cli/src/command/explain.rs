//! `countersign explain`: opens a reference, or prints the page of a cause.

use crate::failure::{Class, Failure};
use crate::output::Output;
use crate::place::{Place, now, program, store, wait};
use clap::Args;
use countersign::reference::{PREFIX, Record, ReferenceFault, SealRing, open};
use countersign::{Account, ApiKey, Cause};
use countersign_doctor::{Case, FaultReport, Found, Kept, LookedUp, Program, Wanted, page, render, render_page, report};
use countersign_store::DataDir;
use serde_json::json;
use std::io::Read;
use std::path::PathBuf;

/// For how long references open: as long as their keys are kept.
const MAX_AGE: i64 = 400 * 86_400;
/// The most that is read of standard input, in bytes.
const INPUT_LIMIT: u64 = 1024 * 1024;

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// A reference, text that has one in it, the code of a cause, or `-` for standard input
    #[arg(value_name = "THING")]
    thing: String,
    /// A sealing key, where the data directory is out of reach
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "config"])]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Explain {
    pub(crate) fn run(self, output: &Output) -> Result<(), Failure> {
        let thing = if self.thing == "-" { standard_input()? } else { self.thing.clone() };
        match (reference_in(&thing), Cause::from_code(thing.trim())) {
            (Some(reference), _) => self.reference(reference, output),
            (None, Some(cause)) => explain_cause(cause, output),
            (None, None) => Err(nothing(&thing)),
        }
    }

    fn reference(&self, text: &str, output: &Output) -> Result<(), Failure> {
        let (ring, data) = self.keys()?;
        let record = open(text, &ring, now(), MAX_AGE).map_err(|fault| {
            let class = match fault {
                ReferenceFault::KeyUnknown(_) | ReferenceFault::TooOld { .. } => Class::CannotKnow,
                ReferenceFault::NotAReference | ReferenceFault::Malformed(_) | ReferenceFault::Altered => Class::Error,
            };
            Failure::reference(class, FaultReport::from(&fault))
        })?;
        let kept = data.as_ref().and_then(|data| data.revision(&record.revision));
        let answers = data.as_ref().map(|data| Answers::of(data, &record)).unwrap_or_default();
        let (name, option) = (program(), self.place.option());
        let case = Case {
            record: &record,
            now: now(),
            kept: kept.as_ref().map(|(file, text)| Kept { file, text }),
            looked_up: answers.borrowed(),
            program: Program { name: &name, data: option.as_deref() },
        };
        let report = report(&case);
        output.either(&report, || render(&report, &output.screen()))
    }

    fn keys(&self) -> Result<(SealRing, Option<DataDir>), Failure> {
        match &self.key_file {
            Some(file) => Ok((SealRing::new(DataDir::read_seal_key_file(file)?, Vec::new()), None)),
            None => {
                let data = self.place.existing()?;
                Ok((data.seal_ring(now())?, Some(data)))
            }
        }
    }
}

/// What the store answered. It may be out of order, which must not keep a reference from being explained.
#[derive(Default)]
struct Answers {
    account: Found<Account>,
    api_key: Found<ApiKey>,
}

impl Answers {
    fn of(data: &DataDir, record: &Record) -> Self {
        wait(Self::ask(data, Wanted::of(record))).unwrap_or_default()
    }

    async fn ask(data: &DataDir, wanted: Wanted) -> Result<Self, Failure> {
        let mut answers = Self::default();
        if wanted == Wanted::default() {
            return Ok(answers);
        }
        let store = store(data).await?;
        if let Some(number) = wanted.account {
            answers.account = Found::of(store.account_by_id(number).await?);
        }
        if let Some(id) = wanted.api_key {
            answers.api_key = Found::of(store.api_keys().await?.into_iter().map(|(key, _)| key).find(|key| key.id == id));
        }
        Ok(answers)
    }

    fn borrowed(&self) -> LookedUp<'_> {
        LookedUp { account: self.account.as_ref(), api_key: self.api_key.as_ref() }
    }
}

/// The first word of a text that begins as a reference: a header, a problem document, a whole answer may be pasted.
fn reference_in(text: &str) -> Option<&str> {
    let rest = text.get(text.find(PREFIX)?..)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    rest.get(..end)
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(INPUT_LIMIT).read_to_end(&mut bytes);
    read.map_err(|error| Failure::error("input", format!("cannot read standard input: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn explain_cause(cause: Cause, output: &Output) -> Result<(), Failure> {
    let value = json!({
        "cause": cause, "sentence": cause.sentence(), "family": cause.family(), "status": cause.status(), "owner": cause.owner(), "page": page(cause),
    });
    output.either(&value, || render_page(cause, &output.screen()))
}

fn nothing(thing: &str) -> Failure {
    let near = Cause::ALL.iter().filter(|cause| !thing.trim().is_empty() && cause.code().contains(&thing.trim().to_lowercase()));
    let near: Vec<_> = near.take(3).map(|cause| cause.code()).collect();
    let mend = match near.as_slice() {
        [] => format!("a reference begins with {PREFIX}; the header Countersign-Ref of a refusal has one"),
        near => format!("did you mean {}?", near.join(", or ")),
    };
    Failure::of(Class::NothingToExplain, "nothing-to-explain", "this is neither a reference nor the code of a cause").mend(mend)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(reference_in(text), expect, "{text:?}");
    }

    #[test]
    fn references_are_found_in_what_was_pasted() {
        check("cs1_abc-_9", Some("cs1_abc-_9"));
        check("HTTP/1.1 401\r\nCountersign-Ref: cs1_abc\r\n\r\n{}", Some("cs1_abc"));
        check(r#"{"instance":"cs1_abc","status":401}"#, Some("cs1_abc"));
        check("token-expired", None);
        check("", None);
    }
}
