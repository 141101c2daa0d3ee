//! What is kept of a log while it streams by: counts, heavy hitters and series, all of bounded size.

use super::entry::Entry;
use super::mark::Key;
use super::route;
use super::series::Series;
use super::sketch::{Distinct, Sketch};
use crate::catalogue::Code;
use countersign::Family;
use std::collections::BTreeMap;

/// How many routes, users and agents are followed at least, and how many clients, of which there usually are more.
const FOLLOWED: usize = 1024;
const CLIENTS: usize = 4096;
/// Buckets of the whole log's series: more than a day of minutes.
const BUCKETS: usize = 2048;
/// Buckets of a route's, and of a client's.
const ROUTE_BUCKETS: usize = 512;
const CLIENT_BUCKETS: usize = 128;
/// A time this far from the log's first one is not believed.
const FAR: i64 = 400 * 86_400;

/// The columns of the whole log's series.
pub(super) const REQUESTS: usize = 0;
pub(super) const REFUSED: usize = 1;

/// Everything that is kept.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) lines: u64,
    pub(super) unreadable: u64,
    /// Lines that were read, not only counted.
    pub(super) read: u64,
    pub(super) refused: u64,
    /// Requests that other lines stand for, too.
    pub(super) summed: u64,
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) causes: BTreeMap<Code, u64>,
    pub(super) traffic: Series<3>,
    pub(super) clients: Sketch<Client>,
    pub(super) admitted_clients: Sketch<Admitted>,
    pub(super) routes: Sketch<Route>,
    pub(super) admitted_routes: Sketch<AdmittedRoute>,
    pub(super) users: Sketch<User>,
    pub(super) agents: Sketch<()>,
    route: Vec<u8>,
    since: Option<i64>,
}

/// Of a client that was refused.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) limited: u64,
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) gaps: Gaps,
    pub(super) routes: Distinct,
    pub(super) users: Distinct,
    /// Refusals of something that looks like a log-in.
    pub(super) log_ins: u64,
    /// When it was refused for the first time since it was last admitted, and how often since.
    pub(super) since: i64,
    pub(super) streak: u64,
    /// How many such streaks there were.
    pub(super) streaks: u64,
    pub(super) series: Series<1>,
}

/// Of a client that was admitted.
#[derive(Clone, Debug, Default)]
pub(super) struct Admitted {
    pub(super) first: i64,
    pub(super) last: i64,
}

/// Of a route that was refused.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) clients: Distinct,
    pub(super) series: Series<1>,
    /// Does it look like one where people log in? It is looked at once.
    log_in: Option<bool>,
}

/// Of a route that was admitted: what was answered, and what of it was a server's fault.
#[derive(Clone, Debug)]
pub(super) struct AdmittedRoute {
    pub(super) series: Series<2>,
}

/// Of a user whose name stands in refusals.
#[derive(Clone, Debug, Default)]
pub(super) struct User {
    /// How often the name's credentials were refused; the rest are other refusals, such as a lacking permission.
    pub(super) wrong: u64,
    pub(super) clients: Distinct,
    pub(super) gaps: Gaps,
}

/// The times between refusals: how many, their mean and their variance, by Welford's method.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gaps {
    last: i64,
    pub(super) count: u64,
    pub(super) mean: f64,
    squares: f64,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            limited: 0,
            first: i64::MAX,
            last: i64::MIN,
            gaps: Gaps::default(),
            routes: Distinct::default(),
            users: Distinct::default(),
            log_ins: 0,
            since: 0,
            streak: 0,
            streaks: 0,
            series: Series::new(CLIENT_BUCKETS),
        }
    }
}

impl Default for Route {
    fn default() -> Self {
        Self { clients: Distinct::default(), series: Series::new(ROUTE_BUCKETS), log_in: None }
    }
}

impl Default for AdmittedRoute {
    fn default() -> Self {
        Self { series: Series::new(ROUTE_BUCKETS) }
    }
}

impl Gaps {
    fn see(&mut self, at: i64) {
        if self.last != 0 {
            let gap = (at - self.last) as f64;
            self.count += 1;
            let from_mean = gap - self.mean;
            self.mean += from_mean / self.count as f64;
            self.squares += from_mean * (gap - self.mean);
        }
        self.last = at;
    }

