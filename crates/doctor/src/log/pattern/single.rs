//! Patterns of single clients, and those that the status or a named cause tells by itself.

use super::guessing::tries_names;
use super::{EVIDENCE, Pattern, PatternKind, count, named};
use crate::catalogue::Code;
use crate::diagnosis::Confidence;
use crate::log::report::Shown;
use crate::log::sketch::Row;
use crate::log::tally::{Client, Tally};
use crate::moment::{span, utc};
use countersign::{Cause, ForeignCause};

/// Clients that try many routes.
pub(super) fn scanner(tally: &Tally, shown: Shown) -> Option<Pattern> {
    let scans = |client: &&Row<Client>| {
        let routes = client.kept.routes.estimate();
        routes >= 15 && routes * 3 >= client.sure() && admitted(tally, client) * 2 < client.sure()
    };
    let clients: Vec<_> = tally.clients.top().into_iter().filter(scans).collect();
    let first = clients.first()?;
    let evidence = clients.iter().map(|client| {
        let time = span(client.kept.last.saturating_sub(client.kept.first));
        format!(
            "{}: {} for about {} routes in {time}",
            shown.text(&client.key),
            count(client.sure(), "refusal"),
            client.kept.routes.estimate()
        )
    });
    Some(Pattern {
        kind: PatternKind::Scanner,
        causes: vec![Cause::CredentialsMissing.into(), ForeignCause::Blocked.into()],
        confidence: if first.kept.routes.estimate() >= 40 { Confidence::Likely } else { Confidence::Possible },
        sentence: format!(
            "{} looked for whatever is there, route by route: the refusals are as they should be.",
            count(clients.len() as u64, "client")
        ),
        evidence: evidence.take(EVIDENCE).collect(),
        next_step: "Nothing has to be mended. Block or limit the address if it is a burden, and look at what it was not refused.",
    })
}

/// Clients that are refused steadily and never admitted.
pub(super) fn misconfigured(tally: &Tally, shown: Shown) -> Option<Pattern> {
    let steady = |client: &&Row<Client>| {
        let (kept, gaps) = (&client.kept, &client.kept.gaps);
        let one = kept.routes.estimate() <= 3 && kept.users.estimate() <= 1 && kept.limited == 0;
        let clockwork = gaps.count >= 8 && gaps.irregularity() < 0.5 && kept.last - kept.first >= 120;
        one && clockwork && !tries_names(client) && admitted(tally, client) == 0
    };
    let clients: Vec<_> = tally.clients.top().into_iter().filter(steady).collect();
    let first = clients.first()?;
    let evidence = clients.iter().map(|client| {
        let every = client.kept.gaps.mean;
        let every = if every < 60.0 { format!("{every:.0} s") } else { span(every as i64) };
        format!(
            "{}: {}, one every {every}, from {} on, never admitted",
            shown.text(&client.key),
            count(client.sure(), "refusal"),
            utc(client.kept.first)
        )
    });
    let names = first.kept.users.estimate() > 0;
    let credentials: Code = if names { ForeignCause::CredentialsInvalid.into() } else { Cause::CredentialsMissing.into() };
    let causes = tally.causes.iter().filter(|(_, count)| **count * 2 >= tally.refused).map(|(cause, _)| *cause);
    let causes: Vec<Code> = causes.chain([credentials]).take(1).collect();
    Some(Pattern {
        kind: PatternKind::MisconfiguredClient,
        causes,
        confidence: if first.kept.gaps.irregularity() < 0.2 { Confidence::Likely } else { Confidence::Possible },
        sentence: format!(
            "{} asked like a clock and was never admitted: a job or monitor without credentials, or with old ones.",
            count(clients.len() as u64, "client")
        ),
        evidence: evidence.take(EVIDENCE).collect(),
        next_step: "Find out what runs at that address, and look at one of its requests: does it carry credentials at all, and whose?",
    })
}

/// Requests beyond a limit.
pub(super) fn rate_limit(tally: &Tally, shown: Shown) -> Option<Pattern> {
    let limits = [ForeignCause::RateExceeded.into(), Cause::AttemptsExceeded.into()];
    let limited = tally.statuses.get(&429).copied().unwrap_or_default().max(named(tally, &limits));
    if limited < 5 {
        return None;
    }
    let mut clients: Vec<_> = tally.clients.top().into_iter().filter(|client| client.kept.limited > 0).collect();
    clients.sort_by_key(|client| std::cmp::Reverse(client.kept.limited));
    let evidence =
        clients.iter().map(|client| format!("{}: {} beyond the limit", shown.text(&client.key), count(client.kept.limited, "request")));
    let attempts = tally.causes.contains_key(&Cause::AttemptsExceeded.into());
    Some(Pattern {
        kind: PatternKind::RateLimit,
        causes: vec![if attempts { Cause::AttemptsExceeded.into() } else { ForeignCause::RateExceeded.into() }],
        confidence: Confidence::Certain,
        sentence: format!(
            "{} refused because there were too many, whatever their credentials.",
            if limited == 1 { "1 request was".to_owned() } else { format!("{limited} requests were") }
        ),
        evidence: evidence.take(EVIDENCE).collect(),
        next_step: "Let the client wait for the seconds of `Retry-After` and spread its requests; or raise the limit if the traffic is meant.",
    })
}

/// What the server asks does not answer.
pub(super) fn outage(tally: &Tally) -> Option<Pattern> {
    const OUTAGES: [Code; 3] =
        [Code::Common(Cause::ProviderUnreachable), Code::Common(Cause::KeysUnreachable), Code::Common(Cause::StoreUnreachable)];
    let count = named(tally, &OUTAGES);
    if count < 3 {
        return None;
    }
    let seen: Vec<Code> = OUTAGES.into_iter().filter(|cause| tally.causes.contains_key(cause)).collect();
    Some(Pattern {
        kind: PatternKind::ProviderOutage,
        confidence: Confidence::Certain,
        sentence: format!("{count} requests could not be decided, because what the server asks did not answer as it should."),
        evidence: seen.iter().map(|cause| format!("{cause}: {}", tally.causes.get(cause).copied().unwrap_or_default())).collect(),
        causes: seen,
        next_step: "Ask from the server's own machine what it asks: the authentication service, the provider's key set, the database.",
    })
}

fn admitted(tally: &Tally, client: &Row<Client>) -> u64 {
    tally.admitted_clients.get(&client.key).map_or(0, Row::sure)
}
