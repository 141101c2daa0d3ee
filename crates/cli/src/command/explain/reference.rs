//! Opening a reference: with the keys of the installation or one of them, and with what its store knows by now.

use super::Explain;
use crate::failure::{Class, Failure};
use crate::place::{now, program, store, wait};
use countersign::reference::{PREFIX, Record, ReferenceFault, SealRing, open};
use countersign::{Account, ApiKey};
use countersign_doctor::{Case, FaultReport, Found, Kept, LookedUp, Program, Report, Wanted, report};
use countersign_store::DataDir;

/// For how long references open: as long as their keys are kept.
const MAX_AGE: i64 = 400 * 86_400;

impl Explain {
    /// The report on a reference.
    pub(super) fn reference(&self, text: &str) -> Result<Report, Failure> {
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
        Ok(report(&Case {
            record: &record,
            now: now(),
            kept: kept.as_ref().map(|(file, text)| Kept { file, text }),
            looked_up: answers.borrowed(),
            program: Program { name: &name, data: option.as_deref() },
        }))
    }

    /// Was it said which keys open references? Then they are meant to be opened.
    pub(super) fn names_keys(&self) -> bool {
        self.key_file.is_some() || self.place.data.is_some() || self.place.config.is_some()
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
pub(super) fn reference_in(text: &str) -> Option<&str> {
    let rest = text.get(text.find(PREFIX)?..)?;
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    rest.get(..end)
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