    /// Standard deviation over mean: near 0 where they come like a clock's, 1 where they come by chance.
    pub(super) fn irregularity(&self) -> f64 {
        if self.count < 2 || self.mean <= 0.0 {
            return f64::INFINITY;
        }
        (self.squares.max(0.0) / (self.count - 1) as f64).sqrt() / self.mean
    }
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            lines: 0,
            unreadable: 0,
            read: 0,
            refused: 0,
            summed: 0,
            first: None,
            last: None,
            statuses: BTreeMap::new(),
            causes: BTreeMap::new(),
            traffic: Series::new(BUCKETS),
            clients: Sketch::new(CLIENTS),
            admitted_clients: Sketch::new(CLIENTS),
            routes: Sketch::new(FOLLOWED),
            admitted_routes: Sketch::new(FOLLOWED),
            users: Sketch::new(FOLLOWED),
            agents: Sketch::new(FOLLOWED),
            route: Vec::new(),
            since: None,
        }
    }

    /// The time, if it can be believed.
    fn time(&mut self, at: Option<i64>) -> Option<i64> {
        let at = at?;
        let since = *self.since.get_or_insert(at);
        if at.abs_diff(since) > FAR as u64 {
            return None;
        }
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        Some(at)
    }

    /// Refusals that stand close together in the log.
    pub(super) fn refused_all(&mut self, entries: &[Entry<'_>]) {
        // Their clients' rows are all over the memory: asked for one after another, before any is needed, they come at once.
        let rows = entries.iter().filter_map(|entry| self.clients.get(entry.client));
        std::hint::black_box(rows.fold(0, |sum, row| sum ^ row.kept.last ^ row.kept.series.last()));
        entries.iter().for_each(|entry| self.refused(entry));
    }

    /// A refusal.
    pub(super) fn refused(&mut self, entry: &Entry<'_>) {
        let count = entry.further.saturating_add(1);
        self.read += 1;
        self.refused += count;
        self.summed += entry.further;
        if entry.status != 0 {
            *self.statuses.entry(entry.status).or_default() += count;
        }
        if let Some(cause) = entry.cause {
            *self.causes.entry(cause).or_default() += count;
        }
        let at = self.time(entry.at);
        if let Some(at) = at {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            self.traffic.add(at, [count, count, 0]);
        }
        let mut client = if entry.client.is_empty() { None } else { self.clients.count(entry.client, 1) };
        let mark = client.as_ref().map_or_else(|| Key::FIXED.mark(&[]), |client| client.mark);
        if !entry.target.is_empty() || !entry.method.is_empty() {
            route::write(&mut self.route, entry.method, entry.target);
            if let Some(row) = self.routes.count(&self.route, 1) {
                row.kept.clients.add(mark);
                if let Some(at) = at {
                    row.kept.series.add(at, [1]);
                }
                if let Some(client) = &mut client {
                    client.kept.routes.add(row.mark);
                    let posted = entry.method == b"POST";
                    client.kept.log_ins += u64::from(posted && *row.kept.log_in.get_or_insert_with(|| log_in(&self.route)));
                }
            }
        }
        if !entry.agent.is_empty() {
            self.agents.count(entry.agent, 1);
        }
        if !entry.user.is_empty()
            && let Some(user) = self.users.count(entry.user, 1)
            && wrong(entry)
        {
            user.kept.wrong += 1;
            user.kept.clients.add(mark);
            at.into_iter().for_each(|at| user.kept.gaps.see(at));
            client.iter_mut().for_each(|client| client.kept.users.add(user.mark));
        }
        let Some(client) = client.map(|row| &mut row.kept) else { return };
        client.limited += u64::from(entry.status == 429);
        let Some(at) = at else { return };
        client.first = client.first.min(at);
        client.last = client.last.max(at);
        client.gaps.see(at);
        client.series.add(at, [1]);
        if client.streak == 0 {
            client.since = at;
            client.streaks += 1;
        }
        client.streak += 1;
    }

    /// A line that is no refusal and stands for `weight` of them.
    pub(super) fn admitted(&mut self, entry: &Entry<'_>, weight: u64) {
        self.read += 1;
        let Some(at) = self.time(entry.at) else { return };
        let count = u32::try_from(weight).unwrap_or(u32::MAX);
        let broken = if entry.status >= 500 { count } else { 0 };
        self.traffic.add(at, [count, 0, broken]);
        if entry.method.is_empty() {
            return;
        }
        route::write(&mut self.route, entry.method, entry.target);
        if let Some(route) = self.admitted_routes.count(&self.route, weight) {
            route.kept.series.add(at, [count, broken]);
        }
        // What is not there tells nothing about whether the client was let in.
        if entry.client.is_empty() || entry.status >= 400 {
            return;
        }
        if let Some(client) = self.clients.get_mut(entry.client).filter(|client| client.kept.last <= at) {
            client.kept.streak = 0;
        }
        if let Some(client) = self.admitted_clients.count(entry.client, weight).map(|row| &mut row.kept) {
            client.first = if client.first == 0 { at } else { client.first.min(at) };
            client.last = client.last.max(at);
        }
    }

    /// Requests whose time is that of their neighbour, of which nothing else is read.
    pub(super) fn beside(&mut self, at: Option<i64>, count: u64) {
        if let Some(at) = self.time(at) {
            self.traffic.add(at, [u32::try_from(count).unwrap_or(u32::MAX), 0, 0]);
        }
    }
}

/// Were credentials refused, as far as status and cause tell?
fn wrong(entry: &Entry<'_>) -> bool {
    match entry.cause {
        Some(cause) => matches!(cause.family(), Family::InvalidCredentials | Family::AccountLockedOrDisabled),
        None => matches!(entry.status, 401 | 407),
    }
}

/// Does a route look like one where people log in?
fn log_in(route: &[u8]) -> bool {
    const WORDS: &[&[u8]] = &[b"login", b"log-in", b"signin", b"sign-in", b"session", b"auth", b"token", b"xmlrpc", b"password"];
    let lower = route.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}
