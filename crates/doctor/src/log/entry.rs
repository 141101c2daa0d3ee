//! What one line of a log says, borrowed from it.

use crate::catalogue::Code;

/// One request, or one refusal that an error log names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// Seconds since the epoch.
    pub(super) at: Option<i64>,
    /// The seconds that the server's own clock shows more than UTC, where the line tells.
    pub(super) zone: i64,
    /// The client's address or name.
    pub(super) client: &'a [u8],
    /// The status; 0 in error logs.
    pub(super) status: u16,
    pub(super) method: &'a [u8],
    /// The target as it was sent.
    pub(super) target: &'a [u8],
    pub(super) agent: &'a [u8],
    pub(super) user: &'a [u8],
    /// Why it was refused, where the log says so.
    pub(super) cause: Option<Code>,
    /// How many further requests the line stands for.
    pub(super) further: u64,
}

impl Entry<'_> {
    /// What the server's own clock showed, as if it were UTC.
    pub(super) fn local(&self) -> Option<i64> {
        Some(self.at? + self.zone)
    }

    /// Was the request refused for who sent it, as far as this line tells?
    pub(super) const fn refused(&self) -> bool {
        matches!(self.status, 401 | 403 | 407 | 429) || self.cause.is_some()
    }
}

/// A field, unless it stands for none.
pub(super) fn known(field: Option<&[u8]>) -> &[u8] {
    match field {
        None | Some(b"-" | b"\"-\"" | b"null") => b"",
        Some(field) => field,
    }
}
