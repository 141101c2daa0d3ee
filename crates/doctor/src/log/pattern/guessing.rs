//! Guessing: many names from few addresses (credential stuffing), or one name again and again.

use super::{EVIDENCE, Pattern, PatternKind, WRONG, count, named};
use crate::catalogue::Code;
use crate::diagnosis::Confidence;
use crate::log::report::Shown;
use crate::log::sketch::Row;
use crate::log::tally::{Client, Tally};
use crate::moment::{span, utc};
use countersign::ForeignCause;

/// The least refusals of a client, or of a name, to be called guessing.
const MANY: u64 = 20;
/// The least names that one client tries in vain; behind an office's address several people mistype in a day.
const NAMES: u64 = 8;

/// Does this client try many names?
pub(super) fn tries_names(client: &Row<Client>) -> bool {
    let names = client.kept.users.estimate();
    client.sure() >= MANY && names >= NAMES && names * 10 >= client.sure()
}

/// Does it send many log-ins that are refused, with no more known of them?
fn tries_forms(client: &Row<Client>) -> bool {
    client.kept.log_ins >= MANY && client.kept.users.estimate() == 0 && client.kept.gaps.mean < 60.0
}

/// Many names from few addresses.
pub(super) fn stuffing(tally: &Tally, shown: Shown) -> Option<Pattern> {
    let clients: Vec<_> = tally.clients.top().into_iter().filter(|client| tries_names(client)).collect();
    let first = clients.first()?;
    let refused: u64 = clients.iter().map(|client| client.sure()).sum();
    let names = clients.iter().map(|client| client.kept.users.estimate()).max().unwrap_or_default();
    let evidence = clients.iter().take(EVIDENCE).map(|client| {
        let admitted = tally.admitted_clients.get(&client.key).filter(|row| row.kept.last >= client.kept.first).map_or(0, |row| row.sure());
        let after =
            if admitted > 0 { format!("; it was also admitted {}: did a guess succeed?", count(admitted, "time")) } else { String::new() };
        let names = client.kept.users.estimate();
        format!("{}: {} under about {names} names in {}{after}", shown.text(&client.key), count(client.sure(), "refusal"), length(client))
    });
    Some(Pattern {
        kind: PatternKind::CredentialStuffing,
        causes: causes(tally),
        confidence: if names >= 20 || named(tally, WRONG) >= MANY { Confidence::Likely } else { Confidence::Possible },
        sentence: format!(
            "{} tried many names in vain ({} in all, up to about {names} names each), from {} on.",
            count(clients.len() as u64, "client"),
            count(refused, "refusal"),
            utc(first.kept.first)
        ),
        evidence: evidence.collect(),
        next_step: "Limit attempts by address and by account, and look whether one of these clients was admitted afterwards: such an account needs a new password.",
    })
}

/// One name, or one form, again and again.
pub(super) fn guessing(tally: &Tally, shown: Shown) -> Option<Pattern> {
    let users = tally.users.top().into_iter().filter(|user| {
        let (clients, gaps) = (user.kept.clients.estimate(), &user.kept.gaps);
        // A single client that asks like a clock is a job with an old password.
        user.kept.wrong >= MANY && (clients >= 5 || (gaps.mean < 10.0 && gaps.irregularity() > 0.4))
    });
    let users: Vec<_> = users.collect();
    let forms: Vec<_> = tally.clients.top().into_iter().filter(|client| tries_forms(client)).collect();
    let stuffers = tally.clients.top().into_iter().filter(|client| tries_names(client)).count() as u64;
    // The names of a stuffing attack are not each an attack of their own.
    let users: Vec<_> = users.into_iter().filter(|user| stuffers == 0 || user.kept.clients.estimate() > stuffers + 3).collect();
    if users.is_empty() && forms.is_empty() {
        return None;
    }
    let spread = users.iter().map(|user| user.kept.clients.estimate()).max().unwrap_or_default();
    let by_user = users.iter().map(|user| {
        let clients = count(user.kept.clients.estimate(), "client");
        format!(
            "the name {}: {} from about {clients}, one every {:.1} s",
            shown.text(&user.key),
            count(user.kept.wrong, "refusal"),
            user.kept.gaps.mean
        )
    });
    let by_form = forms.iter().map(|client| {
        format!(
            "{}: {} refused in {}; the log does not show the names",
            shown.text(&client.key),
            count(client.kept.log_ins, "log-in"),
            length(client)
        )
    });
    let sentence = match (users.first(), forms.first()) {
        (Some(user), _) => {
            format!("Passwords of {} are being guessed, {} first.", count(users.len() as u64, "account"), shown.text(&user.key))
        }
        (None, Some(_)) => format!("{} sent log-in after log-in, all refused.", count(forms.len() as u64, "client")),
        (None, None) => String::new(),
    };
    Some(Pattern {
        kind: PatternKind::PasswordGuessing,
        causes: causes(tally),
        confidence: if spread >= 5 || (!users.is_empty() && named(tally, WRONG) >= MANY) {
            Confidence::Likely
        } else {
            Confidence::Possible
        },
        sentence,
        evidence: by_user.chain(by_form).take(EVIDENCE).collect(),
        next_step: "Limit attempts by account and address, and tell whose account it is; several addresses at once speak for an attack, one for a forgotten device.",
    })
}

fn causes(tally: &Tally) -> Vec<Code> {
    let mut seen: Vec<Code> = WRONG.iter().copied().filter(|cause| tally.causes.contains_key(cause)).collect();
    if seen.is_empty() {
        seen.push(ForeignCause::CredentialsInvalid.into());
    }
    seen
}

fn length(client: &Row<Client>) -> String {
    span(client.kept.last.saturating_sub(client.kept.first))
}
