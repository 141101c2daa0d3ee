//! The report on a log; as JSON it has a versioned schema of its own.

use super::format::LogFormat;
use super::pattern::{self, Pattern};
use super::spike::{self, Spike};
use super::tally::{REFUSED, Tally};
use crate::catalogue::Code;
use crate::{mask, moment, wording};
use serde::Serialize;

/// The version of the report's schema: a member may be added within it; none is renamed or removed.
const SCHEMA: u32 = 1;
/// Rows of each table.
const ROWS: usize = 10;

const NO_CAUSES: &str = "This format has no causes: what is said rests on statuses, times and who asked. The server's error log, given beside it, or the app's, names causes.";

/// What a log tells of refusals.
#[derive(Clone, Debug, Serialize)]
pub struct LogReport {
    /// The schema's version.
    pub schema: u32,
    /// The format that was recognised.
    pub format: LogFormat,
    /// Lines, without empty ones and comments.
    pub lines: u64,
    /// Lines that are none of the format's, among those that were read.
    pub unreadable: u64,
    /// Requests that the lines tell of; in an error log its messages.
    pub requests: u64,
    /// Those that were refused: 401, 403, 407, 429, or with a cause.
    pub refused: u64,
    /// The earliest time, RFC 3339.
    pub first: Option<String>,
    /// The latest.
    pub last: Option<String>,
    /// Refusals by status; error logs have none.
    pub by_status: Vec<StatusCount>,
    /// Refusals by cause, where the log names one.
    pub by_cause: Vec<CauseCount>,
    /// The error log that was read beside it, and what it explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined: Option<LogJoined>,
    /// Who was refused most.
    pub clients: Vec<LogRow>,
    /// Where.
    pub routes: Vec<LogRow>,
    /// Under which names.
    pub users: Vec<LogRow>,
    /// With which user agents.
    pub agents: Vec<LogRow>,
    /// Requests and refusals by time.
    pub series: LogSeries,
    /// Stretches with far more refusals than usual.
    pub spikes: Vec<Spike>,
    /// What it looks like, the surest first.
    pub patterns: Vec<Pattern>,
    /// What this log cannot tell.
    pub not_seen: Vec<String>,
}

/// What an error log had to say of an access log's refusals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogJoined {
    /// The error log's format.
    pub format: LogFormat,
    /// Its lines that tell a reason.
    pub reasons: u64,
    /// Refusals that one of them is about.
    pub explained: u64,
    /// Refusals that none is about.
    pub unexplained: u64,
    /// Reasons that were not looked at, because too many came at one time.
    pub lost: u64,
}

/// Refusals with one status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    /// The status.
    pub status: u16,
    /// How many.
    pub count: u64,
}

/// Refusals with one cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CauseCount {
    /// The cause.
    pub cause: Code,
    /// Its family.
    pub family: &'static str,
    /// How many.
    pub count: u64,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogRow {
    /// Client, route, user or agent; masked.
    pub name: String,
    /// How often it was refused, at the most.
    pub refused: u64,
    /// How much of that may belong to others, since the tables are bounded.
    pub error: u64,
    /// How often it was not refused, where that was followed; in large logs an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admitted: Option<u64>,
    /// From how many clients, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<u64>,
    /// For how many routes, about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<u64>,
}

/// Requests by time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogSeries {
    /// A bucket's length.
    pub seconds: i64,
    /// When the first begins, RFC 3339.
    pub start: Option<String>,
    /// What each point holds.
    pub columns: [&'static str; 3],
    /// The points, without gaps.
    pub points: Vec<[u32; 3]>,
}

/// How the log's own texts are shown.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    json: bool,
}

impl Shown {
    pub(super) const fn of(format: LogFormat) -> Self {
        Self { json: format.is_json() }
    }

    /// A text of the log: escapes undone, secrets masked, without what could move a cursor or turn letters around.
    pub(super) fn text(self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let text = if self.json && text.contains('\\') {
            serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap_or_else(|_| text.into_owned())
        } else {
            text.into_owned()
        };
        wording::clean(&mask::text(&text)).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(200).collect()
    }
}

