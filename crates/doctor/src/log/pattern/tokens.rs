//! Expired tokens: clients that were admitted, and then are refused, each from a time of its own on; or that are refused
//! once in every lifetime.

use super::deployment::Step;
use super::guessing::tries_names;
use super::{EVIDENCE, Pattern, PatternKind, count, named};
use crate::catalogue::Code;
use crate::diagnosis::Confidence;
use crate::log::report::Shown;
use crate::log::sketch::Row;
use crate::log::tally::{Admitted, Client, Tally};
use crate::moment::{span, utc};
use countersign::{Cause, ForeignCause};

/// How often a client must have been admitted before, and refused since.
const BEFORE: u64 = 3;
const SINCE: u64 = 5;
/// Clients that all turn within so many seconds were turned by something else than their tokens.
const TOGETHER: i64 = 120;
const EXPIRED: &[Code] = &[
    Code::Common(Cause::TokenExpired),
    Code::Common(Cause::SessionIdle),
    Code::Common(Cause::SessionOver),
    Code::Foreign(ForeignCause::RefreshTokenExpired),
];

/// The pattern, if there are such clients or the log names the cause.
pub(super) fn pattern(tally: &Tally, steps: &[Step<'_>], shown: Shown) -> Option<Pattern> {
    let clients: Vec<_> = tally
        .clients
        .top()
        .into_iter()
        .filter(|client| !tries_names(client) && client.kept.limited * 2 < client.sure())
        .filter_map(|client| Some((client, tally.admitted_clients.get(&client.key)?)))
        .collect();
    let turned: Vec<_> = clients.iter().filter(|(client, admitted)| turned(client, admitted, steps)).collect();
    let renewing: Vec<_> = clients.iter().filter(|(client, admitted)| renewing(client, admitted)).collect();
    let named = named(tally, EXPIRED);
    if named < SINCE && turned.is_empty() && renewing.is_empty() {
        return None;
    }
    let moments = || turned.iter().map(|(client, _)| client.kept.since);
    let apart = moments().max().unwrap_or_default() - moments().min().unwrap_or_default();
    let together = turned.len() >= 3 && apart <= TOGETHER;
    if together && named < SINCE {
        return Some(turned_together(&turned, shown));
    }
    let confidence = match (named, turned.len(), renewing.len()) {
        (SINCE.., _, _) => Confidence::Certain,
        (_, 3.., _) | (_, _, 3..) => Confidence::Likely,
        _ => Confidence::Possible,
    };
    let by_name = (named > 0).then(|| format!("the log itself says so of {}", count(named, "refusal")));
    let by_turn = turned.iter().map(|(client, admitted)| of_turned(client, admitted, shown));
    let by_interval = renewing.iter().map(|(client, _)| {
        let every = span(client.kept.gaps.mean as i64);
        format!("{}: refused once every {every} and admitted in between, {} times", shown.text(&client.key), client.sure())
    });
    let mut causes: Vec<Code> = EXPIRED.iter().copied().filter(|cause| tally.causes.contains_key(cause)).collect();
    if causes.is_empty() {
        causes = vec![Cause::TokenExpired.into(), ForeignCause::TokenRevoked.into()];
    }
    let whole = match (turned.len(), renewing.len()) {
        (0, 0) => "Tokens or sessions are sent after their lifetime is over.".to_owned(),
        (0, many) => format!("{} refused at a regular interval: a token is renewed only after it was refused.", is(many)),
        (many, _) => format!("{} admitted, and then refused without end: a token ran out, and nobody renews it.", was(many)),
    };
    Some(Pattern {
        kind: PatternKind::ExpiredTokens,
        causes,
        confidence,
        sentence: whole,
        evidence: by_name.into_iter().chain(by_turn).chain(by_interval).take(EVIDENCE).collect(),
        next_step: "Compare the interval with the tokens' lifetime (`exp` less `iat`); let the client renew a good while before `exp`, and stop after a second 401.",
    })
}

/// Was it admitted, and from then on never again?
fn turned(client: &Row<Client>, admitted: &Row<Admitted>, steps: &[Step<'_>]) -> bool {
    let since = client.kept.since;
    let elsewhere = steps.iter().any(|step| since >= step.from - 60 && since <= step.to);
    client.kept.streak >= SINCE && admitted.sure() >= BEFORE && admitted.kept.first < since && admitted.kept.last <= since + 1 && !elsewhere
}

/// Is it refused like a clock, and admitted in between?
fn renewing(client: &Row<Client>, admitted: &Row<Admitted>) -> bool {
    let gaps = &client.kept.gaps;
    let single = client.kept.streaks * 10 >= client.sure() * 8;
    single
        && gaps.count >= 4
        && gaps.mean >= 120.0
        && gaps.irregularity() < 0.15
        && admitted.sure() >= client.sure()
        && client.kept.streak < SINCE
}

/// Clients that turned at one moment, on routes too seldom asked for to show it.
fn turned_together(turned: &[&(&Row<Client>, &Row<Admitted>)], shown: Shown) -> Pattern {
    let since = turned.iter().map(|(client, _)| client.kept.since).min().unwrap_or_default();
    Pattern {
        kind: PatternKind::BrokenDeployment,
        causes: vec![ForeignCause::ServerMisconfigured.into(), Cause::TokenKeyUnknown.into(), Cause::TokenExpired.into()],
        confidence: Confidence::Possible,
        sentence: format!(
            "{} admitted, and all refused from {} on: something that they share changed or ran out.",
            was(turned.len()),
            utc(since)
        ),
        evidence: turned.iter().take(EVIDENCE).map(|(client, admitted)| of_turned(client, admitted, shown)).collect(),
        next_step: "Look at what changed at that moment: a deployment, a key's rotation, an issuer's restart; or whether these clients share one token.",
    }
}

fn of_turned(client: &Row<Client>, admitted: &Row<Admitted>, shown: Shown) -> String {
    format!(
        "{}: admitted {} until {}, refused {} from {} on",
        shown.text(&client.key),
        count(admitted.sure(), "time"),
        utc(admitted.kept.last),
        count(client.kept.streak, "time"),
        utc(client.kept.since)
    )
}

fn was(many: usize) -> String {
    format!("{} {}", count(many as u64, "client"), if many == 1 { "was" } else { "were" })
}

fn is(many: usize) -> String {
    format!("{} {}", count(many as u64, "client"), if many == 1 { "is" } else { "are" })
}
