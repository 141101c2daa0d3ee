//! Why requests were refused, as an error log tells it, held until the access log's lines about the same requests come by.
//!
//! Two lines speak of one request where the client is the same, the server's own clock shows the same but for two seconds,
//! request and user are the same where both name them, and the reason is one for the status. No reason is used twice.

use super::entry::Entry;
use super::mark::{Key, Marked};
use super::route::path;
use crate::catalogue::Code;
use countersign::{Family, ForeignCause};
use std::collections::{HashMap, VecDeque};

/// How far the times of both lines may be apart, in seconds: nginx's access log has the end of a request, Apache's its
/// beginning.
pub(super) const APART: i64 = 2;
/// How long a reason is held after the access log has come to its time: lines need not be in the order of their times.
const HELD: i64 = 60;
/// The most that are held.
const MOST: usize = 64 * 1024;
/// The longest name that is held, in bytes.
const NAME: usize = 64;

/// One reason.
#[derive(Clone, Debug)]
pub(super) struct Reason {
    client: u64,
    /// What the server's own clock showed.
    at: i64,
    pub(super) cause: Code,
    pub(super) user: Box<[u8]>,
    /// The target that the line names: a whole one with its query, or a path, which may be one of files.
    target: Option<u64>,
    whole: bool,
}

impl Reason {
    /// The reason that a line of an error log tells.
    pub(super) fn of(entry: &Entry<'_>) -> Option<Self> {
        let whole = !entry.method.is_empty();
        Some(Self {
            client: Key::FIXED.mark(entry.client),
            at: entry.local()?,
            cause: entry.cause?,
            user: entry.user.get(..NAME).unwrap_or(entry.user).into(),
            target: Some(entry.target).filter(|target| !target.is_empty()).map(|target| Key::FIXED.mark(target)),
            whole,
        })
    }

    /// Can it be about this user? Where the log has users, none means that no name was sent.
    fn is_about(&self, user: &[u8], named: bool) -> bool {
        if self.user.is_empty() || user.is_empty() {
            return if self.user.is_empty() { user.is_empty() || self.cause.family() != Family::MissingCredentials } else { !named };
        }
        // Both logs write unusual letters each in its own way.
        user.starts_with(&self.user) || user.contains(&b'\\')
    }

    /// How well it fits a refusal, if it can be its reason.
    fn fits(&self, entry: &Entry<'_>, at: i64, named: bool) -> Option<u8> {
        let apart = at.abs_diff(self.at);
        let target = self.target.map(|mark| mark == Key::FIXED.mark(if self.whole { entry.target } else { path(entry.target) }));
        let user = !entry.user.is_empty() && *entry.user == *self.user;
        if apart > APART as u64
            || (self.whole && target == Some(false))
            || !answers(self.cause, entry.status)
            || !self.is_about(entry.user, named)
        {
            return None;
        }
        Some(u8::from(target == Some(true)) * 8 + u8::from(user) * 4 + (2 - apart as u8))
    }
}

/// Is it a reason to answer with this status?
fn answers(cause: Code, status: u16) -> bool {
    const LIMIT: Code = Code::Foreign(ForeignCause::RateExceeded);
    let forbidden = matches!(cause, Code::Foreign(ForeignCause::Blocked | ForeignCause::EndpointWrong));
    let asked = matches!(cause.family(), Family::MissingCredentials | Family::InvalidCredentials | Family::DigestNonce);
    match status {
        429 => cause == LIMIT,
        403 => cause != LIMIT && !asked,
        _ => cause != LIMIT && !forbidden,
    }
}

/// Those that are held.
#[derive(Clone, Debug, Default)]
pub(super) struct Reasons {
    /// Does the access log have users?
    named: bool,
    held: HashMap<u64, VecDeque<Reason>, Marked>,
    count: usize,
    /// How many refusals they explained.
    pub(super) used: u64,
    /// How many were given up, because too many were held.
    pub(super) lost: u64,
}

impl Reasons {
    /// None yet, for an access log that has users or has not.
    pub(super) fn new(named: bool) -> Self {
        Self { named, ..Self::default() }
    }

    pub(super) fn add(&mut self, reason: Reason) {
        if self.count >= MOST {
            self.lost += 1;
            return;
        }
        self.count += 1;
        self.held.entry(reason.client).or_default().push_back(reason);
    }

    /// The reason of a refusal, which is used up.
    pub(super) fn take(&mut self, entry: &Entry<'_>) -> Option<Reason> {
        let at = entry.local()?;
        let mark = Key::FIXED.mark(entry.client);
        let held = self.held.get_mut(&mark)?;
        // They are in the order of their times, so that a flood of one client's is not looked through for each refusal.
        let from = held.partition_point(|reason| reason.at < at - APART);
        let fitting = held.iter().enumerate().skip(from).take_while(|(_, reason)| reason.at <= at + APART).take(64);
        let mut best: Option<(usize, u8)> = None;
        for (place, reason) in fitting {
            // Of those that fit alike it is the first, as they came.
            best =
                reason.fits(entry, at, self.named).filter(|fit| best.is_none_or(|(_, most)| *fit > most)).map(|fit| (place, fit)).or(best);
        }
        let reason = held.remove(best?.0)?;
        if held.is_empty() {
            self.held.remove(&mark);
        }
        self.count -= 1;
        self.used += 1;
        Some(reason)
    }

    /// Gives up what is too old for an access log that has come to this time.
    pub(super) fn forget(&mut self, before: i64) {
        self.held.retain(|_, held| {
            let old = held.partition_point(|reason| reason.at < before - HELD);
            self.count -= held.drain(..old).count();
            !held.is_empty()
        });
    }
}