/// Makes the report of what was kept.
pub(super) fn report(format: LogFormat, tally: &Tally, sampled: bool) -> LogReport {
    let shown = Shown::of(format);
    let mut by_status: Vec<_> = tally.statuses.iter().map(|(status, count)| StatusCount { status: *status, count: *count }).collect();
    by_status.sort_by_key(|row| std::cmp::Reverse(row.count));
    let causes = tally.causes.iter();
    let mut by_cause: Vec<_> =
        causes.map(|(cause, count)| CauseCount { cause: *cause, family: cause.family().name(), count: *count }).collect();
    by_cause.sort_by_key(|row| std::cmp::Reverse(row.count));
    let row = |key: &[u8], refused, error| LogRow { name: shown.text(key), refused, error, admitted: None, clients: None, routes: None };
    let followed = !format.is_error_log();
    LogReport {
        schema: SCHEMA,
        format,
        lines: tally.lines,
        unreadable: tally.unreadable,
        requests: tally.lines.saturating_sub(tally.unreadable) + tally.summed,
        refused: tally.refused,
        first: tally.first.map(moment::utc),
        last: tally.last.map(moment::utc),
        by_status,
        by_cause,
        joined: None,
        clients: (tally.clients.top().into_iter().take(ROWS))
            .map(|client| LogRow {
                admitted: followed.then(|| tally.admitted_clients.get(&client.key).map_or(0, |row| row.count)),
                routes: Some(client.kept.routes.estimate()),
                ..row(&client.key, client.count, client.error)
            })
            .collect(),
        routes: (tally.routes.top().into_iter().take(ROWS))
            .map(|route| LogRow {
                admitted: followed.then(|| tally.admitted_routes.get(&route.key).map_or(0, |row| row.count)),
                clients: Some(route.kept.clients.estimate()),
                ..row(&route.key, route.count, route.error)
            })
            .collect(),
        users: (tally.users.top().into_iter().take(ROWS))
            .map(|user| LogRow {
                clients: Some(user.kept.clients.estimate()).filter(|clients| *clients > 0),
                ..row(&user.key, user.count, user.error)
            })
            .collect(),
        agents: tally.agents.top().into_iter().take(ROWS).map(|agent| row(&agent.key, agent.count, agent.error)).collect(),
        series: series(tally),
        spikes: spike::spikes(tally, shown),
        patterns: pattern::patterns(tally, shown),
        not_seen: not_seen(format, tally, sampled),
    }
}

fn series(tally: &Tally) -> LogSeries {
    LogSeries {
        seconds: tally.traffic.seconds(),
        start: tally.traffic.buckets().next().map(|(at, _)| moment::utc(at)),
        columns: ["requests", "refused", "server_errors"],
        points: tally.traffic.buckets().map(|(_, counts)| counts).collect(),
    }
}

fn not_seen(format: LogFormat, tally: &Tally, sampled: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if tally.refused > 0 && tally.causes.is_empty() {
        lines.push(NO_CAUSES.into());
    }
    if format.is_error_log() {
        lines.push(
            "An error log tells only of failures: what was admitted beside them is unknown. Its times have no zone and are taken for UTC."
                .into(),
        );
    }
    if matches!(format, LogFormat::Haproxy) {
        lines.push("The times have no zone and are taken for UTC.".into());
    }
    if sampled {
        lines.push(
            "Refusals were all read. Of the other lines all were counted and, beyond the first 32 MiB, one in about twenty was read, so that numbers of what was admitted are estimates.".into(),
        );
    }
    if tally.clients.forgot() || tally.routes.forgot() || tally.users.forgot() || tally.agents.forgot() {
        lines.push("There were more clients, routes, users or agents than are followed: rare ones were forgotten, and counts may be too high by what stands as error.".into());
    }
    lines
}

impl LogReport {
    /// Notes the error log that was read beside it.
    pub(super) fn join(&mut self, joined: LogJoined) {
        self.not_seen.retain(|line| *line != NO_CAUSES);
        if joined.unexplained > 0 {
            let silent = match joined.format {
                LogFormat::ApacheError => "Apache writes none where no credentials came, and the app's own refusals are in its own log.",
                _ => "nginx writes one for missing passwords only at the level info, and the app's own refusals are in its own log.",
            };
            self.not_seen.insert(0, format!("The error log has no line about {} of the refusals. {silent}", joined.unexplained));
        }
        if joined.reasons > joined.explained {
            let more = joined.reasons - joined.explained;
            self.not_seen.push(format!("The error log has {more} more reasons, of requests that this log does not show as refused."));
        }
        if joined.lost > 0 {
            self.not_seen.push(format!(
                "{} of the error log's reasons came too close together to be held, so their refusals are unexplained.",
                joined.lost
            ));
        }
        self.joined = Some(joined);
    }

    /// Is there nothing to explain?
    pub const fn is_empty(&self) -> bool {
        self.refused == 0
    }

    /// Refusals by time, one count a bucket.
    pub(super) fn refusals(&self) -> Vec<u32> {
        self.series.points.iter().map(|counts| counts.get(REFUSED).copied().unwrap_or_default()).collect()
    }
}
