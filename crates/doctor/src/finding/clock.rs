//! Clocks that disagree: the answer's `Date` against the recording's and this machine's. Not the dates of tokens or signatures.

use super::refusal::Refusal;
use crate::catalogue::Code::{self, Foreign};
use crate::clue::{Clue, Quote, Side};
use crate::dossier::Dossier;
use crate::moment::{span, utc};
use countersign::{ForeignCause, Timestamp};

const NAME: &str = "clock";
const SKEW: Code = Foreign(ForeignCause::ClockSkew);
/// What an exchange itself may take, and what clocks may differ, in seconds.
const TOLERATED: i64 = 120;

pub(crate) fn see(dossier: &Dossier) -> Vec<Clue> {
    let Some(refusal) = Refusal::of(dossier) else { return Vec::new() };
    let Some((date, header)) = refusal.date() else { return Vec::new() };
    let Some(at) = refusal.exchange.at else { return Vec::new() };
    let apart = at.saturating_sub(date);
    if apart.saturating_abs() <= TOLERATED || cached(&refusal) {
        return Vec::new();
    }
    // It explains a refusal only where something is dated; otherwise it is worth knowing.
    let dated = refusal.request().is_some_and(|request| {
        let fields = request.headers.0.iter().map(|header| header.value.as_str());
        fields.chain([request.url.as_str()]).any(|value| {
            value.contains("eyJ")
                || value.contains("X-Amz-Date")
                || value.to_ascii_lowercase().contains("timestamp")
                || value.contains("Signature=")
        })
    });
    let weight = if dated { 48 } else { 15 };
    let side = if apart > 0 { "ahead of" } else { "behind" };
    let because = format!("The client's clock ({}) is {} {side} the server's ({}).", utc(at), span(apart), utc(date));
    let clue = Clue::new(NAME, SKEW, weight, because).quote(Quote::header(refusal.index, "response", header));
    vec![clue.fix(Side::Caller, "Set the clock by NTP.", &["timedatectl set-ntp true"])]
}

/// An answer out of a cache has the date of the time when it was made.
fn cached(refusal: &Refusal<'_>) -> bool {
    let age: Option<Timestamp> = refusal.answered("age").and_then(|header| header.value.trim().parse().ok());
    age.is_some_and(|age| age > 0)
}

#[cfg(test)]
mod tests {
    use super::super::staged::{check, exchanged};
    use super::*;

    #[test]
    fn clocks_are_compared() {
        let at = |at: Timestamp, fields: &str| {
            let mut dossier =
                exchanged("GET https://a.example/x?timestamp=1", 401, &format!("Date: Tue, 14 Nov 2023 22:13:20 GMT\n{fields}"), "");
            dossier.exchanges.iter_mut().for_each(|exchange| exchange.at = Some(at));
            dossier
        };
        check(see(&at(1_700_000_600, "")), Some("clock-skew"), 40);
        check(see(&at(1_700_000_600, "Age: 600")), None, 10);
        check(see(&at(1_700_000_010, "")), None, 10);
    }
}
