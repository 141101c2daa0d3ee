//! Spikes: stretches of a log with far more refusals than the rest of it.

use super::report::Shown;
use super::series::Series;
use super::sketch::{Row, Sketch};
use super::tally::{REFUSED, REQUESTS, Tally};
use serde::Serialize;

/// The most spikes that are told of.
const MOST: usize = 5;
/// How many quieter buckets do not end one.
const QUIET: usize = 3;
/// The least refusals of one.
const LEAST: u64 = 20;

/// A stretch with many refusals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spike {
    /// When it began, RFC 3339.
    pub from: String,
    /// When it was over.
    pub to: String,
    /// How many requests were refused in it.
    pub refused: u64,
    /// Of how many.
    pub requests: u64,
    /// Refusals a minute at its height.
    pub peak_per_minute: f64,
    /// Refusals a minute in the log as a whole: the median.
    pub usual_per_minute: f64,
    /// The route that most of them were for, with its share, where one has at least half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The client that most came from, where one has at least half.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// The spikes of a log, the largest first.
pub(super) fn spikes(tally: &Tally, shown: Shown) -> Vec<Spike> {
    let seconds = tally.traffic.seconds();
    let buckets: Vec<(i64, [u32; 3])> = tally.traffic.buckets().collect();
    let counts: Vec<f64> = buckets.iter().map(|(_, counts)| f64::from(counts.get(REFUSED).copied().unwrap_or_default())).collect();
    if counts.len() < 5 {
        return Vec::new();
    }
    let usual = median(counts.clone());
    let spread = median(counts.iter().map(|count| (count - usual).abs()).collect());
    // Six times what chance alone would spread counts of this size by.
    let chance = usual + 6.0 * (usual + 0.25).sqrt();
    let threshold = chance.max(usual + 9.0 * spread).max(usual * 3.0).max(5.0);
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in counts.iter().enumerate().filter(|(_, count)| **count > threshold) {
        match found.last_mut() {
            Some((_, end)) if at <= *end + QUIET => *end = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    let mut spikes: Vec<Spike> = found
        .into_iter()
        .filter_map(|(from, to)| {
            let part = buckets.get(from..to)?;
            let sum = |column: usize| part.iter().filter_map(|(_, counts)| counts.get(column)).map(|count| u64::from(*count)).sum::<u64>();
            let (begins, ends) = (part.first()?.0, part.last()?.0 + seconds);
            let peak = counts.get(from..to)?.iter().copied().fold(0.0, f64::max);
            let minutes = seconds as f64 / 60.0;
            Some(Spike {
                from: crate::moment::utc(begins),
                to: crate::moment::utc(ends),
                refused: sum(REFUSED),
                requests: sum(REQUESTS),
                peak_per_minute: round(peak / minutes),
                usual_per_minute: round(usual / minutes),
                route: most(&tally.routes, begins, ends, |row| &row.kept.series, shown),
                client: most(&tally.clients, begins, ends, |row| &row.kept.series, shown),
            })
        })
        .collect();
    spikes.retain(|spike| spike.refused >= LEAST);
    spikes.sort_by(|a, b| b.refused.cmp(&a.refused).then_with(|| a.from.cmp(&b.from)));
    spikes.truncate(MOST);
    spikes
}

/// The key that most of the refusals in a stretch belong to. Its series may be coarser than the stretch, so that it is
/// compared with the others' of the same table.
fn most<P: Default>(table: &Sketch<P>, from: i64, to: i64, series: fn(&Row<P>) -> &Series<1>, shown: Shown) -> Option<String> {
    let counts: Vec<(u64, &Row<P>)> = table.top().into_iter().take(100).map(|row| (series(row).sum(from, to)[0], row)).collect();
    let all: u64 = counts.iter().map(|(count, _)| count).sum();
    let (count, row) = counts.into_iter().max_by_key(|(count, _)| *count)?;
    (count > 0 && count * 2 >= all).then(|| format!("{} ({} %)", shown.text(&row.key), count * 100 / all))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
