//! A broken deployment: a route that was served, and from one moment on refuses nearly everybody.

use super::{EVIDENCE, Pattern, PatternKind, count};
use crate::diagnosis::Confidence;
use crate::log::report::Shown;
use crate::log::sketch::Row;
use crate::log::tally::{Route, Tally};
use crate::moment::{span, utc};
use countersign::ForeignCause;

/// How many routes are looked at, and the least refusals, clients and earlier answers of one.
const ROUTES: usize = 50;
const REFUSED: u64 = 20;
const CLIENTS: u64 = 5;
const BEFORE: u64 = 20;
/// The share of refusals in a bucket from which on it counts as broken.
const MOSTLY: f64 = 0.7;

/// A stretch in which a route refuses nearly everybody, and did not before.
pub(super) struct Step<'a> {
    pub(super) route: &'a Row<Route>,
    pub(super) from: i64,
    pub(super) to: i64,
    refused: u64,
    admitted: u64,
    /// Answers of the kind 5xx in and right before its first bucket.
    broken: u64,
    /// Are requests answered again afterwards?
    over: bool,
}

/// Such stretches, one a route at the most.
pub(super) fn steps(tally: &Tally) -> Vec<Step<'_>> {
    let routes = tally.routes.top().into_iter().take(ROUTES);
    routes
        .filter(|route| route.sure() >= REFUSED && route.kept.clients.estimate() >= CLIENTS)
        .filter_map(|route| step(tally, route))
        .collect()
}

fn step<'a>(tally: &'a Tally, route: &'a Row<Route>) -> Option<Step<'a>> {
    let admitted = &tally.admitted_routes.get(&route.key)?.kept.series;
    let refused = &route.kept.series;
    let width = refused.seconds().max(admitted.seconds());
    let begin = refused.buckets().next()?.0.min(admitted.buckets().next()?.0).div_euclid(width) * width;
    let end = refused.buckets().last()?.0.max(admitted.buckets().last()?.0) + 1;
    let counts: Vec<(i64, u64, u64)> = (0..)
        .map(|number| begin + number * width)
        .take_while(|at| *at < end)
        .map(|at| (at, refused.sum(at, at + width)[0], admitted.sum(at, at + width)[0]))
        .collect();
    let mostly = |(_, refused, admitted): &(i64, u64, u64)| *refused as f64 >= MOSTLY * (*refused + *admitted) as f64;
    let first = counts.iter().position(|bucket| bucket.1 >= 5 && mostly(bucket))?;
    let (before, after) = counts.split_at(first);
    let (refused_before, admitted_before) = sums(before);
    if admitted_before < BEFORE || refused_before * 8 > admitted_before {
        return None;
    }
    let last = after.iter().rposition(|bucket| bucket.1 > 0 && mostly(bucket))? + 1;
    let over = after.get(last..).is_some_and(|rest| sums(rest).1 > 0);
    let (refused_then, admitted_then) = sums(after.get(..last)?);
    if refused_then < REFUSED || admitted_then * 4 > refused_then {
        return None;
    }
    let from = after.first()?.0;
    let broken = tally.admitted_routes.get(&route.key)?.kept.series.sum(from - 2 * width, from + width)[1];
    let to = after.get(last - 1)?.0 + width;
    Some(Step { route, from, to, refused: refused_then, admitted: admitted_then, broken, over })
}

fn sums(buckets: &[(i64, u64, u64)]) -> (u64, u64) {
    buckets.iter().fold((0, 0), |sums, bucket| (sums.0 + bucket.1, sums.1 + bucket.2))
}

/// The pattern, if there is such a stretch.
pub(super) fn pattern(tally: &Tally, steps: &[Step<'_>], shown: Shown) -> Option<Pattern> {
    let first = steps.first()?;
    let clients = first.route.kept.clients.estimate();
    let all = |step: &Step<'_>| step.refused as f64 / (step.refused + step.admitted) as f64;
    let evidence = steps.iter().map(|step| {
        let after = if step.broken > 0 { format!(", right after {} of the kind 5xx", count(step.broken, "answer")) } else { String::new() };
        let over = if step.over { "; then it was served again" } else { "; it is so at the log's end" };
        format!(
            "{}: {} of {} refused, about {} clients, for {} from {} on{after}{over}",
            shown.text(&step.route.key),
            step.refused,
            step.refused + step.admitted,
            step.route.kept.clients.estimate(),
            span(step.to - step.from),
            utc(step.from)
        )
    });
    let main = tally.causes.iter().filter(|(_, count)| **count * 2 >= tally.refused).max_by_key(|(_, count)| **count);
    let cause = main.map_or(ForeignCause::ServerMisconfigured.into(), |(cause, _)| *cause);
    Some(Pattern {
        kind: PatternKind::BrokenDeployment,
        causes: vec![cause],
        confidence: if clients >= 10 && all(first) >= 0.9 || first.broken > 0 { Confidence::Likely } else { Confidence::Possible },
        sentence: format!(
            "From {} on {} nearly everybody who was served before: something changed on the server, not with its clients.",
            utc(first.from),
            match steps.len() {
                1 => "one route refuses".to_owned(),
                many => format!("{many} routes refuse"),
            }
        ),
        evidence: evidence.take(EVIDENCE).collect(),
        next_step: "Look at what was deployed or configured at that moment: keys, issuer and audience, proxy rules, a middleware's order, secrets of the new release.",
    })
}
